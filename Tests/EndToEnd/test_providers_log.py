"""What the log holds of the calls that the SDKs made: one story a call, whatever the provider did."""

import json
import uuid

import openai
import pytest

from providers import wire
from providers.calls import check_told, told
from providers.clients import CLIENTS, QUESTION, SECRET
from providers.faults import FAULTS, STATUSES, Status
from providers.upstream import FORMATS
from support import story

SCENARIOS = [(name, scenario) for name, format in FORMATS.items() for scenario in format.transcripts]
WHOLE = [(name, scenario) for name, format in FORMATS.items()
         for scenario, transcript in format.transcripts.items() if transcript.whole]
FAULTY = [(name, fault) for name, format in FORMATS.items() for fault, what in FAULTS.items()
          if format.framing in what.framings and fault != "plain"
          # Gemini's last event may speak, and what is said twice is told twice.
          and (name, fault) != ("gemini", "ending-twice")]
REFUSED = [(name, status) for name in FORMATS for status in STATUSES]
ASKED = {"chat": "gpt-4o", "azure": "gpt-4o", "responses": "gpt-4o", "messages": "claude-sonnet-4-5",
         "gemini": "gemini-2.5-flash", "ollama": "qwen3:0.6b",
         "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
# Formats that count before they end.
COUNTS_EARLY = {"messages", "gemini"}


def through(server, name: str, fault: str, scenario: str = "text", **more) -> tuple[str, wire.Answer]:
    """A call on the wire, which reads its answer to the end; returns its session too."""
    session = "w-" + uuid.uuid4().hex[:16]
    answer = wire.ask(f"{server.url}/{FORMATS[name].upstream}", name, scenario, fault, {
        "x-call": uuid.uuid4().hex, "x-signalbox-session": session}, **more)
    return session, answer


@pytest.mark.parametrize("name, scenario", SCENARIOS)
def test_a_stream_is_told(caller, server_of_all, schema, name, scenario):
    events = told(server_of_all, caller.pair(name, scenario).session)
    schema.check_served(events)
    check_told(events, FORMATS[name].transcripts[scenario].told, FORMATS[name].upstream)


@pytest.mark.parametrize("name, scenario", WHOLE)
def test_a_whole_reply_is_told(caller, server_of_all, schema, name, scenario):
    events = told(server_of_all, caller.pair(name, scenario, stream=False).session)
    schema.check_served(events)
    transcript = FORMATS[name].transcripts[scenario]
    check_told(events, transcript.whole_told or transcript.told, FORMATS[name].upstream)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name", FORMATS)
def test_the_request_is_told(caller, server_of_all, name, stream):
    start = told(server_of_all, caller.pair(name, "text", stream=stream).session)[0]
    assert start["type"] == "llm.start"
    assert start["model"] == ASKED[name]
    assert start["data"]["operation"] == ("response" if name == "responses" else "chat")
    assert start["data"].get("stream", False) is stream
    assert QUESTION in json.dumps(start["data"]["input"], ensure_ascii=False)
    # A key may stand in the query.
    assert "?" not in start["data"]["endpoint"]


@pytest.mark.parametrize("name", ["chat", "azure", "responses", "messages"])
def test_tools_that_were_offered_are_named(caller, server_of_all, name):
    assert told(server_of_all, caller.pair(name, "text").session)[0]["data"]["tools"] == ["weather"]


@pytest.mark.parametrize("name, fault", FAULTY)
def test_a_fault_is_told(server_of_all, schema, name, fault):
    session, _ = through(server_of_all, name, fault)
    events = told(server_of_all, session)
    schema.check_served(events)
    expected = FORMATS[name].transcripts["text"].told
    tells = FAULTS[fault].tells
    if tells == "same":
        check_told(events, expected, FORMATS[name].upstream)
        return
    end = story.check(events)
    assert [event["type"] for event in events].count("llm.start") == 1
    said = story.text(events)
    if tells == "unread":
        assert end["type"] == "llm.end" and end["data"]["unread"] and not said
        return
    assert (end["type"], end["data"]["reason"]) == ("llm.error", tells)
    assert expected.text.startswith(said) and (len(said) < len(expected.text) or fault == "unended")
    assert said or fault == "empty"
    if tells == "failed":
        assert FORMATS[name].error_message in end["data"]["message"]
    if said:
        assert end["data"]["usage"]["provenance"] == (
            "provider_partial" if name in COUNTS_EARLY else "estimated")


@pytest.mark.parametrize("name, status", REFUSED)
def test_a_refusal_is_told(caller, server_of_all, schema, name, status):
    events = told(server_of_all, caller.pair(name, "text", f"status-{status}").session)
    schema.check_served(events)
    end = story.check(events)
    assert (end["type"], end["data"]["reason"], end["data"]["status"]) == ("llm.error", "failed", status)
    message = FORMATS[name].failure(status, "\0").message.partition("\0")[0]
    assert message.rstrip("'") in end["data"]["message"]
    assert end["data"]["retryable"] == (status in (408, 409, 429) or status >= 500)
    wait = {429: 7000, 503: 1500, 529: 1500}.get(status)
    assert end["data"].get("retry_after_ms") == wait, Status.of(status)
    assert not story.text(events) and len(events) == 2


@pytest.mark.parametrize("name", FORMATS)
def test_a_page_in_place_of_an_answer_is_told(caller, server_of_all, name):
    end = story.check(told(server_of_all, caller.pair(name, "text", "html").session))
    assert (end["data"]["reason"], end["data"]["status"]) == ("failed", 502)


@pytest.mark.parametrize("fault", ["silent", "not-http"])
@pytest.mark.parametrize("name", FORMATS)
def test_no_answer_is_told(server_of_all, name, fault):
    session, _ = through(server_of_all, name, fault)
    events = told(server_of_all, session)
    end = story.check(events)
    assert (end["type"], end["data"]["reason"], len(events)) == ("llm.error", "failed", 2)


@pytest.mark.parametrize("name", FORMATS)
def test_a_long_event_is_told_whole(server_of_all, name):
    session, _ = through(server_of_all, name, "plain", "big-900000")
    events = told(server_of_all, session)
    assert story.check(events)["type"] == "llm.end"
    assert story.text(events) == FORMATS[name].find("big-900000").told.text


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [1_500_000, 2_500_000])
def test_what_is_too_large_is_said_to_be_unread(server_of_all, name, size):
    """Formats have limits of their own; what exceeds one is never left out silently."""
    session, _ = through(server_of_all, name, "plain", f"big-{size}")
    events = told(server_of_all, session)
    end = story.check(events)
    assert end["type"] == "llm.end"
    if "unread" not in end["data"]:
        assert story.text(events) == FORMATS[name].find(f"big-{size}").told.text
        return
    assert "too large" in end["data"]["unread"]
    # What counts at the end was not read.
    assert end["data"].get("usage", {}).get("provenance") != "provider_final"


@pytest.mark.parametrize("name", FORMATS)
def test_usage_is_kept_when_the_client_goes_away(server_of_all, upstream_of_all, name):
    session, call = "d-" + uuid.uuid4().hex[:16], uuid.uuid4().hex
    path, headers, body = wire.request(name)
    with wire.Wire(f"{server_of_all.url}/{FORMATS[name].upstream}") as one:
        one.send(path, headers | {"x-fault": "held", "x-call": call, "x-signalbox-session": session}, body)
        next(event for event in one.events() if type(event).__name__ == "Data")
    server_of_all.until_metric("signalbox_gateway_drains", 1)
    upstream_of_all.gate(call).release()
    assert upstream_of_all.until_finished(call), "the provider was read to its end"
    events = told(server_of_all, session)
    end = story.check(events)
    expected = FORMATS[name].transcripts["text"].told
    assert (end["type"], end["data"]["reason"]) == ("llm.error", "cancelled")
    assert story.text(events) == expected.text
    assert end["data"]["usage"]["provenance"] == "provider_final"
    assert end["data"]["usage"]["output"] == expected.usage["output"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_client_that_loses_patience_cancels(server_of_all, upstream_of_all, name):
    """Upstream says half and then nothing; the client leaves, and later upstream breaks off."""
    session, call = "i-" + uuid.uuid4().hex[:16], uuid.uuid4().hex
    path, headers, body = wire.request(name)
    with wire.Wire(f"{server_of_all.url}/{FORMATS[name].upstream}", timeout=0.2) as one, \
            pytest.raises(TimeoutError):
        one.send(path, headers | {"x-fault": "stalled", "x-call": call, "x-signalbox-session": session}, body)
        for _ in one.events():
            pass
    server_of_all.until_metric("signalbox_gateway_drains", 1)
    upstream_of_all.gate(call).release()
    events = told(server_of_all, session)
    end = story.check(events)
    assert (end["type"], end["data"]["reason"]) == ("llm.error", "cancelled")
    assert story.text(events)


@pytest.mark.parametrize("name", ["chat", "azure", "responses", "messages", "gemini"])
@pytest.mark.parametrize("scenario", ["text", "cache"])
def test_what_it_cost_is_told(caller, server_of_all, name, scenario):
    if scenario not in FORMATS[name].transcripts:
        scenario = "uncached"
    end = story.check(told(server_of_all, caller.pair(name, scenario).session))
    cost = end["data"]["usage"]["cost"]
    assert cost["currency"] == "USD" and 0 < cost["amount"] < 1


@pytest.mark.parametrize("name", ["ollama", "bedrock"])
def test_no_cost_is_made_up(caller, server_of_all, name):
    """A model without a price costs nothing that anybody knows, and the log says so."""
    cost = story.check(told(server_of_all, caller.pair(name, "text").session))["data"]["usage"]["cost"]
    assert "amount" not in cost and ASKED[name] in cost["unknown"]


@pytest.mark.parametrize("name", ["messages", "bedrock"])
def test_what_the_cache_took_is_told_by_its_life(caller, server_of_all, name):
    """Writes for five minutes and for an hour have prices of their own."""
    usage = story.usage(told(server_of_all, caller.pair(name, "cache").session))
    assert (usage["cache_write"], usage["cache_write_1h"]) == (340, 40)


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_pass_and_are_told(server_of_all, upstream_of_all, schema, encoding):
    session, seen = "e-" + uuid.uuid4().hex[:16], []
    for base in (upstream_of_all.url + "/v1", server_of_all.url + "/openai/v1"):
        with openai.OpenAI(base_url=base, api_key="sk-" + SECRET, max_retries=0) as sdk:
            seen.append(sdk.embeddings.create(
                model="text-embedding-3-small", input=["Grüße", "Köln"], encoding_format=encoding,
                extra_headers={"x-signalbox-session": session}).model_dump())
    assert seen[0] == seen[1] and len(seen[0]["data"]) == 2
    events = told(server_of_all, session)
    schema.check_served(events)
    end = story.check(events)
    assert end["type"] == "llm.end"
    assert events[0]["data"]["operation"] == "embedding"
    assert events[0]["data"]["input"] == ["Grüße", "Köln"]
    assert (story.usage(events)["input"], story.usage(events)["total"]) == (8, 8)
    # Vectors are nobody's reading.
    written = json.dumps(events)
    assert "0.25, -0.5" not in written and "AACAPgAAAL8" not in written and not story.text(events)


@pytest.mark.parametrize("path", [
    "/anthropic/v1/messages/count_tokens", "/openai/v1/files", "/openai/v1/responses/resp_1/cancel",
    "/gemini/v1beta/models/gemini-2.5-flash:countTokens", "/ollama/api/pull", "/openai/v1/audio/speech"])
def test_what_is_no_model_call_is_not_told(server_of_all, session, path):
    before = server_of_all.metric("signalbox_gateway_untapped_total")
    answer = server_of_all.http.post(path, json={"model": "m"}, headers={"x-signalbox-session": session})
    assert answer.status_code == 200
    assert server_of_all.metric("signalbox_gateway_untapped_total") == before + 1
    assert server_of_all.history(session=session) == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_trace_holds_the_assembled_call(caller, server_of_all, name):
    session = caller.pair(name, "all" if "all" in FORMATS[name].transcripts else "tools").session
    trace = told(server_of_all, session)[0]["trace"]
    tree = json.dumps(server_of_all.http.get(f"/v1/traces/{trace}").json(), ensure_ascii=False)
    expected = FORMATS[name].transcripts["all" if "all" in FORMATS[name].transcripts else "tools"].told
    for text in (expected.text, expected.reasoning):
        assert json.dumps(text, ensure_ascii=False)[1:-1] in tree
    assert all(tool[1] in tree for tool in expected.tools)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name", FORMATS)
def test_an_error_that_repeats_the_key_is_told_without_it(caller, server_of_all, name, stream):
    by_sdk = caller.pair(name, "text", "status-401", stream=stream).session
    by_hand, _ = through(server_of_all, name, "status-401", stream=stream)
    for session in (by_sdk, by_hand):
        events = told(server_of_all, session)
        assert story.check(events)["data"]["status"] == 401
        assert SECRET not in json.dumps(events)


def test_zz_no_key_is_anywhere(caller, server_of_all):
    """The last one: what all of the above left behind is searched."""
    for name in CLIENTS:
        caller.pair(name, "text")
    files = [path for path in server_of_all.data.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) > 100_000
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path.name
    assert SECRET not in json.dumps(server_of_all.history())
    assert SECRET not in "\n".join(server_of_all.output)
