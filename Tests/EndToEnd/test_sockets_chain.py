"""The socket of a chain: four flat frames, from the start and live."""

import json
import threading
import uuid

import pytest
from websockets.exceptions import InvalidStatus

from support.dialects import Frames, chain_run


@pytest.fixture(params=["number", "uuid", "word"])
def chain(request):
    """An id as Django's keys are: a number, a UUID with hyphens, a word."""
    number = uuid.uuid4().int
    return {"number": str(number % 10**12), "uuid": str(uuid.UUID(int=number)), "word": f"summary_{number:x}"[:40]}[
        request.param]


WANTED = [
    {"update_type": "start", "status": "started", "metadata": {"name": "summarise", "steps": ["step-0", "step-1"]}},
    {"update_type": "step", "step_name": "step-0", "progress_percentage": 50, "intermediate_result": {"number": 0}},
    {"update_type": "step", "step_name": "step-1", "progress_percentage": 100, "intermediate_result": {"number": 1}},
    {"update_type": "complete", "status": "completed", "result": {"answer": 42}},
]


@pytest.mark.parametrize("slash", ["/", ""])
def test_live_and_late_the_frames_are_the_documents_and_nothing_else(server, chain, slash):
    with Frames(server, f"/ws/chain/{chain}{slash}") as early:
        server.send(chain_run(chain))
        assert early.until_count(4) == WANTED
    with Frames(server, f"/ws/chain/{chain}{slash}") as late:
        assert late.until_count(4) == WANTED
        server.send({"type": "chain.start", "phase": "start", "chain": chain, "span": "again", "data": {"name": "again"}})
        again = late.until_count(5)[4]
        assert again == {"update_type": "start", "status": "started", "metadata": {"name": "again"}}


def test_a_failure_a_lost_end_and_what_is_no_news(server):
    chain = uuid.uuid4().hex
    with Frames(server, f"/ws/chain/{chain}/") as frames:
        server.send([
            {"type": "chain.start", "phase": "start", "chain": chain, "span": chain, "data": {"name": "x"}},
            # Within the chain, and no frame of it.
            {"type": "llm.delta", "phase": "delta", "chain": chain, "span": chain[:8], "index": 0,
             "data": {"text": "a"}},
            {"type": "chain.progress", "phase": "progress", "chain": chain, "span": chain, "data": {"fraction": 0.25}},
            {"type": "chain.error", "phase": "error", "chain": chain, "span": chain,
             "data": {"reason": "failed", "message": "boom <b>"}},
            # Its span has ended: stored, marked late, and not told a second time.
            {"type": "chain.end", "phase": "end", "chain": chain, "span": chain, "data": {"output": 1}},
            {"type": "chain.step", "chain": chain, "data": {"name": "after", "fraction": 1 / 3}},
        ])
        assert frames.until_count(3)[1:] == [
            {"update_type": "error", "status": "error", "error": "boom <b>"},
            {"update_type": "step", "step_name": "after", "progress_percentage": 33.33, "intermediate_result": None},
        ]


def test_with_positions_a_client_goes_on_where_it_was(server):
    chain = uuid.uuid4().hex
    events = chain_run(chain, steps=4)
    server.send(events[:3])
    with Frames(server, f"/ws/chain/{chain}/?positions=1") as first:
        frames = first.until(
            lambda frames: [f for f in frames if f["update_type"] == "step"][1:] and frames, "two steps")
        assert frames[0]["update_type"] == "heartbeat"
        position = frames[-1]["position"]
    server.send(events[3:])
    with Frames(server, f"/ws/chain/{chain}/?after={position}") as second:
        second.until_frame("update_type", "complete")
        told = [frame for frame in second.frames if frame["update_type"] != "heartbeat"]
        assert [frame.get("step_name", frame["update_type"]) for frame in told] == ["step-2", "step-3", "complete"]
    with Frames(server, f"/ws/chain/{chain}/?after=000000000000-5") as lost:
        assert lost.until_end() == 4409


def test_progress_and_reason_are_for_those_who_ask(server):
    chain = uuid.uuid4().hex
    server.send([
        {"type": "chain.start", "phase": "start", "chain": chain, "span": chain,
         "data": {"name": "x", "total": 2, "steps": ["load"], "input": "i", "metadata": {"name": "mine", "user": 7}}},
        {"type": "chain.progress", "phase": "progress", "chain": chain, "span": chain,
         "data": {"name": "load", "step": 0, "steps": 2, "fraction": 0.125, "step_fraction": 0.25, "message": "on"}},
        {"type": "chain.error", "phase": "error", "chain": chain, "span": chain,
         "data": {"reason": "cancelled", "message": "stop"}}])
    with Frames(server, f"/ws/chain/{chain}/?positions=1") as frames:
        told = [{key: value for key, value in frame.items() if key != "position"}
                for frame in frames.until_count(4)[1:]]
    assert told == [
        {"update_type": "start", "status": "started",
         "metadata": {"name": "mine", "user": 7, "steps": ["load"], "total_steps": 2}},
        {"update_type": "progress", "step_name": "load", "progress_percentage": 12.5, "step_percentage": 25,
         "intermediate_result": None, "message": "on"},
        {"update_type": "error", "status": "error", "error": "stop", "reason": "cancelled"},
    ]


def test_a_chain_does_not_hear_another(server):
    mine, other = uuid.uuid4().hex, uuid.uuid4().hex
    with Frames(server, f"/ws/chain/{mine}/") as frames:
        server.send(chain_run(other))
        server.send(chain_run(mine))
        assert frames.until_count(4) == WANTED


def test_three_thousand_steps_arrive_in_order_early_and_late(server):
    chain = uuid.uuid4().hex
    events = chain_run(chain, steps=3000)
    with Frames(server, f"/ws/chain/{chain}/") as early:
        for first in range(0, len(events), 250):
            server.send(events[first:first + 250])
        frames = early.until_count(3002)
    assert [frame.get("step_name") for frame in frames[1:-1]] == [f"step-{number}" for number in range(3000)]
    with Frames(server, f"/ws/chain/{chain}/") as late:
        assert late.until_count(3002) == frames


def test_a_client_that_does_not_read_costs_the_others_nothing(server):
    chain = uuid.uuid4().hex
    stalled = Frames(server, f"/ws/chain/{chain}/", read=False)
    with Frames(server, f"/ws/chain/{chain}/") as frames:
        for event in chain_run(chain, steps=40, tags={}):
            event["data"]["result"] = "x" * 100_000
            server.send(event)
        frames.until_count(42)
    # It reads on, and misses nothing.
    stalled.resume()
    assert len(stalled.until_count(42)) == 42
    stalled.close()


def test_nonsense_from_the_client_and_odd_ids_hurt_nothing(server):
    chain = uuid.uuid4().hex
    with Frames(server, f"/ws/chain/{chain}/") as frames:
        frames.send("not json {")
        frames.send(b"\x00\x01")
        server.send(chain_run(chain))
        assert frames.until_count(4) == WANTED
    for odd in ["a%20b", "%3Cscript%3E", "x" * 65, "%00"]:
        with pytest.raises(InvalidStatus) as refused:
            Frames(server, f"/ws/chain/{odd}/")
        assert refused.value.response.status_code == 400
    answer = server.http.get(f"/ws/chain/{chain}/")
    assert answer.status_code == 426 and answer.json()["error"]["code"] == "upgrade_required"
    assert server.http.post(f"/ws/chain/{chain}/").status_code == 405
    assert server.http.get("/ws/nothing/here/at/all").status_code == 404


def test_results_that_a_browser_may_not_trust_arrive_as_they_are(server):
    chain = uuid.uuid4().hex
    result = {"html": "<img src=x onerror=alert(1)>", "date": "2026-11-26T08:00:00Z", "quote": "\"\\\n\u2028", "n": 1e300}
    with Frames(server, f"/ws/chain/{chain}/") as frames:
        server.send({"type": "chain.end", "phase": "end", "chain": chain, "span": chain, "data": {"output": result}})
        assert frames.until_count(1)[0]["result"] == json.loads(json.dumps(result))


def test_who_may_not_come_in_is_told_by_the_close_code(launch):
    server = launch("--require-keys")
    key = next(line.split()[-1] for line in server.output if line.startswith("admin key"))
    made = server.http.post("/v1/keys", json={"name": "i", "scopes": ["ingest"]}, headers={"x-signalbox-key": key}).json()
    chain = uuid.uuid4().hex
    with Frames(server, f"/ws/chain/{chain}/") as nobody:
        assert nobody.until_end() == 4401
    with Frames(server, f"/ws/chain/{chain}/?key={made['key']}") as other:
        assert other.until_end() == 4403
    with Frames(server, f"/ws/chain/{chain}/?key={key}") as admin:
        answer = server.http.post("/v1/events", json=chain_run(chain), headers={"x-signalbox-key": key})
        assert answer.status_code == 200
        assert admin.until_count(4) == WANTED


def test_many_watch_at_once(server):
    chain = uuid.uuid4().hex
    watchers = [Frames(server, f"/ws/chain/{chain}/") for _ in range(20)]
    threading.Thread(target=server.send, args=(chain_run(chain),)).start()
    for watcher in watchers:
        assert watcher.until_count(4) == WANTED
        watcher.close()
