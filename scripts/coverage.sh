#!/usr/bin/env bash
# Prints the line coverage that the last `swift test --enable-code-coverage` measured: a line a source folder.
set -euo pipefail
cd "$(dirname "$0")/.."
report=$(swift test --show-codecov-path)
python3 - "$report" <<'PYTHON'
import json, os, sys
from collections import defaultdict

covered, lines = defaultdict(int), defaultdict(int)
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    name = os.path.relpath(file["filename"])
    if not name.startswith("Sources/"):
        continue
    for key in (name.split("/")[1], "all"):
        covered[key] += file["summary"]["lines"]["covered"]
        lines[key] += file["summary"]["lines"]["count"]
for key in sorted(lines, key=lambda name: (name == "all", name)):
    print(f"{key:20} {100 * covered[key] / max(lines[key], 1):5.1f} %  of {lines[key]} lines")
PYTHON
