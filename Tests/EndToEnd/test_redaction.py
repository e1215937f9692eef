"""Redaction: what is redacted is nowhere, neither in what a server shows nor in its files."""

import contextlib
import json
import re
import sqlite3
import subprocess
from pathlib import Path

import httpx
import pytest
import zstandard
from websockets.sync.client import connect

from support import story
from support.server import PROGRAM, Server
from support.viewer import EventSource, SocketViewer

SECRETS = ["jane.doe@example.com", "4111 1111 1111 1111", "sk-abcdefghij0123456789XYZ", "123-45-6789", "10.11.12.13",
           "DE89370400440532013000", "EMP-778899", "hunter2"]
# What the upstream's script `secrets` says, and parts that only it has.
SAID = ["jane.doe@example.org", "sk-abcdefghij0123456789XYZ", "oe@exam", "0123456789XYZ"]
RULES = {
    "patterns": [{"name": "staff", "pattern": "EMP-\\d{6}"}],
    "fields": ["*.password"],
    "rules": [{"type": "open.*", "content": "full"}, {"type": "health.*", "content": "metadata"}],
}


@pytest.fixture(scope="module")
def clean(tmp_path_factory, upstream):
    """A server that redacts."""
    folder = tmp_path_factory.mktemp("clean")
    rules = folder / "rules.json"
    rules.write_text(json.dumps(RULES))
    with Server(folder / "data", "--upstream", f"openai={upstream.url}", "--redact-rules", str(rules)) as server:
        yield server


def secretive(session: str, name: str) -> dict:
    return {"type": name, "session": session, "tags": {"user": SECRETS[0]},
            "data": {"note": " and ".join(SECRETS[:-1]), "deep": [{"password": SECRETS[-1]}]}}


def shown(server: Server, session: str, events: list[dict]) -> str:
    """All that the server shows of a session, and writes."""
    traces = server.http.get("/v1/traces", params={"session": session}).json()
    trees = [server.http.get(f"/v1/traces/{trace['trace']}").text for trace in traces["traces"] if "trace" in trace]
    history = server.history(session=session)
    tail = server.run("tail", "--json", "--session", session, "--from-start", "--count", str(len(history)))
    assert len(tail.stdout.splitlines()) >= len(history)
    return "\n".join([json.dumps(events, ensure_ascii=False), json.dumps(history, ensure_ascii=False),
                      json.dumps(traces), *trees, tail.stdout, *server.output])


def files(server: Server) -> bytes:
    """The bytes of the server's files, and what is packed in its tables."""
    pieces = [path.read_bytes() for path in Path(server.data).rglob("*") if path.is_file()]
    for path in Path(server.data).glob("*.db"):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in database.execute(f"SELECT * FROM {table}"):
                    for value in row:
                        if isinstance(value, bytes) and value[:4] == zstandard.FRAME_HEADER:
                            pieces.append(zstandard.ZstdDecompressor().decompressobj().decompress(value))
    return b"\n".join(pieces)


def send_one(server, event):
    server.send(event)


def send_lines(server, event):
    answer = server.http.post("/v1/events", content=json.dumps(event) + "\n" + json.dumps({"type": "next"}) + "\n",
                              headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text


def send_frame(server, event):
    with connect(server.websocket + "/v1/ingest", compression=None) as socket:
        socket.send(json.dumps(event))
        while json.loads(socket.recv(timeout=10))["control"] != "ack":
            pass


@pytest.mark.parametrize("send", [send_one, send_lines, send_frame])
def test_events_are_redacted(clean, server, session, schema, send):
    with SocketViewer(clean, session=session) as viewer, EventSource(clean, session=session) as source:
        viewer.until_hello()
        send(clean, secretive(session, "note"))
        viewer.until_count(1)
        source.until_count(1)
        everything = shown(clean, session, viewer.events + source.events)
    data = viewer.events[0]["data"]
    assert data["redacted"] == {"email": 1, "card": 1, "key": 1, "ssn": 1, "ip": 1, "iban": 1, "staff": 1, "field": 1}
    assert data["deep"] == [{"password": "__REDACTED__"}]
    assert data["note"] == " and ".join(["__REDACTED__"] * 7)
    schema.check_served(viewer.events)
    found = [secret for secret in SECRETS if secret in everything]
    assert not found
    raw = files(clean)
    assert not [secret for secret in SECRETS if secret.encode() in raw]
    # The same question finds them where nothing is redacted.
    send(server, secretive(session, "note"))
    kept = json.dumps(server.history(session=session))
    assert all(secret in kept for secret in SECRETS)
    raw = files(server)
    assert all(secret.encode() in raw for secret in SECRETS)


def test_a_stream_through_the_gateway_is_redacted(clean, server, upstream, session, schema):
    request = {"model": "secrets", "stream": True,
               "messages": [{"role": "user", "content": f"I am {SECRETS[0]}, {SECRETS[3]}"}]}

    def call(server):
        return server.http.post("/openai/v1/chat/completions", json=request, headers={"x-signalbox-session": session})

    with SocketViewer(clean, session=session) as viewer:
        viewer.until_hello()
        through = call(clean)
        viewer.until(lambda seen: any(e.get("phase") in story.TERMINAL for e in seen.events), "an end")
        everything = shown(clean, session, viewer.events)
    # The client gets what the provider said, and the provider what the client did.
    assert through.content == httpx.post(upstream.url + "/v1/chat/completions", json=request).content
    assert json.loads(upstream.last("secrets").body)["messages"] == request["messages"]
    events = clean.history(session=session)
    schema.check_served(events)
    story.check(events)
    assert story.text(events) == "Write to __REDACTED__, pay with __REDACTED__ or __REDACTED__, dear Jane"
    assert story.text(events, "tool_arguments", tool=0) == '{"to":"__REDACTED__"}'
    assert events[0]["data"]["input"][0]["content"] == "I am __REDACTED__, __REDACTED__"
    assert not [secret for secret in SAID + SECRETS if secret in everything]
    raw = files(clean)
    assert not [secret for secret in SAID + SECRETS if secret.encode() in raw]
    assert clean.metric("signalbox_redacted_total", detector="email") >= 3
    # Without redaction the story is whole, so the parts that were looked for are there.
    call(server)
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        viewer.until(lambda seen: any(e.get("phase") in story.TERMINAL for e in seen.events), "an end")
    told = story.text(server.history(session=session))
    assert "jane.doe@example.org" in told and SAID[1] in told


def test_a_failing_call_is_redacted(clean, session):
    """The provider's error comes from a request, and what it was asked with may be in it."""
    clean.http.post("/openai/v1/chat/completions", headers={"x-signalbox-session": session},
                    json={"model": "failing", "stream": True, "user": SECRETS[0],
                          "messages": [{"role": "user", "content": [{"type": "text", "text": SECRETS[1]}]}]})
    with SocketViewer(clean, session=session, **{"from": "start"}) as viewer:
        viewer.until(lambda seen: any(e.get("phase") in story.TERMINAL for e in seen.events), "an end")
    events = clean.history(session=session)
    story.check(events)
    assert story.text(events) == "Grüße aus Köln,"
    assert not [secret for secret in SECRETS if secret in json.dumps(events)]


def test_rules_choose_the_mode(clean, session):
    clean.send([secretive(session, "open.note"), secretive(session, "health.note")])
    kept, bare = clean.history(session=session)
    assert kept["data"]["deep"] == [{"password": "hunter2"}] and "redacted" not in kept["data"]
    assert "data" not in bare and "tags" not in bare


def test_metadata_alone(launch, session):
    server = launch("--content", "metadata")
    server.http.post("/openai/v1/chat/completions", headers={"x-signalbox-session": session},
                     json={"model": "text", "stream": True, "messages": [{"role": "user", "content": "Hush"}]})
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        viewer.until(lambda seen: any(e.get("phase") in story.TERMINAL for e in seen.events), "an end")
    events = server.history(session=session)
    story.check(events)
    said = json.dumps(events, ensure_ascii=False)
    assert "Hush" not in said and "Grüße" not in said and "text" in said
    assert events[-1]["data"]["timing"]["deltas"] > 0


def test_open_streams_survive_a_resend(clean, session, span):
    def delta(index, text):
        return {"type": "llm.delta", "phase": "delta", "span": span, "session": session, "index": index,
                "data": {"text": text}}

    clean.send(delta(0, "jane.doe@exam"))
    assert clean.send([delta(0, "jane.doe@exam"), delta(1, "ple.com!")])["duplicate"] == 1
    clean.send({"type": "llm.end", "phase": "end", "span": span, "data": {}})
    assert story.text(clean.history(session=session)) == "__REDACTED__!"


@pytest.mark.parametrize("arguments, said", [
    (["--content", "some"], "--content takes full, redacted or metadata"),
    (["--redact-rules", "missing.json"], "cannot be read"),
    (["--content", "redacted", "--record", "calls"], "--record"),
])
def test_wrong_options_are_refused(tmp_path, arguments, said):
    answer = subprocess.run([PROGRAM, "serve", "--data", str(tmp_path / "data"), *arguments], cwd=tmp_path,
                            capture_output=True, text=True, timeout=20)
    assert answer.returncode == 2 and said in answer.stderr


def test_wrong_rules_name_the_field(tmp_path):
    rules = tmp_path / "rules.json"
    rules.write_text('{"patterns": [{"name": "a", "pattern": "a*"}]}')
    answer = subprocess.run([PROGRAM, "serve", "--data", str(tmp_path / "data"), "--redact-rules", str(rules)],
                            capture_output=True, text=True, timeout=20)
    assert answer.returncode == 2 and re.search(r"patterns\[0\]\.pattern: .*\{1,20\}", answer.stderr)
