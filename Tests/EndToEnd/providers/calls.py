"""One call made twice, straight and through the gateway, and what the log then holds of it."""

import json
import uuid
from dataclasses import dataclass

from support import story
from support.server import Server
from support.viewer import SocketViewer

from .clients import CLIENTS, Seen
from .transcript import Told
from .upstream import FORMATS, Providers

# Of the test itself, or of one connection.
OWN = {"x-call", "x-signalbox-session", "host", "connection", "content-length"}


@dataclass
class Pair:
    """The same call twice."""
    direct: Seen
    through: Seen
    session: str
    calls: tuple[str, str]


class Caller:
    def __init__(self, server: Server, upstream: Providers):
        self.server, self.upstream = server, upstream
        self._made: dict[tuple, Pair] = {}

    def pair(self, name: str, scenario: str, fault: str = "plain", *, stream: bool = True, asynchronous=False,
             upstream: str | None = None, **more) -> Pair:
        """Makes the calls, once a scenario: what was seen and what is told of it are tests of their own."""
        key = (name, scenario, fault, stream, asynchronous, upstream, json.dumps(more))
        if key not in self._made:
            self._made[key] = self._make(name, scenario, fault, stream, asynchronous, upstream, more)
        return self._made[key]

    def _make(self, name, scenario, fault, stream, asynchronous, upstream, more) -> Pair:
        client = CLIENTS[name]
        session = "p-" + uuid.uuid4().hex[:16]
        seen, calls = [], []
        for base, own in ((self.upstream.url, {}),
                          (f"{self.server.url}/{upstream or FORMATS[name].upstream}",
                           {"x-signalbox-session": session})):
            calls.append(uuid.uuid4().hex)
            headers = {"x-scenario": scenario, "x-fault": fault, "x-call": calls[-1], **own}
            if asynchronous:
                seen.append(client.asee(base, headers, **more))
            else:
                seen.append(client.see(base, headers, stream, **more))
        return Pair(seen[0], seen[1], session, (calls[0], calls[1]))


def told(server: Server, session: str) -> list[dict]:
    """The session's story, waited for until its terminal event."""
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        viewer.until(lambda seen: any(e.get("phase") in story.TERMINAL for e in seen.events), "a terminal event", 10)
        return server.history(session=session)


def tool_calls(events: list[dict]) -> list[tuple[str | None, str, str]]:
    """(id, name, arguments) of each call, in the order of its index, which must be gapless from 0."""
    found: dict[int, list] = {}
    for event in events:
        data = event.get("data", {})
        if event.get("phase") == "delta" and data.get("channel") == "tool_arguments":
            tool = data["tool"]
            one = found.setdefault(tool["index"], [None, None, ""])
            one[0] = one[0] or tool.get("id")
            one[1] = one[1] or tool.get("name")
            one[2] += data["text"]
    assert sorted(found) == list(range(len(found))), f"indices of the calls: {sorted(found)}"
    return [tuple(found[index]) for index in sorted(found)]


def check_told(events: list[dict], expected: Told, provider: str) -> dict:
    """Holds the log against what was said; returns the terminal event."""
    end = story.check(events)
    assert [event["type"] for event in events].count("llm.start") == 1
    assert {event.get("provider") for event in events} == {provider}
    assert end["type"] == expected.end, end["data"]
    assert story.text(events) == expected.text
    assert story.text(events, "reasoning") == expected.reasoning
    assert story.text(events, "refusal") == expected.refusal
    calls = tool_calls(events)
    if expected.arguments_are_objects:
        assert [(i, n, json.loads(a)) for i, n, a in calls] == [
            (i, n, json.loads(a)) for i, n, a in expected.tools]
    else:
        assert calls == expected.tools
    if expected.finish is not None:
        assert end["data"].get("finish_reason") == expected.finish
    if expected.response is not None:
        assert end["data"]["response"] == expected.response
    if expected.reason is not None:
        assert end["data"]["reason"] == expected.reason
    if expected.message is not None:
        assert expected.message in end["data"]["message"]
    check_usage(events, end, expected)
    return end


def check_usage(events: list[dict], end: dict, expected: Told) -> None:
    usages = [event["data"] for event in events if event.get("phase") == "usage"]
    if expected.provenance is not None:
        assert usages and usages[-1]["provenance"] == expected.provenance, usages
        assert end["data"]["usage"]["provenance"] == expected.provenance
    if expected.usage is not None:
        for name, value in expected.usage.items():
            # What a provider does not tell is absent, or nought where absent means so.
            assert (usages[-1].get(name) or 0) == (value or 0), f"{name}: {usages[-1]}"
            assert (end["data"]["usage"].get(name) or 0) == (value or 0), f"{name}: {end['data']['usage']}"
