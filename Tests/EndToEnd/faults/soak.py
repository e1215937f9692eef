"""A quiet mixture of everything that goes wrong, for a while: `make soak MINUTES=30`.

Writers at an even pace, viewers that come and go, one that measures how long an event takes to be seen, producers that
lie, upstreams that misbehave, a process that stands still now and then, and two kills in the middle of it. Draws memory,
descriptors, latency and ledgers over time, and fails where one of them does not come back.
"""

import contextlib
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from support.raw import Raw
from support.server import Server
from support.viewer import SocketViewer

from .books import SEED, Writer, balances, check, randomness
from .test_producers import LIES
from .upstream import DEEDS, WildUpstream

MINUTES = float(os.environ.get("MINUTES", "30"))
OUT = Path(__file__).resolve().parents[3] / ".build" / "soak"
SPARKS = "▁▂▃▄▅▆▇█"


class Soak:
    def __init__(self, folder: Path):
        self.dice = randomness("soak")
        self.wild = WildUpstream(8 << 20)
        self.server = Server(folder / "data", "--upstream", f"openai={self.wild.url}")
        self.writers = [Writer(f"soak-{n}", 20, pause=0.1) for n in range(3)]
        self.samples: list[dict] = []
        self.life = 0
        self.latencies: list[float] = []
        self.lies = self.calls = self.visits = self.stands = 0
        self.is_dying = False
        self.problems: list[str] = []

    # What goes on beside each other; each ends with `stop`, or when the server is killed.

    def visit(self, stop: threading.Event) -> None:
        """A viewer that stays for a moment; every third reads nothing."""
        while not stop.wait(0.2):
            try:
                with SocketViewer(self.server, type="test.kill", read=self.visits % 3 != 0):
                    self.visits += 1
                    stop.wait(self.dice.random() * 2)
            except Exception:
                if not stop.is_set():
                    time.sleep(0.2)

    def lie(self, stop: threading.Event) -> None:
        while not stop.wait(0.3):
            try:
                with Raw(self.server, timeout=2) as raw:
                    raw.send(self.dice.choice(list(LIES.values()))(self.dice))
                    self.lies += 1
            except OSError:
                pass

    def call(self, stop: threading.Event) -> None:
        models = [model for model in DEEDS if not model.startswith("endless")] + ["endless-events"]
        while not stop.wait(0.3):
            model = self.dice.choice(models)
            request = '{"stream":true,"messages":[],"model":"%s"}' % model
            try:
                with httpx.Client(timeout=20) as http:
                    http.post(self.server.url + "/openai/v1/chat/completions", content=request)
            except httpx.HTTPError:
                pass
            self.calls += 1

    def time_events(self, stop: threading.Event) -> None:
        """How long an event takes from its sender to a viewer."""
        try:
            with SocketViewer(self.server, session="clock") as viewer:
                number = 0
                while not stop.wait(0.05):
                    began = time.monotonic()
                    self.server.send({"type": "test.tick", "session": "clock", "data": {"n": number}})
                    number += 1
                    viewer.until_count(number)
                    self.latencies.append(time.monotonic() - began)
        except (AssertionError, httpx.HTTPError, OSError) as failure:
            if not self.is_dying:
                self.problems.append(f"life {self.life + 1}: {failure!r}")

    def sample(self, began: float) -> None:
        latencies, self.latencies = self.latencies, []
        p99 = sorted(latencies)[int(len(latencies) * 0.99)] * 1000 if latencies else 0.0
        self.samples.append({
            "seconds": time.monotonic() - began, "life": self.life, "memory_mb": self.server.resident / (1 << 20),
            "descriptors": self.server.descriptors, "latency_p99_ms": p99,
            "stored": self.server.metric("signalbox_ingest_stored_total")})

    @contextlib.contextmanager
    def everything(self):
        """All of it goes on meanwhile."""
        stop = threading.Event()
        threads = [threading.Thread(target=body, args=(stop,)) for body in
                   (self.visit, self.visit, self.visit, self.lie, self.call, self.call, self.time_events)]
        threads += [threading.Thread(target=writer.run, args=(self.server, stop)) for writer in self.writers]
        for thread in threads:
            thread.start()
        yield
        stop.set()
        for thread in threads:
            thread.join()

    def live(self, began: float, until: float) -> None:
        """One life of the server, at the end of which all stop in an orderly way."""
        with self.everything():
            self.watch(began, until)

    def die(self) -> None:
        """All begin once more, and it is killed in the middle of it."""
        with self.everything():
            time.sleep(1 + self.dice.random() * 2)
            self.is_dying = True
            self.server.kill()
        self.is_dying = False

    def watch(self, began: float, until: float) -> None:
        while time.monotonic() < until:
            time.sleep(min(2, max(0.1, until - time.monotonic())))
            if self.dice.random() < 0.05:
                self.server.process.send_signal(signal.SIGSTOP)
                time.sleep(self.dice.random())
                self.server.process.send_signal(signal.SIGCONT)
                self.stands += 1
            self.sample(began)
            print(f"\r{self.samples[-1]['seconds'] / 60:5.1f} min  "
                  f"{sum(w.acknowledged for w in self.writers)} acknowledged  "
                  f"{self.samples[-1]['memory_mb']:.0f} MB  {self.samples[-1]['descriptors']} descriptors  "
                  f"p99 {self.samples[-1]['latency_p99_ms']:.1f} ms  {self.lies} lies  {self.calls} calls",
                  end="", flush=True)

    def run(self) -> list[str]:
        began = time.monotonic()
        self.server.start()
        at_rest = self.server.descriptors
        lives = 3
        for self.life in range(lives):
            self.live(began, began + MINUTES * 60 * (self.life + 1) / lives)
            try:
                self.server.until(lambda: self.server.descriptors <= at_rest + 8,
                                  lambda: f"{self.server.descriptors} descriptors are open, {at_rest} were", 60)
                balances(self.server)
            except AssertionError as failure:
                self.problems.append(f"life {self.life + 1}: {failure}")
            if self.life < lives - 1:
                self.die()
                self.server.start()
        try:
            self.total = check(self.server, self.writers)
        except AssertionError as failure:
            self.problems.append(str(failure))
        self.server.stop()
        self.wild.close()
        return self.problems + self.growth()

    def growth(self) -> list[str]:
        """Memory may warm up in the first half of a life; in the second it must stand."""
        problems = []
        for life in range(self.life + 1):
            memory = [sample["memory_mb"] for sample in self.samples if sample["life"] == life]
            half = memory[len(memory) // 2:]
            if len(half) < 8:
                continue
            early, late = statistics.mean(half[:len(half) // 3]), statistics.mean(half[-len(half) // 3:])
            if late > early * 1.2 + 16:
                problems.append(f"life {life + 1}: memory grew from {early:.0f} to {late:.0f} MB")
        return problems

    def draw(self) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        names = list(self.samples[0])
        (OUT / "soak.csv").write_text("\n".join(
            [",".join(names)] + [",".join(f"{sample[name]:.2f}" for name in names) for sample in self.samples]) + "\n")
        print(f"\n\nseed {SEED}, {MINUTES:g} minutes, two kills, {self.stands} times stood still, {self.visits} visits, "
              f"{self.lies} lies, {self.calls} calls, {sum(w.acknowledged for w in self.writers)} acknowledged")
        for name in names[2:]:
            values = [sample[name] for sample in self.samples]
            if name == "stored":
                values = [max(after - before, 0) for before, after in zip(values, values[1:])]
                name = "stored_per_sample"
            print(f"{name:18} {sparkline(values)}  {min(values):.0f} to {max(values):.0f}")
        print(f"{OUT / 'soak.csv'}")


def sparkline(values: list[float], width: int = 72) -> str:
    step = max(len(values) / width, 1)
    means = [statistics.mean(values[int(at * step):max(int((at + 1) * step), int(at * step) + 1)])
             for at in range(int(len(values) / step))]
    low, high = min(means), max(means)
    return "".join(SPARKS[int((mean - low) / (high - low or 1) * (len(SPARKS) - 1))] for mean in means)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder))
        problems = soak.run()
        soak.draw()
    for problem in problems:
        print(f"FAILED: {problem}")
    print("held" if not problems else f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
