"""The gateway: the client gets what upstream sent, and everybody watching gets the story of it."""

import json
import socket

import httpx
import pytest

from support import story, upstream as script
from support.raw import Raw
from support.viewer import SocketViewer

# Headers that belong to a connection, not to a message (RFC 9110, section 7.6.1).
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}
STREAMS = ["text", "tools", "thinking", "choices", "crlf", "commented", "glued", "dripping", "zipped", "failing",
           "filtered", "long"]


def body(model: str, stream: bool = True, **more) -> dict:
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": "Grüße?"}], **more}


def call(server, session: str, request: dict, headers: dict | None = None, path: str = "/v1/chat/completions"):
    return server.http.post(
        "/openai" + path, json=request,
        headers={"Authorization": "Bearer sk-secret", "x-signalbox-session": session, **(headers or {})})


def told(server, session: str, schema=None) -> list[dict]:
    """The session's story, waited for until its terminal event."""
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        viewer.until(lambda seen: any(e.get("phase") in story.TERMINAL for e in seen.events), "a terminal event")
        events = server.history(session=session)
    if schema:
        schema.check_served(events)
    return events


def headers(response: httpx.Response) -> dict[str, list[str]]:
    """The values of each header, in order; the order of different headers means nothing."""
    return {name: response.headers.get_list(name) for name in map(str.lower, response.headers)
            if name not in HOP_BY_HOP}


@pytest.mark.parametrize("model", STREAMS)
def test_stream_passes_unchanged(server, upstream, session, model):
    request = body(model)
    with httpx.Client() as direct, server.http.stream(
        "POST", "/openai/v1/chat/completions", json=request, headers={"x-signalbox-session": session}
    ) as through:
        through_bytes = b"".join(through.iter_raw())
        straight = direct.send(direct.build_request(
            "POST", upstream.url + "/v1/chat/completions", json=request), stream=True)
        assert through_bytes == b"".join(straight.iter_raw())
        assert through.status_code == straight.status_code
        assert headers(through) == headers(straight)


@pytest.mark.parametrize("model", ["text", "tools", "zipped", "rate-limited", "not-json"])
def test_whole_reply_passes_unchanged(server, upstream, session, model):
    request = body(model, stream=False)
    through = call(server, session, request)
    straight = httpx.post(upstream.url + "/v1/chat/completions", json=request)
    assert (through.status_code, through.content) == (straight.status_code, straight.content)
    assert headers(through) == headers(straight)


def test_request_arrives_unchanged(server, upstream, session):
    sent = json.dumps(body("text", stream=False), ensure_ascii=False, indent=3).encode()
    model = f"exact-{session}"
    sent = sent.replace(b'"text"', f'"{model}"'.encode())
    server.http.post(
        "/openai/v1/chat/completions?api-version=1&x=%20y", content=sent,
        headers={"Content-Type": "application/json; charset=utf-8", "Authorization": "Bearer sk-secret",
                 "OpenAI-Organization": "org-1", "X-Custom": "kept", "x-signalbox-session": session})
    got = upstream.last(model)
    assert got.body == sent
    assert got.target == "/v1/chat/completions?api-version=1&x=%20y"
    assert got.headers["authorization"] == "Bearer sk-secret"
    assert got.headers["openai-organization"] == "org-1"
    assert got.headers["x-custom"] == "kept"
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["host"] == upstream.url.removeprefix("http://")
    assert "expect" not in got.headers, "Expect: 100-continue costs a second where upstream ignores it"


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/v1/models", 200), ("DELETE", "/v1/files/file-1", 200), ("PUT", "/v1/anything?a=b", 200),
    ("GET", "/v1/empty", 204), ("GET", "/v1/missing", 404), ("GET", "/v1/binary", 200),
    ("POST", "/v1/embeddings", 200), ("HEAD", "/v1/empty", 204)])
def test_everything_else_passes(server, upstream, method, path, status):
    content = b'{"input":"x"}' if method in ("POST", "PUT") else None
    through = server.http.request(method, "/openai" + path, content=content)
    straight = httpx.request(method, upstream.url + path, content=content)
    assert through.status_code == straight.status_code == status
    assert through.content == straight.content
    assert headers(through) == headers(straight)


def test_large_bodies_pass_both_ways(server, session):
    content = bytes(range(256)) * (4 << 12)
    answer = server.http.post("/openai/v1/echo", content=content, headers={"Content-Type": "application/x-any"})
    assert answer.status_code == 200
    assert answer.content == content


def test_text_is_told(server, session, schema):
    call(server, session, body("text", stream_options={"include_usage": True}))
    events = told(server, session, schema)
    end = story.check(events)
    assert story.text(events) == "".join(script.WORDS)
    assert end["type"] == "llm.end" and end["data"]["finish_reason"] == "stop"
    start = events[0]
    assert (start["type"], start["provider"], start["model"]) == ("llm.start", "openai", "text")
    assert start["data"]["stream"] is True
    assert start["data"]["input"] == [{"role": "user", "content": "Grüße?"}]
    usage = story.usage(events)
    assert (usage["input"], usage["cached_read"], usage["output"], usage["reasoning"], usage["total"]) \
        == (15, 4, 10, 3, 29)
    assert usage["provenance"] == "provider_final"
    assert end["data"]["timing"]["duration_ms"] >= end["data"]["timing"]["first_delta_ms"] > 0
    assert "sk-secret" not in json.dumps(events)


def test_whole_reply_is_told(server, session, schema):
    call(server, session, body("text", stream=False))
    events = told(server, session, schema)
    assert story.check(events)["type"] == "llm.end"
    assert story.text(events) == "".join(script.WORDS)
    assert story.usage(events)["total"] == 29


@pytest.mark.parametrize("model", ["crlf", "commented", "glued", "dripping", "zipped"])
def test_every_transport_tells_the_same(server, session, schema, model):
    call(server, session, body(model))
    events = told(server, session, schema)
    assert story.check(events)["type"] == "llm.end"
    assert story.text(events) == "".join(script.WORDS)


def test_tool_calls_are_told(server, session, schema):
    call(server, session, body("tools"))
    events = told(server, session, schema)
    assert story.check(events)["data"]["finish_reason"] == "tool_calls"
    assert story.text(events, "tool_arguments", tool=0) == '{"city":"Köln"}'
    assert story.text(events, "tool_arguments", tool=1) == "{}"
    names = {(event["data"]["tool"]["index"], event["data"]["tool"]["name"]) for event in events
             if event.get("phase") == "delta" and event["data"].get("tool", {}).get("name")}
    assert names == {(0, "weather"), (1, "clock")}


def test_reasoning_and_choices_are_told_apart(server, session, schema):
    call(server, session, body("thinking"))
    events = told(server, session, schema)
    assert story.check(events)["type"] == "llm.end"
    assert story.text(events, "reasoning") == "First think"
    assert story.text(events) == "Then speak"
    call(server, session + "-n", body("choices", n=2))
    events = told(server, session + "-n", schema)
    story.check(events)
    assert story.text(events, choice=0) == "".join(script.WORDS)
    assert story.text(events, choice=1) == "".join(script.WORDS).upper()


def test_an_error_inside_the_stream_is_a_failure(server, session, schema):
    call(server, session, body("failing"))
    end = story.check(told(server, session, schema))
    assert (end["type"], end["data"]["reason"]) == ("llm.error", "failed")
    assert "had an error" in end["data"]["message"]


def test_an_error_status_is_a_failure(server, session, schema):
    assert call(server, session, body("rate-limited")).status_code == 429
    end = story.check(told(server, session, schema))
    assert (end["data"]["reason"], end["data"]["status"]) == ("failed", 429)
    assert end["data"]["code"] == "rate_limit_exceeded"
    assert end["data"]["retry_after_ms"] == 2000
    assert end["data"]["retryable"] is True


@pytest.mark.parametrize("model", ["reset", "cut"])
def test_a_broken_stream_is_incomplete_and_breaks_for_the_client_too(server, session, schema, model):
    received = b""
    with pytest.raises(httpx.TransportError), server.http.stream(
        "POST", "/openai/v1/chat/completions", json=body(model), headers={"x-signalbox-session": session}
    ) as response:
        for data in response.iter_raw():
            received += data
    events = told(server, session, schema)
    end = story.check(events)
    assert (end["type"], end["data"]["reason"]) == ("llm.error", "incomplete")
    assert "".join(script.WORDS[:4]).startswith(story.text(events)) and story.text(events)


def test_an_upstream_that_is_not_there_is_a_502(launch, session):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = launch("--upstream", f"openai=http://127.0.0.1:{port}")
    answer = call(server, session, body("text"))
    assert answer.status_code == 502
    assert answer.json()["error"]["message"]
    end = story.check(told(server, session))
    assert end["data"]["reason"] == "failed"


def test_usage_is_kept_when_the_client_goes_away(server, upstream, session, schema):
    model = "held-" + session
    gate = upstream.gate(session)
    with server.http.stream(
        "POST", "/openai/v1/chat/completions", headers={"x-signalbox-session": session},
        json=body(model, stream_options={"include_usage": True})
    ) as response:
        next(response.iter_raw())
    # The client is gone before upstream has sent its second chunk.
    for _ in range(20):
        gate.release()
    assert upstream.until_finished(model), "upstream was drained to its end"
    events = told(server, session, schema)
    story.check(events)
    assert story.text(events) == "".join(script.WORDS)
    usage = story.usage(events)
    assert (usage["total"], usage["provenance"]) == (29, "provider_final")


def test_tokens_are_seen_as_they_come(server, upstream, session):
    """Each chunk is released only after every viewer has seen the one before."""
    gate = upstream.gate(session)
    with SocketViewer(server, session=session) as viewer, server.http.stream(
        "POST", "/openai/v1/chat/completions", json=body("held-" + session),
        headers={"x-signalbox-session": session}
    ) as response:
        chunks = response.iter_raw()
        next(chunks)
        viewer.until_type("llm.start")
        for number in range(len(script.WORDS)):
            gate.release()
            viewer.until(lambda seen, n=number: story.text(seen.events) == "".join(script.WORDS[:n + 1]), "a word")
            next(chunks)
        gate.release()
        gate.release()
        for _ in chunks:
            pass
        viewer.until_type("llm.end")
        story.check(viewer.events)


def test_trace_session_and_tags_come_from_headers(server, session, trace, schema):
    parent = "00f067aa0ba902b7"
    call(server, session, body("text"), {
        "traceparent": f"00-{trace}-{parent}-01", "x-signalbox-tags": "team=search,env=test"})
    events = told(server, session, schema)
    story.check(events)
    for event in events:
        assert event["trace"] == trace
    assert events[0]["parent"] == parent
    assert events[0]["tags"] == {"team": "search", "env": "test"}
    assert events == server.history(trace=trace)
    assert events[0] in server.history(tag="team=search", session=session)


def test_a_call_costs_what_the_prices_say(server, launch, session, schema, tmp_path):
    """Unknown without a price, never 0; by a file of prices otherwise, the same in the usage and in the end."""
    request = body("text", stream_options={"include_usage": True})
    call(server, session, request)
    cost = story.usage(told(server, session, schema))["cost"]
    assert list(cost) == ["unknown"] and cost["unknown"].startswith("no price for openai/")

    prices = {"input": 2.5, "cached_read": 1.25, "output": 10}
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(
        {"providers": {"openai": {"currency": "EUR", "date": "2026-11-01", "models": {"text": prices}}}}))
    for arguments, environment in ([["--prices", str(file)], {}], [[], {"SIGNALBOX_PRICES": str(file)}]):
        priced = launch(*arguments, environment=environment)
        call(priced, session, request)
        events = told(priced, session, schema)
        usage = story.usage(events)
        sums = {name: usage[name] * price / 1e6 for name, price in prices.items() if usage.get(name)}
        cost = usage["cost"]
        assert cost["breakdown"] == pytest.approx(sums) and cost["amount"] == pytest.approx(sum(sums.values()))
        assert (cost["currency"], cost["date"]) == ("EUR", "2026-11-01") and "estimated" not in cost
        assert events[-1]["data"]["usage"]["cost"] == cost


def test_signalbox_headers_stay_here(server, upstream, session):
    model = f"private-{session}"
    call(server, session, body(model), {"x-signalbox-tags": "a=b"})
    got = upstream.last(model)
    assert not [name for name in got.headers if name.startswith("x-signalbox")]


def test_url_can_carry_the_session(server, session):
    answer = server.http.post(f"/g/open/{session}/openai/v1/chat/completions", json=body("text"))
    assert answer.status_code == 200
    assert story.check(told(server, session))["type"] == "llm.end"


def test_upstream_connections_are_reused(launch):
    own = script.Upstream()
    server = launch("--upstream", f"openai={own.url}")
    for number in range(20):
        call(server, f"reuse-{number}", body("text"))
    assert own.connections <= 2, f"{own.connections} connections for 20 calls in a row"
    own.close()


def test_bad_json_still_passes(server, upstream):
    """What the gateway cannot read is upstream's business."""
    sent = b'{"model": "broken'
    answer = server.http.post("/openai/v1/chat/completions", content=sent)
    assert upstream.requests[-1].body == sent
    assert answer.status_code == 200


def test_pipelined_calls_are_answered_in_order(server, session):
    request = json.dumps(body("text", stream=False)).encode()
    head = (f"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: {len(request)}\r\n"
            f"x-signalbox-session: {session}\r\n\r\n").encode()
    models = f"GET /openai/v1/models HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
    with Raw(server) as raw:
        raw.send(head + request + models + head + request)
        assert json.loads(raw.reply()[2])["object"] == "chat.completion"
        assert json.loads(raw.reply()[2])["object"] == "list"
        assert json.loads(raw.reply()[2])["object"] == "chat.completion"
