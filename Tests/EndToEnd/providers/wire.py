"""Calls as they lie on the wire, for what no SDK sends and to see what no SDK shows."""

import json
import socket
from dataclasses import dataclass, field

import h11

from .clients import ASKING, MESSAGES, QUESTION, SECRET, TOOLS, Messages
from .recording import HOP_BY_HOP


@dataclass
class Answer:
    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    # It ended as its framing says.
    whole: bool = False
    interim: list[int] = field(default_factory=list)


def request(name: str, stream: bool = True, **more) -> tuple[str, dict, bytes]:
    """Path, headers and body of a call in that format."""
    match name:
        case "chat" | "azure":
            body = {"model": "gpt-4o", "messages": MESSAGES, "tools": TOOLS, "stream": stream} | (
                ASKING if stream else {})
            path = "/v1/chat/completions" if name == "chat" else \
                "/openai/deployments/gpt-4o/chat/completions?api-version=2025-01-01-preview"
            headers = {"authorization": "Bearer sk-" + SECRET} if name == "chat" else {"api-key": SECRET}
        case "responses":
            body = {"model": "gpt-4o", "input": QUESTION, "stream": stream}
            path, headers = "/v1/responses", {"authorization": "Bearer sk-" + SECRET}
        case "messages":
            body = {**Messages.asked, "stream": stream}
            path, headers = "/v1/messages", {"x-api-key": "sk-ant-" + SECRET, "anthropic-version": "2023-06-01"}
        case "gemini":
            # The key may stand in the query.
            verb = "streamGenerateContent?alt=sse&" if stream else "generateContent?"
            body = {"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}
            path, headers = f"/v1beta/models/gemini-2.5-flash:{verb}key=AIza{SECRET}", {}
        case "ollama":
            body = {"model": "qwen3:0.6b", "messages": MESSAGES} | ({} if stream else {"stream": False})
            path, headers = "/api/chat", {}
        case "bedrock":
            body = {"messages": [{"role": "user", "content": [{"text": QUESTION}]}]}
            path = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/" + (
                "converse-stream" if stream else "converse")
            headers = {"authorization": "Bearer " + SECRET}
    body = {key: value for key, value in (body | more).items() if value is not ...}
    return path, headers, json.dumps(body, ensure_ascii=False).encode()


class Wire:
    """One connection; each call reads its answer to the end."""

    def __init__(self, base: str, timeout: float = 20):
        self.base = base
        host, _, rest = base.removeprefix("http://").partition("/")
        self.host, self.prefix = host, "/" + rest if rest else ""
        name, _, port = host.rpartition(":")
        self.socket = socket.create_connection((name, int(port)), timeout=timeout)
        self.connection = h11.Connection(h11.CLIENT)

    def send(self, path: str, headers: dict, body: bytes, method: str = "POST") -> "Wire":
        head = h11.Request(method=method, target=self.prefix + path, headers=[
            ("host", self.host), ("content-type", "application/json"), ("accept-encoding", "gzip, deflate, br"),
            ("content-length", str(len(body))), *headers.items()])
        data = self.connection.send(head) + self.connection.send(h11.Data(data=body))
        self.socket.sendall(data + self.connection.send(h11.EndOfMessage()))
        return self

    def events(self):
        """What h11 makes of what comes."""
        while True:
            event = self.connection.next_event()
            if event is h11.NEED_DATA:
                self.connection.receive_data(self.socket.recv(65536))
                continue
            yield event
            if isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                return

    def read(self) -> Answer:
        answer, body = Answer(), bytearray()
        try:
            for event in self.events():
                match event:
                    case h11.InformationalResponse():
                        answer.interim.append(event.status_code)
                    case h11.Response():
                        answer.status, answer.reason = event.status_code, event.reason.decode()
                        answer.headers = [(name.decode(), value.decode()) for name, value in event.headers
                                          if name.decode() not in HOP_BY_HOP]
                    case h11.Data():
                        body += event.data
                    case h11.EndOfMessage():
                        answer.whole = True
        except (h11.RemoteProtocolError, ConnectionError):
            pass
        answer.body = bytes(body)
        return answer

    @property
    def is_reusable(self) -> bool:
        return self.connection.our_state is h11.DONE and self.connection.their_state is h11.DONE

    def again(self) -> "Wire":
        self.connection.start_next_cycle()
        return self

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ask(base: str, name: str, scenario: str, fault: str, headers: dict, stream: bool = True, **more) -> Answer:
    """One call on a connection of its own; where the connection lives on, it must take another."""
    path, own, body = request(name, stream, **more)
    with Wire(base) as wire:
        answer = wire.send(path, own | {"x-scenario": scenario, "x-fault": fault} | headers, body).read()
        if wire.is_reusable:
            second = wire.again().send("/v1/models", {}, b"", "GET").read()
            assert (second.status, second.whole) == (200, True), "the connection is out of step"
    return answer
