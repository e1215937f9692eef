"""What was sent, what was acknowledged, and whether the log tells the same."""

import os
import random
import threading
import zlib

import httpx

from support.server import Server
from support.viewer import offset

# `make faults` does each thing that often; `make test` a few times.
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SEED = int(os.environ.get("SEED", "20261121"))


def randomness(name: str) -> random.Random:
    """The same numbers for the same seed and name, whatever else runs."""
    return random.Random(f"{SEED} {name}")


def event(kind: str, session: str, seq: int, pad: int = 0, **more) -> dict:
    """A numbered event that knows what it must look like."""
    # Noise, so that it takes its room on the disk.
    text = f"{session} {seq} " + random.Random(f"{session} {seq}").randbytes(pad // 2).hex()
    return {"type": kind, "session": session, "producer": session, "seq": seq,
            "data": {"n": seq, "text": text, "sum": zlib.crc32(text.encode())}, **more}


def is_whole(found: dict) -> bool:
    data = found.get("data") or {}
    return "sum" not in data or zlib.crc32(data["text"].encode()) == data["sum"]


class Writer:
    """Sends numbered events in batches until the server dies; what was acknowledged is remembered."""

    def __init__(self, name: str, size: int, kind: str = "test.kill", pause: float = 0):
        self.name, self.size, self.kind, self.pause = name, size, kind, pause
        self.acknowledged = 0
        self.duplicates = 0
        self.refused = 0

    def run(self, server: Server, stop: threading.Event) -> None:
        """Sends again from the last acknowledgement on, as every client that retries does."""
        with httpx.Client(base_url=server.url, timeout=30) as http:
            while not stop.wait(self.pause):
                batch = [event(self.kind, self.name, number, number % 300)
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
                else:
                    assert answer.status_code == 503, answer.text
                    self.refused += 1
                    stop.wait(0.05)


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


class Load:
    """Writers that send as fast as they are answered, in threads of their own."""

    def __init__(self, server: Server, writers: list):
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=each.run, args=(server, self._stop)) for each in writers]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def __exit__(self, *_):
        self.end()


def check(server: Server, writers: list[Writer], streams: list[Deltas] = [], seen: dict[str, dict] = {}) -> int:
    """Every acknowledged event is there, once, in order, and whole; returns how many events there are."""
    events = server.history(limit=1000)
    assert events or not any(writer.acknowledged for writer in writers)
    if not events:
        return 0
    offsets = [offset(found) for found in events]
    assert offsets == list(range(offsets[0], offsets[0] + len(events))), "one order without a hole"
    by_session: dict[str, list[dict]] = {}
    for found in events:
        assert is_whole(found), found
        by_session.setdefault(found.get("session", ""), []).append(found)
    for writer in writers:
        numbers = [found["seq"] for found in by_session.get(writer.name, [])]
        assert numbers == list(range(len(numbers))), f"{writer.name}: not once each, in order"
        assert len(numbers) >= writer.acknowledged, \
            f"{writer.name}: {writer.acknowledged} were acknowledged, {len(numbers)} are there"
    for stream in streams:
        found = [(each["span"], each["index"]) for each in by_session.get(f"deltas-{stream.number}", [])]
        assert len(found) == len(set(found)), "a delta is there twice"
        assert found[:len(stream.acknowledged)] == stream.acknowledged
    # Whoever saw an event can ask for what came after it: what was shown was stored.
    kept = {found["position"]: found for found in events}
    for position, shown in seen.items():
        assert kept[position] == shown
    return len(events)


def balances(server: Server) -> None:
    """The server's ledgers, once nothing is under way any more."""
    def count(name: str) -> float:
        return server.metric(f"signalbox_{name}_total")

    server.until(lambda: not server.metric("signalbox_ingest_pending_events") and not server.metric(
        "signalbox_gateway_active"), lambda: "something is still under way")
    received = count("ingest_received")
    parts = [count("ingest_stored"), count("ingest_duplicate"), count("ingest_rejected"), count("ingest_refused")]
    assert received == sum(parts), f"received {received}, but stored, duplicate, rejected, refused are {parts}"
    # The log adds ends of its own, of spans that were lost.
    stored = count("log_stored")
    parts = [count("ingest_stored"), count("gateway_events"), -count("gateway_events_lost")]
    assert stored >= sum(parts), f"{stored} are in the log, but from producers and the gateway, less lost, came {parts}"
    ranged = count("reader_range")
    parts = [count("reader_sent"), count("reader_filtered"), count("reader_gap")]
    assert ranged == sum(parts), f"readers passed {ranged}, but sent, filtered, gap are {parts}"


class Footprint:
    """Memory and descriptors of a server, to be back where they were."""

    def __init__(self, server: Server):
        self.server = server
        self.resident, self.descriptors = server.resident, server.descriptors

    def is_back(self, megabytes: int, descriptors: int = 4) -> None:
        self.server.until(
            lambda: self.server.descriptors <= self.descriptors + descriptors,
            lambda: f"{self.server.descriptors} descriptors are open, {self.descriptors} were")
        grown = self.server.resident - self.resident
        assert grown < megabytes << 20, f"memory grew by {grown >> 20} MiB"


class Closing:
    """What must be so at the end of every case, whatever was done: ledgers balance, memory and descriptors are back where
    they were, the server ends when it is told to, and starts again by itself."""

    def __init__(self, server: Server):
        self.server = server
        self.footprint = Footprint(server)
        # What memory may be more than that of a server that has just begun.
        self.megabytes = 64

    def look(self) -> None:
        if self.server.process.poll() is not None:
            self.server.start()
        self.footprint.is_back(self.megabytes)
        restart(self.server)
        assert self.server.http.get("/readyz").status_code == 200, self.server.said


def restart(server: Server) -> None:
    """An orderly end, before which the ledgers balance, and another start."""
    balances(server)
    assert server.stop() == 0, server.said
    server.start()
