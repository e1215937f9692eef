"""Recording in the gateway and replaying: what was recorded is what a client gets again."""

import json
import os
import re
import signal
import stat
import subprocess
from contextlib import contextmanager

import httpx
import openai
import pytest

from support.server import PROGRAM

READY = re.compile(r"^signalbox replays \d+ recordings? of (\w+) at (http://\S+)$")


@contextmanager
def replay(*arguments):
    """`signalbox replay` on a free port; gives whom it plays and the base URL."""
    process = subprocess.Popen(
        [PROGRAM, "replay", "--listen", "127.0.0.1:0", *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    try:
        match = READY.match(process.stdout.readline().rstrip("\n"))
        assert match
        yield match.group(1), match.group(2)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        process.stdout.close()


def record(launch, folder, calls, *arguments):
    """Makes the calls through a gateway that records; returns the bodies as they came, and the files."""
    server = launch("--record", folder, *arguments)
    assert any("every model call is written" in line for line in server.output)
    bodies = []
    for request in calls:
        with server.http.stream(
            "POST", "/openai/v1/chat/completions?key=sk-secret-in-the-query", json=request,
            headers={"Authorization": "Bearer sk-very-secret", "Cookie": "a=very-secret"}) as response:
            bodies.append(b"".join(response.iter_raw()))
    server.stop()
    return bodies, sorted(folder.iterdir())


def body(model, text="Hi", stream=True):
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}


def test_what_was_recorded_is_replayed(launch, tmp_path):
    folder = tmp_path / "recorded"
    calls = [body("text"), body("tools"), body("zipped"), body("text", stream=False)]
    bodies, files = record(launch, folder, calls)
    assert len(files) == len(calls)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert not any("secret" in file.read_text() for file in files)
    with replay(*files, "--speed", "0") as (provider, base), httpx.Client() as client:
        assert provider == "openai"
        # In another order than they were recorded: each request finds its own.
        for request, recorded in reversed(list(zip(calls, bodies))):
            content = json.dumps(request, separators=(",", ":"), ensure_ascii=False)
            with client.stream("POST", base + "/chat/completions", content=content.encode()) as response:
                assert response.status_code == 200
                assert b"".join(response.iter_raw()) == recorded


def test_usage_that_only_the_gateway_asked_for_is_not_recorded(launch, upstream, tmp_path):
    call = body("text")
    bodies, files = record(launch, tmp_path / "recorded", [call], "--upstream-usage", "openai=ask")
    assert upstream.requests[-1].json["stream_options"] == {"include_usage": True}
    with replay(*files, "--speed", "0") as (_, base):
        assert httpx.post(base + "/chat/completions", json=call).content == bodies[0]
    assert b'"usage":{' not in bodies[0]


def test_an_official_client_reads_a_replay(launch, tmp_path):
    _, files = record(launch, tmp_path / "recorded", [body("text")])
    with replay(*files, "--as", "openai") as (_, base):
        client = openai.OpenAI(base_url=base, api_key="none", max_retries=0)
        stream = client.chat.completions.create(
            model="text", stream=True, messages=[{"role": "user", "content": "Hi"}])
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert text.startswith("Grüße aus Köln")


def test_a_file_that_is_none_is_refused(tmp_path):
    file = tmp_path / "broken.ndjson"
    file.write_text('{"cassette":1,"request":{"method":"POST","path":"/v1/chat/completions"},"status":200,"at":0}\n{"at":1}\n')
    result = subprocess.run([PROGRAM, "replay", str(file)], capture_output=True, text=True, timeout=20)
    assert result.returncode == 1
    assert "line 2: a chunk has either `text` or `base64`" in result.stderr


@pytest.mark.parametrize("folder", ["/dev/null/x", "/proc/nothing"])
def test_a_folder_that_cannot_be_made_stops_the_start(tmp_path, folder):
    result = subprocess.run(
        [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), "--record", folder],
        capture_output=True, text=True, timeout=20)
    assert result.returncode == 1
    assert "--record" in result.stderr
