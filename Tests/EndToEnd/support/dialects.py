"""Clients of the sockets in other systems' formats."""

import json
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .server import Server

WAIT = 20


class Frames:
    """A `websockets` client that keeps every frame as it came."""

    def __init__(self, server: Server, path: str, read: bool = True, headers: dict | None = None):
        self.frames: list[dict] = []
        self.close_code: int | None = None
        self.close_reason = ""
        self._changed = threading.Condition()
        self._ended = False
        self.socket = connect(
            server.websocket + path, compression=None, max_size=None, close_timeout=2, open_timeout=15,
            additional_headers=headers)
        if read:
            self.resume()

    def resume(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                frame = json.loads(self.socket.recv())
                with self._changed:
                    self.frames.append(frame)
                    self._changed.notify_all()
        except ConnectionClosed as closed:
            if closed.rcvd:
                self.close_code, self.close_reason = closed.rcvd.code, closed.rcvd.reason
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def until(self, condition, what: str = "the condition"):
        limit = time.monotonic() + WAIT
        with self._changed:
            while not (found := condition(self.frames)):
                left = limit - time.monotonic()
                assert left > 0 and not self._ended, (
                    f"waited for {what}; closed: {self.close_code} {self.close_reason}; "
                    f"{len(self.frames)} frames, the last: {self.frames[-3:]}")
                self._changed.wait(left)
            return found

    def until_count(self, count: int) -> list[dict]:
        self.until(lambda frames: len(frames) >= count, f"{count} frames")
        return self.frames

    def until_frame(self, key: str, value: str) -> dict:
        return self.until(
            lambda frames: next((frame for frame in frames if frame.get(key) == value), None), f"{key} {value}")

    def until_end(self) -> int:
        limit = time.monotonic() + WAIT
        with self._changed:
            while not self._ended:
                left = limit - time.monotonic()
                assert left > 0, "still open"
                self._changed.wait(left)
        return self.close_code

    def send(self, frame) -> None:
        self.socket.send(frame if isinstance(frame, (str, bytes)) else json.dumps(frame))

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def chain_run(chain, steps: int = 2, **more) -> list[dict]:
    """The events of a chain's run."""
    names = [f"step-{number}" for number in range(steps)]
    events = [{"type": "chain.start", "phase": "start", "data": {"name": "summarise", "steps": names}}]
    for number, name in enumerate(names):
        events.append({
            "type": "chain.step", "phase": "progress",
            "data": {"name": name, "step": number, "steps": steps, "fraction": (number + 1) / steps,
                     "result": {"number": number}}})
    events.append({"type": "chain.end", "phase": "end", "data": {"output": {"answer": 42}}})
    return [{"chain": chain, "span": f"c-{chain}"[:64], **event, **more} for event in events]
