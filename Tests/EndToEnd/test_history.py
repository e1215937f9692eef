"""History: the pages put together are everything that was acknowledged, in order."""

import threading

import pytest

from support import story
from support.viewer import offset


def test_pages_put_together_are_everything(launch):
    """Four writers at once, then every page size gives the same list: all of it, once, in commit order."""
    server = launch()
    last: dict[str, str] = {}

    def write(producer: str) -> None:
        for batch in range(25):
            last[producer] = server.send([
                {"type": "test.page", "session": producer, "producer": producer, "seq": batch * 40 + number,
                 "data": {"n": batch * 40 + number}} for number in range(40)])["position"]

    threads = [threading.Thread(target=write, args=(f"writer-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = server.history(limit=1000)
    assert len(everything) == 4000
    first = offset(everything[0])
    assert [offset(event) for event in everything] == list(range(first, first + 4000)), "one order, no gap"
    for producer in last:
        own = [event for event in everything if event["session"] == producer]
        assert [event["data"]["n"] for event in own] == list(range(1000)), "the order sent is kept"
        assert own[-1]["position"] == last[producer]
    for limit in (1, 7, 250):
        if limit == 1:
            assert server.history(limit=1, session="writer-0", after=everything[3900]["position"]) \
                == [event for event in everything[3901:] if event["session"] == "writer-0"]
        else:
            assert server.history(limit=limit) == everything
    server.restart()
    assert server.history(limit=1000) == everything


def test_every_filter(server, session, trace, span):
    marked = {"type": "find.me.now", "session": session, "trace": trace, "span": span, "chain": session + "-c",
              "request": session + "-r", "provider": "anthropic", "model": "claude", "tags": {"k": "v=w,x"}}
    server.send([marked, {"type": "find.other", "session": session}, {"type": "else", "session": session}])
    for name in ("trace", "span", "chain", "request"):
        found = server.history(**{name: marked[name]})
        assert [event["type"] for event in found] == ["find.me.now"], name
    for more in ({"type": "find.me"}, {"provider": "anthropic"}, {"model": "claude"}, {"tag": "k=v=w,x"}):
        found = server.history(session=session, **more)
        assert [event["type"] for event in found] == ["find.me.now"], more
    assert [event["type"] for event in server.history(session=session, type="find.")] == ["find.me.now", "find.other"]
    assert server.history(session=session, type="nothing") == []
    assert server.history(session="never-seen") == []


@pytest.mark.parametrize("parameters, field", [
    ({"limit": "0"}, "limit"), ({"limit": "many"}, "limit"), ({"after": "nonsense"}, "after"),
    ({"tag": "novalue"}, "tag"), ({"nonsense": "x"}, "nonsense")])
def test_bad_parameters_are_named(server, parameters, field):
    answer = server.http.get("/v1/events", params=parameters)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["field"] == field


def test_unknown_epoch_is_gone(server):
    answer = server.http.get("/v1/events", params={"after": "0123456789ab-5"})
    assert answer.status_code == 410, answer.text
    assert answer.json()["error"]["hint"] or answer.json()["error"]["message"]


def test_trace_is_a_tree(server, session, trace):
    root, child, leaf = "a" * 16, "b" * 16, "c" * 16

    def event(kind: str, phase: str, span: str, parent: str | None = None, **more) -> dict:
        event = {"type": kind, "phase": phase, "trace": trace, "span": span, "session": session, **more}
        return {**event, "parent": parent} if parent else event

    server.send([
        event("agent.start", "start", root, data={"name": "planner"}, time="2026-11-21T09:30:00Z"),
        event("llm.start", "start", child, root, model="gpt-4o", provider="openai", time="2026-11-21T09:30:01Z"),
        event("llm.delta", "delta", child, index=0, data={"text": "Good "}),
        event("llm.delta", "delta", child, index=1, data={"text": "morning"}),
        event("llm.usage", "usage", child, data={"input": 9, "output": 2, "total": 11, "provenance": "provider_final"}),
        event("llm.end", "end", child, data={"finish_reason": "stop"}, time="2026-11-21T09:30:03Z"),
        event("tool.start", "start", leaf, child, data={"name": "clock"}),
        event("tool.error", "error", leaf, data={"reason": "failed", "message": "no clock"}),
    ])
    tree = server.http.get(f"/v1/traces/{trace}").json()
    spans = {span["span"]: (span, depth) for span, depth in _walk(tree["spans"])}
    assert set(spans) == {root, child, leaf}
    assert [spans[name][1] for name in (root, child, leaf)] == [0, 1, 2]
    assert spans[child][0]["text"] == "Good morning"
    assert spans[child][0]["usage"]["total"] == 11
    assert spans[root][0]["status"] != spans[child][0]["status"] != spans[leaf][0]["status"]
    assert server.http.get("/v1/traces/" + "f" * 32).status_code == 404
    listed = server.http.get("/v1/traces", params={"session": session}).json()["traces"]
    assert [item["trace"] for item in listed] == [trace]


def test_a_long_trace_is_served_whole(server, session, trace, span):
    words = [f"word{number} " for number in range(3000)]
    base = {"trace": trace, "span": span, "session": session}
    server.send([{"type": "llm.start", "phase": "start", **base}] + [
        {"type": "llm.delta", "phase": "delta", "index": number, "data": {"text": word}, **base}
        for number, word in enumerate(words)] + [{"type": "llm.end", "phase": "end", **base}])
    events = server.history(trace=trace)
    assert story.check(events) and story.text(events) == "".join(words)
    tree = server.http.get(f"/v1/traces/{trace}").json()
    assert next(_walk(tree["spans"]))[0]["text"] == "".join(words)


def _walk(spans: list[dict], depth: int = 0):
    for span in spans:
        yield span, depth
        yield from _walk(span.get("children", []), depth + 1)
