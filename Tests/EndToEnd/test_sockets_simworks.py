"""The SimWorks session protocol, over WebSocket and server-sent events."""

import json
import uuid
from datetime import datetime

import httpx
import pytest

from support.dialects import Frames


def send(server, session: str, count: int, first: int = 0, **more) -> None:
    server.send([
        {"type": "patient.vitals.changed", "session": session, "request": "r-1", "data": {"number": number}, **more}
        for number in range(first, first + count)])


def hello(**payload) -> dict:
    return {"event_type": "session.hello", "correlation_id": "c-1", "payload": payload}


def numbers(frames: list[dict]) -> list[int]:
    return [frame["payload"]["number"] for frame in frames if frame["event_type"] == "patient.vitals.changed"]


@pytest.mark.parametrize("path", ["/ws/v1/simulations/{}/", "/ws/v1/sessions/{}", "/ws/v1/{}/"])
def test_hello_is_answered_and_events_come_in_envelopes(server, session, path):
    with Frames(server, path.format(session)) as frames:
        frames.send(hello())
        ready = frames.until_count(1)[0]
        assert ready["event_type"] == "session.ready" and ready["correlation_id"] == "c-1"
        assert set(ready) == {"event_id", "event_type", "created_at", "correlation_id", "payload"}
        assert ready["payload"]["session_id"] == session
        send(server, session, 1)
        server.send({"type": "note", "session": session, "data": "{bare"})
        event, bare = frames.until_count(3)[1:]
    assert datetime.fromisoformat(event.pop("created_at")).tzinfo is not None
    stored = server.history(session=session)
    assert event == {"event_id": stored[0]["position"], "event_type": "patient.vitals.changed",
                     "correlation_id": "r-1", "payload": {"number": 0}}
    assert bare["correlation_id"] is None and bare["payload"] == {"value": "{bare"}


def test_nothing_is_said_before_hello(server, session):
    with Frames(server, f"/ws/v1/sessions/{session}/") as frames:
        send(server, session, 2)
        frames.send({"event_type": "ping"})
        assert [frame["event_type"] for frame in frames.until_count(1)] == ["pong"]


def test_resume_replays_what_was_missed_and_goes_on(server, session):
    path = f"/ws/v1/simulations/{session}/"
    with Frames(server, path) as first:
        first.send(hello())
        first.until_count(1)
        send(server, session, 3)
        last = first.until_count(4)[1]["event_id"]
    send(server, session, 400, first=3)
    with Frames(server, path) as second:
        second.send(hello(last_event_id=last, client="web"))
        resumed = second.until_frame("event_type", "session.resumed")
        assert [frame["event_type"] for frame in second.frames][0] == "session.ready"
        assert resumed["payload"]["replay_count"] == 402 and resumed["correlation_id"] == "c-1"
        assert numbers(second.frames) == list(range(1, 403))
        assert second.frames[-1] is resumed or second.frames.index(resumed) == 403
        assert resumed["payload"]["last_event_id"] >= second.frames[402]["event_id"][:12]
        send(server, session, 1, first=403)
        assert second.until_count(405)[404]["payload"] == {"number": 403}
        # Once more from further on, on the open socket.
        second.send({"event_type": "session.resume", "payload": {"last_event_id": second.frames[401]["event_id"]}})
        second.until(lambda frames: [f["event_type"] for f in frames].count("session.resumed") == 2, "the second")
        assert numbers(second.frames[405:]) == [402, 403]


def test_a_stale_id_must_resync(server, session):
    for stale in ["000000000000-3", "00000000-0000-0000-0000-000000000000"]:
        with Frames(server, f"/ws/v1/simulations/{session}/") as frames:
            frames.send(hello(last_event_id=stale))
            assert frames.until_count(1)[0]["event_type"] == "session.resync_required"
            assert frames.frames[0]["payload"]["reason"]
            assert frames.until_end() == 4409


@pytest.mark.parametrize("frame, code", [
    ("{", "invalid_json"), ("[]", "invalid_json"), (b"\x00", "invalid_json"),
    ({"payload": {}}, "missing_field"),
    ({"event_type": "ping", "extra": 1}, "unknown_field"),
    ({"event_type": "sim.start"}, "unknown_event_type"),
    ({"event_type": "session.resume", "payload": {}}, "missing_field"),
    ({"event_type": "session.hello", "payload": []}, "invalid_field"),
    ({"event_type": "session.hello", "payload": {"last_event_id": 3}}, "invalid_field"),
    ({"event_type": "ping", "correlation_id": 5}, "invalid_field"),
])
def test_what_is_not_understood_is_an_error_and_costs_nothing(server, session, frame, code):
    with Frames(server, f"/ws/v1/sessions/{session}/") as frames:
        frames.send(frame)
        error = frames.until_count(1)[0]
        assert error["event_type"] == "error" and error["payload"]["code"] == code
        assert error["payload"]["message"]
        frames.send({"event_type": "ping", "correlation_id": "p"})
        assert frames.until_count(2)[1]["correlation_id"] == "p"


def test_hello_is_said_once(server, session):
    with Frames(server, f"/ws/v1/sessions/{session}/") as frames:
        frames.send(hello())
        frames.send(hello())
        assert frames.until_count(2)[1]["payload"]["code"] == "already_open"


def read_stream(response, count: int) -> list[tuple[str, dict]]:
    """The next events of a stream of server-sent events, with their ids."""
    found, last = [], ""
    for line in response.iter_lines():
        if line.startswith("id: "):
            last = line[4:]
        elif line.startswith("data: "):
            found.append((last, json.loads(line[6:])))
            if len(found) == count:
                break
    return found


def test_server_sent_events_with_a_cursor(server, session):
    url = f"{server.url}/ws/v1/simulations/{session}/"
    send(server, session, 3)
    positions = [event["position"] for event in server.history(session=session)]
    with httpx.stream("GET", url, params={"cursor": positions[0]}, timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-cache, no-transform"
        assert response.headers["x-accel-buffering"] == "no"
        told = read_stream(response, 2)
    assert [(last, event["event_id"]) for last, event in told] == [(p, p) for p in positions[1:]]
    assert [event["payload"]["number"] for _, event in told] == [1, 2]
    with httpx.stream("GET", url, params={"cursor": positions[0]}, headers={"Last-Event-ID": positions[1]},
                      timeout=20) as response:
        assert read_stream(response, 1)[0][0] == positions[2]
        send(server, session, 1, first=3)
        # The rest of the stream: what is new.
    with httpx.stream("GET", url + "?from=start", timeout=20) as response:
        assert [event["payload"]["number"] for _, event in read_stream(response, 4)] == [0, 1, 2, 3]


def test_a_stale_cursor_is_gone_before_any_byte(server, session):
    url = f"{server.url}/ws/v1/simulations/{session}/"
    for keywords in [{"params": {"cursor": "000000000000-3"}}, {"headers": {"Last-Event-ID": "000000000000-3"}},
                     {"headers": {"Last-Event-ID": "nonsense"}}]:
        answer = httpx.get(url, **keywords)
        assert answer.status_code == 410 and answer.json()["error"]["code"] == "position_gone"
    assert httpx.get(url, params={"cursor": "nonsense"}).status_code == 400


def test_access_is_asked_for(launch, session):
    server = launch("--require-keys")
    admin = next(line.split()[-1] for line in server.output if line.startswith("admin key"))
    with Frames(server, f"/ws/v1/simulations/{session}/") as nobody:
        assert nobody.until_end() == 4401
    assert httpx.get(f"{server.url}/ws/v1/simulations/{session}/").status_code == 401
    with Frames(server, f"/ws/v1/simulations/{session}/", headers={"Authorization": f"Bearer {admin}"}) as frames:
        frames.send(hello())
        assert frames.until_count(1)[0]["event_type"] == "session.ready"
