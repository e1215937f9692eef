"""Google Gemini's streamGenerateContent, as `google.genai.types` has it."""

import json
from dataclasses import replace

from google.genai import types

from .answer import ANSWERS, SPOKEN, Answer, Reasoning, Redacted, Refusal, Text, Tokens, Tool
from .transcript import Failure, Format, Told, Transcript, classes

ID = "mAo1aZ2bL4-4xs0P"
MODEL = "gemini-2.5-flash"
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tools": "STOP", "filter": "SAFETY"}


def usage(tokens: Tokens, thoughts_inside: bool = False) -> types.GenerateContentResponseUsageMetadata:
    """The prompt includes what was cached; thoughts are counted beside the candidates."""
    return types.GenerateContentResponseUsageMetadata(
        prompt_token_count=tokens.prompt, cached_content_token_count=tokens.cached or None,
        candidates_token_count=tokens.output - (0 if thoughts_inside else tokens.reasoning),
        thoughts_token_count=tokens.reasoning or None, total_token_count=tokens.total,
        prompt_tokens_details=[types.ModalityTokenCount(modality="TEXT", token_count=tokens.prompt)])


def response(parts: list[types.Part] | None = None, finish: str | None = None, count=None, **more):
    content = types.Content(role="model", parts=parts) if parts is not None else None
    candidates = [types.Candidate(index=0, content=content, finish_reason=finish)]
    return types.GenerateContentResponse(**{
        "candidates": candidates, "usage_metadata": count, "model_version": MODEL, "response_id": ID, **more})


def data(made: types.GenerateContentResponse) -> bytes:
    # Google writes its JSON over several lines only where it is no event stream.
    return b"data: " + made.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\r\n\r\n"


def parts(answer: Answer) -> list[types.Part]:
    found = []
    for part in answer.parts:
        match part:
            case Text():
                found += [types.Part(text=piece) for piece in part.pieces]
            case Reasoning():
                found += [types.Part(text=piece, thought=True) for piece in part.pieces]
                found[-1].thought_signature = part.signature.encode()
            case Tool():
                found.append(types.Part(function_call=types.FunctionCall(
                    id=part.id, name=part.name, args=json.loads(part.arguments)), thought_signature=b"\x01\xff"))
    return found


def grounding(answer: Answer) -> types.GroundingMetadata | None:
    for part in answer.parts:
        if isinstance(part, Text) and part.cites:
            return types.GroundingMetadata(web_search_queries=["köln"], grounding_chunks=[
                types.GroundingChunk(web=types.GroundingChunkWeb(uri=part.cites, title="Köln"))])
    return None


def transcript(answer: Answer, finish: str | None = None) -> Transcript:
    finish = finish or FINISH[answer.finish]
    found = parts(answer)
    # Counts are cumulative here; others tell them with the last chunk only.
    events = [data(response([part], count=usage(replace(answer.tokens, output=number, reasoning=0))))
              for number, part in enumerate(found[:-1])]
    last = response(found[-1:], finish, usage(answer.tokens))
    last.candidates[0].grounding_metadata = grounding(answer)
    whole = response(found, finish, usage(answer.tokens))
    whole.candidates[0].grounding_metadata = grounding(answer)
    return Transcript(
        events + [data(last)], Told.of(
            answer, finish, response=ID, model=MODEL, arguments_are_objects=True, usage=told(answer.tokens)),
        whole=whole.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode())


def told(tokens: Tokens) -> dict:
    """Gemini writes to no cache that it counts, and leaves out what is nought."""
    return {**classes(tokens), "cache_write": None,
            "cached_read": tokens.cached or None, "reasoning": tokens.reasoning or None}


def quirks() -> dict[str, Transcript]:
    tokens = Tokens()
    spoken = Told.of(ANSWERS["text"], "STOP", response=ID, model=MODEL, usage=told(tokens))
    said = [types.Part(text=piece) for piece in SPOKEN.pieces]
    plain = [data(response([part])) for part in said]
    last = data(response([types.Part(text="")], "STOP", usage(tokens)))

    def ended(separator: bytes) -> Transcript:
        return Transcript([one.replace(b"\r\n\r\n", separator) for one in [*plain, last]], spoken)
    tooled = Tokens(output=20, reasoning=4)
    # Prompts of tools are counted apart, and belong to no class of the output.
    count = usage(tooled)
    count.tool_use_prompt_token_count = 30
    count.total_token_count += 30
    blocked = types.GenerateContentResponse(
        prompt_feedback=types.GenerateContentResponsePromptFeedback(block_reason="PROHIBITED_CONTENT"),
        usage_metadata=types.GenerateContentResponseUsageMetadata(prompt_token_count=9, total_token_count=9),
        model_version=MODEL)
    code = [
        types.Part(executable_code=types.ExecutableCode(language="PYTHON", code="print(1)")),
        types.Part(code_execution_result=types.CodeExecutionResult(outcome="OUTCOME_OK", output="1\n")),
        types.Part(inline_data=types.Blob(mime_type="image/png", data=b"\x89PNG" * 30))]
    return {
        "lf": ended(b"\n\n"), "cr": ended(b"\r\r"), "crlf": ended(b"\r\n\r\n"),
        "usage-last-only": Transcript([*plain, last], spoken),
        "thoughts-inside-candidates": Transcript(
            [*plain, data(response([types.Part(text="")], "STOP", usage(tokens, thoughts_inside=True)))], spoken),
        "tool-use-prompt": Transcript(
            [*plain, data(response([types.Part(text="")], "STOP", count))],
            replace(spoken, usage={"output": 20, "reasoning": 4})),
        "blocked-prompt": Transcript(
            [data(blocked)], Told(finish="PROHIBITED_CONTENT", usage={"input": 9, "output": 0, "total": 9}),
            whole=blocked.model_dump_json(by_alias=True, exclude_none=True).encode()),
        "usage-without-candidates": Transcript(
            [*plain, data(response([types.Part(text="")], "STOP")),
             data(response(count=usage(tokens), candidates=None))], spoken, terminal=2),
        "code-and-images": Transcript(
            [*[data(response([part])) for part in code], *plain, last], spoken),
        "empty-content": Transcript(
            [*plain, data(response(None, "STOP", usage(tokens)))], spoken),
        "several-parts": Transcript([data(response(said, "STOP", usage(tokens)))], spoken),
        **{f"finish-{reason.value}": transcript(ANSWERS["one-piece"], reason.value)
           for reason in types.FinishReason if reason.value != "FINISH_REASON_UNSPECIFIED"},
    }


def failure(status: int, key: str) -> Failure:
    kind = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
            429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}.get(status, "UNKNOWN")
    message = f"API key not valid: {key}" if status == 401 else f"It is {kind.lower()}"
    details = {"error": {"code": status, "message": message, "status": kind, "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "27s"}]}}
    return Failure(json.dumps(details, indent=2).encode(), message, "application/json; charset=UTF-8")


def error_event() -> bytes:
    """An error in the stream is bare JSON, over several lines."""
    return json.dumps({"error": {"code": 503, "message": "The model is overloaded", "status": "UNAVAILABLE"}},
                      indent=2).encode() + b"\n"


# Gemini hides no reasoning in blocks, refuses in no channel, and sends arguments in one piece.
GEMINI = Format(
    "gemini", "gemini", {name: transcript(answer) for name, answer in ANSWERS.items()
                         if not (answer.has(Redacted) or answer.has(Refusal) or answer.interleaved
                                 or name == "cache")} | quirks(),
    error_event(), "The model is overloaded", failure, transcript, kind="text/event-stream", headers=(
        ("server-timing", "gfet4t7; dur=512"), ("x-content-type-options", "nosniff"), ("vary", "Origin"),
        ("vary", "X-Origin")))
