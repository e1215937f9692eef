"""Live: everything that matches, in order, from where it was asked for, whoever else is slow."""

import json
import os
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

from support.viewer import EventSource, SocketViewer, offset

RATE = 5000


def sessioned(session: str, count: int, start: int = 0, **more) -> list[dict]:
    return [{"type": "test.live", "session": session, "data": {"n": number}, **more}
            for number in range(start, start + count)]


def numbers(events: list[dict]) -> list[int]:
    return [event["data"]["n"] for event in events]


@pytest.mark.parametrize("viewer", [SocketViewer, EventSource])
def test_viewers_see_what_matches(server, session, trace, span, schema, viewer):
    base = {"session": session, "trace": trace, "span": span, "chain": session + "c", "request": session + "r",
            "provider": "p-" + session, "model": "m-" + session, "tags": {"mark": session}}
    filters = [{"session": session}, {"trace": trace}, {"span": span}, {"chain": session + "c"},
               {"request": session + "r"}, {"provider": "p-" + session}, {"model": "m-" + session},
               {"tag": "mark=" + session}, {"type": f"only.{session}"}, {"session": session, "type": "only."}]
    viewers = [viewer(server, **filter) for filter in filters]
    try:
        for watching in viewers:
            if isinstance(watching, SocketViewer):
                watching.until_hello()
        server.send([{"type": "noise"}, {**base, "type": f"only.{session}.1"}, {"type": "noise", "session": "other"},
                     {**base, "type": f"only.{session}.2"}])
        for watching, filter in zip(viewers, filters):
            events = watching.until_count(2)
            schema.check_served(events)
            assert [event["type"] for event in events] == [f"only.{session}.1", f"only.{session}.2"], filter
    finally:
        for watching in viewers:
            watching.close()


def test_live_and_history_are_the_same_bytes(server, session):
    with SocketViewer(server, session=session) as viewer:
        viewer.until_hello()
        server.send(sessioned(session, 50))
        assert viewer.until_count(50) == server.history(session=session)


@pytest.mark.parametrize("viewer", [SocketViewer, EventSource])
def test_after_a_position_nothing_is_missing(server, session, viewer):
    server.send(sessioned(session, 100))
    middle = server.history(session=session)[40]["position"]
    with viewer(server, session=session, after=middle) as watching:
        watching.until_count(59)
        server.send(sessioned(session, 20, 100))
        assert numbers(watching.until_count(79)) == list(range(41, 120))


def test_last_event_id_resumes(server, session):
    server.send(sessioned(session, 10))
    middle = server.history(session=session)[3]["position"]
    with EventSource(server, session=session, headers={"Last-Event-ID": middle}) as watching:
        assert numbers(watching.until_count(6)) == list(range(4, 10))
        assert watching.last_id == watching.events[-1]["position"]
        assert watching.response.headers["content-type"].startswith("text/event-stream")
        assert "no-cache" in watching.response.headers["cache-control"]
        assert watching.response.headers["x-accel-buffering"] == "no"


def test_a_browser_that_comes_back_is_not_sent_to_the_start_again(server, session):
    """An EventSource repeats the URL it was made with; what it saw last goes before from=start."""
    server.send(sessioned(session, 10))
    middle = server.history(session=session)[3]["position"]
    arguments = {"session": session, "from": "start", "headers": {"Last-Event-ID": middle}}
    with EventSource(server, **arguments) as watching:
        assert numbers(watching.until_count(6)) == list(range(4, 10))


def test_from_start_of_a_running_trace(server, session, trace, span):
    base = {"trace": trace, "span": span, "session": session}
    server.send([{"type": "llm.start", "phase": "start", **base}] + [
        {"type": "llm.delta", "phase": "delta", "index": n, "data": {"text": str(n)}, **base} for n in range(50)])
    with SocketViewer(server, trace=trace, **{"from": "start"}) as viewer:
        viewer.until_count(51)
        server.send([{"type": "llm.delta", "phase": "delta", "index": 50, "data": {"text": "50"}, **base},
                     {"type": "llm.end", "phase": "end", **base}])
        viewer.until_type("llm.end")
        assert viewer.events == server.history(trace=trace)


def test_joining_while_it_flows_never_leaves_a_gap(server, session):
    """Twenty viewers join from the start at different moments of a flow; each gets all of it."""
    done = threading.Event()

    def flow() -> None:
        for batch in range(60):
            server.send(sessioned(session, 50, batch * 50))
        done.set()

    thread = threading.Thread(target=flow)
    thread.start()
    viewers = []
    while not done.is_set() and len(viewers) < 20:
        viewers.append(SocketViewer(server, session=session, **{"from": "start"}))
    thread.join()
    for viewer in viewers:
        assert numbers(viewer.until_count(3000)) == list(range(3000))
        viewer.close()


def test_a_position_outlives_a_restart(launch, session):
    server = launch()
    server.send(sessioned(session, 10))
    position = server.history(session=session)[4]["position"]
    for way in (server.restart, lambda: (server.kill(), server.start())):
        way()
        with SocketViewer(server, session=session, after=position) as viewer, \
                EventSource(server, session=session, headers={"Last-Event-ID": position}) as source:
            count = len(server.history(session=session)) - 5
            viewer.until_count(count)
            server.send(sessioned(session, 1, 5 + count))
            for watching in (viewer, source):
                assert numbers(watching.until_count(count + 1)) == list(range(5, 6 + count))


@pytest.mark.parametrize("position", ["0123456789ab-5", "{epoch}-99999999"])
def test_a_position_that_is_not_known_is_an_explicit_reset(server, position):
    known = server.send({"type": "test.known"})["position"]
    position = position.replace("{epoch}", known.split("-")[0])
    viewer = SocketViewer(server, after=position)
    viewer.until_end()
    assert viewer.close_code == 4409, (viewer.close_code, viewer.close_reason)
    assert not viewer.events
    with EventSource(server, after=position) as source:
        assert source.response.status_code == 410
        assert source.response.json()["error"]["message"]
    with EventSource(server, headers={"Last-Event-ID": position}) as source:
        assert source.response.status_code == 200, "a browser would hide a 410"
        source.until(lambda seen: seen.named, "the reset event")
        assert source.named[0][0] == "reset"


@pytest.mark.parametrize("parameters, field", [
    ({"after": "nonsense"}, "after"), ({"from": "middle"}, "from"), ({"replay": "fast"}, "replay"), ({"tag": "x"}, "tag")])
def test_bad_parameters_are_named(server, parameters, field):
    answer = server.http.get("/v1/live", params=parameters, headers={"Accept": "text/event-stream"})
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


def test_replay_keeps_the_pace_of_the_original(server, session):
    times = [f"2026-11-21T09:30:0{tenth // 10}.{tenth % 10}Z" for tenth in range(0, 20, 2)]
    server.send([{"type": "test.replay", "session": session, "time": at, "data": {"n": number}}
                 for number, at in enumerate(times)])
    began = time.monotonic()
    with SocketViewer(server, session=session, replay="2", **{"from": "start"}) as viewer:
        viewer.until_count(1)
        assert len(viewer.events) < 10, "not all at once"
        assert numbers(viewer.until_count(10)) == list(range(10))
    assert 0.6 < time.monotonic() - began < 3, "1.8 s at twice the speed"


def test_hello_and_heartbeats_carry_the_position(launch):
    server = launch()
    position = server.send({"type": "test.one"})["position"]
    with SocketViewer(server, type="never.") as viewer, EventSource(server, type="never.") as source:
        hello = viewer.until_hello()
        assert hello.get("position")
        position = server.send({"type": "test.two"})["position"]
        beat = viewer.until(lambda seen: next(
            (frame for frame in seen.controls if frame["control"] == "heartbeat"
             and frame["position"] == position), None), "a heartbeat that has read past the event", 15)
        assert beat["position"] == position
        source.until(lambda seen: seen.comments or seen.controls or seen.named, "a keep-alive", 15)


def test_a_ping_is_answered(server):
    with SocketViewer(server) as viewer:
        assert viewer.socket.ping(b"are you there").wait(10)


def test_a_close_is_answered_with_its_code(server):
    viewer = SocketViewer(server)
    viewer.until_hello()
    viewer.socket.close(1000, "bye")
    viewer.until_end()
    assert viewer.close_code == 1000


def test_what_a_viewer_sends_is_bounded(server):
    viewer = SocketViewer(server)
    viewer.until_hello()
    with pytest.raises(ConnectionClosed):
        viewer.socket.send("x" * (32 << 20))
        viewer.until_end()
        viewer.socket.send("more")
    viewer.until_end()
    server.send({"type": "test.alive"})


def test_a_drain_says_goodbye(launch, session):
    server = launch()
    with SocketViewer(server, session=session) as viewer, EventSource(server, session=session) as source:
        viewer.until_hello()
        server.send(sessioned(session, 5))
        viewer.until_count(5)
        source.until_count(5)
        began = time.monotonic()
        assert server.stop(within=5) == 0
        assert time.monotonic() - began < 5
        viewer.until_end()
        source.until_end()
        assert viewer.close_code in (1001, 1012), viewer.close_code


def test_a_stalled_viewer_costs_nobody_anything(launch, session):
    """5 000 events a second while one viewer reads nothing: memory stays flat, the others get all of it in order,
    and the stalled one goes on where it stood, without a gap, whether it was closed in between or not."""
    seconds = int(os.environ.get("STALL_SECONDS", "8"))
    server = launch()
    stalled = SocketViewer(server, session=session, read=False)
    others = [SocketViewer(server, session=session), EventSource(server, session=session)]
    others[0].until_hello()
    size, total, worst = 250, seconds * RATE, 0.0
    body = "x" * 120
    began, warm = time.monotonic(), 0
    for batch in range(total // size):
        due = began + batch * size / RATE
        # The pace of the load itself: nothing is awaited here.
        time.sleep(max(0, due - time.monotonic()))
        sent = time.monotonic()
        server.send([{"type": "test.live", "session": session, "data": {"n": batch * size + number, "body": body}}
                     for number in range(size)])
        worst = max(worst, time.monotonic() - sent)
        if batch == total // size // 3:
            warm = server.resident
    grown = server.resident - warm
    for viewer in others:
        assert numbers(viewer.until_count(total, 60)) == list(range(total)), type(viewer).__name__
        viewer.close()
    assert grown < 24 << 20, f"grew by {grown >> 20} MiB while a viewer was stalled"
    assert worst < 2, f"an ingest took {worst:.2f} s"

    stalled.resume()
    try:
        stalled.until_count(total, 60)
    except AssertionError:
        assert stalled.close_code and stalled.close_code >= 4000, (stalled.close_code, stalled.failure)
    got = list(stalled.events)
    stalled.close()
    if len(got) < total:
        with SocketViewer(server, session=session, after=got[-1]["position"]) as again:
            got += again.until_count(total - len(got), 60)
    assert numbers(got) == list(range(total))


def test_a_viewer_that_lags_joins_the_tail_again(launch, session):
    server = launch()
    with SocketViewer(server, session=session, read=False) as viewer:
        for batch in range(40):
            server.send([{**event, "data": {**event["data"], "pad": "y" * 400}}
                         for event in sessioned(session, 500, batch * 500)])
        viewer.resume()
        viewer.until_count(20_000, 60)
        server.send(sessioned(session, 10, 20_000))
        assert numbers(viewer.until_count(20_010)) == list(range(20_010))
