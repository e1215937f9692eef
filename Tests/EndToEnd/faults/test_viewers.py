"""Viewers that stop reading, trickle, vanish, and come back in thousands."""

import asyncio
import ctypes
import json
import socket
import struct
import threading
import time

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from support.raw import Raw
from support.viewer import SocketViewer

from .books import ROUNDS, Load, Writer, check, randomness

pytestmark = pytest.mark.faults
IS_LONG = ROUNDS >= 50
SO_ATTACH_FILTER, BPF_RET = 26, 0x06


def upgrade(server, path: str) -> bytes:
    return (f"GET {path} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n").encode()


def fall_silent(raw: Raw) -> None:
    """From now on all that comes for the socket is dropped by a filter of its own kernel, and nothing is acknowledged: no
    FIN, no RST, as when a machine or its network is gone (socket(7), SO_ATTACH_FILTER)."""
    drop = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RET, 0, 0, 0))
    raw.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(drop)))


def test_viewers_that_misbehave_disturb_nobody(launch, told):
    """Some read nothing, some a byte now and then, some fall silent: an honest viewer gets all, and those that take
    nothing are let go."""
    server = launch("--viewer-timeout", "2")
    writers = [Writer(f"view-{n}", 50) for n in range(2)]
    count = 200 if IS_LONG else 40
    bad = [Raw(server).send(upgrade(server, f"/v1/live?session=view-{n % 2}")) for n in range(3 * count)]
    idle, trickling, gone = bad[:count], bad[count:2 * count], bad[2 * count:]
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.05):
            for raw in trickling:
                raw.socket.settimeout(0.001)
                try:
                    raw.socket.recv(1 << 16)
                except (TimeoutError, BlockingIOError):
                    pass

    with SocketViewer(server, type="test.kill") as honest:
        with Load(server, writers) as load:
            thread = threading.Thread(target=trickle)
            thread.start()
            for raw in gone:
                fall_silent(raw)
            goal = 60_000 if IS_LONG else 12_000
            server.until(lambda: sum(w.acknowledged for w in writers) > goal, lambda: "the writers stand still", 120)
            load.end()
        total = check(server, writers)
        honest.until_count(total, 60)
        assert honest.offsets == sorted(set(honest.offsets)) and len(honest.events) == total
        server.until(lambda: server.metric("signalbox_viewers") <= count + 1,
                     lambda: f"{server.metric('signalbox_viewers')} viewers, of whom {count + 1} read")
        stop.set()
        thread.join()
    for raw in bad:
        raw.close()
    told(f"{len(bad)} of them: an honest viewer got {total} of {total}; those that took nothing were closed")


def test_quiet_sockets_that_vanish(launch, told):
    """Viewers to whom nothing is sent but a heartbeat every ten seconds, and producers to whom nothing is: who does not
    acknowledge is let go, who does stays."""
    count = 200 if IS_LONG else 20
    server = launch("--viewer-timeout", "1")
    at_rest = server.descriptors
    paths = ["/v1/live?session=quiet", "/v1/ingest", "/ws/chain/quiet/"]
    sockets = [Raw(server).send(upgrade(server, path)) for path in paths for _ in range(2 * count)]
    for raw in sockets:
        assert raw.reply()[0] == 101
    began = time.monotonic()
    for raw in sockets[::2]:
        fall_silent(raw)
    stay = at_rest + len(sockets) // 2
    server.until(lambda: server.descriptors <= stay + 4, lambda: f"{server.descriptors} descriptors, not {stay}", 30)
    took = time.monotonic() - began
    assert server.metric("signalbox_viewers") == 2 * count, "who is only quiet was closed"
    for raw in sockets:
        raw.close()
    told(f"{len(sockets) // 2} fell silent and were let go within {took:.0f} s; as many that were only quiet stayed")


def test_viewers_come_back_in_thousands(launch, told):
    """Waves of viewers are cut off in the middle, by themselves or with the server; each goes on where it stood."""
    viewers, waves = (1500, 8) if IS_LONG else (150, 4)
    dice = randomness("waves")
    server = launch(listen="127.0.0.1:0")
    writer = Writer("waves", 5, "test.wave")
    got: list[list[dict]] = [[] for _ in range(viewers)]

    async def one(number: int, until: int) -> None:
        seen = got[number]
        after = f"&after={seen[-1]['position']}" if seen else "&after=" + start
        try:
            async with connect(server.websocket + "/v1/live?type=test.wave" + after, compression=None,
                               open_timeout=60, close_timeout=1, ping_interval=None, max_size=None) as live:
                while not seen or seen[-1]["data"]["n"] < until:
                    frame = json.loads(await live.recv())
                    assert frame.get("control") not in ("gap", "reset"), frame
                    if "control" not in frame:
                        seen.append(frame)
                live.transport.abort()
        except (ConnectionClosed, InvalidHandshake, OSError, EOFError):
            pass

    async def wave(until: int, kills: bool) -> None:
        tasks = [asyncio.create_task(one(number, until + dice.randrange(200))) for number in range(viewers)]
        if kills:
            await asyncio.sleep(dice.random())
            await asyncio.to_thread(server.kill)
        await asyncio.gather(*tasks)

    start = server.send({"type": "test.begin"})["position"]
    for number in range(waves):
        kills = number % 3 == 1
        stop = threading.Event()

        def write(goal: int) -> None:
            for_now = threading.Thread(target=writer.run, args=(server, stop))
            for_now.start()
            while writer.acknowledged < goal and for_now.is_alive():
                time.sleep(0.01)
            stop.set()
            for_now.join()

        until = writer.acknowledged + 300
        writing = threading.Thread(target=write, args=(until + 300,))
        writing.start()
        asyncio.run(wave(until, kills))
        stop.set()
        writing.join()
        if kills:
            server.start()
    last = writer.acknowledged + 10
    stop = threading.Event()
    with Load(server, [writer]) as load:
        server.until(lambda: writer.acknowledged >= last + 300, lambda: "the writer stands still")
        load.end()
    asyncio.run(wave(last, False))
    check(server, [writer])
    for number, seen in enumerate(got):
        numbers = [found["data"]["n"] for found in seen]
        assert numbers == list(range(len(numbers))), f"viewer {number} missed or doubled something"
        assert len(numbers) > last
    told(f"{viewers} viewers, {waves} waves, {sum(map(len, got))} events seen: no gap, none twice")
