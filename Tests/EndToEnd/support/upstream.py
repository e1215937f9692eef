"""An OpenAI-compatible upstream that plays scripts: the request's `model` names one.

Requests are read by h11, so whatever the gateway sends on must be correct HTTP/1.1. Replies are written as raw
bytes, since most of what is interesting is what no HTTP library would write.
"""

import gzip
import json
import socket
import struct
import threading

import h11

CREATED = 1_763_714_400
DATE = b"Sat, 21 Nov 2026 09:30:00 GMT"
USAGE = {
    "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 3, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0},
}
# What a model should not have said, torn apart where it hurts.
SECRETS = ["Write to jane.d", "oe@exam", "ple.org, pay with 4111 1111 11", "11 1111 or sk-abcdefghij", "0123456789XYZ",
           ", dear Jane"]
WORDS = ["Grüße", " aus", " Köln", ",", " 日本", " and", " 🎉", " \"quoted\"", "\n\ttab", "!"]


class Request:
    """One request as the upstream got it."""

    def __init__(self, event: h11.Request, body: bytes):
        self.method = event.method.decode()
        self.target = event.target.decode()
        self.headers = {name.decode().lower(): value.decode() for name, value in event.headers}
        self.body = body

    @property
    def json(self) -> dict:
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


class Upstream:
    """Listens on a free port of 127.0.0.1 until it is closed; every connection has a thread."""

    def __init__(self):
        self.requests: list[Request] = []
        self.connections = 0
        self.finished: dict[str, bool] = {}
        self._gates: dict[str, threading.Semaphore] = {}
        self._changed = threading.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def gate(self, name: str) -> threading.Semaphore:
        """The script `held-NAME` waits for one release of this before each chunk but the first."""
        with self._changed:
            return self._gates.setdefault(name, threading.Semaphore(0))

    def name_of(self, request: Request) -> str:
        """What a request's script is known by."""
        return request.json.get("model", request.target)

    def last(self, model: str) -> Request:
        return next(request for request in reversed(self.requests) if request.json.get("model") == model)

    def until_finished(self, model: str, within: float = 20) -> bool:
        """Waits until the script of that model was played to its end (True) or its client went away (False)."""
        with self._changed:
            assert self._changed.wait_for(lambda: model in self.finished, within), f"{model} is still being sent"
            return self.finished[model]

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest = b""
        with peer:
            while True:
                connection = h11.Connection(h11.SERVER)
                if rest:
                    connection.receive_data(rest)
                request, body = None, b""
                try:
                    while True:
                        event = connection.next_event()
                        if event is h11.NEED_DATA:
                            data = peer.recv(65536)
                            if not data and request is None:
                                return
                            connection.receive_data(data)
                        elif isinstance(event, h11.Request):
                            request = event
                        elif isinstance(event, h11.Data):
                            body += bytes(event.data)
                        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                            break
                except (h11.RemoteProtocolError, OSError):
                    return
                if request is None:
                    return
                rest = connection.trailing_data[0]
                got = Request(request, body)
                self.requests.append(got)
                try:
                    keep, played = self._reply(peer, got), True
                except OSError:
                    keep, played = False, False
                with self._changed:
                    self.finished[self.name_of(got)] = played
                    self._changed.notify_all()
                if not keep:
                    return

    def _reply(self, peer: socket.socket, request: Request) -> bool:
        """Plays the script; returns whether the connection stays open."""
        path = request.target.partition("?")[0]
        if not path.endswith("/chat/completions"):
            return _other(peer, request, path)
        asked = request.json
        model = asked.get("model", "")
        stream = asked.get("stream") is True
        usage = stream and (asked.get("stream_options") or {}).get("include_usage") is True
        if model == "rate-limited":
            return _whole(peer, 429, {"error": {
                "message": "Rate limit reached for gpt-4o", "type": "tokens", "param": None,
                "code": "rate_limit_exceeded"}}, [
                    b"retry-after: 2", b"x-ratelimit-remaining-tokens: 0", b"x-request-id: req_limited"])
        if model == "not-json":
            return _raw(peer, 502, b"<html>Bad gateway</html>", b"text/html")
        if not stream:
            body = reply(model)
            if model == "zipped":
                return _raw(peer, 200, gzip.compress(json.dumps(body).encode()), b"application/json",
                            [b"content-encoding: gzip"])
            return _whole(peer, 200, body)
        return self._stream(peer, model, usage)

    def _stream(self, peer: socket.socket, model: str, usage: bool) -> bool:
        events = stream(model, usage)
        head = [b"HTTP/1.1 200 OK", b"date: " + DATE, b"content-type: text/event-stream; charset=utf-8",
                b"cache-control: no-cache", b"x-request-id: req_0123", b"openai-processing-ms: 41",
                b"transfer-encoding: chunked"]
        if model == "zipped":
            head.append(b"content-encoding: gzip")
            body = gzip.compress(b"".join(events))
            peer.sendall(b"\r\n".join(head) + b"\r\n\r\n" + _chunk(body[:50]) + _chunk(body[50:]) + b"0\r\n\r\n")
            return True
        peer.sendall(b"\r\n".join(head) + b"\r\n\r\n")
        if model == "dripping":
            # A byte a chunk for the head of the stream: events, lines, and UTF-8 sequences are all torn apart.
            body = b"".join(events)
            for at in range(len(body)):
                peer.sendall(_chunk(body[at:at + 1]))
        elif model == "glued":
            peer.sendall(b"".join(_chunk(event) for event in events))
        elif model.startswith("held-"):
            gate = self.gate(model.removeprefix("held-"))
            for number, event in enumerate(events):
                if number and not gate.acquire(timeout=30):
                    return False
                peer.sendall(_chunk(event))
        else:
            for event in events:
                peer.sendall(_chunk(event))
        if model == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if model == "cut":
            return False
        peer.sendall(b"0\r\n\r\n")
        return True


def reply(model: str) -> dict:
    message = {"role": "assistant", "content": "".join(WORDS), "refusal": None}
    finish = "stop"
    if model == "tools":
        message["content"] = None
        message["tool_calls"] = [{"id": "call_9aB", "type": "function",
                                  "function": {"name": "weather", "arguments": '{"city":"Köln"}'}}]
        finish = "tool_calls"
    return {"id": "chatcmpl-whole", "object": "chat.completion", "created": CREATED, "model": model,
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
            "usage": USAGE, "service_tier": "default", "system_fingerprint": "fp_01"}


def stream(model: str, usage: bool) -> list[bytes]:
    """The server-sent events of a streamed completion, as OpenAI writes them."""
    events = []

    def add(choices: list, **more) -> None:
        chunk = {"id": "chatcmpl-AbC", "object": "chat.completion.chunk", "created": CREATED, "model": model,
                 "service_tier": "default", "system_fingerprint": "fp_01", "choices": choices}
        if usage:
            chunk["usage"] = None
        events.append(b"data: " + json.dumps({**chunk, **more}, ensure_ascii=False).encode() + ending)

    def delta(finish: str | None = None, choice: int = 0, **delta) -> None:
        add([{"index": choice, "delta": delta, "logprobs": None, "finish_reason": finish}])

    ending = b"\r\n\r\n" if model == "crlf" else b"\n\n"
    if model == "commented":
        events.append(b": PROCESSING\n\n")
    delta(role="assistant", content="", refusal=None)
    if model == "tools":
        delta(tool_calls=[{"index": 0, "id": "call_9aB", "type": "function",
                           "function": {"name": "weather", "arguments": ""}}])
        for piece in ('{"ci', 'ty":"', 'Köln"}'):
            delta(tool_calls=[{"index": 0, "function": {"arguments": piece}}])
        delta(tool_calls=[{"index": 1, "id": "call_9aC", "type": "function",
                           "function": {"name": "clock", "arguments": "{}"}}])
        delta("tool_calls")
    elif model == "thinking":
        for piece in ("First", " think"):
            delta(reasoning_content=piece)
        delta(content="Then speak")
        delta("stop")
    elif model == "choices":
        for word in WORDS:
            delta(content=word, choice=0)
            delta(content=word.upper(), choice=1)
        delta("stop", choice=0)
        delta("length", choice=1)
    elif model in ("reset", "cut"):
        for word in WORDS[:4]:
            delta(content=word)
        return events
    elif model == "failing":
        for word in WORDS[:4]:
            delta(content=word)
        events.append(b'data: {"error":{"message":"The server had an error","type":"server_error","param":null,'
                      b'"code":"overloaded"}}\n\n')
        return events
    elif model == "filtered":
        delta(content=WORDS[0])
        delta("content_filter")
    elif model == "secrets":
        for piece in SECRETS:
            delta(content=piece)
        for piece in ('{"to":"jane.doe@', 'example.org"}'):
            delta(tool_calls=[{"index": 0, "id": "call_9aB", "type": "function",
                               "function": {"name": "mail", "arguments": piece}}])
        delta("tool_calls")
    elif model == "long":
        for number in range(400):
            delta(content=f" word{number}")
        delta("stop")
    else:
        for word in WORDS:
            delta(content=word)
        delta("stop")
    if usage:
        add([], usage=USAGE)
    events.append(b"data: [DONE]\n\n")
    return events


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _whole(peer: socket.socket, status: int, body: dict, headers: list[bytes] | None = None) -> bool:
    return _raw(peer, status, json.dumps(body, ensure_ascii=False).encode(), b"application/json", headers or [])


def _raw(peer, status: int, body: bytes, kind: bytes, headers: list[bytes] | None = None) -> bool:
    head = [b"HTTP/1.1 %d Whatever" % status, b"date: " + DATE, b"content-type: " + kind,
            b"content-length: %d" % len(body), b"x-request-id: req_0123", *(headers or [])]
    peer.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
    return True


def _other(peer: socket.socket, request: Request, path: str) -> bool:
    """Everything that is not chat: echoed, so that a test sees what went through."""
    if path.endswith("/models"):
        return _whole(peer, 200, {"object": "list", "data": [
            {"id": "gpt-4o", "object": "model", "created": CREATED, "owned_by": "system"}]})
    if path.endswith("/empty"):
        peer.sendall(b"HTTP/1.1 204 No Content\r\ndate: " + DATE + b"\r\nx-request-id: req_0123\r\n\r\n")
        return True
    if path.endswith("/missing"):
        return _whole(peer, 404, {"error": {"message": "Unknown path", "type": "invalid_request_error"}})
    if path.endswith("/binary"):
        return _raw(peer, 200, bytes(range(256)) * 4096, b"application/octet-stream")
    return _raw(peer, 200, request.body, request.headers.get("content-type", "application/json").encode(),
                [b"x-method: " + request.method.encode(), b"x-target: " + request.target.encode(),
                 b"set-cookie: a=1", b"set-cookie: b=2"])
