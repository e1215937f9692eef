"""The official `openai` SDK: its base URL is changed and nothing else, and everybody sees the tokens."""

import contextlib

import openai
import pytest

from support import story, upstream as script
from support.viewer import EventSource, SocketViewer, Tail

MESSAGES = [{"role": "user", "content": "Say something"}]


def client(base: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=base, api_key="sk-test", max_retries=0)


def chunks(sdk: openai.OpenAI, model: str, **more) -> list[dict]:
    return [chunk.model_dump() for chunk in sdk.chat.completions.create(
        model=model, messages=MESSAGES, stream=True, **more)]


def forget_chance(found: list[dict]) -> list[dict]:
    """Without what a server mints for each call: its id, the second of it, and what llama.cpp says of its times."""
    return [{**chunk, "id": "", "created": 0, "timings": None} for chunk in found]


@pytest.mark.parametrize("model", ["text", "tools", "thinking", "choices", "crlf", "zipped", "dripping"])
def test_same_chunks_as_direct(server, upstream, model):
    more = {"stream_options": {"include_usage": True}}
    through = chunks(client(server.url + "/openai/v1"), model, **more)
    assert through == chunks(client(upstream.url + "/v1"), model, **more)
    assert through[-1]["usage"]["total_tokens"] == 29


def test_same_whole_reply_as_direct(server, upstream):
    through, direct = (client(base).chat.completions.create(model="tools", messages=MESSAGES)
                       for base in (server.url + "/openai/v1", upstream.url + "/v1"))
    assert through.model_dump() == direct.model_dump()


def test_same_error_as_direct(server, upstream):
    errors = []
    for base in (server.url + "/openai/v1", upstream.url + "/v1"):
        with pytest.raises(openai.RateLimitError) as caught:
            client(base).chat.completions.create(model="rate-limited", messages=MESSAGES)
        errors.append((caught.value.body, caught.value.response.headers["retry-after"], caught.value.request_id))
    assert errors[0] == errors[1]


def test_everybody_sees_every_token(server, upstream, session, schema):
    """A WebSocket, SSE and the terminal watch from before; a WebSocket joins in the middle and misses nothing."""
    model = "held-" + session
    gate = upstream.gate(session)
    with contextlib.ExitStack() as stack:
        position = server.send({"type": "test.begins"})["position"]
        watching = [
            stack.enter_context(SocketViewer(server, after=position, model=model)),
            stack.enter_context(EventSource(server, after=position, model=model)),
            stack.enter_context(Tail(server, "--after", position, "--model", model))]
        call = client(server.url + "/openai/v1").chat.completions.create(
            model=model, messages=MESSAGES, stream=True, stream_options={"include_usage": True})
        said = ""
        for number, chunk in enumerate(call):
            said += (chunk.choices[0].delta.content or "") if chunk.choices else ""
            if number == 5:
                watching[0].until(lambda seen: story.text(seen.events) == said, "the words so far")
                trace = watching[0].events[0]["trace"]
                late = stack.enter_context(SocketViewer(server, trace=trace, **{"from": "start"}))
                watching.append(late)
                late.until(lambda seen: story.text(seen.events) == said, "the words so far, though it came late")
            gate.release()
        assert said == "".join(script.WORDS)
        # Terminal and usage come in either order, so all of the span is awaited by what history holds.
        watching[0].until_type("llm.end")
        kept = server.history(trace=trace)
        schema.check_served(kept)
        assert story.check(kept)["type"] == "llm.end"
        for viewer in watching:
            viewer.until_count(len(kept))
            assert viewer.events == kept, type(viewer).__name__


def test_trace_shows_the_assembled_call(server, session):
    sdk = client(server.url + "/openai/v1")
    sdk.chat.completions.create(model="text", messages=MESSAGES, extra_headers={"x-signalbox-session": session})
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        trace = viewer.until_type("llm.end")["trace"]
    tree = server.http.get(f"/v1/traces/{trace}").json()
    assert "".join(script.WORDS) in str(tree).replace("\\n", "\n").replace("\\t", "\t")
    listed = server.http.get("/v1/traces", params={"session": session}).json()
    assert [found["trace"] for found in listed["traces"]] == [trace]


def test_real_llm_gives_the_same_chunks(launch, real_llm, session, schema):
    server = launch("--upstream", f"openai={real_llm}")
    more = {"max_tokens": 40, "temperature": 0, "seed": 7}
    direct = chunks(client(real_llm + "/v1"), "tiny", **more)
    with SocketViewer(server, **{"from": "start"}) as viewer:
        assert forget_chance(chunks(client(server.url + "/openai/v1"), "tiny", **more)) == forget_chance(direct)
        viewer.until_type("llm.end")
        schema.check_served(viewer.events)
        assert story.check(viewer.events)["data"]["finish_reason"] == "length"
        assert story.text(viewer.events) == "".join(
            chunk["choices"][0]["delta"].get("content") or "" for chunk in direct)
