"""Every provider's official SDK, direct and through the gateway: it must see no difference."""

import pytest

from providers.clients import CLIENTS
from providers.faults import FAULTS, STATUSES
from providers.recording import Exchange
from providers.upstream import FORMATS

SCENARIOS = [(name, scenario) for name, format in FORMATS.items() for scenario in format.transcripts]
WHOLE = [(name, scenario) for name, format in FORMATS.items()
         for scenario, transcript in format.transcripts.items() if transcript.whole]
FAULTY = [(name, fault) for name, format in FORMATS.items() for fault, what in FAULTS.items()
          if format.framing in what.framings and fault not in ("plain", "zstd")
          # botocore takes an early hint for the answer.
          and (name, fault) != ("bedrock", "early-hints")]
REFUSED = [(name, f"status-{status}") for name in FORMATS for status in STATUSES] + [
    (name, "html") for name in FORMATS]
ASYNC = [name for name in FORMATS if name != "bedrock"]


def same(pair, breaks: bool = False) -> None:
    """The user saw the same, and so did the wire."""
    direct, through = pair.direct, pair.through
    assert direct.error or not breaks
    assert through.error == direct.error
    assert through.objects == direct.objects
    if direct.exchanges:
        same_bytes(direct.exchange, through.exchange, leaves_early=direct.error is None)


def same_bytes(direct: Exchange, through: Exchange, leaves_early: bool) -> None:
    assert (through.status, through.reason) == (direct.status, direct.reason)
    assert through.headers == direct.headers
    # An SDK that has what it wants leaves, and how much more it was given by then is chance; what is compared to
    # the last byte is in test_providers_wire.
    common = min(len(direct.body), len(through.body)) if leaves_early else None
    assert through.body[:common] == direct.body[:common]
    assert (through.broke is None) == (direct.broke is None)


def texts(name: str, objects: list[dict]) -> str:
    """The text that the SDK's objects hold, put together as its user would."""
    match name:
        case "chat" | "azure":
            return "".join(choice["delta"].get("content") or "" for one in objects for choice in one["choices"] or ()
                           if choice["index"] == 0 and choice.get("delta"))
        case "responses":
            return "".join(one["delta"] for one in objects if one["type"] == "response.output_text.delta")
        case "messages":
            return "".join(one["delta"].get("text") or "" for one in objects if one["type"] == "content_block_delta")
        case "gemini":
            return "".join(
                part.get("text") or "" for one in objects for candidate in one["candidates"] or ()
                for part in (candidate["content"] or {}).get("parts") or () if not part.get("thought"))
        case "ollama":
            return "".join(one["message"]["content"] or "" for one in objects)
        case "bedrock":
            return "".join(one["contentBlockDelta"]["delta"].get("text", "") for one in objects
                           if "contentBlockDelta" in one)


@pytest.mark.parametrize("name, scenario", SCENARIOS)
def test_same_stream(caller, name, scenario):
    pair = caller.pair(name, scenario)
    same(pair)
    # The transcript is the provider's own format: its SDK reads it.
    assert texts(name, pair.direct.objects) == FORMATS[name].transcripts[scenario].told.text
    assert pair.direct.error is None


@pytest.mark.parametrize("name, scenario", WHOLE)
def test_same_whole_reply(caller, name, scenario):
    pair = caller.pair(name, scenario, stream=False)
    same(pair)
    assert pair.direct.error is None and len(pair.direct.objects) == 1


@pytest.mark.parametrize("name, scenario", [
    (name, scenario) for name, scenario in SCENARIOS if name in ASYNC and "-" not in scenario])
def test_same_asynchronous_stream(caller, name, scenario):
    pair = caller.pair(name, scenario, asynchronous=True)
    same(pair)
    assert pair.direct.error is None and pair.direct.objects


@pytest.mark.parametrize("name, fault", FAULTY)
def test_same_fault(caller, name, fault):
    # botocore does not count the bytes of a stream.
    same(caller.pair(name, "text", fault), FAULTS[fault].breaks and (name, fault) != ("bedrock", "short"))


@pytest.mark.parametrize("name", ASYNC)
@pytest.mark.parametrize("fault", ["drip", "gzip", "error-inside", "cut", "reset", "status-429"])
def test_same_asynchronous_fault(caller, name, fault):
    same(caller.pair(name, "text", fault, asynchronous=True), fault in FAULTS and FAULTS[fault].breaks)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name, fault", REFUSED)
def test_same_refusal(caller, name, fault, stream):
    pair = caller.pair(name, "text", fault, stream=stream)
    assert pair.direct.error and not pair.direct.objects
    same(pair)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
def test_the_request_arrives_as_it_was_made(caller, upstream_of_all, name, stream):
    pair = caller.pair(name, "text", stream=stream)
    direct, through = (upstream_of_all.asked(call) for call in pair.calls)
    assert (through.method, through.target) == (direct.method, direct.target)
    assert through.body == direct.body
    own = {"x-call", "host", "connection", *CLIENTS[name].volatile}
    assert {key: value for key, value in through.headers.items() if key not in own} \
        == {key: value for key, value in direct.headers.items() if key not in own}
    assert not [key for key in through.headers if key.startswith("x-signalbox")]
