"""The files: foreign, cut, with flipped bits, and on a full disk."""

import contextlib
import itertools
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from support.server import Server
from support.viewer import SocketViewer

from .books import ROUNDS, Load, Writer, check, event, is_whole, randomness, restart

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("content", [b"", b"this is no database" * 1000, None])
def test_a_foreign_or_corrupt_file_is_set_aside(launch, tmp_path, content):
    data = tmp_path / "corrupt"
    if content is None:
        server = launch(data=data)
        server.send([{"type": "test.before", "data": {"pad": "x" * 500}} for _ in range(2000)])
        server.stop()
        file = max((file for file in data.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
        with file.open("r+b") as damaged:
            damaged.seek(0)
            damaged.write(os.urandom(8192))
        for leftover in data.glob("*-wal"):
            leftover.unlink()
    else:
        data.mkdir()
        for name in ("signalbox.db", "log.db", "events.db"):
            (data / name).write_bytes(content)
    server = launch(data=data)
    server.send({"type": "test.after"})
    assert server.history()[-1]["type"] == "test.after"
    if content is None:
        assert "damaged" in server.said and "renamed" in server.said, server.said
        assert any("damaged" in file.name for file in data.rglob("*")), "nothing is thrown away"


@pytest.fixture(scope="module")
def written(tmp_path_factory, upstream):
    """A log of some thousand events, partly merged: its events, and its folder as a stopped server leaves it and as a
    killed one does, with most of it in the write-ahead log."""
    folder = tmp_path_factory.mktemp("written") / "data"
    killed = folder.with_name("killed")
    with Server(folder, "--upstream", f"openai={upstream.url}") as server:
        for first in itertools.count(0, 500):
            server.send([event("test.file", f"f{n % 7}", n, 200) for n in range(first, first + 500)])
            if server.metric("signalbox_log_sealed_total") > 0:
                break
        server.send([event("test.file", "last", n, 200) for n in range(first + 500, first + 1000)])
        events = server.history(limit=1000)
        server.kill()
    shutil.copytree(folder, killed)
    with Server(folder, "--upstream", f"openai={upstream.url}") as server:
        server.stop()
    assert (killed / "signalbox.db-wal").stat().st_size > 1 << 20 < (folder / "signalbox.db").stat().st_size
    return {"signalbox.db": folder, "signalbox.db-wal": killed}, events


def truncated(file: Path, dice) -> str:
    size = dice.randrange(file.stat().st_size)
    os.truncate(file, size)
    return f"cut at {size}"


def flipped(file: Path, dice) -> str:
    """Some bits anywhere, but for the first page, whose damage another test has."""
    places = sorted(dice.randrange(min(4096, file.stat().st_size - 1), file.stat().st_size)
                    for _ in range(dice.choice([1, 1, 3, 20])))
    with file.open("r+b") as opened:
        for place in places:
            opened.seek(place)
            byte = opened.read(1)[0]
            opened.seek(place)
            opened.write(bytes([byte ^ 1 << dice.randrange(8)]))
    return f"flipped at {places}"


@pytest.mark.parametrize("name, damage", [
    ("signalbox.db", truncated), ("signalbox.db", flipped),
    ("signalbox.db-wal", truncated), ("signalbox.db-wal", flipped)])
def test_damaged_anywhere(launch, tmp_path, told, written, name, damage):
    """It starts by itself; what it gives is what was stored, what it cannot give it names; and it stores on."""
    folders, events = written
    stored = {found["data"]["n"]: found for found in events}
    dice = randomness(f"{name} {damage.__name__}")
    asides = gaps = lost = 0
    for round in range(min(ROUNDS, max(5, ROUNDS // 4))):
        data = tmp_path / f"round-{round}"
        shutil.copytree(folders[name], data)
        what = damage(data / name, dice)
        server = launch(data=data)
        beginning = server.said
        try:
            found, missing = history_with_gaps(server)
            for each in found:
                assert is_whole(each), f"{what}: an altered event was given: {each}"
                assert each["data"] == stored[each["data"]["n"]]["data"], what
            numbers = [each["data"]["n"] for each in found]
            assert numbers == sorted(set(numbers)), f"{what}: an event is there twice, or out of order"
            if "wal" in name and not missing:
                assert numbers == list(range(len(numbers))), f"{what}: a hole that is not told"
                # Who saw what is gone must not be led on as if nothing were: new events may take those offsets.
                answer = server.http.get("/v1/events", params={"after": events[-1]["position"]})
                expected = 200 if len(numbers) == len(stored) else 410
                assert answer.status_code == expected, f"{what}: {answer.status_code} {answer.text[:200]}"
                assert (" are gone: " in beginning) == (len(numbers) < len(stored)), f"{what}: {beginning}"
            aside = any("damaged" in file.name for file in data.iterdir())
            # The end of a write-ahead log is not there if it was cut: those commits were never made durable.
            if not aside and "wal" not in name:
                absent = len(stored) - len(numbers)
                assert absent <= missing, f"{what}: {absent} events are not there, {missing} are said to be missing"
            asides, gaps, lost = asides + aside, gaps + (missing > 0), lost + len(stored) - len(numbers)
            answer = server.http.post("/v1/events", json=event("test.file", "after", 1))
            if answer.status_code != 200:
                # Damage that is met later takes ingest away until the next start, which sets the file aside.
                assert answer.status_code == 503 and "damaged" in answer.text, f"{what}: {answer.text}"
                restart(server)
                server.send(event("test.file", "after", 1))
            assert server.history(session="after")[-1]["data"]["n"] == 1
            if "wal" in name and not missing and len(numbers) < len(stored):
                for first in range(0, len(stored) - len(numbers), 1000):
                    server.send([event("test.file", "anew", n) for n in range(first, first + 1000)])
                answer = server.http.get("/v1/events", params={"after": events[-1]["position"]})
                assert answer.status_code == 410, f"{what}: what came anew is taken for what was there"
            restart(server)
            assert server.history(session="after"), f"{what}: not there after one more start"
            assert " are gone: " not in server.said, "it was said before"
            server.closing.look()
        except AssertionError as failure:
            raise AssertionError(f"{what}: {failure}\n{server.said}") from failure
        finally:
            server.kill()
            shutil.rmtree(data)
        told(f"{round + 1} times: no start failed, no event altered; {asides} set aside, "
             f"{gaps} with gaps that were told, {lost} of {(round + 1) * len(stored)} events gone")


def history_with_gaps(server: Server) -> tuple[list[dict], int]:
    """What can be read, page by page, and how many events the pages say are missing."""
    found, missing, after = [], 0, None
    while True:
        answer = server.http.get("/v1/events", params={"limit": 1000, **({"after": after} if after else {})})
        if answer.status_code != 200:
            assert answer.status_code in (500, 503) and "damaged" in answer.text, answer.text
            return found, 1 << 60
        page = answer.json()
        found += page["events"]
        missing += sum(int(gap["last"].split("-")[1]) - int(gap["first"].split("-")[1]) + 1
                       for gap in page.get("gaps", []))
        if not (after := page["next"]):
            return found, missing


def test_two_servers_do_not_share_a_folder(launch, tmp_path):
    data = tmp_path / "one"
    launch(data=data).send({"type": "test.first"})
    with pytest.raises(AssertionError) as refused:
        Server(data).start()
    assert "data" in str(refused.value) or "use" in str(refused.value)


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int):
    path.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("a small file system can be mounted by root only")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no room; to remove the file makes it again."""
    filler = disk / "filler"
    with filler.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
            file.flush()
    return filler


def test_a_full_disk_is_said_and_survived(launch, tmp_path, session):
    with small_disk(tmp_path / "disk", 200) as disk:
        server = launch(data=disk / "data")
        first = server.send([{"type": "test.kept", "session": session, "data": {"n": n}} for n in range(100)])
        viewer = SocketViewer(server, session=session, after=first["position"])
        viewer.until_hello()
        filler = fill(disk)
        refused, acknowledged = None, 0
        for number in itertools.count(100):
            answer = server.http.post("/v1/events", json=[{
                "type": "test.kept", "session": session, "data": {"n": number, "pad": os.urandom(20_000).hex()}}])
            if answer.status_code == 200:
                acknowledged = number
                assert number < 20_000, "the disk is never full"
            else:
                refused = answer
                break
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["retry-after"]) >= 1
        assert "disk" in refused.json()["error"]["message"] or "space" in refused.json()["error"]["message"]
        assert server.http.get("/healthz").status_code == 200
        assert server.http.get("/readyz").status_code == 503
        kept = server.history(session=session)
        assert [event["data"]["n"] for event in kept] == list(range(max(acknowledged, 99) + 1)), "history goes on"
        viewer.until_count(len(kept) - 100)
        answer = server.http.post("/openai/v1/chat/completions", json={"model": "text", "stream": True, "messages": []})
        assert answer.status_code == 200 and b"[DONE]" in answer.content, "the gateway goes on"

        filler.unlink()
        limit = time.monotonic() + 30
        while True:
            answer = server.http.post("/v1/events", json={
                "type": "test.kept", "session": session, "data": {"n": len(kept)}})
            if answer.status_code == 200:
                break
            assert time.monotonic() < limit, f"not recovered: {answer.text}"
            time.sleep(min(1, int(answer.headers["retry-after"])))
        viewer.until_count(len(kept) - 99)
        assert server.http.get("/readyz").status_code == 200
        viewer.close()
        restart(server)
        assert [event["data"]["n"] for event in server.history(session=session)] == list(range(len(kept) + 1))
        server.closing.look()
        server.stop()


def test_a_disk_that_is_full_again_and_again(launch, tmp_path, told):
    """Writers that try on: what was acknowledged is there, in order, whenever the room went away."""
    dice = randomness("disk")
    with small_disk(tmp_path / "disk", 200) as disk:
        server = launch(data=disk / "data")
        writers = [Writer(f"disk-{n}", 50) for n in range(2)]
        rounds = min(ROUNDS, 20)
        with Load(server, writers) as load:
            for _ in range(rounds):
                before = sum(writer.refused for writer in writers)
                filler = fill(disk)
                server.until(lambda: sum(writer.refused for writer in writers) > before, lambda: "never full", 60)
                time.sleep(dice.random() * 0.5)
                filler.unlink()
                goal = sum(writer.acknowledged for writer in writers) + 200
                server.until(lambda: sum(writer.acknowledged for writer in writers) > goal,
                             lambda: "does not recover", 60)
            load.end()
        total = check(server, writers)
        restart(server)
        assert check(server, writers) == total
        told(f"{rounds} times: {total} acknowledged, all there; {sum(writer.refused for writer in writers)} refused")
        server.closing.look()
        server.stop()
