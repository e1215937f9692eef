"""A reply as it lies on the wire, and what the log must hold of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from .answer import Answer, Reasoning, Refusal, Text


@dataclass
class Told:
    """What the log must hold; None where nothing is demanded."""
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    # (id, name, arguments); the id may be None where the format has none.
    tools: list[tuple[str | None, str, str]] = field(default_factory=list)
    # Arguments are objects in this format: their text is compared as JSON.
    arguments_are_objects: bool = False
    finish: str | None = None
    end: str = "llm.end"
    reason: str | None = None
    message: str | None = None
    usage: dict | None = None
    provenance: str | None = "provider_final"
    response: str | None = None
    model: str | None = None

    @classmethod
    def of(cls, answer: Answer, finish: str, **more) -> "Told":
        told = cls(
            answer.text, answer.joined(Reasoning), answer.joined(Refusal),
            [(tool.id, tool.name, tool.arguments) for tool in answer.tools], finish=finish,
            usage=classes(answer.tokens))
        for name, value in more.items():
            setattr(told, name, value)
        return told


def classes(tokens) -> dict:
    """The classes of an event's `usage` object that every format can tell."""
    return {"input": tokens.input, "cached_read": tokens.cached, "cache_write": tokens.write,
            "output": tokens.output, "reasoning": tokens.reasoning, "total": tokens.total}


@dataclass
class Transcript:
    # The stream, an entry an event.
    events: list[bytes]
    told: Told
    # The same without streaming; None where there is no such form.
    whole: bytes | None = None
    whole_told: Told | None = None
    # How many events at the end belong to the ending.
    terminal: int = 1
    # The stream for a client that did not ask for usage, where that makes a difference.
    unasked: list[bytes] | None = None


@dataclass
class Failure:
    """An error before or instead of a reply."""
    body: bytes
    message: str
    kind: str = "application/json"


@dataclass
class Format:
    """One API of one provider."""
    name: str
    # The first part of the gateway's path.
    upstream: str
    transcripts: dict[str, Transcript]
    # The event (or bytes) of an error inside a stream, and its message.
    error_event: bytes
    error_message: str
    failure: Callable[[int, str], Failure]
    # Makes a transcript of any answer.
    render: Callable[[Answer], Transcript]
    kind: str = "text/event-stream; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    # Server-sent events, lines, or frames.
    framing: str = "sse"

    def find(self, name: str) -> Transcript:
        """A transcript by its name; `big-N` speaks one piece of N bytes."""
        if name not in self.transcripts and name.startswith("big-"):
            self.transcripts[name] = self.render(Answer((Text(("ü" * (int(name[4:]) // 2),)),)))
        return self.transcripts[name]


def sse(data: str | dict, event: str | None = None) -> bytes:
    if not isinstance(data, str):
        data = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return (f"event: {event}\n" if event else "").encode() + f"data: {data}\n\n".encode()


def compact(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def interleave(tools: list) -> list[tuple[int, int]]:
    """(tool, piece) in turns: the first piece of each, then the second of each, …"""
    longest = max((len(tool.pieces) for tool in tools), default=0)
    return [(number, piece) for piece in range(longest) for number, tool in enumerate(tools)
            if piece < len(tool.pieces)]


def in_order(tools: list) -> list[tuple[int, int]]:
    return [(number, piece) for number, tool in enumerate(tools) for piece in range(len(tool.pieces))]

