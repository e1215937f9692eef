"""Applications whose server is killed, stands still, or is away: what their emitters say that they sent is there."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from support.server import PROGRAM, Server

from .books import ROUNDS, randomness

pytestmark = pytest.mark.faults
# Built beside the program; where that was copied from, otherwise.
BESIDE = [Path(PROGRAM).parent, Path(__file__).resolve().parents[3] / ".build/debug"]
APPLICATION = next((folder / "FaultsEmitter" for folder in BESIDE if (folder / "FaultsEmitter").exists()), None)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def end(application: subprocess.Popen) -> dict:
    """Its ledger, which balances: emitted = sent + dropped + buffered."""
    said, _ = application.communicate(timeout=120)
    assert application.returncode == 0, said
    ledger = json.loads(said.splitlines()[-1])
    assert ledger["emitted"] == ledger["sent"] + ledger["dropped"] + ledger["buffered"], ledger
    return ledger


def missing(events: list[dict], emitted: int) -> int:
    """Numbers that are not there; those that are, are there once and in order."""
    numbers = [each["data"]["n"] for each in events if each["type"] == "test.app"]
    assert numbers == sorted(set(numbers)), "an event is there twice, or out of order"
    return emitted - len(numbers)


@pytest.mark.skipif(APPLICATION is None, reason="FaultsEmitter is not built: make faults")
def test_applications_outlive_their_server(launch, told):
    """Kills, standing still and absence, while two applications emit: what was sent is there once, what was dropped is
    said in a gap, and the ledger balances."""
    dice = randomness("applications")
    server: Server = launch(listen=f"127.0.0.1:{free_port()}")
    count = 1000 * min(ROUNDS, 100)
    applications = [
        subprocess.Popen([APPLICATION, server.url, str(count)], text=True, stdout=subprocess.PIPE) for _ in range(2)]
    kills = 0
    while all(application.poll() is None for application in applications):
        time.sleep(0.5 + dice.random() * 2)
        if dice.random() < 0.6:
            server.kill()
            time.sleep(dice.random() * 0.3)
            server.start()
            kills += 1
        else:
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(dice.random() * 0.5)
            server.process.send_signal(signal.SIGCONT)
    ledgers = [end(application) for application in applications]
    by_producer: dict[str, list[dict]] = {}
    for each in server.history(limit=1000):
        by_producer.setdefault(each["producer"], []).append(each)
    assert len(by_producer) == 2
    dropped = 0
    for events in by_producer.values():
        gone = missing(events, count)
        gaps = sum(each["data"]["dropped"] for each in events if each["type"] == "signalbox.gap")
        starts = sum(each.get("phase") == "start" for each in events)
        ends = sum(each.get("phase") == "end" for each in events)
        assert gaps == gone + 2 * count // 100 - starts - ends, f"{gone} are not there, {gaps} are said to be dropped"
        dropped += gaps
    assert sorted(map(len, by_producer.values())) == sorted(ledger["sent"] for ledger in ledgers)
    assert all(ledger["in_time"] and not ledger["buffered"] for ledger in ledgers), ledgers
    told(f"{kills} kills: {sum(ledger['sent'] for ledger in ledgers)} sent, each there once; "
         f"{dropped} dropped in the applications, and said")
