"""What a model says, in no provider's format: each format renders it, and the log must tell it again."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Text:
    pieces: tuple[str, ...]
    cites: str | None = None


@dataclass(frozen=True)
class Reasoning:
    pieces: tuple[str, ...]
    signature: str | None = None


@dataclass(frozen=True)
class Redacted:
    """Reasoning that only the provider can read."""
    data: str


@dataclass(frozen=True)
class Refusal:
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Tool:
    """A call; its arguments come in pieces where the format has pieces."""
    id: str
    name: str
    pieces: tuple[str, ...]

    @property
    def arguments(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True)
class Tokens:
    """Tokens by class: `input` is neither read from nor written to a cache, `output` holds `reasoning`."""
    input: int = 15
    cached: int = 4
    write_5m: int = 0
    write_1h: int = 0
    output: int = 10
    reasoning: int = 3

    @property
    def write(self) -> int:
        return self.write_5m + self.write_1h

    @property
    def prompt(self) -> int:
        return self.input + self.cached + self.write

    @property
    def total(self) -> int:
        return self.prompt + self.output


@dataclass(frozen=True)
class Answer:
    parts: tuple = ()
    # In the formats' common sense: stop, length, tools, filter or refusal.
    finish: str = "stop"
    tokens: Tokens = field(default_factory=Tokens)
    # Fragments of parallel tool calls alternate.
    interleaved: bool = False

    def joined(self, kind: type) -> str:
        return "".join(piece for part in self.parts if isinstance(part, kind) for piece in part.pieces)

    @property
    def text(self) -> str:
        return self.joined(Text)

    @property
    def tools(self) -> list[Tool]:
        return [part for part in self.parts if isinstance(part, Tool)]

    def has(self, kind: type) -> bool:
        return any(isinstance(part, kind) for part in self.parts)


WORDS = ("Grüße", " aus", " Köln", ",", " 日本", " and", " 🎉", ' "quoted"', "\n\ttab", " \u2028", "!")
SIGNATURE = "EqQBCkYIAxgCKkDz/+signature=="
SPOKEN = Text(WORDS)
THOUGHT = Reasoning(("First", " think", " 🤔 hard."), SIGNATURE)
WEATHER = Tool("call_9aB", "weather", ('{"ci', 'ty":"', 'Kö', 'ln","days":', '3}'))
CLOCK = Tool("call_9aC", "clock", ("{", "}"))

ANSWERS: dict[str, Answer] = {
    "text": Answer((SPOKEN,)),
    "one-piece": Answer((Text(("All at once.",)),)),
    "length": Answer((SPOKEN,), "length"),
    "filter": Answer((Text(WORDS[:3]),), "filter"),
    "refusal": Answer((Refusal(("I can", "not help", " with that.")),), "refusal"),
    "reasoning": Answer((THOUGHT, SPOKEN), tokens=Tokens(reasoning=7)),
    "redacted": Answer((Redacted("EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIwxtE3rAFBa8cr3qpP"), SPOKEN)),
    "tool": Answer((WEATHER,), "tools"),
    "tools": Answer((WEATHER, CLOCK), "tools"),
    "text-and-tool": Answer((SPOKEN, WEATHER), "tools"),
    "all": Answer((THOUGHT, SPOKEN, WEATHER, CLOCK), "tools"),
    "interleaved": Answer((WEATHER, replace(CLOCK, pieces=('{"zo', 'ne":', '"CET"}'))), "tools", interleaved=True),
    "cited": Answer((Text(WORDS, cites="https://example.com/köln"),)),
    "cache": Answer((SPOKEN,), tokens=Tokens(
        input=100, cached=2000, write_5m=300, write_1h=40, output=50, reasoning=0)),
    "uncached": Answer((SPOKEN,), tokens=Tokens(input=9, cached=0, output=12, reasoning=0)),
}
