"""Ways to send a reply that are right but rare, or wrong: each changes the reply, or how its bytes leave."""

import socket
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import brotli
import zstandard

from .transcript import Format, Transcript

DATE = "Sat, 21 Nov 2026 09:30:00 GMT"


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    pieces: list[bytes]
    reason: str = "OK"

    def head(self, *more: tuple[str, str], version: str = "HTTP/1.1") -> bytes:
        lines = [f"{version} {self.status} {self.reason}"]
        lines += [f"{name}: {value}" for name, value in [("date", DATE), *self.headers, *more]]
        return "\r\n".join([*lines, "", ""]).encode()

    def typed(self, kind: str | None) -> "Reply":
        headers = [one for one in self.headers if one[0] != "content-type"]
        return replace(self, headers=headers + ([("content-type", kind)] if kind else []))


# MARK: Changes to the reply

Change = Callable[[Reply, Transcript, Format], Reply]


def _half(reply: Reply, transcript: Transcript) -> list[bytes]:
    # Ollama's and Gemini's last event may be the only one that is an ending.
    return reply.pieces[:max(2, (len(reply.pieces) - transcript.terminal) // 2 + 1)]


def halved(reply, transcript, _):
    """Ends well before the ending, after a whole event."""
    return replace(reply, pieces=_half(reply, transcript))


def torn(reply, transcript, _):
    """Ends in the middle of an event."""
    pieces = _half(reply, transcript)
    return replace(reply, pieces=[*pieces[:-1], pieces[-1][:len(pieces[-1]) // 2]])


def unended(reply, transcript, _):
    """Everything but the terminal events."""
    return replace(reply, pieces=reply.pieces[:len(reply.pieces) - transcript.terminal])


def error_inside(reply, transcript, format):
    return replace(reply, pieces=[*_half(reply, transcript), format.error_event])


def ending_twice(reply, transcript, _):
    return replace(reply, pieces=[*reply.pieces, *reply.pieces[-transcript.terminal:]])


def garbage(reply, _, format):
    junk = {"sse": b"data: {not json\n\n\x00\xff\xfe: \n\ndata: [DONE]garbage\n\n",
            "lines": b"{not json\n\x00\xff\xfe\n", "frames": b"\x00\xff\xfe not a frame at all"}
    return replace(reply, pieces=[*reply.pieces, junk[format.framing]])


def line_ends(end: bytes) -> Change:
    def change(reply, *_):
        return replace(reply, pieces=[
            one.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", end) for one in reply.pieces])
    return change


def no_blank_end(reply, *_):
    return replace(reply, pieces=[*reply.pieces[:-1], reply.pieces[-1].rstrip(b"\r\n")])


def typed(kind: str | None) -> Change:
    return lambda reply, *_: reply.typed(kind)


def empty(reply, *_):
    return replace(reply, pieces=[])


def encoded(name: str, make) -> Change:
    """Compressed as it comes: each event can be inflated when it arrives."""
    def change(reply, *_):
        compress, flush, finish = make()
        pieces = [compress(one) + flush() for one in reply.pieces]
        return replace(reply, headers=[*reply.headers, ("content-encoding", name), ("vary", "accept-encoding")],
                       pieces=[*pieces, finish()])
    return change


def _zlib(bits: int):
    def make():
        packer = zlib.compressobj(wbits=bits)
        return packer.compress, lambda: packer.flush(zlib.Z_SYNC_FLUSH), packer.flush
    return make


def _brotli():
    packer = brotli.Compressor()
    return packer.process, packer.flush, packer.finish


def _zstd():
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress, lambda: packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK), packer.flush


# MARK: Ways out

CHUNKED = ("transfer-encoding", "chunked")
Send = Callable[[socket.socket, Reply, Callable[[], bool]], bool]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def chunked(peer, reply, _) -> bool:
    peer.sendall(reply.head(CHUNKED))
    for piece in reply.pieces:
        peer.sendall(chunk(piece))
    peer.sendall(b"0\r\n\r\n")
    return True


def glued(peer, reply, _) -> bool:
    peer.sendall(reply.head(CHUNKED) + b"".join(map(chunk, reply.pieces)) + b"0\r\n\r\n")
    return True


def one_chunk(peer, reply, _) -> bool:
    peer.sendall(reply.head(CHUNKED) + chunk(b"".join(reply.pieces)) + b"0;last=1\r\nx-trailer: 1\r\n\r\n")
    return True


def dripped(peer, reply, _) -> bool:
    """A segment a byte, the head's bytes among them: lines, events and characters are all torn apart."""
    body = b"".join(reply.pieces)
    for byte in reply.head(("content-length", str(len(body)))) + body:
        peer.sendall(bytes((byte,)))
    return True


def dripped_chunks(peer, reply, _) -> bool:
    peer.sendall(reply.head(CHUNKED))
    for byte in b"".join(reply.pieces):
        peer.sendall(chunk(bytes((byte,))))
    peer.sendall(b"0\r\n\r\n")
    return True


def with_length(peer, reply, _) -> bool:
    peer.sendall(reply.head(("content-length", str(sum(map(len, reply.pieces))))))
    for piece in reply.pieces:
        peer.sendall(piece)
    return True


def until_close(*more: tuple[str, str], version: str = "HTTP/1.1") -> Send:
    """The end of the connection is the end of the body."""
    def send(peer, reply, _) -> bool:
        peer.sendall(reply.head(*more, version=version))
        for piece in reply.pieces:
            peer.sendall(piece)
        return False
    return send


def after_interim(*heads: bytes) -> Send:
    """Interim responses come first."""
    def send(peer, reply, wait) -> bool:
        for head in heads:
            peer.sendall(head)
        return chunked(peer, reply, wait)
    return send


def cut(peer, reply, _) -> bool:
    """The connection ends inside the chunked body."""
    peer.sendall(reply.head(CHUNKED) + b"".join(map(chunk, reply.pieces)))
    return False


def short(peer, reply, _) -> bool:
    """Fewer bytes than were announced."""
    peer.sendall(reply.head(("content-length", str(sum(map(len, reply.pieces)) + 100))) + b"".join(reply.pieces))
    return False


def reset(peer, reply, wait) -> bool:
    """The connection is torn down once the client has had what was sent."""
    peer.sendall(reply.head(CHUNKED) + b"".join(map(chunk, reply.pieces)))
    wait()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def silent(peer, reply, _) -> bool:
    """Closes without a word."""
    return False


def not_http(peer, reply, _) -> bool:
    peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    return False


def stalled(peer, reply, wait) -> bool:
    """Says nothing more until the test allows it."""
    peer.sendall(reply.head(CHUNKED) + b"".join(map(chunk, reply.pieces)))
    wait()
    return False


def held(peer, reply, wait) -> bool:
    """The first half, and the rest once the test allows it."""
    half = len(reply.pieces) // 2
    peer.sendall(reply.head(CHUNKED) + b"".join(map(chunk, reply.pieces[:half])))
    if not wait():
        return False
    for piece in reply.pieces[half:]:
        peer.sendall(chunk(piece))
    peer.sendall(b"0\r\n\r\n")
    return True


def huge(peer, reply, _) -> bool:
    """The text in its middle again and again, to more than 40 MiB."""
    half = len(reply.pieces) // 2
    peer.sendall(reply.head(CHUNKED) + b"".join(map(chunk, reply.pieces[:half])))
    middle = chunk(reply.pieces[half] * (1 + (256 << 10) // len(reply.pieces[half])))
    for _ in range(165):
        peer.sendall(middle)
    peer.sendall(b"".join(map(chunk, reply.pieces[half:])) + b"0\r\n\r\n")
    return True


@dataclass(frozen=True)
class Fault:
    """How a reply is sent; `tells` is what must come of it in the log."""
    change: Change = lambda reply, *_: reply
    send: Send = chunked
    # same: as if nothing was odd; incomplete; failed; unread: one end that says what could not be read.
    tells: str = "same"
    # The client's connection breaks too.
    breaks: bool = False
    framings: tuple[str, ...] = ("sse", "lines", "frames")


SSE = ("sse",)
LINED = ("sse", "lines")
FAULTS: dict[str, Fault] = {
    "plain": Fault(),
    "glued": Fault(send=glued),
    "one-chunk": Fault(send=one_chunk),
    "drip": Fault(send=dripped),
    "drip-chunks": Fault(send=dripped_chunks),
    "length": Fault(send=with_length),
    "close": Fault(send=until_close(("connection", "close"))),
    "http10": Fault(send=until_close(version="HTTP/1.0")),
    "continue": Fault(send=after_interim(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "early-hints": Fault(send=after_interim(
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nx-hint: 1\r\n\r\n")),
    "crlf": Fault(line_ends(b"\r\n"), framings=LINED),
    "cr": Fault(line_ends(b"\r"), framings=SSE),
    "no-blank-end": Fault(no_blank_end, framings=LINED),
    "text-plain": Fault(typed("text/plain")),
    "json-type": Fault(typed("application/json")),
    "no-type": Fault(typed(None)),
    "gzip": Fault(encoded("gzip", _zlib(31))),
    "deflate": Fault(encoded("deflate", _zlib(15))),
    "br": Fault(encoded("br", _brotli), tells="unread"),
    "zstd": Fault(encoded("zstd", _zstd), tells="unread"),
    "garbage-after": Fault(garbage),
    "ending-twice": Fault(ending_twice),
    "error-inside": Fault(error_inside, tells="failed"),
    "halved": Fault(halved, tells="incomplete"),
    "torn": Fault(torn, tells="incomplete"),
    "unended": Fault(unended, tells="incomplete"),
    "empty": Fault(empty, tells="incomplete"),
    "cut": Fault(halved, cut, "incomplete", breaks=True),
    "cut-in-event": Fault(torn, cut, "incomplete", breaks=True),
    "short": Fault(halved, short, "incomplete", breaks=True),
    "reset": Fault(halved, reset, "incomplete", breaks=True),
}
# What no reply comes of, and what a test times itself.
OTHERS: dict[str, Fault] = {
    "silent": Fault(send=silent), "not-http": Fault(send=not_http), "stalled": Fault(halved, stalled),
    "held": Fault(send=held), "huge": Fault(send=huge),
}
STATUSES = (400, 401, 403, 404, 413, 429, 500, 503, 529)


@dataclass(frozen=True)
class Status:
    """An error instead of a reply."""
    code: int
    headers: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def of(cls, code: int) -> "Status":
        if code == 429:
            return cls(code, (("retry-after", "7"), ("x-should-retry", "true"),
                              ("x-ratelimit-reset-requests", "120ms")))
        return cls(code, (("retry-after-ms", "1500"), ("retry-after", "2")) if code in (503, 529) else ())
