"""Ingest: what is accepted, what is named as wrong and why, and that nothing is ever stored twice."""

import gzip
import json
import zlib

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support.raw import Raw
from support.viewer import SocketViewer


def numbered(session: str, count: int, **more) -> list[dict]:
    return [{"type": "test.event", "session": session, "data": {"n": number}, **more} for number in range(count)]


def numbers(events: list[dict]) -> list[int]:
    return [event["data"]["n"] for event in events]


def post(server, content: bytes, kind: str = "application/json", **headers):
    return server.http.post("/v1/events", content=content, headers={"Content-Type": kind, **headers})


@pytest.mark.parametrize("form", ["object", "array", "ndjson", "ndjson without a last newline"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_every_form_is_taken(server, session, schema, form, coding):
    events = numbered(session, 1 if form == "object" else 250)
    kind = "application/json"
    if form == "object":
        content = json.dumps(events[0]).encode()
    elif form == "array":
        content = json.dumps(events).encode()
    else:
        kind = "application/x-ndjson"
        content = "\n".join(map(json.dumps, events)).encode() + (b"" if "without" in form else b"\n")
    headers = {}
    if coding == "gzip":
        content, headers = gzip.compress(content), {"Content-Encoding": "gzip"}
    answer = post(server, content, kind, **headers)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert (result["stored"], result["duplicate"], result["rejected"]) == (len(events), 0, [])
    stored = server.history(session=session)
    schema.check_served(stored)
    assert numbers(stored) == list(range(len(events)))
    assert stored[-1]["position"] == result["position"]


def test_the_smallest_event_gets_everything_it_lacks(server, schema):
    position = server.send({"type": "cache.hit"})["position"]
    event = server.page(limit=1000, type="cache.hit")["events"][-1]
    schema.check_served([event])
    assert event["position"] == position
    assert event["time"] == event["received"]
    assert list(event) == ["position", "id", "type", "time", "received"], "canonical order"


def test_everything_that_is_sent_is_kept(server, session, trace, span, schema):
    event = {
        "id": "evt_Ab-9", "type": "Any/Thing:else-1", "phase": "delta", "time": "2024-02-29T23:59:59.123456789+05:30",
        "trace": trace, "span": span, "parent": "00f067aa0ba902b7", "session": session, "chain": "c1",
        "request": "r1", "source": {"service": "svc", "module": "mod", "method": "do"},
        "identity": "name.space.x", "provider": "openai", "model": "gpt-4o", "index": 0, "count": 3,
        "producer": "p-" + session, "seq": 7, "schema": "my-schema/2", "tags": {"k": "v", "ü": "日本 \"q\" \\ \n"},
        "data": {"text": "a\u0000b\u2028🎉", "big": 12345678901234567890, "f": 1e-7, "deep": [[[{}]]],
                 "null": None},
        "unknown_member": {"kept": [1, 2.50, None]}}
    server.send(event)
    stored, = server.history(session=session)
    schema.check_served([stored])
    assert {key: value for key, value in stored.items() if key not in ("position", "received")} == event


def test_foreign_trace_ids_are_kept_and_found(server, session):
    foreign = ["8c0ee7e6-9a25-4d0b-b3a5-7fb7a5f3b0aa", f"my-own-{session}"]
    server.send([{"type": "a", "session": session, "trace": trace, "span": f"{session}-{n}"}
                 for n, trace in enumerate(foreign)])
    assert [event["trace"] for event in server.history(session=session)] == foreign
    assert len(server.history(trace=foreign[1])) == 1


def test_rejected_items_are_named_and_the_rest_is_stored(server, session):
    good = {"type": "test.good", "session": session}
    result = server.send([
        good,
        {"session": session},
        {**good, "type": "not ok"},
        {**good, "phase": "begin"},
        {**good, "time": "yesterday"},
        {**good, "id": "x" * 65},
        {**good, "index": -1},
        {**good, "tags": {"a": 1}},
        7,
        {**good, "session": "with space"},
        {**good, "type": "test.good", "source": "text"},
        good])
    assert result["stored"] == 2
    wrong = {item["index"]: item.get("field", "") for item in result["rejected"]}
    named = {1: "type", 2: "type", 3: "phase", 4: "time", 5: "id", 6: "index", 7: "tags", 8: "", 9: "session",
             10: "source"}
    assert wrong.keys() == named.keys()
    for index, field in named.items():
        assert wrong[index].startswith(field), (index, wrong[index])
    assert all(item["error"] for item in result["rejected"])
    assert len(server.history(session=session)) == 2


def test_a_bad_line_of_ndjson_costs_only_itself(server, session):
    lines = [json.dumps(event) for event in numbered(session, 5)]
    lines[2] = '{"type": "cut'
    result = post(server, "\n".join(lines).encode(), "application/x-ndjson").json()
    assert (result["stored"], [item["index"] for item in result["rejected"]]) == (4, [2])
    assert numbers(server.history(session=session)) == [0, 1, 3, 4]


@pytest.mark.parametrize("content, kind", [
    (b"", "application/json"), (b"{", "application/json"), (b"[{]", "application/json"), (b"nonsense", "application/json"),
    (b'{"type":"a"} trailing', "application/json"), (b'{"type":"\xff\xfe"}', "application/json"),
    (b'{"type":"a","data":"\xed\xa0\x80"}', "application/json"), (b'{"type":"a","data":"\\ud800"}', "application/json"),
    (b'"just a string"', "application/json"), (b"[" * 100_000, "application/json"),
    (b'{"type":"a","data":"line\nbreak"}', "application/json")])
def test_bad_json_gets_a_clear_answer(server, content, kind):
    answer = post(server, content, kind)
    if answer.status_code == 422:
        assert answer.json()["stored"] == 0 and answer.json()["rejected"][0]["error"], answer.text
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["code"] and answer.json()["error"]["message"]
    server.send({"type": "test.alive"})


def test_a_body_over_the_limit_is_413_before_it_is_read(server):
    with Raw(server) as raw:
        raw.send(f"POST /v1/events HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\n"
                 f"Content-Length: {1 << 40}\r\n\r\n".encode())
        status, _, body = raw.reply()
        assert status == 413
        assert json.loads(body)["error"]["message"]


def test_an_event_over_the_limit_is_rejected_by_itself(server, session):
    events = numbered(session, 3)
    events[1]["data"]["text"] = "x" * (1 << 20)
    result = server.send(events)
    assert (result["stored"], [item["index"] for item in result["rejected"]]) == (2, [1])


def test_a_zip_bomb_is_refused_and_cheap(server):
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(deflate.compress(b" " * (1 << 20)) for _ in range(1024)) + deflate.flush()
    before = server.resident
    answer = post(server, bomb, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413, answer.text
    assert server.resident - before < 150 << 20
    server.send({"type": "test.alive"})


@pytest.mark.parametrize("content, coding, status", [
    (b"not gzip at all", "gzip", 400), (gzip.compress(b'{"type":"a"}')[:-9], "gzip", 400), (b"x", "br", 415)])
def test_broken_codings_are_refused(server, content, coding, status):
    answer = post(server, content, **{"Content-Encoding": coding})
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


def test_a_resend_by_id_is_a_duplicate(server, session):
    events = [{**event, "id": f"{session}-{number}"} for number, event in enumerate(numbered(session, 10))]
    assert server.send(events[:6])["stored"] == 6
    again = server.send(events)
    assert (again["stored"], again["duplicate"]) == (4, 6)
    assert numbers(server.history(session=session)) == list(range(10))
    twice = server.send([{**events[0], "id": session + "-same"}] * 3)
    assert (twice["stored"], twice["duplicate"]) == (1, 2)


def test_a_resend_by_producer_and_seq_is_a_duplicate(server, session):
    events = [{**event, "producer": session, "seq": number} for number, event in enumerate(numbered(session, 10))]
    assert server.send(events[:6])["stored"] == 6
    again = server.send(events)
    assert (again["stored"], again["duplicate"]) == (4, 6)
    assert numbers(server.history(session=session)) == list(range(10))


def deltas(session: str, trace: str, span: str, count: int, start: int = 0) -> list[dict]:
    return [{"type": "llm.delta", "phase": "delta", "trace": trace, "span": span, "session": session,
             "index": index, "data": {"text": f"w{index} "}} for index in range(start, count)]


def test_a_resend_of_deltas_is_a_duplicate(server, session, trace, span):
    events = deltas(session, trace, span, 10)
    assert server.send(events[:6])["stored"] == 6
    again = server.send(events)
    assert (again["stored"], again["duplicate"]) == (4, 6)
    merged = {**events[0], "index": 8, "count": 4, "data": {"text": "w8 w9 w10 w11 "}}
    server.send(merged)
    found = server.history(session=session)
    covered = [index for event in found for index in range(event["index"], event["index"] + event.get("count", 1))]
    assert covered[:10] == list(range(10))


def test_duplicates_are_known_across_a_restart(launch, session, trace, span):
    server = launch()
    by_id = [{**event, "id": f"{session}-{number}"} for number, event in enumerate(numbered(session + "-i", 5))]
    by_seq = [{**event, "producer": session, "seq": number} for number, event in enumerate(numbered(session + "-q", 5))]
    by_index = deltas(session + "-d", trace, span, 5)
    everything = by_id + by_seq + by_index
    server.send(everything)
    server.restart()
    again = server.send(everything)
    assert (again["stored"], again["duplicate"]) == (0, 15)
    server.kill()
    server.start()
    again = server.send(everything)
    assert (again["stored"], again["duplicate"]) == (0, 15)
    assert server.send(deltas(session + "-d", trace, span, 7, 5))["stored"] == 2
    assert len(server.history()) == 17


def test_the_first_end_wins_and_the_rest_is_late(server, session, trace, span):
    def event(kind: str, phase: str, **more) -> dict:
        return {"type": kind, "phase": phase, "trace": trace, "span": span, "session": session, **more}

    server.send([event("tool.start", "start", data={"name": "t"}), event("tool.end", "end"),
                 event("tool.error", "error", data={"reason": "failed", "message": "no"})])
    events = server.history(session=session)
    assert [found.get("late", False) for found in events] == [False, False, True]
    answer = server.http.get(f"/v1/traces/{trace}")
    assert answer.status_code == 200


def test_an_event_without_a_session_inherits_its_spans(server, session, trace, span):
    server.send({"type": "llm.start", "phase": "start", "trace": trace, "span": span, "session": session})
    server.send({"type": "llm.delta", "phase": "delta", "trace": trace, "span": span, "index": 0,
                 "data": {"text": "a"}})
    assert [event["type"] for event in server.history(session=session)] == ["llm.start", "llm.delta"]


def test_socket_takes_an_event_a_frame(server, session, schema):
    with connect(server.websocket + "/v1/ingest", compression=None) as socket:
        for event in numbered(session, 300):
            socket.send(json.dumps({**event, "producer": session, "seq": event["data"]["n"]}))
        socket.send(json.dumps({"type": "test.last", "session": session, "data": {"n": 300}}))
        events = _until(server, session, 301)
    schema.check_served(events)
    assert numbers(events) == list(range(301))


def test_socket_tells_what_was_wrong_and_lives(server, session):
    with connect(server.websocket + "/v1/ingest", compression=None) as socket:
        for frame in ("{", '{"type": 7}', '{"nothing": true}', "[1"):
            socket.send(frame)
            answer = _error(socket)
            assert answer["message"], answer
        socket.send(json.dumps(numbered(session, 1)[0]))
        assert len(_until(server, session, 1)) == 1


def test_socket_refuses_a_frame_over_the_limit_with_1009(server):
    with connect(server.websocket + "/v1/ingest", compression=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            socket.send(json.dumps({"type": "a", "data": "x" * (65 << 20)}))
            while True:
                socket.recv()
        assert closed.value.rcvd is None or closed.value.rcvd.code == 1009


def test_many_connections_keep_their_own_order(server, session):
    with connect(server.websocket + "/v1/ingest", compression=None) as one, \
            connect(server.websocket + "/v1/ingest", compression=None) as two:
        for event in numbered(session, 200, chain="one"):
            one.send(json.dumps(event))
            two.send(json.dumps({**event, "chain": "two"}))
        events = _until(server, session, 400)
    for chain in ("one", "two"):
        assert numbers([event for event in events if event["chain"] == chain]) == list(range(200))


def _error(socket) -> dict:
    """The next error that the ingest socket tells, past other control frames."""
    while True:
        frame = json.loads(socket.recv(timeout=10))
        if "error" in frame:
            return frame["error"] if isinstance(frame["error"], dict) else {"message": frame["error"]}
        for item in frame.get("rejected") or []:
            return {"message": item["error"]}


def _until(server, session: str, count: int) -> list[dict]:
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        viewer.until_count(count)
    return server.history(session=session)
