"""A table of what was done and what came of it, at the end of a run."""

import pytest

from .books import ROUNDS, SEED

_rows: list[tuple[str, str]] = []


def pytest_collection_modifyitems(items):
    """What a writer's thread finds wrong fails its test; else the thread would end, and the test go on without it."""
    for item in items:
        if item.get_closest_marker("faults"):
            item.add_marker(pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"))


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
