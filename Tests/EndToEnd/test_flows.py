"""Chains and services of the Swift library, seen through the server: the example programs against real viewers."""

import os
import subprocess
import uuid
from pathlib import Path

import pytest

from providers.upstream import Providers
from support.server import PROGRAM
from support.viewer import SocketViewer


def example(name: str) -> Path:
    path = Path(PROGRAM).with_name(name)
    if not path.exists():
        pytest.skip(f"{path} is not built: swift build --product {name}")
    return path


def run(server, name: str, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [example(name), *arguments], env={**os.environ, "SIGNALBOX_URL": server.url, **environment},
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("identity", ["number", "uuid", "word"])
def test_a_chain_is_seen_as_it_runs(server, schema, identity):
    chain = {"number": str(uuid.uuid4().int % 10**12), "uuid": str(uuid.uuid4()), "word": "w" + uuid.uuid4().hex}[identity]
    with SocketViewer(server, chain=chain, type="chain.") as viewer:
        viewer.until_hello()
        assert "Review" in run(server, "ChainExample", chain)
        viewer.until_type("chain.end")
        events = viewer.events
    schema.check_served(events)
    assert events[0]["type"] == "chain.start"
    assert {event["chain"] for event in events} == {chain} and len({event["span"] for event in events}) == 1
    assert events[0]["data"]["total"] == 5 and events[0]["data"]["metadata"] == {"user": "example"}
    steps = [event["data"] for event in events if event["type"] == "chain.step"]
    assert sorted(step["name"] for step in steps) == ["accept", "count", "load", "longest"] or \
        sorted(step["name"] for step in steps) == ["count", "load", "longest", "shorten"]
    fractions = [event["data"]["fraction"] for event in events if "fraction" in event["data"]]
    assert fractions == sorted(fractions) and fractions[-1] == 1
    assert events[-1]["data"]["output"]["words"] == 10
    # Who comes later sees the same.
    with SocketViewer(server, chain=chain, type="chain.", **{"from": "start"}) as late:
        assert late.until_count(len(events)) == events


def test_three_thousand_steps_arrive_in_order(server):
    chain = "many-" + uuid.uuid4().hex[:12]
    with SocketViewer(server, chain=chain, type="chain.") as viewer:
        viewer.until_hello()
        assert run(server, "ChainExample", chain, "3000").strip() == "3000"
        viewer.until_type("chain.end", within=60)
    steps = [event["data"] for event in viewer.events if event["type"] == "chain.step"]
    assert [step["step"] for step in steps] == list(range(3000))
    assert [step["result"] for step in steps] == list(range(1, 3001))
    assert steps[-1]["fraction"] == 1


def test_a_service_is_seen_without_a_word_of_what_was_said(server, upstream_of_all):
    note = "note " + uuid.uuid4().hex
    said = run(
        server, "ServiceExample", note, OPENAI_API_KEY="sk-test", OPENAI_BASE_URL=f"{upstream_of_all.url}/v1",
        MODEL="gpt-4o")
    assert "AI request:" in said
    correlation = said.split("AI request: ")[1].split("\n")[0].split(" ")[1]
    events = server.history(request=correlation)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "service.start" and kinds[-1] in ("service.end", "service.error")
    assert "llm.start" in kinds and all(event["session"] == "example" for event in events)
    assert note not in str(events)
