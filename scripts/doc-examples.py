#!/usr/bin/env python3
"""Runs the examples of the documents against the program, so that they stay true.

    scripts/doc-examples.py --program .build/debug/signalbox README.md docs

A block of `sh` or `python` has a comment of its own on a line before it:

    <!-- run -->                what it prints does not matter, its success does
    <!-- run: text -->          it must print this text (it is stopped once it has)
    <!-- not run: reason -->    it is shown only

Addresses of the default port become those of a server on a free port, whose provider is a scripted one.
A document's examples share one server and one folder, in order.
"""

import argparse
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (run|not run)(?:: (.*?))? -->\n$")
SECONDS = 60


def blocks(document: Path):
    """Yields (line, language, code, wanted text or None) of each block to run; fails on one without a mark."""
    text = document.read_text()
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        mark = MARK.search(text[:match.start()])
        if not mark:
            raise SystemExit(f"{document}:{line}: an example needs <!-- run --> or <!-- not run: reason -->")
        if mark[1] == "run":
            yield line, match[1], match[2], mark[2]


def run(command: list[str], wanted: str | None, folder: Path, environment: dict) -> str | None:
    """Runs an example; returns what is wrong, or None."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True)
    said = b""
    until = time.monotonic() + SECONDS
    try:
        while time.monotonic() < until:
            if select.select([process.stdout], [], [], 0.1)[0]:
                piece = os.read(process.stdout.fileno(), 65536)
                said += piece
                if wanted and wanted.encode() in said:
                    return None
                if not piece:
                    break
        else:
            return f"still running after {SECONDS} s; it said:\n{said.decode(errors='replace')}"
        status = process.wait(10)
        if wanted:
            return f"it never said '{wanted}', but:\n{said.decode(errors='replace')}"
        return None if status == 0 else f"exit code {status}:\n{said.decode(errors='replace')}"
    finally:
        try:
            os.killpg(process.pid, 15)
        except ProcessLookupError:
            pass
        process.wait()


def check(document: Path, program: Path) -> int:
    from support.server import Server
    from support.upstream import Upstream

    examples = list(blocks(document))
    if not examples:
        return 0
    failed = 0
    upstream = Upstream()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "bin").mkdir()
        (folder / "bin" / "signalbox").symlink_to(program)
        with Server(folder / "data", "--upstream", f"openai={upstream.url}") as server:
            environment = {
                **os.environ, "SIGNALBOX_URL": server.url, "OPENAI_API_KEY": "sk-example",
                "OPENAI_BASE_URL": f"{server.url}/openai/v1",
                "PATH": f"{folder}/bin:{Path(sys.executable).parent}:{os.environ['PATH']}"}
            for line, language, code, wanted in examples:
                code = code.replace("127.0.0.1:7446", server.url.removeprefix("http://"))
                shell = ["bash", "-euo", "pipefail", "-c", code]
                command = shell if language == "sh" else [sys.executable, "-u", "-c", code]
                wrong = run(command, wanted, folder, environment)
                print(f"{'FAILED' if wrong else 'ok    '} {document.relative_to(ROOT)}:{line}", flush=True)
                if wrong:
                    print(wrong)
                    failed += 1
    upstream.close()
    return failed


def main() -> None:
    options = argparse.ArgumentParser(description="Runs the examples of the documents.")
    options.add_argument("--program", type=Path, required=True)
    options.add_argument("documents", nargs="+", type=Path, help="files, or folders of .md files")
    chosen = options.parse_args()
    program = chosen.program.resolve()
    # The suite's helpers read it when they are imported.
    os.environ["SIGNALBOX"] = str(program)
    sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))
    documents = []
    for path in chosen.documents:
        documents += sorted(path.rglob("*.md")) if path.is_dir() else [path]
    failed = sum(check(document.resolve(), program) for document in documents)
    if failed:
        raise SystemExit(f"{failed} examples failed")


if __name__ == "__main__":
    main()
