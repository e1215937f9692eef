"""Asking for usage: upstream is asked although the client did not choose, and the client notices nothing."""

import uuid

import pytest

from providers import wire
from providers.calls import told
from providers.clients import CLIENTS
from providers.faults import FAULTS
from providers.transcript import classes
from providers.answer import Tokens
from providers.upstream import FORMATS, Providers
from support import story

# How a server is told which of its upstreams are asked for usage; openai and azure are, others are not.
SWITCH = "--upstream-usage"
# What is compressed although it was asked not to be passes as it is.
# What does not call itself a stream of events passes as it is. Where a stream breaks off depends on its length here, and so
# on the chunk more that it has.
FAULTY = [fault for fault, what in FAULTS.items() if "sse" in what.framings and fault not in (
    "gzip", "deflate", "br", "zstd", "text-plain", "json-type", "no-type", "ending-twice", "error-inside", "halved",
    "torn", "unended", "cut", "cut-in-event", "short", "reset")]
SPOKEN = ["text", "tools", "reasoning", "refusal", "cache", "late-usage", "usage-with-finish"]


def unasked(server, upstream: Providers, name="chat", scenario="text", fault="plain", prefix=None, **more):
    """A call that does not choose: straight, and through the gateway; and what upstream was asked."""
    session, calls, answers = "u-" + uuid.uuid4().hex[:16], [], []
    for base in (upstream.url, f"{server.url}/{prefix or FORMATS[name].upstream}"):
        calls.append(uuid.uuid4().hex)
        headers = {"x-call": calls[-1]} | ({} if base == upstream.url else {"x-signalbox-session": session})
        answers.append(wire.ask(base, name, scenario, fault, headers, **({"stream_options": ...} | more)))
    return *answers, *(upstream.asked(call) for call in calls), session


def same(direct: wire.Answer, through: wire.Answer) -> None:
    assert (through.status, through.headers, through.body, through.whole) \
        == (direct.status, direct.headers, direct.body, direct.whole)


@pytest.mark.parametrize("name", ["chat", "azure"])
@pytest.mark.parametrize("scenario", SPOKEN)
def test_the_client_gets_the_bytes_of_a_call_without_usage(server_of_all, upstream_of_all, name, scenario):
    if scenario not in FORMATS[name].transcripts:
        scenario = "length"
    direct, through, _, asked, _ = unasked(server_of_all, upstream_of_all, name, scenario)
    assert asked.json["stream_options"] == {"include_usage": True}
    same(direct, through)


@pytest.mark.parametrize("fault", FAULTY)
def test_whatever_the_way_it_is_sent(server_of_all, upstream_of_all, fault):
    direct, through, _, asked, _ = unasked(server_of_all, upstream_of_all, fault=fault)
    assert asked.json["stream_options"] == {"include_usage": True}
    same(direct, through)


@pytest.mark.parametrize("fault", ["plain", "drip"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["blocking", "async"])
def test_the_sdk_sees_no_chunk_more(caller, upstream_of_all, fault, asynchronous):
    pair = caller.pair("chat", "text", fault, asynchronous=asynchronous, stream_options="omit")
    assert pair.direct.objects and pair.direct.error is None
    assert pair.through.objects == pair.direct.objects and pair.through.error is None
    assert all(chunk["choices"] for chunk in pair.through.objects)
    assert upstream_of_all.asked(pair.calls[1]).json["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("name", ["chat", "azure"])
@pytest.mark.parametrize("scenario", ["text", "cache"])
def test_the_log_has_what_was_asked_for(server_of_all, upstream_of_all, name, scenario):
    *_, session = unasked(server_of_all, upstream_of_all, name, scenario)
    events = told(server_of_all, session)
    end, expected = story.check(events), FORMATS[name].transcripts[scenario].told
    assert end["type"] == "llm.end"
    assert story.text(events) == expected.text
    usage = story.usage(events)
    assert usage["provenance"] == "provider_final"
    assert {key: usage.get(key, 0) for key in expected.usage} == expected.usage
    # The log holds what the client asked, not what was made of it.
    assert "stream_options" not in events[0]["data"].get("options", {})


def test_nothing_else_of_the_request_changes(server_of_all, upstream_of_all):
    _, _, direct, asked, _ = unasked(server_of_all, upstream_of_all, seed=7, metadata={"a": ["ü", None, 1.50]})
    changed = asked.json
    assert changed.pop("stream_options") == {"include_usage": True}
    assert list(changed.items()) == list(direct.json.items())
    # Not a byte of what the client wrote is written anew.
    assert all(part in asked.body for part in (b'"seed": 7', '"ü", null, 1.5]'.encode()))
    assert int(asked.headers["content-length"]) == len(asked.body)


@pytest.mark.parametrize("options", [{"include_usage": True}, {"include_usage": False}])
def test_who_chooses_is_left_alone(server_of_all, upstream_of_all, options):
    direct, through, straight, asked, _ = unasked(server_of_all, upstream_of_all, stream_options=options)
    assert asked.body == straight.body
    same(direct, through)


@pytest.mark.parametrize("options", [{"include_obfuscation": False}, {}, None])
def test_who_has_options_of_the_stream_has_chosen(server_of_all, upstream_of_all, options):
    direct, through, straight, asked, _ = unasked(server_of_all, upstream_of_all, stream_options=options)
    assert asked.body == straight.body
    same(direct, through)


@pytest.mark.parametrize("more", [{"stream": False}, {"stream": ...}, {"stream": None}, {"stream": "true"}])
def test_only_streams_are_asked(server_of_all, upstream_of_all, more):
    direct, through, straight, asked, _ = unasked(server_of_all, upstream_of_all, **more)
    assert asked.body == straight.body
    same(direct, through)


def test_an_upstream_that_is_not_known_to_count_is_not_asked(server_of_all, upstream_of_all):
    direct, through, straight, asked, session = unasked(server_of_all, upstream_of_all, prefix="local")
    assert asked.body == straight.body
    same(direct, through)
    assert story.usage(told(server_of_all, session))["provenance"] == "estimated"


def test_asking_is_switched_for_each_upstream(launch, upstream_of_all):
    url = upstream_of_all.url
    server = launch("--upstream", f"openai={url}", "--upstream", f"local={url}", SWITCH, "openai=never",
                    SWITCH, "local=ask")
    for prefix, is_asked in (("openai", False), ("local", True)):
        direct, through, straight, asked, session = unasked(server, upstream_of_all, prefix=prefix)
        assert (asked.body != straight.body) == is_asked
        same(direct, through)
        assert story.usage(told(server, session))["provenance"] == ("provider_final" if is_asked else "estimated")


def test_usage_is_there_when_the_client_goes_away(server_of_all, upstream_of_all):
    session, call = "v-" + uuid.uuid4().hex[:16], uuid.uuid4().hex
    path, headers, body = wire.request("chat", stream_options=...)
    with wire.Wire(server_of_all.url + "/openai") as one:
        one.send(path, headers | {"x-fault": "held", "x-call": call, "x-signalbox-session": session}, body)
        next(event for event in one.events() if type(event).__name__ == "Data")
    server_of_all.until_metric("signalbox_gateway_drains", 1)
    upstream_of_all.gate(call).release()
    assert upstream_of_all.until_finished(call)
    end = story.check(told(server_of_all, session))
    assert end["data"]["reason"] == "cancelled"
    assert end["data"]["usage"]["provenance"] == "provider_final"
    assert end["data"]["usage"]["total"] == classes(Tokens())["total"]


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"chat", "azure"}))
def test_other_formats_count_by_themselves(server_of_all, upstream_of_all, name):
    direct, through, straight, asked, _ = unasked(server_of_all, upstream_of_all, name)
    assert asked.body == straight.body
    same(direct, through)


def test_every_sdk_is_here():
    assert set(CLIENTS) == set(FORMATS)
