"""The wire itself: what the gateway hands on is what the provider sent, to the last byte, whole or broken off."""

import json
import uuid

import pytest

from providers import wire
from providers.faults import FAULTS, STATUSES
from providers.upstream import FORMATS
from support.raw import Raw

SCENARIOS = [(name, scenario) for name, format in FORMATS.items() for scenario in format.transcripts]
FAULTY = [(name, fault) for name, format in FORMATS.items() for fault, what in FAULTS.items()
          if format.framing in what.framings]


def both(server, upstream, name: str, scenario: str, fault: str, **more) -> tuple[wire.Answer, wire.Answer]:
    through = f"{server.url}/{FORMATS[name].upstream}"
    return tuple(wire.ask(base, name, scenario, fault, {"x-call": uuid.uuid4().hex}, **more)
                 for base in (upstream.url, through))


def same(direct: wire.Answer, through: wire.Answer) -> None:
    assert (through.status, through.reason) == (direct.status, direct.reason)
    assert through.headers == direct.headers
    assert through.body == direct.body
    assert through.whole == direct.whole


@pytest.mark.parametrize("name, scenario", SCENARIOS)
def test_same_bytes(server_of_all, upstream_of_all, name, scenario):
    direct, through = both(server_of_all, upstream_of_all, name, scenario, "plain")
    assert direct.body == b"".join(FORMATS[name].transcripts[scenario].events)
    same(direct, through)


@pytest.mark.parametrize("name, fault", FAULTY)
def test_same_bytes_of_a_fault(server_of_all, upstream_of_all, name, fault):
    direct, through = both(server_of_all, upstream_of_all, name, "text", fault)
    assert direct.whole != FAULTS[fault].breaks
    same(direct, through)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("fault", [f"status-{status}" for status in STATUSES] + ["html"])
def test_same_bytes_of_a_refusal(server_of_all, upstream_of_all, name, fault, stream):
    direct, through = both(server_of_all, upstream_of_all, name, "text", fault, stream=stream)
    assert direct.status >= 400 and direct.whole
    same(direct, through)


@pytest.mark.parametrize("size", [900_000, 2_500_000])
@pytest.mark.parametrize("name", FORMATS)
def test_long_events_pass(server_of_all, upstream_of_all, name, size):
    direct, through = both(server_of_all, upstream_of_all, name, f"big-{size}", "plain")
    assert len(direct.body) > size and direct.whole
    same(direct, through)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("fault", ["silent", "not-http"])
def test_no_answer_is_a_502_of_the_gateway(server_of_all, upstream_of_all, name, fault):
    direct, through = both(server_of_all, upstream_of_all, name, "text", fault)
    assert not direct.whole
    assert (through.status, through.whole) == (502, True)
    assert ("x-signalbox-error", "upstream_failed") in through.headers
    assert json.loads(through.body)["error"]["code"] == "upstream_failed"


def test_a_client_may_wait_before_it_sends_its_body(server_of_all, upstream_of_all):
    """Expect: 100-continue is answered by the gateway, and the body goes on whole."""
    call = uuid.uuid4().hex
    path, headers, body = wire.request("messages")
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "x-call": call}.items())
    with Raw(server_of_all) as raw:
        raw.send(f"POST /anthropic{path} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {len(body)}"
                 f"\r\n{lines}\r\n".encode())
        assert raw.reply()[0] == 100
        raw.send(body)
        assert raw.reply()[0] == 200
    assert upstream_of_all.asked(call).body == body


@pytest.mark.parametrize("fault, whole", [("plain", True), ("cut", False), ("reset", False)])
def test_a_client_of_http_1_0_sees_where_it_ends(server_of_all, fault, whole):
    """It knows no chunks: the end of the connection is the end of the body, and an error is an error."""
    path, headers, body = wire.request("chat")
    lines = "".join(f"{name}: {value}\r\n" for name, value in {
        **headers, "x-scenario": "text", "x-fault": fault, "x-call": uuid.uuid4().hex}.items())
    received, ended_well = b"", True
    with Raw(server_of_all) as raw:
        raw.send(f"POST /openai{path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode()
                 + body)
        try:
            while data := raw.socket.recv(65536):
                received += data
        except ConnectionResetError:
            ended_well = False
    head, _, rest = received.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head.lower()
    events = FORMATS["chat"].transcripts["text"].events
    assert ended_well == whole
    assert rest == b"".join(events) if whole else b"".join(events).startswith(rest) and rest


@pytest.mark.parametrize("name", ["messages", "bedrock"])
def test_a_huge_reply_costs_no_memory(server_of_all, upstream_of_all, name):
    """A client that takes its time holds its provider up, and not the gateway's memory."""
    path, headers, body = wire.request(name)
    before, size = server_of_all.resident, 0
    with wire.Wire(f"{server_of_all.url}/{FORMATS[name].upstream}") as one:
        one.send(path, headers | {"x-scenario": "text", "x-fault": "huge"}, body)
        most = 0
        for event in one.events():
            if type(event).__name__ == "Data":
                size += len(event.data)
                if size % (1 << 22) < 65536:
                    most = max(most, server_of_all.resident)
    assert size > 40 << 20
    assert most - before < 20 << 20, f"{(most - before) >> 20} MiB more for a reply of {size >> 20} MiB"


def test_a_stalled_provider_holds_nobody_else(server_of_all, upstream_of_all):
    """Eight calls hang; another goes through at once."""
    stuck = [uuid.uuid4().hex for _ in range(8)]
    path, headers, body = wire.request("messages")
    wires = [wire.Wire(f"{server_of_all.url}/anthropic").send(
        path, headers | {"x-fault": "stalled", "x-call": call}, body) for call in stuck]
    try:
        direct, through = both(server_of_all, upstream_of_all, "messages", "text", "plain")
        same(direct, through)
    finally:
        for call in stuck:
            upstream_of_all.gate(call).release()
        answers = [one.read() for one in wires]
        for one in wires:
            one.close()
    assert not any(answer.whole for answer in answers) and all(answer.body for answer in answers)
