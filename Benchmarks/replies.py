"""A streamed reply of every format the gateway reads, as its provider writes it: 64 pieces of text.

Each comes with what a client asks for, and with a mark that its first piece of text is known by.
"""

import binascii
import json
import struct

WORDS = [f" word{number}" for number in range(64)]


def _event(value: dict, name: str | None = None) -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


def chat() -> bytes:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1795253400, "model": "gpt-4o-mini"}
    deltas = [({"content": word}, None) for word in WORDS] + [({}, "stop")]
    return b"".join(_event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
                    for delta, reason in deltas) + b"data: [DONE]\n\n"


def responses() -> bytes:
    item = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    whole = {"id": "resp_1", "object": "response", "model": "gpt-4o-mini", "output": []}
    usage = {"input_tokens": 12, "output_tokens": 64, "total_tokens": 76}
    events = [("response.created", {"response": whole | {"status": "in_progress"}})]
    events += [("response.output_text.delta", item | {"delta": word}) for word in WORDS]
    events += [("response.completed", {"response": whole | {"status": "completed", "usage": usage}})]
    return b"".join(_event({"type": name, "sequence_number": number} | data, name)
                    for number, (name, data) in enumerate(events))


def messages() -> bytes:
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
             "usage": {"input_tokens": 12, "output_tokens": 1}}
    events = [{"type": "message_start", "message": start},
              {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
    events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
               for word in WORDS]
    events += [{"type": "content_block_stop", "index": 0},
               {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 64}},
               {"type": "message_stop"}]
    return b"".join(_event(event, event["type"]) for event in events)


def gemini() -> bytes:
    return b"".join(
        _event({"candidates": [{"content": {"parts": [{"text": word}], "role": "model"}, "index": 0}
                               | ({"finishReason": "STOP"} if number == 63 else {})],
                "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": number,
                                  "totalTokenCount": 12 + number},
                "modelVersion": "gemini-2.5-flash", "responseId": "r1"})
        for number, word in enumerate(WORDS))


def ollama() -> bytes:
    lines = [{"model": "llama3.2", "created_at": f"2026-11-26T08:00:00.{number:09}Z",
              "message": {"role": "assistant", "content": word}, "done": False} for number, word in enumerate(WORDS)]
    lines.append({"model": "llama3.2", "created_at": "2026-11-26T08:00:01Z", "done": True, "done_reason": "stop",
                  "message": {"role": "assistant", "content": ""}, "prompt_eval_count": 12, "eval_count": 64})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def converse() -> bytes:
    def frame(kind: str, value: dict) -> bytes:
        headers = b"".join(
            bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text.encode()
            for name, text in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event")))
        payload = json.dumps(value).encode()
        prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
        prelude += struct.pack(">I", binascii.crc32(prelude))
        return prelude + headers + payload + struct.pack(">I", binascii.crc32(prelude + headers + payload))

    return b"".join([
        frame("messageStart", {"role": "assistant"}),
        *(frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": word}}) for word in WORDS),
        frame("contentBlockStop", {"contentBlockIndex": 0}),
        frame("messageStop", {"stopReason": "end_turn"}),
        frame("metadata", {"usage": {"inputTokens": 12, "outputTokens": 64, "totalTokens": 76}})])


# What is asked for, the reply and its media type, and what its first piece of text is known by.
FORMATS = {
    "chat": ("/v1/chat/completions", chat, "text/event-stream", " word0"),
    "responses": ("/v1/responses", responses, "text/event-stream", " word0"),
    "messages": ("/v1/messages", messages, "text/event-stream", " word0"),
    "gemini": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", gemini, "text/event-stream", " word0"),
    "ollama": ("/api/chat", ollama, "application/x-ndjson", " word0"),
    "converse": ("/model/m/converse-stream", converse, "application/vnd.amazon.eventstream", " word0"),
}
