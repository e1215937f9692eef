"""Upstreams that reset, stall, drip, lie, and never stop."""

import time

import httpx
import pytest

from support import story

from .books import ROUNDS
from .upstream import DEEDS, GOOD, WildUpstream

pytestmark = pytest.mark.faults
SIZE = 1 << 30 if ROUNDS >= 50 else 48 << 20


@pytest.fixture
def wild():
    upstream = WildUpstream(SIZE)
    yield upstream
    upstream.close()


def ask(url: str, model: str, session: str, timeout: float = 300) -> tuple[int | None, int, bool]:
    """A streaming call: its status, the bytes of its body, and whether it came to an orderly end."""
    status, size = None, 0
    request = ('{"stream":true,"messages":[{"role":"user","content":"?"}],"model":"%s"}' % model).encode()
    with httpx.Client(timeout=timeout) as http:
        try:
            with http.stream("POST", url + "/v1/chat/completions", content=request, headers={
                    "content-type": "application/json", "x-signalbox-session": session}) as response:
                status = response.status_code
                for data in response.iter_raw():
                    size += len(data)
            return status, size, True
        except httpx.HTTPError:
            return status, size, False


def test_wild_upstreams(launch, wild, told):
    """The caller gets no better ending than a direct call has; the call is told; nothing is kept of it."""
    server = launch("--upstream", f"openai={wild.url}")
    server.closing.megabytes = 112  # Gigabytes go through it.
    rounds = 1 if ROUNDS < 50 else 3
    for round in range(rounds):
        for model in DEEDS:
            session = f"{model}-{round}"
            direct = ask(wild.url, model, session)
            through = ask(server.url + "/openai", model, session)
            if direct[2]:
                # libcurl may refuse what another client lets pass (and never the other way round).
                assert through[0] == 502 or not through[2] or through == direct, f"{model}: {through}, direct {direct}"
            else:
                assert through[0] == 502 or not through[2], f"{model}: a failure became {through}"
            end = story.check(ended(server, session))
            # An answer that arrived whole and cannot be read is over, and says that it is unread.
            is_end = model in GOOD or "unread" in end["data"]
            assert (end["type"] == "llm.end") == is_end, f"{model}: {end['data']}"
            told(f"{model}: {through[0]}, {through[1]} bytes, told as {end['type']} {end['data'].get('reason', '')}")
    told(f"{rounds * len(DEEDS)} calls, {len(DEEDS)} kinds of misdeed, up to {SIZE >> 20} MiB each: "
         "each told with its one ending, memory and descriptors are back")


def ended(server, session: str) -> list[dict]:
    """The call's events, once it has ended."""
    def events():
        found = [event for event in server.history(session=session, limit=1000, type="llm.")]
        return found if any(event.get("phase") in story.TERMINAL for event in found) else None

    return server.until(events, lambda: f"{session} has no ending", 60)


@pytest.mark.parametrize("model", ["stalls", "stalls-in-body"])
def test_an_upstream_that_stalls(launch, wild, told, model):
    """The server's limit frees the call, whether its caller waits or has given up; nothing of it is left."""
    server = launch("--upstream", f"openai={wild.url}", "--budget-stall", "1")
    for session, patience in [("waits", 30), ("gives-up", 0.3)]:
        began = time.monotonic()
        assert not ask(server.url + "/openai", model, session, timeout=patience)[2] or model == "stalls"
        end = story.check(ended(server, session))
        assert end["type"] == "llm.error" and time.monotonic() - began < 10, end
    told(f"freed {time.monotonic() - began:.1f} s after its caller gave up, by the server's limit of 1 s")
