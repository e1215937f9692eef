"""The program's subcommands, against a server."""

import json
import os
import signal
import subprocess
import sys
import time

from support.server import PROGRAM


def test_emit_tells_what_was_stored_and_what_was_not(server, session):
    done = server.run("emit", "test.emitted", "kept=7", "name=Ünï", "--session", session, "--tag", "a=b")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("stored 1, at ")
    event = server.history(session=session)[0]
    assert event["data"] == {"kept": 7, "name": "Ünï"}
    assert event["tags"] == {"a": "b"}
    done = server.run("emit", "--json", '[{"type": "test.fine"}, {"type": "not fine"}]')
    assert done.returncode == 1
    assert done.stdout.startswith("stored 1, rejected 1")
    assert "event 1 was rejected: type" in done.stderr


def test_emit_reads_lines(server, session):
    lines = "".join(json.dumps({"type": "test.line", "session": session, "data": number}) + "\n"
                    for number in range(300))
    done = server.run("emit", "-", input=lines + json.dumps({"type": "test.last", "session": session}))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("stored 301")
    assert [event["type"] for event in server.history(session=session)][-1] == "test.last"


def test_the_demo_is_marked_and_shown_by_traces(server):
    done = server.run("demo", "--speed", "0")
    assert done.returncode == 0, done.stderr
    trace = done.stderr.split("#trace=")[1].strip()
    assert all(event["tags"] == {"demo": "true"} for event in server.history(trace=trace))
    assert trace in server.run("traces", "--limit", "100").stdout
    tree = server.run("traces", trace).stdout
    assert "agent support" in tree
    assert "failed llm gpt-4o" in tree
    assert "You can still change the address" in tree
    assert "\x1b" not in tree, "no colour in a pipe"


def test_tail_prints_json_and_lines(server, session):
    server.run("emit", "test.tail", "text=\x1b[2Jhello", "--session", session)
    done = server.run("tail", "--json", "--from-start", "--session", session, "--count", "1")
    assert json.loads(done.stdout)["data"]["text"] == "\x1b[2Jhello"
    done = server.run("tail", "--from-start", "--session", session, "--count", "1")
    assert "test.tail" in done.stdout
    assert "\x1b" not in done.stdout


def test_tail_comes_back_after_a_restart(launch, session):
    server = launch(listen="127.0.0.1:0")
    server.listen = f"127.0.0.1:{server.port}"
    tail = subprocess.Popen(
        [PROGRAM, "tail", "--json", "--from-start", "--session", session, "--count", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "SIGNALBOX_URL": server.url})
    server.send({"type": "test.before", "session": session})
    assert json.loads(tail.stdout.readline())["type"] == "test.before"
    server.kill()
    server.start()
    server.send({"type": "test.after", "session": session})
    assert json.loads(tail.stdout.readline())["type"] == "test.after"
    assert tail.wait(10) == 0


def test_control_c_is_a_good_end_of_tail(server, session):
    tail = subprocess.Popen(
        [PROGRAM, "tail", "--json", "--from-start", "--session", session], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "SIGNALBOX_URL": server.url})
    server.send({"type": "test.seen", "session": session})
    assert tail.stdout.readline()
    tail.send_signal(signal.SIGINT)
    assert tail.wait(10) == 0


def test_run_sets_the_variables_and_becomes_the_program(server):
    code = ("import os, sys; print(os.environ['OPENAI_BASE_URL'], os.environ['SIGNALBOX_SESSION']); "
            "print(sys.argv[1:]); sys.exit(7)")
    done = server.run("run", "--session", "mine", "--", sys.executable, "-c", code, "--help", "-x")
    assert done.returncode == 7
    assert done.stdout.splitlines() == [f"{server.url}/g/-/mine/openai/v1 mine", "['--help', '-x']"]
    assert "signalbox tail --session mine" in done.stderr
    assert server.run("run", "--", "no-such-program").returncode == 127


def test_a_program_that_is_run_is_seen(server, session):
    code = ("from openai import OpenAI\n"
            "reply = OpenAI(api_key='sk').chat.completions.create(model='text', messages=[], stream=True)\n"
            "print(sum(1 for chunk in reply))")
    done = server.run("run", "--session", session, "--", sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    until = time.monotonic() + 10
    while not (events := server.history(session=session, type="llm.end")):
        assert time.monotonic() < until, "the call was not seen"
    assert events[0]["session"] == session


def test_without_a_server_the_fix_is_named():
    environment = {**os.environ, "SIGNALBOX_URL": "http://127.0.0.1:9"}
    for command in (["tail"], ["traces"], ["emit", "x"], ["demo"], ["run", "--", "true"]):
        done = subprocess.run([PROGRAM, *command], capture_output=True, text=True, timeout=20, env=environment)
        assert done.returncode == 1, command
        assert "signalbox serve" in done.stderr, command


def test_slips_are_answered_with_what_was_meant(server):
    assert "did you mean `signalbox traces`" in server.run("trcaes").stderr
    done = server.run("tail", "--sesion", "x")
    assert done.returncode == 2
    assert "did you mean --session" in done.stderr
    assert server.run("version").stdout.startswith("signalbox ")


def test_doctor_names_what_is_wrong(server, upstream):
    upstreams = [word for name in ("openai", "anthropic", "gemini", "ollama")
                 for word in ("--upstream", f"{name}={upstream.url}")]
    done = server.run("doctor", *upstreams)
    assert done.returncode == 0, done.stdout
    assert "is ready" in done.stdout
    done = server.run("doctor", *upstreams, "--upstream", "broken=http://127.0.0.1:9")
    assert done.returncode == 1
    assert "broken: could not connect" in done.stdout
    assert "→" in done.stdout
