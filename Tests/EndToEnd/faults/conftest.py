"""What every case ends with, and a table of what was done and what came of it."""

import pytest

from .books import ROUNDS, SEED, Closing

_rows: list[tuple[str, str]] = []
_closings = pytest.StashKey[list[Closing]]()


def pytest_collection_modifyitems(items):
    """What a writer's thread finds wrong fails its test; else the thread would end, and the test go on without it."""
    for item in items:
        if item.get_closest_marker("faults"):
            item.add_marker(pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"))


@pytest.fixture
def launch(launch, request):
    """Starts servers whose books are looked at when the case is over."""
    closings = request.node.stash[_closings] = []

    def start(*arguments, **keywords):
        server = launch(*arguments, **keywords)
        server.closing = Closing(server)
        closings.append(server.closing)
        return server

    return start


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    result = yield
    last = {closing.server.data: closing for closing in pyfuncitem.stash.get(_closings, [])}
    for closing in last.values():
        # A case that takes the folder away with it has looked before.
        if closing.server.data.exists():
            closing.look()
    return result


@pytest.fixture
def told(request):
    """told("…"): a line while it goes on, and the last one in the table at the end."""
    name = request.node.name

    def tell(line: str) -> None:
        print(f"{name}: {line}", flush=True)
        _rows[:] = [row for row in _rows if row[0] != name] + [(name, line)]

    return tell


def pytest_terminal_summary(terminalreporter):
    if not _rows:
        return
    terminalreporter.section(f"faults, seed {SEED}, rounds {ROUNDS}")
    failed = {report.nodeid.split("::")[-1] for report in terminalreporter.stats.get("failed", [])}
    width = max(len(name) for name, _ in _rows)
    for name, line in _rows:
        terminalreporter.write_line(f"{name:{width}}  {'FAILED' if name in failed else 'held'}  {line}")
