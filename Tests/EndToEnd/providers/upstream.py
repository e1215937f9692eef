"""The upstream of all providers: the path says whose format is spoken, headers say what goes wrong.

`x-scenario` names a transcript, `x-fault` a way to send it (or `status-429`), `x-call` the call, so that a test finds
what was asked.
"""

import fcntl
import socket
import struct
import termios
import time

from support.upstream import Request, Upstream

from .bedrock import BEDROCK
from .chat import AZURE, CHAT, embeddings
from .faults import FAULTS, OTHERS, Reply, Status, chunked
from .gemini import GEMINI
from .messages import MESSAGES
from .ollama_chat import OLLAMA
from .responses import RESPONSES
from .transcript import Format

FORMATS: dict[str, Format] = {
    format.name: format for format in (CHAT, AZURE, RESPONSES, MESSAGES, GEMINI, OLLAMA, BEDROCK)}
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 529: "Site is overloaded"}


def speaks(request: Request) -> tuple[Format, bool] | None:
    """Whose format a request is in, and whether it asks for a stream."""
    path = request.target.partition("?")[0]
    stream = request.json.get("stream") is True if isinstance(request.json, dict) else False
    if request.method != "POST":
        return None
    if path.endswith("/chat/completions"):
        return (AZURE if "/deployments/" in path else CHAT), stream
    if path.endswith("/responses"):
        return RESPONSES, stream
    if path.endswith("/v1/messages"):
        return MESSAGES, stream
    if path.endswith((":streamGenerateContent", ":generateContent")):
        return GEMINI, path.endswith(":streamGenerateContent")
    if path.endswith("/api/chat"):
        # Ollama streams unless it is told not to.
        return OLLAMA, request.json.get("stream") is not False
    if path.endswith(("/converse-stream", "/converse")):
        return BEDROCK, path.endswith("-stream")
    return None


class Providers(Upstream):
    def name_of(self, request: Request) -> str:
        return request.headers.get("x-call", request.target)

    def asked(self, call: str) -> Request:
        """What arrived of a call."""
        found = [request for request in self.requests if request.headers.get("x-call") == call]
        assert len(found) == 1, f"{len(found)} requests of one call: nothing may be retried"
        return found[0]

    def _reply(self, peer: socket.socket, request: Request) -> bool:
        path = request.target.partition("?")[0]
        if path.endswith("/embeddings"):
            asked = request.json
            count = len(asked["input"]) if isinstance(asked["input"], list) else 1
            return chunked(peer, Reply(200, [("content-type", "application/json"), ("x-request-id", "req_e")], [
                embeddings(asked.get("encoding_format"), count)]), lambda: True)
        found = speaks(request)
        if found is None:
            return super()._reply(peer, request)
        format, stream = found
        name = request.headers.get("x-fault", "plain")

        def wait() -> bool:
            return self.gate(request.headers.get("x-call", "")).acquire(timeout=30)
        if name.startswith("status-"):
            return chunked(peer, refused(format, Status.of(int(name.removeprefix("status-"))), request), wait)
        if name == "html":
            return chunked(peer, Reply(502, [("content-type", "text/html"), ("server", "cloudflare")], [
                b"<html><head><title>502 Bad Gateway</title></head></html>"], "Bad Gateway"), wait)
        fault = FAULTS.get(name) or OTHERS[name]
        transcript = format.find(request.headers.get("x-scenario", "text"))
        if name == "reset":
            # A reset throws away what was not read yet, so it waits until that has been read.
            def wait() -> bool:
                return read_by(peer)
        if not stream:
            reply = Reply(200, [("content-type", "application/json"), *format.headers], [transcript.whole])
            return fault.send(peer, reply, wait)
        events = transcript.events
        if transcript.unasked and not asks_usage(request):
            events = transcript.unasked
        reply = Reply(200, [("content-type", format.kind), ("cache-control", "no-cache"), *format.headers], events)
        return fault.send(peer, fault.change(reply, transcript, format), wait)


def asks_usage(request: Request) -> bool:
    return (request.json.get("stream_options") or {}).get("include_usage") is True


def refused(format: Format, status: Status, request: Request) -> Reply:
    """The provider's error; one that says the key is wrong repeats it."""
    key = next((request.headers[name].removeprefix("Bearer ") for name in (
        "x-api-key", "api-key", "x-goog-api-key", "authorization") if name in request.headers), "none")
    # A signature is no key.
    key = "none" if key.startswith("AWS4") else key
    failure = format.failure(status.code, key)
    return Reply(
        status.code, [("content-type", failure.kind), *format.headers, *status.headers], [failure.body],
        REASONS.get(status.code, "Whatever"))


def read_by(peer: socket.socket, within: float = 10) -> bool:
    """Waits until the other side has taken everything that was sent."""
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        # SIOCOUTQ: bytes that were not acknowledged.
        if struct.unpack("i", fcntl.ioctl(peer, termios.TIOCOUTQ, b"\0\0\0\0"))[0] == 0:
            return True
        time.sleep(0.001)
    return False
