"""Producers that trickle, lie about lengths, and send half of what they promise."""

import gzip
import json
import socket
import struct
import time

import pytest

from support.raw import Raw

from .books import ROUNDS, Load, Writer, check, event, randomness

pytestmark = pytest.mark.faults
BODY = json.dumps([event("test.half", "half", n, 50) for n in range(20)]).encode()
ZIPPED = gzip.compress(BODY)


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /v1/events HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


# What is sent, and whether a whole body may be among it.
LIES = {
    "a length that is too long": lambda dice: head(f"Content-Length: {len(BODY) + 1000}") + BODY,
    "half of the body": lambda dice: head(f"Content-Length: {len(BODY)}") + BODY[:dice.randrange(len(BODY))],
    "a length that is too short": lambda dice: head(f"Content-Length: {dice.randrange(1, len(BODY))}") + BODY,
    "half a chunk": lambda dice: head("Transfer-Encoding: chunked") + b"ffff\r\n" + BODY[:dice.randrange(len(BODY))],
    "a chunk that is longer": lambda dice: head("Transfer-Encoding: chunked") + b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "chunks without an end": lambda dice: head("Transfer-Encoding: chunked") + b"%x\r\n%b\r\n" % (len(BODY), BODY),
    "half a gzip": lambda dice: head("Content-Encoding: gzip", f"Content-Length: {len(ZIPPED) // 2}")
    + ZIPPED[:len(ZIPPED) // 2],
    "no gzip": lambda dice: head("Content-Encoding: gzip", f"Content-Length: {len(BODY)}") + BODY,
    "half a head": lambda dice: head(f"Content-Length: {len(BODY)}")[:dice.randrange(5, 60)],
    "noise": lambda dice: dice.randbytes(dice.randrange(1, 4000)),
}


def test_producers_that_lie_store_nothing(launch, told):
    """Nothing of a request that is not whole is stored; honest producers beside them notice nothing."""
    dice = randomness("lies")
    server = launch()
    honest = Writer("honest", 50)
    sent = 0
    with Load(server, [honest]) as load:
        for round in range(ROUNDS):
            for name, lie in LIES.items():
                with Raw(server, timeout=5) as raw:
                    raw.send(lie(dice))
                    if dice.random() < 0.5:
                        # Reset instead of an orderly end.
                        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sent += 1
        began = honest.acknowledged
        server.until(lambda: honest.acknowledged > began + 500, lambda: "the honest producer stands still")
        load.end()
    check(server, [honest])
    assert not server.history(session="half"), "half of something was stored"
    told(f"{sent} lies: nothing of them stored; {honest.acknowledged} honest events all there; ledgers balance")


def test_producers_that_trickle(launch, told):
    """Hundreds that send a byte of their head, or of their body, now and then are ended; the others are served."""
    count = 400 if ROUNDS >= 50 else 60
    server = launch("--request-timeout", "1")
    whole = head(f"Content-Length: {len(BODY)}") + BODY
    slow = {number: Raw(server) for number in range(count)}
    honest = Writer("quick", 10)
    answers: list[bytes] = []
    with Load(server, [honest]) as load:
        began = time.monotonic()
        # Half of them begin with all of their head, and a little of their body.
        sent = {number: len(whole) - len(BODY) + 1 if number % 2 else 1 for number in slow}
        for number, raw in slow.items():
            raw.send(whole[:sent[number]])
            raw.socket.setblocking(False)
        while slow:
            assert time.monotonic() - began < 15, f"{len(slow)} slow producers were not ended"
            time.sleep(0.1)
            for number, raw in list(slow.items()):
                try:
                    raw.socket.send(whole[sent[number]:sent[number] + 1])
                    sent[number] += 1
                    answers.append(raw.socket.recv(65536))
                except BlockingIOError:
                    continue
                except OSError:
                    pass
                raw.close()
                del slow[number]
        took = time.monotonic() - began
        load.end()
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers) and len(answers) > count / 2
    check(server, [honest])
    assert not server.history(session="half")
    told(f"{count} of them ended with 408 within {took:.1f} s; {honest.acknowledged} events stored meanwhile")
