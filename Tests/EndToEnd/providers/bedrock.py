"""Amazon Bedrock's ConverseStream: binary frames with checksums, whose payloads botocore's model describes."""

import base64
import json
import struct
import zlib
from dataclasses import replace

import botocore.session

from .answer import ANSWERS, SPOKEN, Answer, Reasoning, Redacted, Refusal, Text, Tokens, Tool
from .transcript import Failure, Format, Told, Transcript, classes, compact, in_order, interleave

MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
FINISH = {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use", "filter": "content_filtered"}
SERVICE = botocore.session.get_session().get_service_model("bedrock-runtime")


def frame(payload: bytes, headers: dict[str, str]) -> bytes:
    """total u32, headers u32, CRC32 of both, headers, payload, CRC32 of all before; big-endian."""
    packed = b"".join(
        struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value.encode()))
        + value.encode() for name, value in headers.items())
    total = 4 + 4 + 4 + len(packed) + len(payload) + 4
    prelude = struct.pack(">II", total, len(packed))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + packed + payload
    return body + struct.pack(">I", zlib.crc32(body))


def event(name: str, **payload) -> bytes:
    # `p` is padding, as Bedrock sends it against guessing from lengths.
    payload["p"] = "abcdefghijklmnopqrstuvwxyz"[:3 + len(name) % 7]
    return frame(compact(payload).encode(), {
        ":event-type": name, ":content-type": "application/json", ":message-type": "event"})


def exception(name: str, message: str) -> bytes:
    return frame(compact({"message": message}).encode(), {
        ":exception-type": name, ":content-type": "application/json", ":message-type": "exception"})


def usage(tokens: Tokens) -> dict:
    """`inputTokens` is without what the cache had."""
    count = {"inputTokens": tokens.input, "outputTokens": tokens.output, "totalTokens": tokens.total}
    if tokens.cached or tokens.write:
        count |= {"cacheReadInputTokens": tokens.cached, "cacheWriteInputTokens": tokens.write}
    if tokens.write_1h:
        count["cacheDetails"] = [{"ttl": "5m", "inputTokens": tokens.write_5m},
                                 {"ttl": "1h", "inputTokens": tokens.write_1h}]
    return count


def delta(index: int, **made) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=index, delta=made)


def stop(index: int) -> bytes:
    return event("contentBlockStop", contentBlockIndex=index)


def block(index: int, part) -> list[bytes]:
    match part:
        case Text():
            found = [delta(index, text=piece) for piece in part.pieces]
            if part.cites:
                found.append(delta(index, citation={"title": "Köln", "source": part.cites}))
        case Reasoning():
            found = [delta(index, reasoningContent={"text": piece}) for piece in part.pieces]
            found.append(delta(index, reasoningContent={"signature": part.signature}))
        case Redacted():
            found = [delta(index, reasoningContent={
                "redactedContent": base64.b64encode(part.data.encode()).decode()})]
    # Text and reasoning are opened by nothing.
    return found + [stop(index)]


def tool_events(first: int, tools: list[Tool], interleaved: bool) -> list[bytes]:
    found = []
    for number, piece in (interleave if interleaved else in_order)(tools):
        index, call = first + number, tools[number]
        if piece == 0:
            found.append(event("contentBlockStart", contentBlockIndex=index, start={
                "toolUse": {"toolUseId": call.id, "name": call.name}}))
        found.append(delta(index, toolUse={"input": call.pieces[piece]}))
        if piece == len(call.pieces) - 1:
            found.append(stop(index))
    return found


def metadata(tokens: Tokens) -> bytes:
    return event("metadata", usage=usage(tokens), metrics={"latencyMs": 1275})


def whole(answer: Answer, reason: str) -> bytes:
    content = []
    for part in answer.parts:
        match part:
            case Text():
                content.append({"text": "".join(part.pieces)})
            case Reasoning():
                content.append({"reasoningContent": {"reasoningText": {
                    "text": "".join(part.pieces), "signature": part.signature}}})
            case Redacted():
                content.append({"reasoningContent": {
                    "redactedContent": base64.b64encode(part.data.encode()).decode()}})
            case Tool():
                content.append({"toolUse": {
                    "toolUseId": part.id, "name": part.name, "input": json.loads(part.arguments)}})
    return compact({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": reason,
                    "usage": usage(answer.tokens), "metrics": {"latencyMs": 1275}}).encode()


def told(tokens: Tokens) -> dict:
    """Bedrock does not count reasoning apart, and leaves the cache out where there is none."""
    count = {**classes(tokens), "reasoning": None}
    return count if tokens.cached or tokens.write else {**count, "cached_read": None, "cache_write": None}


def transcript(answer: Answer, reason: str | None = None) -> Transcript:
    reason = reason or FINISH[answer.finish]
    events, index = [event("messageStart", role="assistant")], 0
    for part in answer.parts:
        if not isinstance(part, Tool):
            events += block(index, part)
            index += 1
    events += tool_events(index, answer.tools, answer.interleaved)
    found = Told.of(answer, reason, usage=told(answer.tokens))
    return Transcript(
        # The counts come after the stop.
        events + [event("messageStop", stopReason=reason), metadata(answer.tokens)], found, terminal=2,
        whole=whole(answer, reason), whole_told=replace(found, arguments_are_objects=True))


def quirks() -> dict[str, Transcript]:
    spoken = Told.of(ANSWERS["text"], "end_turn", usage=told(Tokens()))
    said = [event("messageStart", role="assistant"), *block(0, SPOKEN)]
    return {
        "unknown-event": Transcript(
            [*said, event("surprise", deep=[1, None]), event("messageStop", stopReason="end_turn"),
             metadata(Tokens())], spoken, terminal=2),
        "no-metadata": Transcript(
            [*said, event("messageStop", stopReason="end_turn")],
            replace(spoken, usage=None, provenance="estimated")),
        "trace": Transcript(
            [*said, event("messageStop", stopReason="end_turn", additionalModelResponseFields={"a": [1]}),
             event("metadata", usage=usage(Tokens()), metrics={"latencyMs": 1}, trace={"promptRouter": {
                 "invokedModelId": MODEL}})], spoken, terminal=2),
        **{f"stop-{reason}": transcript(ANSWERS["one-piece"], reason)
           for reason in SERVICE.shape_for("StopReason").enum},
    }


def failure(status: int, key: str) -> Failure:
    message = f"Invalid API Key {key}" if status == 401 else f"It failed with {status}"
    return Failure(compact({"message": message}).encode(), message)


BEDROCK = Format(
    "bedrock", "bedrock", {name: transcript(answer) for name, answer in ANSWERS.items()
                           if answer.finish in FINISH and not answer.has(Refusal)} | quirks(),
    exception("modelStreamErrorException", "The model stopped in the middle"), "stopped in the middle", failure,
    transcript, kind="application/vnd.amazon.eventstream", framing="frames", headers=(
        ("x-amzn-requestid", "0d3c1e9b-7a2f-4f7e-9a5d-1f2e3d4c5b6a"),))
