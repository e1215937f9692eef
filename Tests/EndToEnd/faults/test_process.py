"""What an operator fears: killed under load, a full disk, a file that is no log."""

import contextlib
import itertools
import json
import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support import story
from support.server import Server
from support.viewer import SocketViewer, offset

ROUNDS = int(os.environ.get("ROUNDS", "5"))
pytestmark = pytest.mark.faults


class Writer:
    """Sends numbered events in batches until the server dies; what was acknowledged is remembered."""

    def __init__(self, name: str, size: int):
        self.name, self.size = name, size
        self.acknowledged = 0
        self.duplicates = 0

    def run(self, server: Server, stop: threading.Event) -> None:
        """Sends again from the last acknowledgement on, as every client that retries does."""
        with httpx.Client(base_url=server.url, timeout=10) as http:
            while not stop.is_set():
                batch = [{"type": "test.kill", "producer": self.name, "session": self.name, "seq": number,
                          "data": {"n": number, "pad": "p" * (number % 300)}}
                         for number in range(self.acknowledged, self.acknowledged + self.size)]
                try:
                    answer = http.post("/v1/events", json=batch)
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    result = answer.json()
                    assert result["stored"] + result["duplicate"] == self.size, result
                    self.duplicates += result["duplicate"]
                    self.acknowledged += self.size


class Deltas:
    """Streams the deltas of spans, one span after the other, a few events a request."""

    def __init__(self, number: int):
        self.number = number
        self.acknowledged: list[tuple[str, int]] = []
        self.span, self.index = 0, 0

    def run(self, server: Server, stop: threading.Event) -> None:
        with httpx.Client(base_url=server.url, timeout=10) as http:
            while not stop.is_set():
                span = f"{self.number:08x}{self.span:08x}"
                batch = [{"type": "llm.delta", "phase": "delta", "session": f"deltas-{self.number}", "span": span,
                          "trace": span * 2, "index": index, "data": {"text": f"w{index} "}}
                         for index in range(self.index, self.index + 5)]
                try:
                    answer = http.post("/v1/events", json=batch)
                except httpx.TransportError:
                    return
                if answer.status_code == 200:
                    self.acknowledged += [(span, event["index"]) for event in batch]
                    self.index += 5
                    if self.index >= 200:
                        self.span, self.index = self.span + 1, 0


@pytest.mark.parametrize("durability", ["normal"])
def test_killed_under_load(launch, durability):
    """Every acknowledged event is there, once, in order, and each start is by itself; ROUNDS times."""
    randomness = random.Random(int(os.environ.get("SEED", "20261121")))
    server = launch("--durability", durability)
    writers = [Writer(f"big-{n}", 200) for n in range(2)] + [Writer(f"small-{n}", 1) for n in range(3)]
    streams = [Deltas(n) for n in range(2)]
    seen: dict[str, dict] = {}
    for round in range(ROUNDS):
        stop = threading.Event()
        threads = [threading.Thread(target=each.run, args=(server, stop)) for each in writers + streams]
        goal = sum(writer.acknowledged for writer in writers) + randomness.randint(1000, 6000)
        with SocketViewer(server, type="test.kill") as viewer:
            for thread in threads:
                thread.start()
            limit = time.monotonic() + 20
            while sum(writer.acknowledged for writer in writers) < goal and time.monotonic() < limit:
                time.sleep(randomness.random() * 0.05)
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
            viewer.until_end()
            seen.update((event["position"], event) for event in viewer.events)
        began = time.monotonic()
        server.start()
        started = time.monotonic() - began
        _check(server, writers, streams, seen)
        print(f"round {round + 1}/{ROUNDS}: {sum(w.acknowledged for w in writers)} acknowledged, "
              f"{sum(w.duplicates for w in writers)} re-sent, started in {started * 1000:.0f} ms", flush=True)


def _check(server: Server, writers: list[Writer], streams: list[Deltas], seen: dict[str, dict]) -> None:
    events = server.history(limit=1000)
    offsets = [offset(event) for event in events]
    assert offsets == list(range(offsets[0], offsets[0] + len(events))), "one order without a hole"
    by_session: dict[str, list[dict]] = {}
    for event in events:
        by_session.setdefault(event["session"], []).append(event)
    for writer in writers:
        found = [event["seq"] for event in by_session.get(writer.name, [])]
        assert found == list(range(len(found))), f"{writer.name}: not once each, in order"
        assert len(found) >= writer.acknowledged, \
            f"{writer.name}: {writer.acknowledged} were acknowledged, {len(found)} are there"
    for stream in streams:
        found = [(event["span"], event["index"]) for event in by_session.get(f"deltas-{stream.number}", [])]
        assert len(found) == len(set(found)), "a delta is there twice"
        assert found[:len(stream.acknowledged)] == stream.acknowledged
    # Whoever saw an event can ask for what came after it: what was shown was stored.
    kept = {event["position"]: event for event in events}
    for position, event in seen.items():
        assert kept[position] == event


def test_acknowledged_in_a_drain(launch):
    """SIGTERM under load: what was acknowledged is there, and it ends in time."""
    server = launch()
    writers = [Writer(f"drain-{n}", 50) for n in range(3)]
    stop = threading.Event()
    threads = [threading.Thread(target=writer.run, args=(server, stop)) for writer in writers]
    for thread in threads:
        thread.start()
    while sum(writer.acknowledged for writer in writers) < 3000:
        time.sleep(0.01)
    assert server.stop(within=5) == 0
    stop.set()
    for thread in threads:
        thread.join()
    server.start()
    _check(server, writers, [], {})


def test_streams_end_in_a_drain(launch, upstream, session):
    """A call that runs when the server is told to stop is told as what it is, and a start after it is clean."""
    server = launch()
    gate = upstream.gate(session)
    with pytest.raises(httpx.TransportError), server.http.stream(
        "POST", "/openai/v1/chat/completions", headers={"x-signalbox-session": session},
        json={"model": "held-" + session, "stream": True, "messages": []}
    ) as response:
        pieces = response.iter_raw()
        next(pieces)
        gate.release()
        next(pieces)
        assert server.stop(within=5) == 0
        for _ in pieces:
            pass
    server.start()
    events = server.history(session=session)
    assert events and story.check(events)["type"] == "llm.error"


@pytest.mark.parametrize("content", [b"", b"this is no database" * 1000, None])
def test_a_foreign_or_corrupt_file_is_set_aside(launch, tmp_path, content):
    data = tmp_path / "corrupt"
    if content is None:
        server = launch(data=data)
        server.send([{"type": "test.before", "data": {"pad": "x" * 500}} for _ in range(2000)])
        server.stop()
        file = max((file for file in data.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
        with file.open("r+b") as damaged:
            damaged.seek(0)
            damaged.write(os.urandom(8192))
        for leftover in data.glob("*-wal"):
            leftover.unlink()
    else:
        data.mkdir()
        for name in ("signalbox.db", "log.db", "events.db"):
            (data / name).write_bytes(content)
    server = launch(data=data)
    server.send({"type": "test.after"})
    assert server.history()[-1]["type"] == "test.after"
    if content is None:
        assert "damaged" in server.said and "renamed" in server.said, server.said
        assert any("damaged" in file.name for file in data.rglob("*")), "nothing is thrown away"


def test_two_servers_do_not_share_a_folder(launch, tmp_path):
    data = tmp_path / "one"
    launch(data=data).send({"type": "test.first"})
    with pytest.raises(AssertionError) as refused:
        Server(data).start()
    assert "data" in str(refused.value) or "use" in str(refused.value)


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int):
    path.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("a small file system can be mounted by root only")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk_is_said_and_survived(launch, tmp_path, session):
    with small_disk(tmp_path / "disk", 200) as disk:
        server = launch(data=disk / "data")
        first = server.send([{"type": "test.kept", "session": session, "data": {"n": n}} for n in range(100)])
        viewer = SocketViewer(server, session=session, after=first["position"])
        viewer.until_hello()
        filler = disk / "filler"
        with filler.open("wb") as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        refused, acknowledged = None, 0
        for number in itertools.count(100):
            answer = server.http.post("/v1/events", json=[{
                "type": "test.kept", "session": session, "data": {"n": number, "pad": os.urandom(20_000).hex()}}])
            if answer.status_code == 200:
                acknowledged = number
                assert number < 20_000, "the disk is never full"
            else:
                refused = answer
                break
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["retry-after"]) >= 1
        assert "disk" in refused.json()["error"]["message"] or "space" in refused.json()["error"]["message"]
        assert server.http.get("/healthz").status_code == 200
        assert server.http.get("/readyz").status_code == 503
        kept = server.history(session=session)
        assert [event["data"]["n"] for event in kept] == list(range(max(acknowledged, 99) + 1)), "history goes on"
        viewer.until_count(len(kept) - 100)
        answer = server.http.post("/openai/v1/chat/completions", json={"model": "text", "stream": True, "messages": []})
        assert answer.status_code == 200 and b"[DONE]" in answer.content, "the gateway goes on"

        filler.unlink()
        limit = time.monotonic() + 30
        while True:
            answer = server.http.post("/v1/events", json={
                "type": "test.kept", "session": session, "data": {"n": len(kept)}})
            if answer.status_code == 200:
                break
            assert time.monotonic() < limit, f"not recovered: {answer.text}"
            time.sleep(min(1, int(answer.headers["retry-after"])))
        viewer.until_count(len(kept) - 99)
        assert server.http.get("/readyz").status_code == 200
        viewer.close()
        server.restart()
        assert [event["data"]["n"] for event in server.history(session=session)] == list(range(len(kept) + 1))
        server.stop()
