"""Malformed HTTP and WebSocket frames: a clear answer, a closed socket at most, and nobody else is disturbed."""

import base64
import json
import os
import re
import time

import pytest

from support.raw import Raw

BODY = b'{"type":"test.http"}'


def head(server, *lines: str, request: str = "GET /healthz HTTP/1.1", host: bool = True) -> bytes:
    start = [request] + ([f"Host: {server.host}"] if host else [])
    return "\r\n".join([*start, *lines, "", ""]).encode("latin-1")


def post(server, *lines: str) -> bytes:
    return head(server, "Content-Type: application/json", *lines, request="POST /v1/events HTTP/1.1")


def stored(server) -> int:
    return len(server.history(type="test.http"))


MALFORMED = {
    "bare line feeds": (lambda s: b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n", {400}),
    "a bare carriage return in a header": (lambda s: head(s, "A: b\rc"), {400}),
    "a NUL in a header": (lambda s: head(s, "A: b\0c"), {400}),
    "a folded header": (lambda s: head(s, "A: b", " folded"), {400}),
    "a space before the colon": (lambda s: head(s, "A : b"), {400}),
    "no colon": (lambda s: head(s, "nothing"), {400}),
    "an empty name": (lambda s: head(s, ": b"), {400}),
    "no host": (lambda s: head(s, host=False), {400}),
    "two hosts": (lambda s: head(s, "Host: other"), {400}),
    "an unknown version": (lambda s: head(s, request="GET / HTTP/3.0"), {400, 505}),
    "no version": (lambda s: b"GET /\r\n\r\n", {400, 505}),
    "a space in the target": (lambda s: head(s, request="GET /a b HTTP/1.1"), {400}),
    "a control character in the target": (lambda s: head(s, request="GET /a\x01b HTTP/1.1"), {400}),
    "lower-case nonsense": (lambda s: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "both lengths": (lambda s: post(
        s, f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked") + b"0\r\n\r\n", {400}),
    "two content lengths": (lambda s: post(s, "Content-Length: 20", "Content-Length: 21") + BODY, {400}),
    "a list of content lengths": (lambda s: post(s, "Content-Length: 20, 20") + BODY, {400}),
    "a signed content length": (lambda s: post(s, "Content-Length: +20") + BODY, {400}),
    "a hexadecimal content length": (lambda s: post(s, "Content-Length: 0x14") + BODY, {400}),
    "an overflowing content length": (lambda s: post(s, "Content-Length: 99999999999999999999999"), {400, 413}),
    "an unknown transfer coding": (lambda s: post(s, "Transfer-Encoding: xchunked") + b"0\r\n\r\n", {400, 501}),
    "chunked not last": (lambda s: post(s, "Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n", {400, 501}),
    "chunked twice": (lambda s: post(s, "Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n", {400, 501}),
    "chunked in HTTP/1.0": (lambda s: head(
        s, "Transfer-Encoding: chunked", request="POST /v1/events HTTP/1.0") + b"0\r\n\r\n", {400, 501}),
    "a bad chunk size": (lambda s: post(s, "Transfer-Encoding: chunked") + b"zz\r\n", {400}),
    "a negative chunk size": (lambda s: post(s, "Transfer-Encoding: chunked") + b"-1\r\n", {400}),
    "an overflowing chunk size": (lambda s: post(s, "Transfer-Encoding: chunked") + b"f" * 20 + b"\r\n", {400, 413}),
    "a chunk without its end": (lambda s: post(
        s, "Transfer-Encoding: chunked") + b"14\r\n" + BODY + b"XX0\r\n\r\n", {400}),
    "a chunk size with a bare line feed": (lambda s: post(
        s, "Transfer-Encoding: chunked") + b"14\n" + BODY + b"\n0\n\n", {400}),
    "a huge header": (lambda s: head(s, "A: " + "x" * (1 << 20)), {431}),
    "very many headers": (lambda s: head(s, *[f"A{number}: b" for number in range(10_000)]), {431}),
    "a huge target": (lambda s: head(s, request=f"GET /{'x' * (1 << 17)} HTTP/1.1"), {414, 431}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_requests_get_a_clear_answer(server, name):
    request, statuses = MALFORMED[name]
    before = stored(server)
    with Raw(server) as raw:
        try:
            raw.send(request(server))
        except (BrokenPipeError, ConnectionResetError):
            pass  # It answered and closed before it had read everything; the answer is read below.
        try:
            status, headers, body = raw.reply()
        except ConnectionResetError:
            assert name.startswith(("a huge", "very many")), "closed without an answer"
        else:
            assert status in statuses, (status, body)
            assert headers.get("connection", "").lower() == "close"
            assert json.loads(body)["error"]["message"]
            assert raw.is_closed()
    assert stored(server) == before
    assert server.http.get("/healthz").status_code == 200


def test_nothing_is_smuggled(server, session):
    """Where the two lengths are read differently, what follows would be a request of its own."""
    hidden = f'{{"type":"test.smuggled","session":"{session}"}}'.encode()
    inner = post(server, f"Content-Length: {len(hidden)}") + hidden
    for outer in (
        post(server, f"Content-Length: {len(inner) + 5}", "Transfer-Encoding: chunked") + b"0\r\n\r\n" + inner,
        post(server, "Transfer-Encoding: chunked", f"Content-Length: {len(inner)}") + b"0\r\n\r\n" + inner,
        post(server, "Transfer-Encoding : chunked", "Content-Length: 4") + b"0\r\n\r\n" + inner,
        post(server, "Transfer-Encoding:\x0bchunked", "Content-Length: 4") + b"0\r\n\r\n" + inner,
        post(server, "Content-Length: 0\r\nContent-Length: 5") + inner,
        post(server, "Content-Length: bad") + inner,
    ):
        with Raw(server) as raw:
            raw.send(outer)
            assert raw.reply()[0] in (400, 501)
            assert raw.is_closed()
    assert server.history(session=session) == []


def test_wellformed_oddities_work(server, session):
    def event(number: int) -> bytes:
        return f'{{"type":"test.odd","session":"{session}","data":{{"n":{number}}}}}'.encode()

    with Raw(server) as raw:
        body = event(0)
        raw.send(b"\r\n" + post(server, "Transfer-Encoding: chunked") + b"5;ext=\"q\"\r\n" + body[:5] + b"\r\n"
                 + b"%X\r\n" % len(body[5:]) + body[5:] + b"\r\n0\r\nTrailer: x\r\n\r\n")
        assert raw.reply()[0] == 200
        pipeline = b"".join(post(server, f"Content-Length: {len(event(n))}") + event(n) for n in range(1, 51))
        raw.send(pipeline)
        assert [raw.reply()[0] for _ in range(50)] == [200] * 50
        for byte in post(server, f"Content-Length: {len(event(51))}") + event(51):
            raw.send(bytes([byte]))
        assert raw.reply()[0] == 200
        raw.send(post(server, f"Content-Length: {len(event(52))}", "Expect: 100-continue"))
        raw.send(event(52))
        status = raw.reply()[0]
        assert (raw.reply()[0] if status == 100 else status) == 200
        raw.send(head(server, "Connection: close"))
        assert raw.reply()[0] == 200
        assert raw.is_closed()
    assert [found["data"]["n"] for found in server.history(session=session)] == list(range(53))


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/nothing/here", 404), ("DELETE", "/v1/events", 405), ("POST", "/v1/live", 405), ("GET", "/v1/ingest", 426),
    ("GET", "/../../etc/passwd", 404), ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404), ("GET", "/unknown-upstream/v1", 404)])
def test_unknown_paths_and_methods(server, method, path, status):
    with Raw(server) as raw:
        raw.send(head(server, request=f"{method} {path} HTTP/1.1"))
        found, headers, body = raw.reply()
        assert found == status or (status == 426 and found == 400), (found, body)
        assert json.loads(body)["error"]["message"]
        if status == 405:
            assert headers["allow"]


def test_slow_requests_are_ended_and_cost_nobody_anything(launch):
    """Two hundred clients that send a byte now and then; the limit is shortened for the test."""
    server = launch(environment={"SIGNALBOX_REQUEST_TIMEOUT": "2"})
    slow = [Raw(server).send(b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ") for _ in range(200)]
    began = time.monotonic()
    try:
        for number in range(20):
            asked = time.monotonic()
            server.send({"type": "test.quick"})
            assert time.monotonic() - asked < 1
        for raw in slow[:5]:
            try:
                assert raw.reply()[0] == 408
            except (ConnectionError, OSError):
                pass
            assert raw.is_closed(), "still open long after its limit"
        assert time.monotonic() - began < 12
    finally:
        for raw in slow:
            raw.close()


def upgrade(server, path: str = "/v1/live", **changed) -> bytes:
    lines = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **changed}
    return head(server, *[f"{name}: {value}" for name, value in lines.items() if value is not None],
                request=f"GET {path} HTTP/1.1")


@pytest.mark.parametrize("changed, statuses", [
    ({"Sec-WebSocket-Version": "8"}, {426}), ({"Sec-WebSocket-Key": "short"}, {400}),
    ({"Sec-WebSocket-Key": None}, {400}), ({"Sec-WebSocket-Version": None}, {400, 426})])
def test_bad_handshakes_are_refused(server, changed, statuses):
    with Raw(server) as raw:
        raw.send(upgrade(server, **changed))
        assert raw.reply()[0] in statuses


def frame(opcode: int, payload: bytes = b"", *, final=True, masked=True, reserved=0, length: bytes | None = None):
    first = (0x80 if final else 0) | reserved | opcode
    size = length if length is not None else bytes([len(payload)]) if len(payload) < 126 \
        else b"\x7e" + len(payload).to_bytes(2, "big")
    size = bytes([size[0] | (0x80 if masked else 0)]) + size[1:]
    return bytes([first]) + size + (b"\0\0\0\0" if masked else b"") + payload


FRAMES = {
    "an unmasked frame": (frame(1, b"{}", masked=False), 1002),
    "a reserved bit": (frame(1, b"{}", reserved=0x40), 1002),
    "an unknown opcode": (frame(3, b"{}"), 1002),
    "a fragmented ping": (frame(9, b"x", final=False), 1002),
    "a long ping": (frame(9, b"x" * 126), 1002),
    "a continuation of nothing": (frame(0, b"x"), 1002),
    "a text inside a text": (frame(1, b"a", final=False) + frame(1, b"b"), 1002),
    "a length of two bytes that fits in one": (frame(1, b"{}", length=b"\x7e\x00\x02"), 1002),
    "a length with its highest bit set": (frame(1, b"", length=b"\x7f" + b"\xff" * 8), 1002),
    "text that is no UTF-8": (frame(1, b"\xff\xfe"), 1007),
    "a close of one byte": (frame(8, b"\x03"), 1002),
    "a close with a forbidden code": (frame(8, (1005).to_bytes(2, "big")), 1002),
    "a frame over the limit": (frame(1, b"", length=b"\x7f" + (1 << 40).to_bytes(8, "big")), 1009),
}


@pytest.mark.parametrize("path", ["/v1/live", "/v1/ingest"])
@pytest.mark.parametrize("name", FRAMES)
def test_malformed_frames_close_with_the_right_code(server, path, name):
    sent, code = FRAMES[name]
    with Raw(server) as raw:
        raw.send(upgrade(server, path + ("?type=never." if path == "/v1/live" else "")) + sent)
        data = b""
        while piece := raw.socket.recv(65536):
            data += piece
    assert data.startswith(b"HTTP/1.1 101")
    found = _close_code(data.partition(b"\r\n\r\n")[2])
    assert found == code or (code == 1002 and "length of two" in name and found in (None, 1000, 1002)), found
    assert server.http.get("/healthz").status_code == 200


def _close_code(data: bytes) -> int | None:
    """The code of the close frame among the frames that the server sent."""
    while len(data) >= 2:
        size, at = data[1] & 0x7F, 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        elif size == 127:
            size, at = int.from_bytes(data[2:10], "big"), 10
        if data[0] & 15 == 8:
            return int.from_bytes(data[at:at + 2], "big") if size >= 2 else None
        data = data[at + size:]
    return None


def test_operational_pages(server):
    assert server.http.get("/healthz").status_code == 200
    assert server.http.get("/readyz").status_code == 200
    metrics = server.http.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    for line in metrics.text.splitlines():
        assert line.startswith("#") or re.match(r'^[a-zA-Z_:][\w:]*(\{[^}]*\})? [-+]?[\dNI]', line), line
    page = server.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    schema = server.http.get("/v1/schema").json()
    assert schema["$id"].endswith("/schema/events/1")


def test_the_ingest_ledger_balances(launch):
    """received = stored + duplicate + rejected + sampled, at every step."""
    server = launch()
    server.send([{"type": "a", "id": "one"}, {"type": "a", "id": "one"}, {"type": "not ok"}, {"type": "b"}])
    names = ("received", "stored", "duplicate", "rejected")
    count = {name: server.metric(f"signalbox_ingest_{name}_total") for name in names}
    assert count == {"received": 4, "stored": 2, "duplicate": 1, "rejected": 1}
