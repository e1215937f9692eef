"""An upstream LLM that does whatever an upstream should not."""

import socket
import struct
import threading

SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
DELTA = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":' \
        b'{"content":"word "},"finish_reason":null}]}\n\n'
END = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},' \
      b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def drip(peer, size: int) -> None:
    for byte in SSE + b"transfer-encoding: chunked\r\n\r\n" + chunk(DELTA) + chunk(END) + b"0\r\n\r\n":
        peer.sendall(bytes([byte]))


def endless(piece: bytes):
    def play(peer, size: int) -> None:
        peer.sendall(SSE + b"connection: close\r\n\r\n")
        block = piece * (65536 // len(piece) + 1)
        for _ in range(size // len(block)):
            peer.sendall(block)
    return play


def says(*pieces: bytes, reset: bool = False):
    def play(peer, size: int) -> None:
        for piece in pieces:
            peer.sendall(piece)
        if reset:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return play


# By the request's model. Each is followed by the end of the connection.
DEEDS = {
    "resets-at-once": says(reset=True),
    "closes-at-once": says(),
    "resets-in-head": says(SSE[:30], reset=True),
    "resets-in-body": says(SSE + b"transfer-encoding: chunked\r\n\r\n", chunk(DELTA), chunk(DELTA)[:40], reset=True),
    "length-too-long": says(SSE + b"content-length: 100000\r\n\r\n", DELTA),
    "length-too-short": says(SSE + b"content-length: 20\r\n\r\n", DELTA, END),
    "two-lengths": says(SSE + b"content-length: 20\r\ncontent-length: 30\r\n\r\n", DELTA),
    "no-chunk": says(SSE + b"transfer-encoding: chunked\r\n\r\n", b"zzzz\r\n" + DELTA),
    "no-http": says(b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    "noise": says(bytes(range(256)) * 40),
    "hundred-heads": says(b"HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n" * 500),
    "vast-head": says(SSE, b"x-large: " + b"a" * (4 << 20) + b"\r\n\r\n"),
    "no-json": says(SSE + b"connection: close\r\n\r\n", b"data: {\"choices\":[[[[\n\n" * 50),
    "no-gzip": says(SSE + b"content-encoding: gzip\r\nconnection: close\r\n\r\n", DELTA, END),
    "no-utf8": says(SSE + b"connection: close\r\n\r\n", DELTA.replace(b"word", b"\xff\xfe\x00"), END),
    "drips": drip,
    "endless-line": endless(b"a"),
    "endless-events": endless(DELTA),
    "endless-text": endless(DELTA.replace(b"word ", b"w" * 8000)),
}
# Those whose call is all right in spite of it: a piece that cannot be read is left out.
GOOD = {"drips", "no-utf8"}


class WildUpstream:
    """Plays the deed that a request's model names; `stalls` says nothing until the peer goes away."""

    def __init__(self, size: int):
        self.size = size
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            try:
                request = b""
                while b'"model"' not in request or not request.endswith(b"}"):
                    data = peer.recv(65536)
                    if not data:
                        return
                    request += data
                model = request.split(b'"model":"', 1)[-1].split(b'"')[0].decode()
                if model.startswith("stalls"):
                    if model == "stalls-in-body":
                        peer.sendall(SSE + b"transfer-encoding: chunked\r\n\r\n" + chunk(DELTA))
                    while peer.recv(65536):
                        pass
                else:
                    DEEDS[model](peer, self.size)
            except OSError:
                pass
