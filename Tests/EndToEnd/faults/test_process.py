"""The process: killed, stopped, told to end, and its clock set."""

import shutil
import signal
import struct
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from support import story
from support.viewer import SocketViewer

from .books import ROUNDS, Deltas, Load, Writer, check, randomness, restart

pytestmark = pytest.mark.faults


def test_killed_under_load(launch, told):
    """Every acknowledged event is there, once, in order, and each start is by itself."""
    dice = randomness("kill")
    server = launch()
    writers = [Writer(f"big-{n}", 200) for n in range(2)] + [Writer(f"small-{n}", 1) for n in range(3)]
    streams = [Deltas(n) for n in range(2)]
    seen: dict[str, dict] = {}
    for round in range(ROUNDS):
        goal = sum(writer.acknowledged for writer in writers) + dice.randint(1000, 6000)
        with SocketViewer(server, type="test.kill") as viewer:
            with Load(server, writers + streams):
                limit = time.monotonic() + 20
                while sum(writer.acknowledged for writer in writers) < goal and time.monotonic() < limit:
                    time.sleep(dice.random() * 0.05)
                server.kill()
            viewer.until_end()
            seen.update((shown["position"], shown) for shown in viewer.events)
        began = time.monotonic()
        server.start()
        started = time.monotonic() - began
        # All of it in the first rounds and the last; else the growing log would make the run a matter of hours.
        if round < 5 or round % 20 == 0 or round == ROUNDS - 1:
            check(server, writers, streams, seen)
        told(f"{round + 1} kills: {sum(w.acknowledged for w in writers)} acknowledged, none lost, none doubled; "
             f"{sum(w.duplicates for w in writers)} were sent again; the last start took {started * 1000:.0f} ms")


def test_stopped_and_continued_under_load(launch, told):
    """A process that stands still for a while, as on a machine that sleeps, loses nothing and nobody."""
    dice = randomness("stop")
    server = launch()
    writers = [Writer(f"still-{n}", 20) for n in range(3)]
    with SocketViewer(server, type="test.kill") as viewer, Load(server, writers) as load:
        for _ in range(ROUNDS):
            time.sleep(dice.random() * 0.3)
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(dice.random() * 0.5)
            server.process.send_signal(signal.SIGCONT)
        load.end()
        total = check(server, writers)
        viewer.until_count(total, 60)
        assert viewer.offsets == sorted(set(viewer.offsets)) and len(viewer.events) == total
    told(f"{ROUNDS} stops: {total} acknowledged, all of them there, and seen once by a viewer")


def test_acknowledged_in_a_drain(launch):
    """SIGTERM under load: what was acknowledged is there, and it ends in time."""
    server = launch()
    writers = [Writer(f"drain-{n}", 50) for n in range(3)]
    with Load(server, writers):
        server.until(lambda: sum(writer.acknowledged for writer in writers) >= 3000, lambda: "the writers stand still")
        assert server.stop(within=5) == 0
    server.start()
    check(server, writers)


def test_streams_end_in_a_drain(launch, upstream, session):
    """A call that runs when the server is told to stop is told as what it is, and a start after it is clean."""
    server = launch()
    gate = upstream.gate(session)
    with pytest.raises(httpx.TransportError), server.http.stream(
        "POST", "/openai/v1/chat/completions", headers={"x-signalbox-session": session},
        json={"model": "held-" + session, "stream": True, "messages": []}
    ) as response:
        pieces = response.iter_raw()
        next(pieces)
        gate.release()
        next(pieces)
        assert server.stop(within=5) == 0
        for _ in pieces:
            pass
    server.start()
    events = server.history(session=session)
    assert events and story.check(events)["type"] == "llm.error"


COMPILER = shutil.which("cc") or shutil.which("clang")
HOUR = 3600


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
def test_the_clock_is_set(launch, tmp_path, told):
    """Hours forward, a day back, under load: the order is the log's, nobody is closed, nothing is lost or doubled."""
    library, setting = tmp_path / "clock.so", tmp_path / "clock"
    subprocess.run([COMPILER, "-O1", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("clock.c"), "-ldl"],
                   check=True)

    def set_clock(seconds: int) -> None:
        with setting.open("r+b" if setting.exists() else "wb") as file:
            file.write(struct.pack("q", seconds))

    set_clock(0)
    server = launch(environment={"LD_PRELOAD": str(library), "CLOCK_FILE": str(setting)})
    writer = Writer("clock", 20)
    with SocketViewer(server, session="clock") as viewer, Load(server, [writer]) as load:
        for hours in [7, -24, 0, 24 * 30, -2, 0]:
            goal = writer.acknowledged + 200
            set_clock(hours * HOUR)
            server.until(lambda: writer.acknowledged >= goal, lambda: f"stands still {hours} hours away")
        load.end()
        total = check(server, [writer])
        viewer.until_count(total)
        assert viewer.offsets == sorted(set(viewer.offsets))
    days = {found["received"][:10] for found in server.history(session="clock", limit=1000)}
    assert len(days) >= 3, f"the clock was not set: {days}"
    restart(server)
    assert check(server, [writer]) == total
    told(f"6 settings: {total} events in order, received on {len(days)} days; viewer and restart undisturbed")
