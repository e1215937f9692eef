"""The socket of a chat session: telemetry and answers out, messages in."""

import json
import threading
import uuid
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from support.dialects import Frames
from support.viewer import SocketViewer


def turn(session: str, call: str = "call_7Q2") -> list[dict]:
    """What an agent says in one turn with a tool."""
    agent, model, tool = (uuid.uuid4().hex[:16] for _ in range(3))
    common = {"session": session, "trace": uuid.uuid4().hex}
    llm = {**common, "span": model, "parent": agent, "provider": "openai", "model": "gpt-4o"}
    return [
        {**common, "type": "agent.start", "phase": "start", "span": agent, "data": {"name": "chat"}},
        {**llm, "type": "llm.start", "phase": "start", "data": {"operation": "chat"}},
        {**llm, "type": "llm.delta", "phase": "delta", "index": 0, "data": {"text": "let me look"}},
        {**llm, "type": "llm.end", "phase": "end", "data": {
            "model": "gpt-4o-2024-08-06", "usage": {"input": 100, "cached_read": 50, "output": 18, "total": 168,
                                                    "provenance": "provider_final"},
            "timing": {"duration_ms": 412.5}}},
        {**common, "type": "tool.start", "phase": "start", "span": tool, "parent": agent,
         "data": {"name": "fetch_patient_data", "id": call, "arguments": {"name": "quintin cole"}}},
        {**common, "type": "tool.end", "phase": "end", "span": tool, "parent": agent,
         "data": {"name": "fetch_patient_data", "id": call, "result": "{\"diagnosis\":\"…\"}",
                  "timing": {"duration_ms": 50.4}}},
        {**common, "type": "agent.end", "phase": "end", "span": agent,
         "data": {"name": "chat", "output": "He is treated for hypertension."}},
    ]


def wanted(session: str) -> list[dict]:
    nothing = {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None, "duration_ms": None}
    return [
        {"type": "openai_call", "session_id": session, "model": "gpt-4o", **nothing},
        {"type": "openai_response", "session_id": session, "model": "gpt-4o-2024-08-06", "prompt_tokens": 150,
         "completion_tokens": 18, "total_tokens": 168, "duration_ms": 413},
        {"type": "tool_call", "session_id": session, "tool_call_id": "call_7Q2", "tool_name": "fetch_patient_data",
         "arguments": {"name": "quintin cole"}},
        {"type": "tool_result", "session_id": session, "tool_call_id": "call_7Q2", "tool_name": "fetch_patient_data",
         "result": "{\"diagnosis\":\"…\"}", "duration_ms": 50},
        {"type": "assistant", "session_id": session, "content": "He is treated for hypertension.", "streaming": False},
    ]


def timeless(frames: list[dict]) -> list[dict]:
    """The frames without their timestamps, which must have a zone."""
    told = []
    for frame in frames:
        frame = dict(frame)
        if "timestamp" in frame:
            assert datetime.fromisoformat(frame.pop("timestamp")).tzinfo is not None
        told.append(frame)
    return told


def test_what_happens_in_a_session_goes_to_all_its_sockets_and_to_no_other(server, session):
    with Frames(server, f"/ws?session_id={session}") as one, Frames(server, f"/ws?session_id={session}") as two, \
            Frames(server, f"/ws?session_id={session}x") as other:
        assert one.until_count(1)[0]["type"] == "connection"
        connection = dict(one.frames[0])
        assert connection.pop("position")
        assert connection == {"type": "connection", "status": "connected", "session_id": session}
        two.until_count(1)
        other.until_count(1)
        server.send(turn(session))
        assert timeless(one.until_count(6)[1:]) == wanted(session)
        assert timeless(two.until_count(6)[1:]) == wanted(session)
        # Closing the first leaves the second its ears.
        one.close()
        server.send({"type": "chat.reply", "session": session, "data": {"content": "Anything else?"}})
        assert two.until_count(7)[6] == {
            "type": "assistant", "session_id": session, "content": "Anything else?", "streaming": False}
        server.send({"type": "chat.reply", "session": session + "x", "data": {"content": "end"}})
        assert [frame["type"] for frame in other.until_count(2)] == ["connection", "assistant"]


def test_failures_are_told(server, session):
    common = {"session": session, "trace": uuid.uuid4().hex}
    error = {"reason": "failed", "message": "Rate limit reached"}
    with Frames(server, f"/ws?session_id={session}") as frames:
        frames.until_count(1)
        server.send([
            {**common, "type": "llm.error", "phase": "error", "span": "l" + session, "model": "gpt-4o", "data": error},
            {**common, "type": "tool.start", "phase": "start", "span": "t" + session,
             "data": {"name": "f", "arguments": "{\"a\":1}"}},
            {**common, "type": "tool.error", "phase": "error", "span": "t" + session,
             "data": {**error, "name": "f", "id": "c1"}},
            {**common, "type": "agent.error", "phase": "error", "span": "a" + session, "data": error},
        ])
        told = timeless(frames.until_count(5)[1:])
    assert told[0]["type"] == "openai_response" and told[0]["error"] == "Rate limit reached"
    assert told[0]["model"] == "gpt-4o" and told[0]["total_tokens"] is None
    assert told[1] == {"type": "tool_call", "session_id": session, "tool_call_id": "t" + session, "tool_name": "f",
                       "arguments": {"a": 1}}
    assert told[2] == {"type": "tool_result", "session_id": session, "tool_call_id": "c1", "tool_name": "f",
                       "result": "Rate limit reached", "duration_ms": None, "is_error": True}
    assert told[3] == {"type": "error", "session_id": session, "error": "Rate limit reached"}


def test_who_comes_back_gets_what_it_missed(server, session):
    with Frames(server, f"/ws?session_id={session}&positions=1") as first:
        first.until_count(1)
        server.send(turn(session))
        position = first.until_frame("type", "openai_response")["position"]
    server.send({"type": "chat.reply", "session": session, "data": {"content": "missed"}})
    with Frames(server, f"/ws?session_id={session}&after={position}") as second:
        told = [frame["type"] for frame in second.until_count(5)]
        assert told == ["connection", "tool_call", "tool_result", "assistant", "assistant"]
        assert second.frames[4]["content"] == "missed"
    with Frames(server, f"/ws?session_id={session}&from=start") as late:
        assert timeless(late.until_count(7)[1:6]) == wanted(session)
    with Frames(server, f"/ws?session_id={session}&after=000000000000-1") as lost:
        assert lost.until_end() == 4409


def test_pieces_are_for_those_who_ask(server, session):
    span, trace = uuid.uuid4().hex[:16], uuid.uuid4().hex
    common = {"session": session, "trace": trace, "span": span}
    events = [{**common, "type": "llm.start", "phase": "start", "model": "m"}] + [
        {**common, "type": "llm.delta", "phase": "delta", "index": index, "data": {"text": text, "channel": channel}}
        for index, (text, channel) in enumerate([("thinking", "reasoning"), ("Good ", "text"), ("day", "text")])]
    with Frames(server, f"/ws?session_id={session}&stream=1") as asks, \
            Frames(server, f"/ws?session_id={session}") as other:
        asks.until_count(1)
        other.until_count(1)
        server.send(events)
        server.send({"type": "chat.reply", "session": session, "data": {"content": "Good day"}})
        told = asks.until_count(5)[2:]
        assert [(frame["content"], frame["streaming"]) for frame in told] == [
            ("Good ", True), ("day", True), ("Good day", False)]
        assert {frame["answer_id"] for frame in told[:2]} == {span}
        assert [frame["type"] for frame in other.until_count(3)] == ["connection", "openai_call", "assistant"]


@pytest.mark.parametrize("frame, reason", [
    ("not json {", "it is not JSON"),
    ("[1]", "not a JSON object"),
    (b"\x01", "binary"),
    ({"session_id": None, "content": "x"}, "type is missing"),
    ({"type": "shout", "content": "x"}, "type is 'shout'"),
    ({"type": "message", "content": "x", "session_id": "another"}, "its own session only"),
    ({"type": "message"}, "content is missing"),
    ({"type": "message", "content": " \n"}, "content is empty"),
    ({"type": "message", "content": 7}, "content is missing"),
    ({"type": "message", "content": "x", "id": "a b"}, "id is not"),
    ({"type": "message", "content": "x" * 262_145}, "262144 bytes"),
])
def test_a_malformed_frame_gets_an_error_and_costs_nothing(server, session, frame, reason):
    with Frames(server, f"/ws?session_id={session}") as frames:
        frames.send(frame)
        error = frames.until_count(2)[1]
        assert error["type"] == "error" and error["session_id"] == session
        assert error["error"].startswith("Invalid message format: ") and reason in error["error"]
        frames.send({"type": "ping"})
        assert frames.until_count(3)[2] == {"type": "pong", "session_id": session}
    assert server.history(session=session) == []


def test_without_anybody_to_answer_the_writer_is_told(server, session):
    with Frames(server, f"/ws?session_id={session}") as frames:
        frames.send({"type": "message", "session_id": session, "content": "hello"})
        assert "--chat-url" in frames.until_count(2)[1]["error"]
    assert server.history(session=session) == []


def test_a_session_must_be_named_and_be_an_id(server):
    for query in ["", "?session_id=", "?session_id=a%20b", "?session_id=" + "x" * 65]:
        with pytest.raises(InvalidStatus) as refused:
            Frames(server, "/ws" + query)
        assert refused.value.response.status_code == 400
    assert server.http.get("/ws?session_id=s").status_code == 426


def test_a_program_that_watches_answers_with_events(launch, session):
    """signalbox serve --chat-events: the message is an event, the answer too."""
    server = launch("--chat-events")
    with SocketViewer(server, type="chat.message") as worker:
        worker.until_hello()

        def work():
            message = worker.until_type("chat.message")
            server.send([
                {"type": "chat.start", "phase": "start", "session": message["session"], "span": "turn1"},
                *turn(message["session"])[:-1],
                {"type": "chat.reply", "session": message["session"], "request": message["request"],
                 "data": {"content": message["data"]["content"].upper()}}])

        thread = threading.Thread(target=work)
        thread.start()
        with Frames(server, f"/ws?session_id={session}") as frames:
            frames.send({"type": "message", "session_id": session, "content": "hello", "id": "m1"})
            answer = frames.until_frame("type", "assistant")
            assert answer["content"] == "HELLO"
            # The same message again is the same message.
            frames.send({"type": "message", "session_id": session, "content": "hello", "id": "m1"})
            frames.send({"type": "ping"})
            frames.until_frame("type", "pong")
        thread.join()
    assert [event["id"] for event in server.history(session=session, type="chat.message")] == ["m1"]


class Backend:
    """The program behind --chat-url."""

    def __init__(self):
        backend, self.asked = self, []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                question = json.loads(self.rfile.read(int(self.headers["content-length"])))
                backend.asked.append((question, self.headers["traceparent"]))
                kind = question["content"].split()[0]
                if kind == "fail":
                    self.answer(500, "text/plain", b"no")
                elif kind == "stream":
                    pieces = [json.dumps({"delta": piece}) for piece in ["Good ", "day", " <b>"]] + ["[DONE]"]
                    self.answer(200, "text/event-stream", "".join(f"data: {piece}\n\n" for piece in pieces).encode())
                elif kind == "text":
                    self.answer(200, "text/plain", "plain é".encode())
                elif kind == "wrong":
                    self.answer(200, "application/json", b"{}")
                else:
                    self.answer(200, "application/json", json.dumps({"content": "echo " + question["content"]}).encode())

            def answer(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/chat"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def backend():
    backend = Backend()
    yield backend
    backend.close()


def test_a_program_behind_a_url_answers(launch, backend, session):
    server = launch("--chat-url", backend.url)
    with Frames(server, f"/ws?session_id={session}&stream=true") as frames, \
            Frames(server, f"/ws?session_id={session}") as other:
        frames.until_count(1)
        other.until_count(1)
        for number, content in enumerate(["hello", "stream please", "text please", "fail please", "wrong"]):
            frames.send({"type": "message", "session_id": session, "content": content, "id": f"m{number}"})
        told = [(frame["type"], frame.get("content", frame.get("error")), frame.get("streaming"))
                for frame in frames.until_count(9)[1:]]
        assert told[:6] == [
            ("assistant", "echo hello", False),
            ("assistant", "Good ", True), ("assistant", "day", True), ("assistant", " <b>", True),
            ("assistant", "Good day <b>", False), ("assistant", "plain é", False)]
        assert told[6][0] == "error" and "500" in told[6][1]
        assert told[7][0] == "error" and "no content" in told[7][1]
        assert [frame["content"] for frame in other.until_count(6)[1:4]] == ["echo hello", "Good day <b>", "plain é"]
    questions = [question for question, _ in backend.asked if question["session_id"] == session]
    assert questions[0] == {"session_id": session, "message_id": "m0", "content": "hello"}
    # One after another, each a span that what was sent along names.
    starts = server.history(session=session, type="chat.start")
    assert [start["request"] for start in starts] == ["m0", "m1", "m2", "m3", "m4"]
    parents = [parent for question, parent in backend.asked if question["session_id"] == session]
    server.until_metric("signalbox_chat_answered_total", 5)
    assert server.metric("signalbox_chat_waiting") == 0 and server.metric("signalbox_chat_dropped_total") == 0
    assert parents == [f"00-{start['trace']}-{start['span']}-01" for start in starts]


def test_the_server_says_goodbye(launch, session):
    server = launch()
    with Frames(server, f"/ws?session_id={session}") as frames:
        frames.until_count(1)
        server.stop()
        assert frames.until_end() == 1001
        assert frames.frames[-1] == {"type": "connection", "status": "disconnected", "session_id": session}


def test_a_key_that_may_read_may_not_write(launch, backend, session):
    server = launch("--require-keys", "--chat-url", backend.url)
    admin = next(line.split()[-1] for line in server.output if line.startswith("admin key"))
    made = httpx.post(server.url + "/v1/keys", json={"name": "r", "scopes": ["read"]},
                      headers={"x-signalbox-key": admin}).json()
    with Frames(server, f"/ws?session_id={session}") as nobody:
        assert nobody.until_end() == 4401
    with Frames(server, f"/ws?session_id={session}&key={made['key']}") as reader, \
            Frames(server, f"/ws?session_id={session}&key={admin}") as writer:
        reader.send({"type": "message", "content": "hello"})
        assert "not write" in reader.until_count(2)[1]["error"]
        writer.send({"type": "message", "content": "hello"})
        assert reader.until_frame("type", "assistant")["content"] == "echo hello"


def test_a_socket_that_does_not_read_holds_nobody_up(launch, backend, session):
    server = launch("--chat-url", backend.url)
    stalled = Frames(server, f"/ws?session_id={session}", read=False)
    with Frames(server, f"/ws?session_id={session}") as frames:
        frames.until_count(1)
        for number in range(60):
            server.send({"type": "chat.reply", "session": session, "data": {"content": "x" * 100_000}})
        frames.send({"type": "message", "content": "hello"})
        assert frames.until(
            lambda frames: any(f.get("content") == "echo hello" for f in frames), "the answer")
    stalled.resume()
    stalled.until(lambda frames: any(f.get("content") == "echo hello" for f in frames), "the answer")
    assert len(stalled.frames) == 62
    stalled.close()
