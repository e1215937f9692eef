"""OpenAI Chat Completions and Embeddings, as `openai.types` has them, and what compatible servers make of it."""

from dataclasses import replace
from typing import get_args

from openai.types import CompletionUsage, CreateEmbeddingResponse, Embedding
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage
from openai.types.chat.chat_completion import Choice as WholeChoice
from openai.types.chat.chat_completion_chunk import (
    Choice, ChoiceDelta, ChoiceDeltaToolCall, ChoiceDeltaToolCallFunction)
from openai.types.chat.chat_completion_message import Annotation, AnnotationURLCitation
from openai.types.chat.chat_completion_message_function_tool_call import (
    ChatCompletionMessageFunctionToolCall, Function)
from openai.types.completion_usage import CompletionTokensDetails, PromptTokensDetails
from openai.types.create_embedding_response import Usage as EmbeddingUsage

from .answer import ANSWERS, CLOCK, WEATHER, WORDS, Answer, Reasoning, Redacted, Refusal, Text, Tokens, Tool
from .transcript import Failure, Format, Told, Transcript, classes, in_order, interleave, sse

ID = "chatcmpl-AbC123"
MODEL = "gpt-4o-2024-08-06"
CREATED = 1_763_714_400
FINISH = {"stop": "stop", "length": "length", "tools": "tool_calls", "filter": "content_filter", "refusal": "stop"}
DONE = b"data: [DONE]\n\n"


def usage(tokens: Tokens) -> CompletionUsage:
    return CompletionUsage(
        prompt_tokens=tokens.prompt, completion_tokens=tokens.output, total_tokens=tokens.total,
        prompt_tokens_details=PromptTokensDetails(
            cached_tokens=tokens.cached, cache_write_tokens=tokens.write, audio_tokens=0),
        completion_tokens_details=CompletionTokensDetails(
            reasoning_tokens=tokens.reasoning, audio_tokens=0, accepted_prediction_tokens=0,
            rejected_prediction_tokens=0))


def choice(finish: str | None = None, index: int = 0, **delta) -> Choice:
    return Choice(index=index, delta=ChoiceDelta(**delta), logprobs=None, finish_reason=finish)


def tool(index: int, piece: str, first: Tool | None = None) -> ChoiceDeltaToolCall:
    function = ChoiceDeltaToolCallFunction(arguments=piece)
    if first is None:
        return ChoiceDeltaToolCall(index=index, function=function)
    return ChoiceDeltaToolCall(
        index=index, id=first.id, type="function",
        function=ChoiceDeltaToolCallFunction(name=first.name, arguments=piece))


def deltas(answer: Answer) -> list[Choice]:
    found = [choice(role="assistant", content="", refusal=None)]
    for part in answer.parts:
        match part:
            case Text():
                found += [choice(content=piece) for piece in part.pieces]
            case Reasoning():
                found += [choice(reasoning_content=piece) for piece in part.pieces]
            case Refusal():
                found += [choice(refusal=piece) for piece in part.pieces]
    tools = answer.tools
    for number, piece in (interleave if answer.interleaved else in_order)(tools):
        # OpenAI opens a call with its name and no arguments.
        if piece == 0:
            found.append(choice(tool_calls=[tool(number, "", tools[number])]))
        found.append(choice(tool_calls=[tool(number, tools[number].pieces[piece])]))
    return found


def chunk(choices: list, asked: bool, count: CompletionUsage | None = None, **more) -> bytes:
    if asked:
        more["usage"] = count
    made = ChatCompletionChunk.model_construct(**{
        "id": ID, "object": "chat.completion.chunk", "created": CREATED, "model": MODEL,
        "service_tier": "default", "system_fingerprint": "fp_01", "choices": choices, **more})
    return sse(made.model_dump_json(exclude_unset=True, warnings=False))


def stream(choices: list, tokens: Tokens | None, asked: bool, finish: str | None = None) -> list[bytes]:
    events = [chunk([one], asked) for one in choices]
    if finish:
        events.append(chunk([choice(finish)], asked))
    if asked and tokens:
        events.append(chunk([], asked, usage(tokens)))
    return events + [DONE]


def transcript(answer: Answer, finish: str | None = None) -> Transcript:
    finish = finish or FINISH[answer.finish]
    message = ChatCompletionMessage(
        role="assistant", content=answer.text or None, refusal=answer.joined(Refusal) or None)
    if answer.has(Reasoning):
        message.reasoning_content = answer.joined(Reasoning)
    if answer.tools:
        message.tool_calls = [
            ChatCompletionMessageFunctionToolCall(
                id=call.id, type="function", function=Function(name=call.name, arguments=call.arguments))
            for call in answer.tools]
    for part in answer.parts:
        if isinstance(part, Text) and part.cites:
            message.annotations = [Annotation(type="url_citation", url_citation=AnnotationURLCitation(
                start_index=0, end_index=5, title="Köln", url=part.cites))]
    whole = ChatCompletion(
        id=ID, object="chat.completion", created=CREATED, model=MODEL, service_tier="default",
        system_fingerprint="fp_01", usage=usage(answer.tokens),
        choices=[WholeChoice(index=0, message=message, logprobs=None, finish_reason=finish)])
    return Transcript(
        events=stream(deltas(answer), answer.tokens, True, finish),
        unasked=stream(deltas(answer), answer.tokens, False, finish),
        told=Told.of(answer, finish, response=ID, model=MODEL),
        whole=whole.model_dump_json(exclude_unset=True).encode(),
        # The finish, the usage and [DONE].
        terminal=3)


def quirk(choices: list, told: Told, *more: bytes, finish: str | None = "stop") -> Transcript:
    """A stream of a compatible server: events of its own come before the finish."""
    events = [chunk([one], True) for one in choices] + list(more)
    if finish:
        events.append(chunk([choice(finish)], True))
    return Transcript(events + [DONE], told, terminal=2)


def unnumbered(call: Tool, piece, first: bool, **more) -> Choice:
    """A tool call's delta as servers write it that number nothing."""
    function = {"name": call.name, "arguments": piece} if first else {"arguments": piece}
    fields = {"id": call.id, "type": "function", **more} if first else more
    return choice(tool_calls=[ChoiceDeltaToolCall.model_construct(
        **fields, function=ChoiceDeltaToolCallFunction.model_construct(**function))])


def pieces(call: Tool, **more) -> list[Choice]:
    return [unnumbered(call, piece, number == 0, **more) for number, piece in enumerate(call.pieces)]


def logprobs(word: str) -> Choice:
    return Choice.model_validate({
        "index": 0, "delta": {"content": word}, "finish_reason": None, "logprobs": {"refusal": None, "content": [
            {"token": word, "logprob": -0.25, "bytes": list(word.encode()), "top_logprobs": []}]}})


def quirks() -> dict[str, Transcript]:
    both = Told.of(ANSWERS["tools"], "tool_calls", usage=None, provenance=None)
    spoken = Told.of(ANSWERS["text"], "stop", usage=None, provenance=None)
    text = deltas(ANSWERS["text"])
    count = usage(Tokens())
    parsed = [replace(WEATHER, pieces=({"city": "Köln", "days": 3},)), replace(CLOCK, pieces=({},))]
    counted = replace(spoken, usage=classes(Tokens()), provenance="provider_final")
    found = {
        "tools-without-index": quirk(pieces(WEATHER) + pieces(CLOCK), both, finish="tool_calls"),
        "tools-all-index-0": quirk(
            pieces(WEATHER, index=0) + pieces(CLOCK, index=0), both, finish="tool_calls"),
        "tools-as-objects": quirk(
            [one for call in parsed for one in pieces(call)], replace(both, arguments_are_objects=True),
            finish="tool_calls"),
        "tools-in-one-delta": quirk(
            [choice(tool_calls=[tool(0, WEATHER.arguments, WEATHER), tool(1, CLOCK.arguments, CLOCK)])], both,
            finish="tool_calls"),
        "usage-on-every-chunk": Transcript(
            [chunk([one], True, usage(Tokens(output=number, reasoning=0))) for number, one in enumerate(text)]
            + [chunk([choice("stop")], True, count), DONE], counted, terminal=2),
        "usage-with-finish": Transcript(
            [chunk([one], False) for one in text] + [chunk([choice("stop")], True, count), DONE], counted,
            terminal=2),
        "usage-without-choices": Transcript(
            [chunk([one], False) for one in text] + [
                chunk([choice("stop")], False),
                sse({"id": ID, "object": "chat.completion.chunk", "usage": count.model_dump(exclude_unset=True)}),
                DONE],
            counted, terminal=3),
        "comments": Transcript(
            [b": OPENROUTER PROCESSING\n\n"] + [
                piece for one in text for piece in (chunk([one], False), b":\n\n", b": keep-alive\n\n")]
            + [chunk([choice("stop")], False), b": bye\n\n", DONE], spoken, terminal=3),
        "obfuscated": Transcript(
            [chunk([one], False, obfuscation="x" * (number + 1)) for number, one in enumerate(text)]
            + [chunk([choice("stop")], False, obfuscation="yz"), DONE], spoken, terminal=2),
        "logprobs": quirk([logprobs(word) for word in WORDS], spoken),
        "two-choices": Transcript(
            [chunk([choice(content=word, index=number)], True) for word in WORDS for number in (0, 1)]
            + [chunk([choice("stop", 0)], True), chunk([choice("length", 1)], True), DONE], spoken, terminal=3),
        "unknown-event": quirk(text, spoken, sse(
            {"object": "chat.completion.surprise", "surprise": [1, {"deep": None}]}, "surprise")),
        "split-data-lines": Transcript(
            [event.replace(b',"created"', b'\ndata: ,"created"') for event in stream(text, None, False, "stop")],
            spoken, terminal=2),
        "no-space": Transcript(
            [event.replace(b"data: ", b"data:") for event in stream(text, None, False, "stop")], spoken,
            terminal=2),
        # vLLM and others add the last chunk and leave the others as they are.
        "late-usage": Transcript(
            [*stream(text, None, False, "stop")[:-1], chunk([], True, count), DONE], counted, terminal=3,
            unasked=stream(text, None, False, "stop")),
        "no-done": Transcript(stream(text, None, False, "stop")[:-1], spoken),
    }
    for finish in get_args(get_args(Choice.model_fields["finish_reason"].annotation)[0]):
        found[f"finish-{finish}"] = transcript(ANSWERS["one-piece"], finish)
    return found


def azure() -> dict[str, Transcript]:
    """Azure judges the prompt before the first chunk, and the answer after the last."""
    safe = {kind: {"filtered": False, "severity": "safe"} for kind in ("hate", "self_harm", "sexual", "violence")}
    first = sse({"choices": [], "created": 0, "id": "", "model": "", "object": "",
                 "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": safe}]})
    late = sse({"id": "", "object": "", "created": 0, "model": "", "choices": [
        {"index": 0, "finish_reason": None, "content_filter_offsets": {"check_offset": 44, "start_offset": 44,
                                                                       "end_offset": 54},
         "content_filter_results": safe}]})
    found = {}
    for name in ("text", "tools", "filter", "refusal", "length", "cache"):
        plain = transcript(ANSWERS[name])
        # The judgement of the answer comes between its last chunk and [DONE].
        found[name] = replace(
            plain, events=[first, *plain.events[:-1], late, plain.events[-1]],
            unasked=[first, *plain.unasked[:-1], late, plain.unasked[-1]], terminal=4)
    return found


def failure(status: int, key: str) -> Failure:
    message = {
        400: "Invalid 'messages[0].content'", 401: f"Incorrect API key provided: {key}. Find it in your account",
        404: "The model `gpt-nil` does not exist", 429: "Rate limit reached for gpt-4o in organization org-1",
        500: "The server had an error while processing your request"}.get(status, "The engine is overloaded")
    kind = {400: "invalid_request_error", 401: "invalid_request_error", 404: "invalid_request_error",
            429: "tokens"}.get(status, "server_error")
    code = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}.get(status)
    return Failure(sse({"error": {"message": message, "type": kind, "param": None, "code": code}})[6:-2], message)


HEADERS = (
    ("x-request-id", "req_0123"), ("openai-processing-ms", "41"), ("openai-version", "2020-10-01"),
    ("x-ratelimit-limit-requests", "10000"), ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-reset-tokens", "6ms"), ("set-cookie", "__cf_bm=1; path=/"), ("set-cookie", "_cfuvid=2; path=/"))
ERROR = {"error": {"message": "The server had an error", "type": "server_error", "param": None,
                   "code": "overloaded"}}
# Chat completions know no signed, hidden or cited pieces.
CHAT = Format(
    "chat", "openai", {name: transcript(answer) for name, answer in ANSWERS.items()
                       if not answer.has(Redacted)} | quirks(),
    sse(ERROR), "The server had an error", failure, transcript, headers=HEADERS)
AZURE = Format(
    "azure", "azure", azure(), sse(ERROR), "The server had an error", failure, transcript, headers=(
        ("x-ms-request-id", "11111111-2222-3333-4444-555555555555"), ("apim-request-id", "aaaa-bbbb"),
        ("x-ms-region", "Sweden Central"), ("x-ratelimit-remaining-tokens", "29985"),
        ("azureml-model-session", "v20241111-1")))


def embeddings(encoding: str | None, count: int) -> bytes:
    import base64
    import struct
    vector = [0.25, -0.5, 1.0]
    packed = base64.b64encode(struct.pack("<3f", *vector)).decode()
    return CreateEmbeddingResponse.model_construct(
        object="list", model="text-embedding-3-small", usage=EmbeddingUsage(prompt_tokens=8, total_tokens=8),
        data=[Embedding.model_construct(
            object="embedding", index=number, embedding=packed if encoding == "base64" else vector)
            for number in range(count)]
    ).model_dump_json(warnings=False).encode()
