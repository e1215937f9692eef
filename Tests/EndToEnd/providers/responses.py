"""OpenAI Responses: typed events with a sequence number, as `openai.types.responses` has them."""

from dataclasses import replace
from typing import Any, get_args

from openai.types import responses as types
from openai.types.responses.response import IncompleteDetails
from openai.types.responses.response_error import ResponseError
from openai.types.responses.response_function_web_search import ActionSearch
from openai.types.responses.response_output_item import McpCall
from openai.types.responses.response_output_text import AnnotationURLCitation
from openai.types.responses.response_reasoning_item import Content, Summary
from openai.types.responses.response_usage import InputTokensDetails, OutputTokensDetails, ResponseUsage

from . import chat
from .answer import ANSWERS, SPOKEN, THOUGHT, WEATHER, Answer, Reasoning, Redacted, Refusal, Text, Tokens, Tool
from .transcript import Format, Told, Transcript, classes, in_order, interleave, sse

ID = "resp_0123456789abcdef"
MODEL = "gpt-4o-2024-08-06"


def usage(tokens: Tokens) -> ResponseUsage:
    return ResponseUsage(
        input_tokens=tokens.prompt, output_tokens=tokens.output, total_tokens=tokens.total,
        input_tokens_details=InputTokensDetails(cached_tokens=tokens.cached, cache_write_tokens=tokens.write),
        output_tokens_details=OutputTokensDetails(reasoning_tokens=tokens.reasoning))


def response(status: str, output: list | None = None, **more) -> types.Response:
    return types.Response.model_construct(**{
        "id": ID, "object": "response", "created_at": 1763714400, "status": status, "error": None,
        "incomplete_details": None, "instructions": None, "metadata": {}, "model": MODEL,
        "output": output or [], "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
        "tools": [], "top_p": 1.0, "usage": None, **more})


class Recorder:
    """Numbers events, and tells those of an output item by its place."""

    def __init__(self):
        self.events: list[bytes] = []
        self.output: list[Any] = []

    def add(self, kind: type, **fields) -> None:
        name = get_args(kind.model_fields["type"].annotation)[0]
        event = kind.model_construct(**fields, sequence_number=len(self.events), type=name)
        self.events.append(sse(event.model_dump_json(exclude_unset=True, warnings=False), name))

    def raw(self, name: str, **fields) -> None:
        self.events.append(sse({"type": name, "sequence_number": len(self.events), **fields}, name))

    def begin(self) -> None:
        self.add(types.ResponseCreatedEvent, response=response("in_progress"))
        self.add(types.ResponseInProgressEvent, response=response("in_progress"))

    def open(self, item) -> int:
        self.output.append(item)
        self.add(types.ResponseOutputItemAddedEvent, item=item, output_index=len(self.output) - 1)
        return len(self.output) - 1

    def close(self, place: int, item) -> None:
        self.output[place] = item
        self.add(types.ResponseOutputItemDoneEvent, item=item, output_index=place)

    # MARK: Items

    def message(self, part: Text | Refusal) -> None:
        name = f"msg_{len(self.output)}"

        def item(status: str, *content) -> types.ResponseOutputMessage:
            return types.ResponseOutputMessage(
                id=name, type="message", role="assistant", status=status, content=list(content))
        place = self.open(item("in_progress"))
        at = {"item_id": name, "output_index": place, "content_index": 0}
        said = "".join(part.pieces)
        if isinstance(part, Refusal):
            empty = types.ResponseOutputRefusal(type="refusal", refusal="")
            full = types.ResponseOutputRefusal(type="refusal", refusal=said)
        else:
            empty = types.ResponseOutputText(type="output_text", text="", annotations=[])
            full = types.ResponseOutputText(type="output_text", text=said, annotations=cited(part))
        self.add(types.ResponseContentPartAddedEvent, part=empty, **at)
        for piece in part.pieces:
            if isinstance(part, Refusal):
                self.add(types.ResponseRefusalDeltaEvent, delta=piece, **at)
            else:
                self.add(types.ResponseTextDeltaEvent, delta=piece, logprobs=[], **at)
        for number, annotation in enumerate(cited(part)):
            self.add(types.ResponseOutputTextAnnotationAddedEvent, annotation=annotation,
                     annotation_index=number, **at)
        if isinstance(part, Refusal):
            self.add(types.ResponseRefusalDoneEvent, refusal=said, **at)
        else:
            self.add(types.ResponseTextDoneEvent, text=said, logprobs=[], **at)
        self.add(types.ResponseContentPartDoneEvent, part=full, **at)
        self.close(place, item("completed", full))

    def reasoning(self, part: Reasoning, summary: bool = True) -> None:
        name = f"rs_{len(self.output)}"

        def item(**fields) -> types.ResponseReasoningItem:
            return types.ResponseReasoningItem(id=name, type="reasoning", **{"summary": [], **fields})
        place = self.open(item())
        at = {"item_id": name, "output_index": place}
        said = "".join(part.pieces)
        if summary:
            at["summary_index"] = 0
            self.add(types.ResponseReasoningSummaryPartAddedEvent, part={"type": "summary_text", "text": ""}, **at)
            for piece in part.pieces:
                self.add(types.ResponseReasoningSummaryTextDeltaEvent, delta=piece, **at)
            self.add(types.ResponseReasoningSummaryTextDoneEvent, text=said, **at)
            self.add(types.ResponseReasoningSummaryPartDoneEvent,
                     part={"type": "summary_text", "text": said}, **at)
            self.close(place, item(summary=[Summary(type="summary_text", text=said)],
                                   encrypted_content=part.signature))
        else:
            at["content_index"] = 0
            for piece in part.pieces:
                self.add(types.ResponseReasoningTextDeltaEvent, delta=piece, **at)
            self.add(types.ResponseReasoningTextDoneEvent, text=said, **at)
            self.close(place, item(content=[Content(type="reasoning_text", text=said)]))

    def redacted(self, part: Redacted) -> None:
        item = types.ResponseReasoningItem(
            id=f"rs_{len(self.output)}", type="reasoning", summary=[], encrypted_content=part.data)
        self.close(self.open(item), item)

    def tools(self, tools: list[Tool], interleaved: bool) -> None:
        def item(number: int, status: str, arguments: str) -> types.ResponseFunctionToolCall:
            call = tools[number]
            return types.ResponseFunctionToolCall(
                id=f"fc_{number}", type="function_call", call_id=call.id, name=call.name, arguments=arguments,
                status=status)
        places: dict[int, int] = {}
        for number, piece in (interleave if interleaved else in_order)(tools):
            call = tools[number]
            if piece == 0:
                places[number] = self.open(item(number, "in_progress", ""))
            at = {"item_id": f"fc_{number}", "output_index": places[number]}
            self.add(types.ResponseFunctionCallArgumentsDeltaEvent, delta=call.pieces[piece], **at)
            if piece == len(call.pieces) - 1:
                self.add(types.ResponseFunctionCallArgumentsDoneEvent, arguments=call.arguments, **at)
                self.close(places[number], item(number, "completed", call.arguments))

    def custom_tool(self, call: Tool) -> None:
        name = f"ctc_{len(self.output)}"

        def item(said: str) -> types.ResponseCustomToolCall:
            return types.ResponseCustomToolCall(
                id=name, type="custom_tool_call", call_id=call.id, name=call.name, input=said)
        place = self.open(item(""))
        at = {"item_id": name, "output_index": place}
        for piece in call.pieces:
            self.add(types.ResponseCustomToolCallInputDeltaEvent, delta=piece, **at)
        self.add(types.ResponseCustomToolCallInputDoneEvent, input=call.arguments, **at)
        self.close(place, item(call.arguments))

    def hosted(self) -> None:
        """What the provider does itself: searching, running code, drawing, MCP."""
        name = "ws_0"
        search = types.ResponseFunctionWebSearch(
            id=name, type="web_search_call", status="in_progress", action=ActionSearch(type="search", query="Köln"))
        place = self.open(search)
        at = {"item_id": name, "output_index": place}
        self.add(types.ResponseWebSearchCallInProgressEvent, **at)
        self.add(types.ResponseWebSearchCallSearchingEvent, **at)
        self.add(types.ResponseWebSearchCallCompletedEvent, **at)
        self.close(place, search.model_copy(update={"status": "completed"}))
        call = McpCall(id="mcp_0", type="mcp_call", arguments='{"q":1}', name="look", server_label="maps")
        place = self.open(call)
        at = {"item_id": "mcp_0", "output_index": place}
        self.add(types.ResponseMcpCallInProgressEvent, **at)
        self.add(types.ResponseMcpCallArgumentsDeltaEvent, delta='{"q":1}', **at)
        self.add(types.ResponseMcpCallArgumentsDoneEvent, arguments='{"q":1}', **at)
        self.add(types.ResponseMcpCallCompletedEvent, **at)
        self.close(place, call)
        at = {"item_id": "ci_0", "output_index": place + 1}
        self.add(types.ResponseCodeInterpreterCallInProgressEvent, **at)
        self.add(types.ResponseCodeInterpreterCallCodeDeltaEvent, delta="print(1)", **at)
        self.add(types.ResponseCodeInterpreterCallCodeDoneEvent, code="print(1)", **at)
        self.add(types.ResponseCodeInterpreterCallCompletedEvent, **at)
        self.add(types.ResponseImageGenCallPartialImageEvent, item_id="ig_0", output_index=place + 2,
                 partial_image_b64="QUJD" * 50_000, partial_image_index=0)


def cited(part) -> list[AnnotationURLCitation]:
    if not getattr(part, "cites", None):
        return []
    return [AnnotationURLCitation(
        type="url_citation", url=part.cites, title="Köln", start_index=0, end_index=len("".join(part.pieces)))]


def record(answer: Answer) -> Recorder:
    recorder = Recorder()
    recorder.begin()
    for part in answer.parts:
        match part:
            case Text() | Refusal():
                recorder.message(part)
            case Reasoning():
                recorder.reasoning(part)
            case Redacted():
                recorder.redacted(part)
    recorder.tools(answer.tools, answer.interleaved)
    return recorder


def finish(recorder: Recorder, tokens: Tokens | None, reason: str | None = None) -> types.Response:
    """Writes the last event and returns the response that it holds."""
    count = usage(tokens) if tokens else None
    if reason:
        whole = response("incomplete", recorder.output, usage=count,
                         incomplete_details=IncompleteDetails(reason=reason))
        recorder.add(types.ResponseIncompleteEvent, response=whole)
    else:
        whole = response("completed", recorder.output, usage=count)
        recorder.add(types.ResponseCompletedEvent, response=whole)
    return whole


def transcript(answer: Answer, reason: str | None = None) -> Transcript:
    reason = reason or {"length": "max_output_tokens", "filter": "content_filter"}.get(answer.finish)
    recorder = record(answer)
    whole = finish(recorder, answer.tokens, reason)
    return Transcript(
        recorder.events, Told.of(answer, reason or "completed", response=ID, model=MODEL),
        whole=whole.model_dump_json(exclude_unset=True, warnings=False).encode())


def made(told: Told, *steps, tokens: Tokens | None = Tokens()) -> Transcript:
    recorder = Recorder()
    recorder.begin()
    for step in steps:
        step(recorder)
    finish(recorder, tokens)
    return Transcript(recorder.events, told)


def failed() -> Transcript:
    recorder = Recorder()
    recorder.begin()
    recorder.message(SPOKEN)
    recorder.add(types.ResponseFailedEvent, response=response(
        "failed", recorder.output, usage=usage(Tokens()), error=ResponseError(
            code="server_error", message="The model failed to generate a response")))
    return Transcript(recorder.events, Told(
        text=SPOKEN_TEXT, end="llm.error", reason="failed", message="failed to generate",
        usage=classes(Tokens()), provenance=None))


SPOKEN_TEXT = "".join(SPOKEN.pieces)


def quirks() -> dict[str, Transcript]:
    spoken = Told.of(ANSWERS["text"], "completed", response=ID)
    custom = Tool("call_7", "sql", ("SELECT ", "'Köln'", ";"))
    found = {
        "queued": made(
            spoken, lambda r: r.add(types.ResponseQueuedEvent, response=response("queued")),
            lambda r: r.message(SPOKEN)),
        "reasoning-text": made(
            replace(spoken, reasoning="".join(THOUGHT.pieces)), lambda r: r.reasoning(THOUGHT, summary=False),
            lambda r: r.message(SPOKEN)),
        "custom-tool": made(
            Told(tools=[(custom.id, custom.name, custom.arguments)], finish="completed",
                 usage=classes(Tokens())), lambda r: r.custom_tool(custom)),
        "hosted-tools": made(replace(spoken, tools=[("mcp_0", "look", '{"q":1}')]), lambda r: r.hosted(),
                             lambda r: r.message(SPOKEN)),
        "unknown-event": made(
            spoken, lambda r: r.raw("response.surprise.delta", delta={"deep": [None, 1]}, item_id="x"),
            lambda r: r.message(SPOKEN)),
        "two-messages": made(
            replace(spoken, text=SPOKEN_TEXT * 2), lambda r: r.message(SPOKEN), lambda r: r.message(SPOKEN)),
        "no-usage": made(replace(spoken, usage=None, provenance="estimated"), lambda r: r.message(SPOKEN),
                         tokens=None),
        "failed": failed(),
    }
    for reason in get_args(get_args(IncompleteDetails.model_fields["reason"].annotation)[0]):
        found[f"incomplete-{reason}"] = transcript(ANSWERS["text"], reason)
    return found


def error_event() -> bytes:
    name = "error"
    event = types.ResponseErrorEvent(
        type=name, code="server_error", message="The server had an error", param=None, sequence_number=7)
    return sse(event.model_dump_json(), name)



RESPONSES = Format(
    "responses", "openai", {name: transcript(answer) for name, answer in ANSWERS.items()} | quirks(),
    error_event(), "The server had an error", chat.failure, transcript, headers=chat.HEADERS)
