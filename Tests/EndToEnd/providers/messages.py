"""Anthropic Messages, as `anthropic.types` has them."""

import json
from dataclasses import replace
from typing import get_args

from anthropic import types
from anthropic.types.raw_message_delta_event import Delta

from .answer import ANSWERS, SPOKEN, THOUGHT, Answer, Reasoning, Redacted, Refusal, Text, Tokens, Tool
from .transcript import Failure, Format, Told, Transcript, classes, compact, in_order, interleave, sse

ID = "msg_01XFDUDYJgAACzvnptvVoYEL"
MODEL = "claude-sonnet-4-5-20250929"
FINISH = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "refusal",
          "refusal": "refusal"}
PING = sse({"type": "ping"}, "ping")


def event(made) -> bytes:
    return sse(made.model_dump_json(exclude_unset=True, warnings=False), made.type)


def usage(tokens: Tokens, output: int, **more) -> types.Usage:
    return types.Usage(
        input_tokens=tokens.input, output_tokens=output, cache_read_input_tokens=tokens.cached,
        cache_creation_input_tokens=tokens.write, cache_creation=types.CacheCreation(
            ephemeral_5m_input_tokens=tokens.write_5m, ephemeral_1h_input_tokens=tokens.write_1h),
        service_tier="standard", **more)


def start(tokens: Tokens) -> bytes:
    # The number of output tokens is a placeholder.
    return event(types.RawMessageStartEvent(type="message_start", message=types.Message(
        id=ID, type="message", role="assistant", model=MODEL, content=[], stop_reason=None, stop_sequence=None,
        usage=usage(tokens, 1))))


def delta(index: int, made) -> bytes:
    return event(types.RawContentBlockDeltaEvent(type="content_block_delta", index=index, delta=made))


def open_block(index: int, block) -> bytes:
    return event(types.RawContentBlockStartEvent.model_construct(
        type="content_block_start", index=index, content_block=block))


def close_block(index: int) -> bytes:
    return event(types.RawContentBlockStopEvent(type="content_block_stop", index=index))


def citation(url: str) -> types.CitationsWebSearchResultLocation:
    return types.CitationsWebSearchResultLocation(
        type="web_search_result_location", cited_text="Köln ist schön", encrypted_index="Eo8BCioIAhgB==",
        title="Köln", url=url)


def block_events(index: int, part) -> list[bytes]:
    match part:
        case Text():
            found = [open_block(index, types.TextBlock(type="text", text=""))]
            if part.cites:
                found.append(delta(index, types.CitationsDelta(
                    type="citations_delta", citation=citation(part.cites))))
            found += [delta(index, types.TextDelta(type="text_delta", text=piece)) for piece in part.pieces]
        case Reasoning():
            found = [open_block(index, types.ThinkingBlock(type="thinking", thinking="", signature=""))]
            found += [delta(index, types.ThinkingDelta(type="thinking_delta", thinking=piece))
                      for piece in part.pieces]
            found.append(delta(index, types.SignatureDelta(type="signature_delta", signature=part.signature)))
        case Redacted():
            found = [open_block(index, types.RedactedThinkingBlock(type="redacted_thinking", data=part.data))]
    return found + [close_block(index)]


def tool_block(call: Tool, kind=types.ToolUseBlock, name: str = "tool_use"):
    return kind(type=name, id=call.id, name=call.name, input={})


def fragment(index: int, piece: str) -> bytes:
    return delta(index, types.InputJSONDelta(type="input_json_delta", partial_json=piece))


def tool_events(first: int, tools: list[Tool], interleaved: bool) -> list[bytes]:
    found = []
    for number, piece in (interleave if interleaved else in_order)(tools):
        index, call = first + number, tools[number]
        if piece == 0:
            # An empty fragment comes first.
            found += [open_block(index, tool_block(call)), fragment(index, "")]
        found.append(fragment(index, call.pieces[piece]))
        if piece == len(call.pieces) - 1:
            found.append(close_block(index))
    return found


def ending(reason: str, counted: types.MessageDeltaUsage, sequence: str | None = None, **more) -> list[bytes]:
    return [
        event(types.RawMessageDeltaEvent(
            type="message_delta", delta=Delta(stop_reason=reason, stop_sequence=sequence, **more),
            usage=counted)),
        event(types.RawMessageStopEvent(type="message_stop"))]


def final(tokens: Tokens) -> types.MessageDeltaUsage:
    """Cumulative, and with the input once more."""
    return types.MessageDeltaUsage(
        input_tokens=tokens.input, cache_read_input_tokens=tokens.cached,
        cache_creation_input_tokens=tokens.write, output_tokens=tokens.output,
        output_tokens_details=types.OutputTokensDetails(thinking_tokens=tokens.reasoning))


def whole(answer: Answer, reason: str) -> types.Message:
    content = []
    for part in answer.parts:
        match part:
            case Text():
                more = {"citations": [citation(part.cites)]} if part.cites else {}
                content.append(types.TextBlock(type="text", text="".join(part.pieces), **more))
            case Reasoning():
                content.append(types.ThinkingBlock(
                    type="thinking", thinking="".join(part.pieces), signature=part.signature))
            case Redacted():
                content.append(types.RedactedThinkingBlock(type="redacted_thinking", data=part.data))
            case Tool():
                content.append(types.ToolUseBlock(
                    type="tool_use", id=part.id, name=part.name, input=json.loads(part.arguments)))
    return types.Message(
        id=ID, type="message", role="assistant", model=MODEL, content=content, stop_reason=reason,
        stop_sequence=None, usage=usage(
            answer.tokens, answer.tokens.output,
            output_tokens_details=types.OutputTokensDetails(thinking_tokens=answer.tokens.reasoning)))


def body(answer: Answer) -> list[bytes]:
    """All but the ending."""
    found = [start(answer.tokens), PING]
    index = 0
    for part in answer.parts:
        if not isinstance(part, Tool):
            found += block_events(index, part)
            index += 1
    return found + tool_events(index, answer.tools, answer.interleaved)


def transcript(answer: Answer, reason: str | None = None) -> Transcript:
    reason = reason or FINISH[answer.finish]
    told = Told.of(answer, reason, response=ID, model=MODEL)
    return Transcript(
        body(answer) + ending(reason, final(answer.tokens)), told, terminal=2,
        whole=whole(answer, reason).model_dump_json(exclude_unset=True).encode(),
        whole_told=replace(told, arguments_are_objects=True))


def quirks() -> dict[str, Transcript]:
    tokens = Tokens(reasoning=0, write_5m=20)
    spoken = Told.of(replace(ANSWERS["text"], tokens=tokens), "end_turn", response=ID, model=MODEL)
    said = block_events(0, SPOKEN)
    unreasoned = {**classes(tokens), "reasoning": None}
    bare = types.MessageDeltaUsage(output_tokens=tokens.output)

    def text(*events: bytes, told: Told = spoken) -> Transcript:
        return Transcript([start(tokens), *events], told, terminal=2)
    nulls = types.MessageDeltaUsage(
        input_tokens=None, cache_creation_input_tokens=None, cache_read_input_tokens=None,
        output_tokens=tokens.output)
    corrected = Tokens(input=99, cached=5, write_5m=6, output=10, reasoning=0)
    search = Tool("srvtoolu_1", "web_search", ('{"query":', '"Köln"}'))
    result = types.WebSearchToolResultBlock(
        type="web_search_tool_result", tool_use_id=search.id, content=[types.WebSearchResultBlock(
            type="web_search_result", title="Köln", url="https://example.com", encrypted_content="EqgfCioI==",
            page_age=None)])
    found = {
        # Only the output is told at the end, so the input stands as it was told at the start.
        "usage-output-only": text(*said, *ending("end_turn", bare), told=replace(spoken, usage=unreasoned)),
        "usage-with-nulls": text(*said, *ending("end_turn", nulls), told=replace(spoken, usage=unreasoned)),
        # A later count replaces the first; nothing is ever added up.
        "usage-corrected": text(*said, *ending("end_turn", final(corrected)), told=replace(
            spoken, usage=classes(corrected))),
        "two-message-deltas": text(
            *said, ending("end_turn", types.MessageDeltaUsage(output_tokens=4))[0], *ending("end_turn", bare),
            told=replace(spoken, usage=unreasoned)),
        "pings": text(*[one for part in said for one in (PING, part)], PING, *ending("end_turn", final(tokens)),
                      PING),
        "unknown-events": text(
            sse({"type": "surprise", "deep": [1, None]}, "surprise"), *said,
            sse({"type": "content_block_delta", "index": 0, "delta": {"type": "odd_delta", "odd": 1}},
                "content_block_delta"), *ending("end_turn", final(tokens))),
        "stop-sequence": text(*said, *ending("stop_sequence", final(tokens), "###"), told=replace(
            spoken, finish="stop_sequence")),
        "server-tool": text(
            open_block(0, tool_block(search, types.ServerToolUseBlock, "server_tool_use")),
            *[fragment(0, piece) for piece in search.pieces], close_block(0), open_block(1, result),
            close_block(1), *block_events(2, SPOKEN), *ending("end_turn", final(tokens)),
            told=replace(spoken, tools=[(search.id, search.name, search.arguments)])),
        "thinking-twice": text(
            *block_events(0, THOUGHT), *block_events(1, THOUGHT), *block_events(2, SPOKEN),
            *ending("end_turn", final(tokens)), told=replace(spoken, reasoning="".join(THOUGHT.pieces) * 2)),
        "refusal-with-details": text(*said, *ending(
            "refusal", final(tokens), stop_details=types.RefusalStopDetails(
                type="refusal", category="cyber", explanation="No.")), told=replace(
                spoken, refusal="No.", finish="refusal")),
        "empty-answer": text(*ending("end_turn", final(tokens)), told=replace(spoken, text="")),
    }
    for reason in get_args(types.StopReason):
        found[f"stop-{reason}"] = transcript(ANSWERS["one-piece"], reason)
    return found


def failure(status: int, key: str) -> Failure:
    kind = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
            404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
            529: "overloaded_error"}.get(status, "api_error")
    message = f"invalid x-api-key {key}" if status == 401 else f"This is a {kind}"
    return Failure(compact({"type": "error", "error": {"type": kind, "message": message},
                            "request_id": "req_011CSHoEeqs5C35K2UUqR7Fy"}).encode(), message)


# The Messages API has no channel of its own for refusals.
MESSAGES = Format(
    "messages", "anthropic", {name: transcript(answer) for name, answer in ANSWERS.items()
                              if not answer.has(Refusal)} | quirks(),
    sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"), "Overloaded",
    failure, transcript, headers=(
        ("request-id", "req_011CSHoEeqs5C35K2UUqR7Fy"), ("anthropic-organization-id", "org-1"),
        ("anthropic-ratelimit-requests-limit", "4000"), ("anthropic-ratelimit-requests-remaining", "3999"),
        ("anthropic-ratelimit-requests-reset", "2026-11-21T09:30:01Z"),
        ("anthropic-ratelimit-output-tokens-remaining", "400000"), ("cf-cache-status", "DYNAMIC")))
