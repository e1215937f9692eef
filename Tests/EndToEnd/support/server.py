"""The program under test, as a process of its own."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import httpx

PROGRAM = os.environ.get("SIGNALBOX", "")
READY = re.compile(r"^signalbox \S+ listening on (http://\S+) \(data: (.*)\)$")
START_SECONDS = 15


class Server:
    """`signalbox serve` on a free port. Use as a context manager; `stop` drains it, `kill` does not."""

    def __init__(self, data: Path, *arguments: str, listen: str = "127.0.0.1:0", environment: dict | None = None):
        self.data = Path(data)
        self.arguments = list(arguments)
        self.listen = listen
        self.environment = environment or {}
        self.process: subprocess.Popen | None = None
        self.url = ""
        self.output: list[str] = []

    def start(self) -> "Server":
        # Of this start alone: the thread that reads a killed server's output may still be running.
        self.output, self.url, ready = [], "", threading.Event()
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", self.listen, "--data", str(self.data), *self.arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env={**os.environ, **self.environment})
        threading.Thread(target=self._read, args=(self.process, self.output, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or not self.url:
            self.kill()
            raise AssertionError("the server did not get ready; it said:\n" + self.said)
        self.http = httpx.Client(base_url=self.url, timeout=20)
        return self

    def _read(self, process: subprocess.Popen, output: list[str], ready: threading.Event) -> None:
        for line in process.stdout:
            output.append(line.rstrip("\n"))
            if match := READY.match(output[-1]):
                self.url = match.group(1)
                ready.set()
        ready.set()

    @property
    def said(self) -> str:
        return "\n".join(self.output[-40:])

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://").rsplit(":", 1)[0]

    @property
    def websocket(self) -> str:
        return self.url.replace("http://", "ws://")

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        self.process.kill()
        self.process.wait()

    def stop(self, within: float = 5) -> int:
        """SIGTERM; returns the exit status. Fails when the server has not drained in time."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end within {within} s of SIGTERM:\n{self.said}") from None

    def __enter__(self) -> "Server":
        return self.start() if self.process is None else self

    def __exit__(self, kind, *_) -> None:
        if self.process.poll() is None:
            self.stop() if kind is None else self.kill()

    def restart(self) -> "Server":
        if self.process.poll() is None:
            self.stop()
        return self.start()

    @property
    def resident(self) -> int:
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024

    @property
    def descriptors(self) -> int:
        """Open file descriptors."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def until(self, condition, what, within: float = 20):
        """Waits until condition() is true; `what()` says what is wrong when it never is."""
        limit = time.monotonic() + within
        while not (found := condition()):
            assert time.monotonic() < limit, what()
            time.sleep(0.02)
        return found

    def send(self, events, **keywords) -> dict:
        """Ingests an event or a list of them and returns the answer, which must be a success."""
        answer = self.http.post("/v1/events", json=events, **keywords)
        assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
        return answer.json()

    def page(self, **parameters) -> dict:
        answer = self.http.get("/v1/events", params=_query(parameters))
        assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
        return answer.json()

    def history(self, **parameters) -> list[dict]:
        """All matching events, page by page in order."""
        events = []
        while True:
            page = self.page(**parameters)
            events += page["events"]
            if not page["next"]:
                return events
            parameters["after"] = page["next"]

    def metric(self, name: str, **labels) -> float:
        """Sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in self.http.get("/metrics").text.splitlines():
            match = re.match(r"^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$", line)
            if match and match.group(1) == name:
                found = dict(re.findall(r'(\w+)="([^"]*)"', match.group(2) or ""))
                if all(found.get(key) == value for key, value in labels.items()):
                    total += float(match.group(3))
        return total

    def until_metric(self, name: str, least: float, within: float = 10) -> None:
        """Waits until a metric is that high."""
        limit = time.monotonic() + within
        while (found := self.metric(name)) < least:
            assert time.monotonic() < limit, f"{name} is {found} after {within} s"

    def run(self, *arguments: str, **keywords) -> subprocess.CompletedProcess:
        """Runs a subcommand of the program against this server and waits for it."""
        return subprocess.run(
            [PROGRAM, *arguments], capture_output=True, text=True, timeout=30,
            env={**os.environ, "SIGNALBOX_URL": self.url}, **keywords)


def _query(parameters: dict) -> dict:
    return {key: value for key, value in parameters.items() if value is not None}


def canonical(event: dict) -> str:
    return json.dumps(event, sort_keys=True)
