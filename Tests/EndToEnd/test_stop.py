"""The stop button and budgets: a running call ends at once, everybody sees why, and nobody else is disturbed."""

import contextlib
import json
import socket
import threading
import uuid

import openai
import pytest
from websockets.sync.client import connect

from support.viewer import SocketViewer
from test_access import added, bearer, printed


def body(model: str) -> dict:
    return {"model": model, "stream": True, "messages": [{"role": "user", "content": "Grüße?"}]}


def cancel(server, trace: str, **keywords):
    return server.http.post(f"/v1/traces/{trace}/cancel", **keywords)


class Call(threading.Thread):
    """A streamed call through the gateway; it is over when the thread is."""

    def __init__(self, server, model: str, session: str, trace: str | None = None, **headers):
        super().__init__(daemon=True)
        self.server, self.model, self.text, self.failure, self.status = server, model, "", None, None
        self.headers = {"x-signalbox-session": session, **headers}
        if trace:
            self.headers["traceparent"] = f"00-{trace}-{'1' * 16}-01"
        self.start()

    def run(self) -> None:
        try:
            with self.server.http.stream("POST", "/openai/v1/chat/completions", json=body(self.model),
                                         headers=self.headers) as answer:
                self.status = answer.status_code
                for piece in answer.iter_text():
                    self.text += piece
        except Exception as failure:
            self.failure = failure

    def ended(self) -> "Call":
        self.join(20)
        assert not self.is_alive(), "the call goes on"
        return self


def end_of(server, session: str) -> dict:
    """The terminal event of the session's one call."""
    with SocketViewer(server, session=session, **{"from": "start"}) as viewer:
        viewer.until(lambda seen: any(event.get("phase") in ("end", "error") for event in seen.events), "an end")
    ends = [event for event in server.history(session=session) if event.get("phase") in ("end", "error")]
    assert len(ends) == 1
    return ends[0]


@pytest.fixture
def held(upstream, session):
    """A script of the test's own that waits after its first chunks."""
    name = "stop-" + session
    upstream.gate(name).release(3)
    yield "held-" + name
    upstream.gate(name).release(100)


def test_a_stream_is_cut_off(server, upstream, schema, session, trace, held):
    with SocketViewer(server, session=session) as viewer:
        viewer.until_hello()
        call = Call(server, held, session, trace)
        viewer.until_type("llm.delta")
        # Another call goes on meanwhile.
        other = Call(server, "text", "other-" + session)
        answer = cancel(server, trace)
        assert answer.status_code == 202 and answer.json()["calls"] == 1
        call.ended()
    assert call.failure is not None, "the end is no whole answer"
    assert "Grüße" in call.text and "[DONE]" not in call.text
    upstream.gate(held.removeprefix("held-")).release(100)
    assert upstream.until_finished(held) is False, "the upstream's request was broken off"
    end = end_of(server, session)
    assert end["type"] == "llm.error" and end["data"]["reason"] == "cancelled" and end["data"]["code"] == "cancelled"
    assert end["data"]["usage"]["total"] > 0, "what was used is known"
    schema.check_served(server.history(session=session))
    other.ended()
    assert other.failure is None and "[DONE]" in other.text
    shown = server.http.get(f"/v1/traces/{trace}").json()
    assert shown["trace"]["status"] == "error" and shown["trace"]["reason"] == "cancelled"
    # It is over: there is nothing to cancel any more.
    answer = cancel(server, trace)
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "trace_over"


def test_what_is_unknown_cannot_be_cancelled(server, trace):
    assert cancel(server, trace).status_code == 404
    assert server.http.get(f"/v1/traces/{trace}/cancel").status_code == 405
    assert server.http.post("/v1/traces/" + "x" * 5000 + "/cancel").status_code == 404


@contextlib.contextmanager
def silent_upstream():
    """Accepts connections and never answers; yields its URL and the connections."""
    peers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept():
            with contextlib.suppress(OSError):
                while True:
                    peers.append(listener.accept()[0])
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", peers
    for peer in peers:
        peer.close()


def test_a_client_library_does_not_try_again(launch, session, trace):
    """Before a byte of the answer came, an error would be retried where it looked like the upstream's."""
    with silent_upstream() as (url, peers):
        server = launch("--upstream", f"silent={url}")
        client = openai.OpenAI(api_key="sk-x", base_url=server.url + "/silent/v1", max_retries=2)
        found = []

        def ask():
            try:
                client.chat.completions.create(
                    model="gpt-4o", messages=[{"role": "user", "content": "Hi"}],
                    extra_headers={"traceparent": f"00-{trace}-{'1' * 16}-01", "x-signalbox-session": session})
            except openai.APIError as error:
                found.append(error)

        with SocketViewer(server, session=session) as viewer:
            viewer.until_hello()
            asking = threading.Thread(target=ask, daemon=True)
            asking.start()
            viewer.until_type("llm.start")
            assert cancel(server, trace).json()["calls"] == 1
            asking.join(20)
        assert found[0].status_code == 499 and found[0].body["code"] == "cancelled"
        assert len(peers) == 1


# Budgets.


@pytest.mark.parametrize("budget, limit", [
    ("stall=0.2", "stall"), ("seconds=0.2, stall=60", "seconds")])
def test_time_runs_out(server, schema, session, held, budget, limit):
    call = Call(server, held, session, **{"x-signalbox-budget": budget}).ended()
    assert call.failure is not None and "[DONE]" not in call.text
    end = end_of(server, session)
    assert end["data"]["reason"] == "cancelled" and end["data"]["budget"] == limit
    assert end["data"]["code"] == "budget_exceeded" and "budget" in end["data"]["message"]
    schema.check_served(server.history(session=session))


@pytest.mark.parametrize("limit, budget", [("tokens", "tokens=8"), ("cost", "cost=0.000012")])
def test_what_comes_is_counted(launch, upstream, tmp_path, session, limit, budget):
    """Chunk by chunk, so that it is known when it must end."""
    name = f"held-{limit}-{session}"
    prices = tmp_path / "prices.json"
    # Two dollars a million tokens: six tokens are 0.000012.
    prices.write_text(json.dumps({"providers": {"openai": {"models": {name: {"input": 2, "output": 2}}}}}))
    server = launch("--prices", str(prices))
    gate = upstream.gate(name.removeprefix("held-"))
    with SocketViewer(server, session=session) as viewer:
        viewer.until_hello()
        call = Call(server, name, session, **{"x-signalbox-budget": budget})
        viewer.until_type("llm.start")
        for _ in range(12):
            seen = len(viewer.events)
            gate.release()
            viewer.until(lambda viewer: len(viewer.events) > seen, "the next")
            if any(event.get("phase") == "error" for event in viewer.events):
                break
        call.ended()
    end = end_of(server, session)
    assert end["data"].get("budget") == limit, end
    assert end["data"]["reason"] == "cancelled" and end["data"]["code"] == "budget_exceeded"
    assert end["data"]["usage"]["total"] > (8 if limit == "tokens" else 6)
    assert call.failure is not None and "[DONE]" not in call.text
    assert server.metric("signalbox_gateway_stopped_total", reason=limit) == 1
    gate.release(100)


def test_within_the_budget_nothing_happens(server, upstream, session):
    call = Call(server, "text", session, **{"x-signalbox-budget": "tokens=100000, cost=5, seconds=60, stall=60"}).ended()
    assert call.failure is None and "[DONE]" in call.text
    assert "x-signalbox-budget" not in upstream.last("text").headers


def test_a_budget_that_makes_no_sense_is_refused(server, session):
    for text in ("tokens", "token=5", "tokens=lots", "tokens=-1", "cost=1e400"):
        answer = server.http.post("/openai/v1/chat/completions", json=body("text"), headers={"x-signalbox-budget": text})
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "invalid_budget", text


def test_a_servers_budget_can_only_be_tightened(launch, upstream, session, held):
    server = launch("--budget-stall", "0.2")
    call = Call(server, held, session, **{"x-signalbox-budget": "stall=600"}).ended()
    assert call.failure is not None
    assert end_of(server, session)["data"]["budget"] == "stall"
    assert server.metric("signalbox_gateway_stopped_total", reason="stall") == 1


# Applications that only send events.


def start(trace: str, span: str, producer: str | None, seq: int = 0) -> dict:
    event = {"type": "agent.start", "phase": "start", "trace": trace, "span": span}
    return {**event, "producer": producer, "seq": seq} if producer else event


def test_a_producer_hears_of_it_in_its_next_answer(server, trace, span):
    producer, other = "p-" + uuid.uuid4().hex[:8], "p-" + uuid.uuid4().hex[:8]
    elsewhere = lambda name, seq: {"type": "test.other", "producer": name, "seq": seq}
    assert "cancel" not in server.send(start(trace, span, producer))
    answer = cancel(server, trace)
    assert answer.status_code == 202 and answer.json() == {"trace": trace, "calls": 0, "spans": 1, "producers": 1}
    # With whatever it sends next, and as often as it sends.
    for seq in (1, 2):
        assert server.send(elsewhere(producer, seq))["cancel"] == [trace]
    assert "cancel" not in server.send(elsewhere(other, 0))
    # One that has nothing to send asks.
    ask = lambda name: server.http.post("/v1/events", json=[], headers={"x-signalbox-producer": name}).json()
    assert ask(producer)["cancel"] == [trace] and "cancel" not in ask(other)
    # Over a socket it comes with the acknowledgement.
    with connect(server.websocket + "/v1/ingest", compression=None) as socket:
        socket.send(json.dumps(elsewhere(producer, 3)))
        assert json.loads(socket.recv(10))["cancel"] == [trace]


def test_without_a_producer_the_trace_itself_tells(server, trace, span):
    server.send(start(trace, span, None))
    assert cancel(server, trace).json()["producers"] == 0
    assert server.send({"type": "test.step", "trace": trace})["cancel"] == [trace]
    assert "cancel" not in server.send({"type": "test.step", "trace": uuid.uuid4().hex})


# Who may.


def test_who_may_press_the_button(launch, upstream, session):
    server = launch("--require-keys")
    admin = printed(server)
    server.keys = {"admin": admin}
    keys = {scope: added(server, scope, scope) for scope in ("ingest", "read", "gateway", "tokens")}
    mine, theirs = uuid.uuid4().hex, uuid.uuid4().hex
    for seq, (trace, name) in enumerate([(mine, session), (theirs, "other")]):
        server.send({**start(trace, trace[:16], "p1", seq), "session": name}, headers=bearer(keys["ingest"]))

    def token(**grant) -> dict:
        answer = server.http.post("/v1/tokens", json=grant, headers=bearer(admin))
        return bearer(answer.json()["token"])

    assert cancel(server, mine).status_code == 401
    for scope, wanted in (("read", 403), ("tokens", 403), ("ingest", 202), ("gateway", 202)):
        assert cancel(server, mine, headers=bearer(keys[scope])).status_code == wanted, scope
    assert cancel(server, mine, headers=token(sessions=[session])).status_code == 403
    may = token(sessions=[session], cancel=True)
    assert cancel(server, mine, headers=may).status_code == 202
    assert cancel(server, theirs, headers=may).status_code == 403
    assert cancel(server, uuid.uuid4().hex, headers=may).status_code == 403, "nor whether there is one"
    done = server.run("cancel", theirs, "--key", keys["gateway"])
    assert done.returncode == 0 and "1 application told" in done.stdout, done.stderr
    assert server.run("cancel", uuid.uuid4().hex, "--key", admin).returncode == 1
