"""The programs in Examples: four pipelines against the server, and the chat about patients."""

import os
import re
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from support import browser as browsers
from support.dialects import Frames
from support.server import PROGRAM, START_SECONDS


def example(name: str) -> Path:
    program = Path(PROGRAM).parent / name
    if not program.exists():
        pytest.skip(f"{program} is not built: swift build --product {name}")
    return program


def pipeline(server, name: str) -> tuple[str, list[dict]]:
    """What a pipeline prints, and its events, which are followed through its trace."""
    known = {event["position"] for event in server.history()}
    done = subprocess.run(
        [example("Pipelines"), name], capture_output=True, text=True, timeout=60,
        env={**os.environ, "SIGNALBOX_URL": server.url})
    assert done.returncode == 0, done.stderr
    # Nothing is emitted that is not declared.
    assert done.stderr == ""
    return done.stdout, [event for event in server.history() if event["position"] not in known]


def of(events, type) -> list[dict]:
    return [event for event in events if event["type"] == type]


def one(events, type) -> dict:
    found = of(events, type)
    assert len(found) == 1, f"{type}: {[event['type'] for event in events]}"
    return found[0]


@pytest.fixture(scope="module")
def own(tmp_path_factory, upstream):
    """A server for the pipelines alone."""
    from support.server import Server
    with Server(tmp_path_factory.mktemp("examples") / "data") as server:
        yield server


def test_rag(own, schema):
    said, events = pipeline(own, "rag")
    assert said == "Within three days, and on Saturdays, too.\n"
    schema.check_served(events)
    chain = one(events, "chain.start")
    assert chain["source"] == {"module": "RAGPipeline", "method": "answer"}
    assert chain["identity"] == "Pipelines.chain.RAGPipeline"
    assert chain["data"]["input"] == "How soon is a parcel delivered?"
    assert one(events, "chain.end")["data"]["output"] == said.strip()
    search = one(events, "retrieval.start")
    assert search["parent"] == chain["span"] and search["source"]["method"] == "retrieve"
    found = one(events, "rag.retrieval.complete")
    assert found["data"]["doc_ids"] == ["returns", "delivery"] and found["span"] == search["span"]
    order = [event["type"] for event in events if event["type"].startswith("rag.")]
    assert order == ["rag.retrieval.start", "rag.retrieval.complete", "rag.reranking", "rag.generation.start"]
    call = one(events, "llm.start")
    # The best document comes first.
    assert call["data"]["input"][0]["content"].startswith("Answer from this alone:\nA parcel is delivered")
    assert one(events, "llm.end")["data"]["usage"]["total"] == 52
    assert {event["trace"] for event in events if "trace" in event} == {chain["trace"]}


def test_stages(own, schema):
    said, events = pipeline(own, "stages")
    assert said == "happy about delivery\n" * 2
    schema.check_served(events)
    assert one(events, "data.validation")["data"] == {"input_size": 4, "valid": 3}
    assert one(events, "data.cleaning")["data"] == {"removed_count": 1}
    assert one(events, "data.transformation")["data"] == {"input_size": 2, "output_format": "structured"}
    steps = of(events, "step.end")
    assert [step["source"]["method"] for step in steps] == ["validate", "clean", "transform"]
    assert steps[2]["data"]["usage"]["total"] == 78
    assert len(of(events, "llm.end")) == 2


def test_routing(own, schema):
    said, events = pipeline(own, "routing")
    assert said.splitlines()[:2] == ["Vienna.", "Both are cities on the Danube."]
    schema.check_served(events)
    chosen = [event["data"]["selected_model"] for event in of(events, "model.selection")]
    assert chosen == ["gpt-4o-mini", "gpt-4o", "o3-mini"]
    assert [event["model"] for event in of(events, "llm.start")] == chosen
    # Each run is a trace of its own.
    assert len({event["trace"] for event in of(events, "chain.start")}) == 3


def test_performance(own, schema):
    said, events = pipeline(own, "performance")
    assert said.splitlines() == ["1 texts", "4 texts", "8 texts"]
    schema.check_served(events)
    figures = [event["data"] for event in of(events, "performance.metrics")]
    assert [figure["input_size"] for figure in figures] == [1, 4, 8]
    for figure in figures:
        assert figure["throughput"] == pytest.approx(figure["input_size"] / figure["duration_seconds"])
        assert figure["memory_usage_mb"] > 1


def test_their_types_are_known(own):
    pipeline(own, "routing")
    listed = {item["name"]: item for item in own.http.get("/v1/types").json()["types"]}
    assert listed["model.selection"]["origin"] == "app"
    assert listed["model.selection"]["fields"]["selected_model"] == "which"
    assert not [name for name, item in listed.items() if item["origin"] == "seen"]


# The chat


class PatientChat:
    """The example, as a process of its own with a server inside."""

    def __init__(self, folder: Path):
        self.url = ""
        ready = threading.Event()
        self.process = subprocess.Popen(
            [example("PatientChat"), "--port", "0", "--data", str(folder)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

        def read():
            for line in self.process.stdout:
                if match := re.match(r"^PatientChat listening on (http://\S+)$", line):
                    self.url = match.group(1)
                    ready.set()
            ready.set()
        threading.Thread(target=read, daemon=True).start()
        assert ready.wait(START_SECONDS) and self.url
        self.http = httpx.Client(base_url=self.url, timeout=20)

    @property
    def websocket(self) -> str:
        return self.url.replace("http://", "ws://")

    def ask(self, socket: Frames, session: str, content: str) -> list[dict]:
        """The frames of an answer, up to the assistant's."""
        before = len(socket.frames)
        socket.send({"type": "message", "session_id": session, "content": content})
        socket.until(
            lambda frames: any(frame["type"] in ("assistant", "error") for frame in frames[before:]), "an answer")
        return [frame for frame in socket.frames[before:] if frame["type"] != "connection"]


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    chat = PatientChat(tmp_path_factory.mktemp("chat") / "data")
    yield chat
    chat.process.kill()
    chat.process.wait()


def test_the_frames_are_the_documents(chat, schema):
    with Frames(chat, "/ws?session_id=test123") as socket, Frames(chat, "/ws?session_id=test123") as other:
        frames = chat.ask(socket, "test123", "What is quintin cole's diagnosis?")
        assert [frame["type"] for frame in frames] == [
            "openai_call", "openai_response", "tool_call", "tool_result",
            "openai_call", "openai_response", "tool_call", "tool_result",
            "openai_call", "openai_response", "assistant"]
        assert {frame["session_id"] for frame in frames} == {"test123"}

        calls = [frame for frame in frames if frame["type"] == "tool_call"]
        results = [frame for frame in frames if frame["type"] == "tool_result"]
        assert [call["tool_name"] for call in calls] == ["fetch_patient_data", "check_interactions"]
        assert [call["tool_call_id"] for call in calls] == [result["tool_call_id"] for result in results]
        assert len({call["tool_call_id"] for call in calls}) == 2
        assert calls[0]["arguments"] == {"name": "Quintin Cole"}
        assert "essential hypertension" in results[0]["result"]
        assert "risk of bleeding" in results[1]["result"]
        assert all(isinstance(result["duration_ms"], int) for result in results)

        asked = [frame for frame in frames if frame["type"] == "openai_call"]
        answered = [frame for frame in frames if frame["type"] == "openai_response"]
        assert {frame["model"] for frame in asked + answered} == {"gpt-4o"}
        assert all(frame["total_tokens"] is None for frame in asked)
        tokens = [(frame["prompt_tokens"], frame["completion_tokens"], frame["total_tokens"]) for frame in answered]
        assert tokens == [(150, 20, 170), (210, 30, 240), (260, 50, 310)]

        zone = re.compile(r"(Z|[+-]\d\d:\d\d)$")
        assert all(zone.search(frame["timestamp"]) for frame in frames if frame["type"] != "assistant")
        assert frames[-1]["content"].startswith("Quintin Cole has essential hypertension")
        assert frames[-1]["streaming"] is False

        # Another socket of the session sees the same.
        other.until_frame("type", "assistant")
        assert [frame for frame in other.frames if frame["type"] != "connection"][-len(frames):] == frames

    # And the log has all of it, as one trace of the session.
    events = chat.http.get("/v1/events", params={"session": "test123", "limit": 1000}).json()["events"]
    schema.check_served(events)
    assert {event["session"] for event in events} == {"test123"}
    agent = one(events, "agent.end")["data"]
    assert agent["turns"] == 3 and agent["tool_calls"] == 2
    assert agent["usage"]["total"] == 170 + 240 + 310
    traced = {event["trace"] for event in events if "trace" in event}
    assert len(traced) == 1


def test_a_chat_goes_on_and_sessions_keep_apart(chat):
    with Frames(chat, "/ws?session_id=one") as one_socket, Frames(chat, "/ws?session_id=two") as two_socket:
        chat.ask(one_socket, "one", "What is quintin cole's diagnosis?")
        chat.ask(two_socket, "two", "And you?")
        chat.ask(one_socket, "one", "Is his medication safe?")
        events = chat.http.get("/v1/events", params={"session": "one", "limit": 1000}).json()["events"]
        first = [event for event in events if event["type"] == "llm.start"]
        assert len(first) == 6
        said = [message["content"] for message in first[3]["data"]["input"] if message["role"] == "user"]
        assert said == ["What is quintin cole's diagnosis?", "Is his medication safe?"]
        # Ids of tool calls are used once, though the script gives the same again.
        ids = [event["data"]["id"] for event in events if event["type"] == "tool.start"]
        assert len(ids) == len(set(ids)) == 4
        assert {frame["session_id"] for frame in two_socket.frames} == {"two"}


def test_a_socket_a_page_and_tail_watch_it_at_once(chat, tmp_path):
    if not browsers.PROGRAM:
        pytest.skip("there is no Chromium: scripts/deps.sh browser installs it")
    browser = browsers.Browser(tmp_path / "chromium")
    tail = subprocess.Popen(
        [PROGRAM, "tail", "--from-start", "--session", "watched", "--url", chat.url], stdout=subprocess.PIPE,
        text=True)
    try:
        page = browser.open(chat.url + "/")
        with Frames(chat, "/ws?session_id=watched") as socket:
            frames = chat.ask(socket, "watched", "What is quintin cole's diagnosis?")
        lines = []
        for line in tail.stdout:
            lines.append(line)
            if " ok agent chat" in line:
                break
        assert [line for line in lines if "ok tool fetch_patient_data" in line]
        assert [line for line in lines if "ok llm" in line and "150→20 tok" in line]
        assert len([frame for frame in frames if frame["type"] == "tool_result"]) == 2
        # The page lists the session's trace; chosen, it shows the spans.
        page.until("[...document.querySelectorAll('#traces li')].some((row) => row.innerText.includes('watched')"
                   " && (row.click(), true))")
        for name in ["fetch_patient_data", "check_interactions", "gpt-4o"]:
            page.until(f"document.querySelector('#spans').innerText.includes('{name}')")
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(Path(folder) / "patient-chat.png")
    finally:
        browser.close()
        tail.terminate()
        tail.wait()


def test_it_says_what_it_was_not_given(chat):
    done = subprocess.run([example("PatientChat"), "--prot", "1"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "--prot" in done.stderr
