"""Viewers of the live stream: a WebSocket, server-sent events, and `signalbox tail`."""

import json
import os
import subprocess
import threading
import time
from urllib.parse import urlencode

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .server import PROGRAM, Server

WAIT = 20


class Collector:
    """Events that a thread appends and tests wait for."""

    def __init__(self):
        self.events: list[dict] = []
        self.controls: list[dict] = []
        self.ended = False
        self.failure: Exception | None = None
        self._changed = threading.Condition()

    def _add(self, item: dict, control: bool) -> None:
        with self._changed:
            (self.controls if control else self.events).append(item)
            self._changed.notify_all()

    def _end(self, failure: Exception | None = None) -> None:
        with self._changed:
            self.ended, self.failure = True, failure
            self._changed.notify_all()

    def until(self, condition, what: str = "the condition", within: float = WAIT):
        """Waits until condition(self) is true and returns what it returned."""
        limit = time.monotonic() + within
        with self._changed:
            while not (found := condition(self)):
                left = limit - time.monotonic()
                if left <= 0 or self.ended:
                    state = "ended" if self.ended else f"saw nothing of it in {within} s"
                    raise AssertionError(
                        f"{type(self).__name__} {state} while waiting for {what}; "
                        f"{len(self.events)} events, last: {self.events[-1:]}, controls: {self.controls[-2:]}, "
                        f"failure: {self.failure!r}")
                self._changed.wait(left)
            return found

    def until_end(self, within: float = WAIT) -> None:
        limit = time.monotonic() + within
        with self._changed:
            while not self.ended:
                left = limit - time.monotonic()
                assert left > 0, f"{type(self).__name__} is still open after {within} s"
                self._changed.wait(left)

    def until_count(self, count: int, within: float = WAIT) -> list[dict]:
        self.until(lambda viewer: len(viewer.events) >= count, f"{count} events", within)
        return self.events

    def until_type(self, kind: str, within: float = WAIT) -> dict:
        return self.until(
            lambda viewer: next((event for event in viewer.events if event["type"] == kind), None), kind, within)

    @property
    def offsets(self) -> list[int]:
        return [offset(event) for event in self.events]


class SocketViewer(Collector):
    """A `websockets` client on /v1/live; it is connected when the constructor returns."""

    def __init__(self, server: Server, path: str = "/v1/live", headers: dict | None = None, read=True, **parameters):
        super().__init__()
        self.socket = connect(
            server.websocket + path + ("?" + urlencode(parameters, doseq=True) if parameters else ""),
            additional_headers=headers, compression=None, max_size=None, close_timeout=2, open_timeout=15)
        self.close_code: int | None = None
        self.close_reason = ""
        if read:
            self.resume()

    def resume(self) -> None:
        """Begins to read: the socket of a viewer that was made with read=False is stalled till then."""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                frame = json.loads(self.socket.recv())
                self._add(frame, "control" in frame)
        except ConnectionClosed as closed:
            if closed.rcvd:
                self.close_code, self.close_reason = closed.rcvd.code, closed.rcvd.reason
            self._end()
        except Exception as failure:
            self._end(failure)

    def until_hello(self) -> dict:
        return self.until(
            lambda viewer: next((frame for frame in viewer.controls if frame["control"] == "hello"), None), "hello")

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class EventSource(Collector):
    """An SSE client as a browser's EventSource: keeps the last id, and named events apart."""

    def __init__(self, server: Server, path: str = "/v1/live", headers: dict | None = None, **parameters):
        super().__init__()
        self.last_id = ""
        self.named: list[tuple[str, str]] = []
        self.comments = 0
        self._client = httpx.Client(timeout=httpx.Timeout(15, read=30))
        request = self._client.build_request(
            "GET", server.url + path, params=parameters, headers={"Accept": "text/event-stream", **(headers or {})})
        self.response = self._client.send(request, stream=True)
        if self.response.status_code == 200:
            threading.Thread(target=self._read, daemon=True).start()
        else:
            self.response.read()

    def _read(self) -> None:
        try:
            name, data = "", []
            for line in self.response.iter_lines():
                field, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if not line:
                    if name not in ("", "message", "event"):
                        self.named.append((name, "\n".join(data)))
                        self._add({"control": name, "data": "\n".join(data)}, True)
                    elif data:
                        item = json.loads("\n".join(data))
                        assert "position" not in item or item["position"] == self.last_id
                        self._add(item, "control" in item)
                    name, data = "", []
                elif not field:
                    self.comments += 1
                elif field == "event":
                    name = value
                elif field == "id":
                    self.last_id = value
                elif field == "data":
                    data.append(value)
            self._end()
        except Exception as failure:
            self._end(failure)

    def close(self) -> None:
        self._client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Tail(Collector):
    """`signalbox tail --json`: a line an event."""

    def __init__(self, server: Server, *arguments: str):
        super().__init__()
        self.process = subprocess.Popen(
            [PROGRAM, "tail", "--json", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "SIGNALBOX_URL": server.url})
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            item = json.loads(line)
            self._add(item, "control" in item)
        self._end(RuntimeError(self.process.stderr.read()))

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def offset(event: dict) -> int:
    return int(event["position"].split("-")[1])
