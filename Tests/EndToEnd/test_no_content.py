"""Every way out of the server, for one who may see that something happens and not what is said."""

import json
import re
import uuid
from pathlib import Path

import pytest

from support.dialects import Frames
from support.viewer import EventSource, SocketViewer
from test_access import bearer
from test_attacks import guarded, token  # a fixture, and what mints

MARK = "hush-5e1f"
ROUTES = Path(__file__).parents[2] / "Sources/SignalboxServer/LoopService.swift"
# Each case of the server's `Route`, by who looks at it here.
WALKED = {"live", "history", "traces", "trace", "types", "metrics", "dialect", "schema", "health", "ready", "asset"}
NO_WAY_OUT = {
    # These take something in, and answer with figures.
    "postEvents", "ingestSocket", "cancel", "tokens",
    # For administrators, about keys.
    "keys", "key",
    "unknown", "wrongMethod"}


def test_every_route_is_looked_at():
    body = re.search(r"enum Route: Equatable \{(.*?)\n\n", ROUTES.read_text(), re.DOTALL).group(1)
    cases = {name for line in re.findall(r"case (.*)", body) for name in re.findall(r"(\w+)(?:\([^)]*\))?", line)}
    cases -= {"String", "DialectRoute", "allowed"}
    assert cases == WALKED | NO_WAY_OUT, "a new route needs a look: may it show content?"


class Story:
    """One of everything, with the mark in every place that has room for words."""

    def __init__(self):
        self.session, self.chain = "s-" + uuid.uuid4().hex[:12], "c-" + uuid.uuid4().hex[:12]
        self.trace = uuid.uuid4().hex
        self.spans = {kind: uuid.uuid4().hex[:16] for kind in ("llm", "tool", "chain", "step", "agent", "retrieval")}

    def event(self, kind: str, phase: str | None, name: str, data, **more) -> dict:
        return {"type": name, **({"phase": phase} if phase else {}), "trace": self.trace, "span": self.spans[kind],
                "session": self.session, "chain": self.chain, "tags": {"note": MARK, f"{MARK}-key": "v"},
                "own_member": {"deep": [MARK]}, "data": data, **more}

    def events(self) -> list[dict]:
        events = []
        for kind in self.spans:
            start = {"name": MARK, "input": [{"role": "user", "content": MARK}], "messages": [MARK], "steps": [MARK],
                     "arguments": {"a": MARK}, "system": MARK, "instructions": MARK, MARK: MARK, "usage": {MARK: MARK}}
            events.append(self.event(kind, "start", f"{kind}.start", start))
            events.append(self.event(kind, "progress", f"{kind}.progress", {
                "fraction": 0.5, "message": MARK, "result": {"partial": MARK}, "name": MARK}))
            if kind == "llm":
                for index, channel in enumerate(["text", "reasoning", "refusal", "tool_arguments"]):
                    events.append(self.event(kind, "delta", "llm.delta", {
                        "channel": channel, "text": MARK, "tool": {"id": MARK, "name": MARK, "index": 0}}, index=index))
                events.append(self.event(kind, "restart", "llm.restart", {
                    "attempt": 1, "discard_from": 4, "message": MARK}))
                events.append(self.event(kind, "usage", "llm.usage", {"input": 3, "output": 2, "model": MARK}))
            events.append(self.event(kind, None, f"app.{kind}", {"text": MARK, "list": [MARK], "n": 1}))
            ending = {"name": MARK, "output": MARK, "result": {"text": MARK}, "content": MARK, "reason": f"{MARK} failed",
                      "message": MARK, "code": MARK, "error": {"message": MARK}, "finish_reason": f"because {MARK}",
                      "usage": {"input": 3, "note": MARK}, "timing": {"duration_ms": 5, "note": MARK}}
            phase = "error" if kind in ("tool", "step") else "end"
            events.append(self.event(kind, phase, f"{kind}.{phase}", ending))
        events.append(self.event("chain", None, "app.text", MARK))
        events.append(self.event("chain", None, "app.list", [MARK, {"a": MARK}]))
        return events


@pytest.fixture(scope="module")
def told(guarded):
    story = Story()
    stored = guarded.send(story.events(), headers=bearer(guarded.keys["ingest"]))
    assert stored["stored"] == len(story.events()), stored
    story.last = stored["position"]
    return story


def ways(server, story, grant: dict):
    """(what, everything that comes out there) for each way out."""
    text = token(grant)
    count = len(story.events())
    for more in ({}, {"replay": "10000"}):
        with SocketViewer(server, headers=bearer(text), session=story.session, **{"from": "start"}, **more) as viewer:
            viewer.until_count(count)
            yield f"live {more}", json.dumps(viewer.events + viewer.controls)
        with EventSource(server, token=text, session=story.session, **{"from": "start"}, **more) as source:
            source.until_count(count)
            yield f"live as events {more}", json.dumps(source.events + source.controls) + str(source.named)
    first = server.http.get("/v1/events", params={"session": story.session, "limit": 1}, headers=bearer(text)).json()
    with SocketViewer(server, headers=bearer(text), trace=story.trace, after=first["next"]) as viewer:
        viewer.until_count(count - 1)
        yield "live after a position", json.dumps(viewer.events)
    for path in (f"/v1/events?session={story.session}", f"/v1/events?trace={story.trace}&last=1000",
                 f"/v1/events?chain={story.chain}&type=app.", f"/v1/traces?session={story.session}",
                 f"/v1/traces/{story.trace}"):
        answer = server.http.get(path, headers=bearer(text))
        assert answer.status_code == 200, (path, answer.text)
        yield path, answer.text + str(answer.headers)
    for path in ("/v1/types", "/metrics", "/v1/schema", "/healthz", "/readyz", "/"):
        yield path, server.http.get(path, headers=bearer(text)).text
    for path in (f"/ws?session_id={story.session}&from=start&stream=1&positions=1", f"/ws/chain/{story.chain}/?positions=1"):
        with Frames(server, path + f"&token={text}") as frames:
            server.send({"type": "app.flush", "session": story.session, "chain": story.chain, "data": {"n": 2}},
                        headers=bearer(server.keys["ingest"]))
            frames.until(lambda seen: len(seen) >= 3, "frames")
            yield path, json.dumps(frames.frames)
    with Frames(server, f"/ws/v1/sessions/{story.session}/?token={text}") as frames:
        frames.send({"event_type": "session.hello", "correlation_id": "c", "payload": {}})
        frames.until_count(1)
        frames.send({"event_type": "session.resume", "correlation_id": "d", "payload": {
            "last_event_id": first["events"][0]["position"]}})
        frames.until(lambda seen: len(seen) > count // 2, "what was missed")
        yield "the session protocol", json.dumps(frames.frames)
    with server.http.stream("GET", f"/ws/v1/sessions/{story.session}/", headers={
            "accept": "text/event-stream", **bearer(text)}, params={"cursor": first["next"]}) as answer:
        seen = ""
        for line in answer.iter_lines():
            seen += line
            if seen.count("event_type") > count // 2:
                break
        yield "the session protocol as events", seen


def test_without_content_the_words_are_nowhere(guarded, told):
    looked = 0
    for what, text in ways(guarded, told, {"sessions": [told.session], "chains": [told.chain], "traces": [told.trace]}):
        assert MARK not in text, f"{what}: {text[max(text.find(MARK) - 200, 0):][:400]}"
        assert text, what
        looked += 1
    assert looked >= 17


def test_with_content_they_are(guarded, told):
    """The check above is not empty: with the right, what tells events tells the mark."""
    grant = {"sessions": [told.session], "chains": [told.chain], "traces": [told.trace], "content": True}
    silent = [what for what, text in ways(guarded, told, grant) if MARK not in text]
    assert set(silent) <= {"/v1/types", "/metrics", "/v1/schema", "/healthz", "/readyz", "/"}, silent


def test_a_tag_is_not_found_by_asking(guarded, told):
    answer = guarded.http.get("/v1/events", params={"session": told.session, "tag": f"note={MARK}"},
                              headers=bearer(token({"sessions": [told.session]})))
    assert answer.status_code == 403
