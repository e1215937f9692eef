#!/usr/bin/env python3
"""Where Signalbox stands, beside what it is measured against, in one run.

    Benchmarks/bench.py [CASE …] [--rounds N] [--seconds S] [--json FILE]

The server has core 0 to itself and the load client core 1; contestants take turns, round by round, and what is
reported is the median with its spread. Compare ratios and CPU rather than wall time: machines differ, ratios less.
"""

import argparse
import contextlib
import json
import os
import platform
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from replies import FORMATS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILT = ROOT / ".build" / "bench"
PROGRAM = Path(os.environ.get("SIGNALBOX", ROOT / ".build/release/signalbox"))
SERVER_CORE, CLIENT_CORE = "0", "1"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def children(pid: int) -> list[int]:
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in thread.read_text().split():
            found += children(int(child))
    return found


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def until_listening(port: int, process: subprocess.Popen, patience: float = 15) -> None:
    limit = time.monotonic() + patience
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > limit:
            sys.exit(f"{process.args} does not listen")
        time.sleep(0.02)


def load(client: str, *arguments, core: str | None = CLIENT_CORE, **options) -> dict:
    """Runs a load client and returns the figures it prints."""
    command = [str(BUILT / client), *map(str, arguments)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    if core is not None:
        command = ["taskset", "-c", core, *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    if done.stderr:
        print(done.stderr[:500], file=sys.stderr)
    return json.loads(done.stdout)


class Process:
    """A server in a folder of its own, on a core of its own."""

    def __init__(self, command: list[str], port: int, core: str | None = SERVER_CORE, folder: Path | None = None,
                 patience: float = 15):
        self.port = port
        pinned = ["taskset", "-c", core] if core is not None else []
        self.process = subprocess.Popen(
            [*pinned, *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until_listening(port, self.process, patience)

    @property
    def pids(self) -> str:
        return ",".join(map(str, children(self.process.pid)))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Signalbox(Process):
    def __init__(self, data: Path, *arguments: str, core: str | None = SERVER_CORE, environment: dict | None = None):
        pinned = ["taskset", "-c", core] if core is not None else []
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [*pinned, str(PROGRAM), "serve", "--listen", "127.0.0.1:0", "--data", str(data), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(environment or {})})
        said = ""
        for line in self.process.stdout:
            said += line
            if match := re.match(r"signalbox \S+ listening on http://[^:]+:(\d+) ", line):
                self.port = int(match.group(1))
                break
        else:
            sys.exit("the server did not start:\n" + said)
        self.start_ms = (time.perf_counter() - began) * 1000

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def histogram(self, name: str) -> dict[float, float]:
        """The cumulative buckets of a histogram of /metrics, by upper bound."""
        found: dict[float, float] = {}
        for line in self.get("/metrics").splitlines():
            if match := re.match(rf'^{name}_bucket\{{(?:.*,)?le="([^"]+)"[^}}]*\}} (\S+)$', line):
                found[float(match.group(1))] = found.get(float(match.group(1)), 0) + float(match.group(2))
        return found


class Results:
    """What was measured, a row a figure, with its goal where there is one."""

    def __init__(self):
        self.rows: list[dict] = []

    def add(self, case: str, figure: str, values, unit: str, goal: float | None = None, higher: bool = False) -> None:
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        middle = statistics.median(values)
        met = None if goal is None else (middle >= goal if higher else middle <= goal)
        self.rows.append({"case": case, "figure": figure, "value": round(middle, 4), "low": round(min(values), 4),
                          "high": round(max(values), 4), "unit": unit, "goal": goal, "met": met})
        print(self.line(self.rows[-1]), flush=True)

    @staticmethod
    def line(row: dict) -> str:
        spread = "" if row["low"] == row["high"] else f" ({_short(row['low'])} … {_short(row['high'])})"
        goal = "" if row["goal"] is None else f"   goal {_short(row['goal'])}: {'met' if row['met'] else 'MISSED'}"
        return f"{row['case']:<9} {row['figure']:<52} {_short(row['value']):>9} {row['unit']}{spread}{goal}"


def _table(rows: list[dict]) -> str:
    lines = ["| case | figure | measured | spread | goal | |", "|---|---|---:|---:|---:|---|"]
    for row in rows:
        spread = "" if row["low"] == row["high"] else f"{_short(row['low'])} … {_short(row['high'])}"
        goal, met = ("", "") if row["goal"] is None else (_short(row["goal"]), "met" if row["met"] else "missed")
        lines.append(f"| {row['case']} | {row['figure']} | {_short(row['value'])} {row['unit']} | {spread} | {goal} | {met} |")
    return "\n".join(lines) + "\n"


def _short(value: float) -> str:
    if abs(value) >= 1e6:
        return f"{value / 1e6:.2f} M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.0f} k"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


class Bench:
    def __init__(self, rounds: int, seconds: float, folder: Path):
        self.rounds, self.seconds, self.folder = rounds, seconds, folder
        self.results = Results()
        self.failed: list[str] = []
        self.number = 0

    def new_folder(self) -> Path:
        self.number += 1
        path = self.folder / str(self.number)
        path.mkdir()
        return path

    @contextlib.contextmanager
    def running(self, server: Process):
        try:
            yield server
        finally:
            server.stop()

    def signalbox(self, *arguments: str, **keywords):
        return self.running(Signalbox(self.new_folder() / "data", *arguments, **keywords))

    def nginx(self, name: str, **values):
        folder, port = self.new_folder(), free_port()
        text = (HERE / "peers" / name).read_text().replace("PORT", str(port))
        for key, value in values.items():
            text = text.replace(key.upper(), str(value))
        (folder / "nginx.conf").write_text(text)
        return self.running(Process(["nginx", "-p", str(folder), "-c", "nginx.conf"], port, folder=folder))

    def redis(self):
        port = free_port()
        return self.running(Process(
            ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"],
            port, folder=self.new_folder()))

    def upstream(self, chunks: int = 64):
        port = free_port()
        return self.running(Process([str(BUILT / "upstream"), "--port", str(port), "--chunks", str(chunks)], port,
                                    core=CLIENT_CORE))

    # MARK: the cases

    def fanout(self) -> None:
        """Deliveries per second of the server's CPU, against nchan and Redis pub/sub.

        Saturated means that 512 events are always under way. What Signalbox delivers is stored before.
        """
        shapes = [("100 viewers, one at a time", 100, 1, 1.3), ("1 viewer, saturated", 1, 512, 3),
                  ("100 viewers, saturated", 100, 512, 3), ("1000 viewers, saturated", 1000, 512, 3)]
        with self.signalbox() as signalbox, self.nginx("nchan.conf") as nchan, self.redis() as redis:
            contestants = {
                "signalbox": (signalbox, {"protocol": "ws", "subscribe": "/v1/live?type=bench.",
                                          "publish": "/v1/ingest"}),
                "nchan": (nchan, {"protocol": "ws", "subscribe": "/subscribe", "publish": "/publish"}),
                "redis": (redis, {"protocol": "resp"})}
            for label, viewers, window, goal in shapes:
                found: dict[str, list[dict]] = {name: [] for name in contestants}
                for _ in range(self.rounds):
                    for name, (server, options) in contestants.items():
                        found[name].append(load(
                            "fanout", port=server.port, viewers=viewers, window=window, seconds=self.seconds,
                            pids=server.pids, **options))
                per_cpu = {name: [run["delivered_per_cpu_s"] for run in runs] for name, runs in found.items()}
                for name, values in per_cpu.items():
                    self.results.add("fanout", f"{label}: {name}", values, "deliveries/CPU-s")
                ratios = [ours / max(nchan_, redis_) for ours, nchan_, redis_ in zip(*per_cpu.values())]
                self.results.add("fanout", f"{label}: ratio to the better", ratios, "×", goal, higher=True)
                lost = sum(run["lost"] + run["dead"] for run in found["signalbox"])
                self.results.add("fanout", f"{label}: lost", lost, "deliveries", 0)

    def latency(self) -> None:
        """From publishing on /v1/ingest, through the log, to the viewer."""
        with self.signalbox() as server:
            for viewers, goal in ((1, 1000), (500, 5000)):
                runs = [load("fanout", port=server.port, viewers=viewers, rate=50, seconds=max(self.seconds, 6),
                             pids=server.pids, subscribe="/v1/live?type=bench.") for _ in range(self.rounds)]
                label = f"{viewers} viewer{'s' * (viewers > 1)}, 50 events/s"
                self.results.add("latency", f"{label}: p50", [run["latency_p50_us"] for run in runs], "µs")
                self.results.add("latency", f"{label}: p99", [run["latency_p99_us"] for run in runs], "µs", goal)

    def ingest(self) -> None:
        """Batches of 500 deltas over HTTP on both cores: answered means stored."""
        for durability, goal in (("normal", 250_000), ("full", None)):
            runs = []
            for _ in range(self.rounds):
                with self.signalbox("--durability", durability, core=None) as server:
                    runs.append(load("post", port=server.port, connections=8, batch=500, seconds=self.seconds,
                                     pids=server.pids, core=None))
            self.results.add("ingest", f"batches of 500, {durability}", [run["events_per_s"] for run in runs],
                             "events/s", goal, higher=True)
            self.results.add("ingest", f"batches of 500, {durability}: server CPU",
                             [run["cpu_us_per_event"] for run in runs], "µs an event")

    def single(self) -> None:
        """Single POSTs of 300 bytes on 64 connections."""
        runs = []
        for _ in range(self.rounds):
            with self.signalbox() as server:
                runs.append(load("post", port=server.port, connections=64, batch=1, size=300, seconds=self.seconds,
                                 pids=server.pids))
        self.results.add("single", "POST of 300 bytes, stored: CPU", [run["cpu_us_per_request"] for run in runs], "µs",
                         15)
        self.results.add("single", "POST of 300 bytes, stored", [run["requests_per_s"] for run in runs], "requests/s")

    def gateway(self) -> None:
        """Added time to the first chunk, stalls and CPU, against nginx and against no proxy at all."""
        with self.upstream() as upstream, self.nginx("proxy.conf", upstream=upstream.port) as nginx, \
                self.signalbox("--upstream", f"openai=http://127.0.0.1:{upstream.port}") as signalbox:
            ways = {"direct": (upstream, "/v1/chat/completions"), "nginx": (nginx, "/v1/chat/completions"),
                    "signalbox": (signalbox, "/openai/v1/chat/completions")}

            def measure(paced: bool, rounds: int = self.rounds, **options) -> dict[str, list[dict]]:
                found: dict[str, list[dict]] = {name: [] for name in ways}
                for _ in range(rounds):
                    for name, (server, path) in ways.items():
                        found[name].append(load(
                            "calls", port=server.port, path=path + ("?paced" if paced else ""), pids=server.pids,
                            **options))
                return found

            def added(found: dict, label: str, goals: tuple[float, float]) -> None:
                for name in ("nginx", "signalbox"):
                    for share, goal in zip(("p50", "p99"), goals):
                        figure = f"first_{share}_us"
                        self.results.add(
                            "gateway", f"{label}: {name} adds, {share}",
                            [max(0, via[figure] - direct[figure])
                             for via, direct in zip(found[name], found["direct"])], "µs",
                            goal if name == "signalbox" else None)

            added(measure(False, concurrency=1, seconds=self.seconds), "one at a time", (200, 400))
            added(measure(True, concurrency=512, seconds=max(6, self.seconds)), "512 paced streams", (400, 1500))
            many = measure(True, rounds=1, concurrency=1024, seconds=max(6, self.seconds))
            for name in ways:
                self.results.add("gateway", f"1024 paced streams: {name}, stalls over 200 ms",
                                 many[name][0]["stalled"] + many[name][0]["failed"], "streams",
                                 0 if name == "signalbox" else None)
            self.results.add("gateway", "1024 paced streams: signalbox, CPU", many["signalbox"][0]["server_cpu"], "cores")
            busy = measure(False, concurrency=16, seconds=self.seconds)
            cpu = {name: [run["cpu_us_per_request"] for run in busy[name]] for name in ("nginx", "signalbox")}
            for name, values in cpu.items():
                self.results.add("gateway", f"64 chunks at once: {name}", values, "µs CPU a request")
            self.results.add("gateway", "64 chunks at once: CPU, ratio to nginx",
                             [ours / theirs for ours, theirs in zip(cpu["signalbox"], cpu["nginx"])], "×", 2)

    def formats(self) -> None:
        """Added time to the first piece of text of every format, one call at a time, 64 pieces at once."""
        for name, (path, reply, media, mark) in FORMATS.items():
            file, port = self.new_folder() / name, free_port()
            file.write_bytes(reply())
            upstream = Process([str(BUILT / "upstream"), "--port", str(port), "--reply", str(file), "--type", media],
                               port, core=CLIENT_CORE)
            with self.running(upstream), self.nginx("proxy.conf", upstream=port) as nginx, \
                    self.signalbox("--upstream", f"llm=http://127.0.0.1:{port}") as signalbox:
                ways = {"direct": (upstream, path), "nginx": (nginx, path), "signalbox": (signalbox, "/llm" + path)}
                found: dict[str, list[float]] = {way: [] for way in ways}
                for _ in range(self.rounds):
                    for way, (server, target) in ways.items():
                        run = load("calls", port=server.port, path=target, pids=server.pids, concurrency=1, mark=mark,
                                   seconds=self.seconds)
                        found[way].append(run["first_p50_us"])
                told = signalbox.get("/v1/events?type=llm.end&limit=1")
                if "llm.end" not in told:
                    raise RuntimeError(f"no call in format {name} was told: {told}")
                for way in ("nginx", "signalbox"):
                    self.results.add("formats", f"{name}: {way} adds, p50",
                                     [max(0, via - direct) for via, direct in zip(found[way], found["direct"])], "µs",
                                     200 if way == "signalbox" else None)

    def litellm(self) -> None:
        """Requests a second on one core, streams of 50 chunks, beside LiteLLM's proxy with one worker."""
        folder, port = self.new_folder(), free_port()
        with self.upstream(chunks=50) as upstream, \
                self.signalbox("--upstream", f"openai=http://127.0.0.1:{upstream.port}") as signalbox:
            (folder / "config.yaml").write_text(json.dumps({"model_list": [{
                "model_name": "gpt-4o-mini", "litellm_params": {
                    "model": "openai/gpt-4o-mini", "api_key": "sk-bench",
                    "api_base": f"http://127.0.0.1:{upstream.port}/v1"}}]}))
            os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": "sk-bench",
                           "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true"}
            command = [str(BUILT / "litellm/bin/litellm"), "--config", "config.yaml", "--host", "127.0.0.1", "--port",
                       str(port), "--num_workers", "1", "--telemetry", "False"]
            with self.running(Process(command, port, folder=folder, patience=120)) as litellm:
                found: dict[str, list[float]] = {"litellm": [], "signalbox": []}
                for _ in range(self.rounds):
                    for name, server, path in (("litellm", litellm, "/v1/chat/completions"),
                                               ("signalbox", signalbox, "/openai/v1/chat/completions")):
                        run = load("calls", port=server.port, path=path, pids=server.pids, concurrency=16,
                                   seconds=self.seconds)
                        if run["failed"]:
                            raise RuntimeError(f"{name} refused {run['failed']} calls")
                        found[name].append(run["requests_per_s"])
                for name, values in found.items():
                    self.results.add("litellm", f"streams of 50 chunks: {name}", values, "requests/s")
                self.results.add("litellm", "streams of 50 chunks: ratio to LiteLLM",
                                 [ours / theirs for ours, theirs in zip(found["signalbox"], found["litellm"])], "×", 50,
                                 higher=True)

    def library(self) -> None:
        """The library's own costs on one core: reading replies, processing events, streaming through the client."""
        for line in self.built("DecodeBench", "400000"):
            if match := re.match(r"(.+): (\d+) deltas/s, .* ([0-9.]+) allocations a delta", line):
                goal = None if "every event" in match.group(1) else 1e6
                self.results.add("library", f"read {match.group(1)}", float(match.group(2)), "deltas/s", goal, higher=True)
        for line in self.built("StreamBench", "400000"):
            if match := re.match(r"(.+): (\d+) events/s", line):
                goal = 1e6 if "," not in match.group(1) or match.group(1) == "filter, transform" else None
                self.results.add("library", f"process: {match.group(1)}", float(match.group(2)), "events/s", goal, higher=True)
            if match := re.match(r"(.+): p50 .* p99.9 ([0-9.]+) µs", line):
                self.results.add("library", f"chain of five adds, p99.9", float(match.group(2)), "µs", 1000)
        for line in self.built("ClientBench", "200000"):
            if match := re.match(r"(.+): (\d+) ns a delta", line):
                self.results.add("library", match.group(1), float(match.group(2)) / 1000, "µs a delta", 2)

    def built(self, product: str, *arguments: str) -> list[str]:
        """The lines that a program of Benchmarks/ prints, on a core of its own."""
        program = ROOT / ".build/release" / product
        done = subprocess.run(["taskset", "-c", SERVER_CORE, str(program), *arguments], capture_output=True, text=True,
                              timeout=600)
        if done.returncode:
            raise RuntimeError(f"{product}: {done.stderr}")
        return done.stdout.splitlines()

    def commits(self) -> None:
        """The log under a steady 20 000 events/s, with merging and checkpoints running."""
        with self.signalbox(core=None) as server:
            run = load("post", port=server.port, connections=16, batch=20, rate=20_000, seconds=max(20, self.seconds),
                       pids=server.pids, core=None)
            self.results.add("commits", "20 000 events/s: rate reached", run["events_per_s"], "events/s")
            self.results.add("commits", "answer of a POST of 20, p99", run["answer_p99_us"], "µs")
            self.results.add("commits", "answer of a POST of 20, worst", run["answer_max_us"], "µs")
            buckets = server.histogram("signalbox_log_commit_seconds")
            if buckets:
                total = buckets[float("inf")]
                share = min(bound for bound, count in buckets.items() if count >= 0.99 * total)
                worst = min(bound for bound, count in buckets.items() if count >= total)
                self.results.add("commits", "commit, p99 (bucket's upper bound)", share * 1000, "ms", 0.5)
                self.results.add("commits", "commit, worst (bucket's upper bound)", worst * 1000, "ms", 10)

    def memory(self) -> None:
        """Resident memory when idle, and what a viewer costs that has nothing to see."""
        with self.signalbox() as server:
            time.sleep(0.5)
            self.results.add("memory", "idle", resident_mb(server.process.pid), "MB", 30)
            load("fanout", port=server.port, viewers=200, rate=20, seconds=1, subscribe="/v1/live?type=bench.")
            run = load("fanout", port=server.port, viewers=2000, rate=0.01, seconds=1, warm=0, pids=server.pids,
                       subscribe="/v1/live?type=never.")
            self.results.add("memory", "a quiet viewer", (run["rss_quiet_kb"] - run["rss_before_kb"]) / 2000, "kB", 4)

    def start(self) -> None:
        """Start to ready, and what the program is."""
        folder = self.new_folder() / "data"
        fresh, again = [], []
        for round in range(max(5, self.rounds)):
            with self.signalbox() as server:
                fresh.append(server.start_ms)
        with self.running(Signalbox(folder)) as server:
            load("post", port=server.port, connections=4, batch=500, seconds=2)
        for _ in range(max(5, self.rounds)):
            with self.running(Signalbox(folder)) as server:
                again.append(server.start_ms)
        self.results.add("start", "to ready, new log", fresh, "ms", 100)
        self.results.add("start", "to ready, a log of 10^6 events", again, "ms", 100)
        self.results.add("start", "size of the program", PROGRAM.stat().st_size / 1e6, "MB", 25)
        linked = subprocess.run(["ldd", str(PROGRAM)], capture_output=True, text=True).stdout
        self.results.add("start", "ICU libraries linked", len(re.findall(r"libicu|Foundation", linked)), "", 0)

    def history(self) -> None:
        """Reads of a log with EVENTS events (10 million unless told), after merging."""
        total = int(os.environ.get("EVENTS", "10000000"))
        folder = self.new_folder() / "data"
        with self.running(Signalbox(folder, core=None)) as server:
            began = time.monotonic()
            sent = 0
            while sent < total:
                sent += load("post", port=server.port, connections=8, batch=500, seconds=10, warm=0, core=None
                             )["events_per_s"] * 10
            self.results.add("history", "events", sent, "events")
            size = _settled_size(folder)
            self.results.add("history", "on disk after merging", size / sent, "bytes an event", 45)
            traces = [found["trace"] for found in json.loads(server.get("/v1/traces?limit=200"))["traces"]]
            after, sessions = None, []
            for trace in traces:
                sessions.append(json.loads(server.get(f"/v1/events?trace={trace}&limit=1"))["events"][0]["session"])
            for label, paths, goals in (
                ("a trace", [f"/v1/events?limit=1000&trace={trace}" for trace in traces], (600, 2000)),
                ("a session, 100 events", [f"/v1/events?limit=100&session={name}" for name in sessions], (1000, None)),
                ("50 traces", ["/v1/traces?limit=50"] * 200, (None, None))):
                times = _request_times(server.port, random.sample(paths, len(paths)))
                for share, goal in zip((0.5, 0.99), goals):
                    self.results.add("history", f"{label}, over HTTP, p{share * 100:.0f}",
                                     times[int(share * (len(times) - 1))], "µs", goal)
        cold = []
        for trace in random.sample(traces, 5):
            _forget(folder)
            with self.running(Signalbox(folder, core=None)) as server:
                cold += _request_times(server.port, [f"/v1/events?limit=1000&trace={trace}"], warm=False)
        self.results.add("history", "a trace, over HTTP, after a start with nothing in memory", cold, "µs", 10_000)


def _forget(folder: Path) -> None:
    """Takes the files out of the kernel's memory."""
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _settled_size(folder: Path) -> int:
    """Size of the folder once merging no longer changes it."""
    def size() -> int:
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())

    last, same, limit = size(), 0, time.monotonic() + 300
    while same < 5 and time.monotonic() < limit:
        time.sleep(1)
        new = size()
        same, last = (same + 1, new) if new == last else (0, new)
    return last


def _request_times(port: int, paths: list[str], warm: bool = True) -> list[float]:
    """Microseconds of GETs, one after the other on one connection; each is asked twice where the second counts."""
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        times = []
        for path in paths * (1 + warm):
            began = time.perf_counter()
            peer.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            data = b""
            while b"\r\n\r\n" not in data:
                data += peer.recv(1 << 20)
            head, _, body = data.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
            pieces = len(body)
            while pieces < length:
                pieces += len(peer.recv(1 << 20))
            times.append((time.perf_counter() - began) * 1e6)
    return sorted(times[len(paths) * warm:])


CASES = ["fanout", "latency", "ingest", "single", "gateway", "formats", "library", "commits", "memory", "start"]
LONG_CASES = ["history", "litellm"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", choices=[*CASES, *LONG_CASES, []], help=f"of {CASES + LONG_CASES}")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", "5")))
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("--docs", type=Path, help="also put them as a table into this page")
    options = parser.parse_args()
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} is missing: make build")
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("two cores are needed, one for the server and one for the load")
    with tempfile.TemporaryDirectory(prefix="signalbox-bench-") as folder:
        bench = Bench(options.rounds, options.seconds, Path(folder))
        for case in options.cases or CASES:
            try:
                getattr(bench, case)()
            except (RuntimeError, OSError) as failure:
                print(f"{case}: {failure}", file=sys.stderr)
                bench.failed.append(case)
    rows = bench.results.rows
    if options.json:
        measured = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "cores": os.cpu_count(),
                    "kernel": platform.release(), "rounds": options.rounds, "seconds": options.seconds, "rows": rows}
        options.json.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n")
    if options.docs:
        text = options.docs.read_text()
        begin, end = "<!-- figures -->\n", "<!-- end of figures -->"
        head, _, rest = text.partition(begin)
        options.docs.write_text(head + begin + _table(rows) + end + rest.partition(end)[2])
    goals = [row for row in rows if row["goal"] is not None]
    print(f"{sum(row['met'] for row in goals)} of {len(goals)} goals met")
    if bench.failed:
        sys.exit(f"not measured: {', '.join(bench.failed)}")


if __name__ == "__main__":
    main()
