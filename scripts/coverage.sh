#!/usr/bin/env bash
# Prints the line coverage that the last `make coverage` measured, a line a source folder, and fails below its limits.
#   scripts/coverage.sh          scripts/coverage.sh FOLDER: the files of a folder, least covered first
set -euo pipefail
cd "$(dirname "$0")/.."
report=$(swift test --scratch-path .build/coverage --show-codecov-path)
python3 - "$report" "${1:-}" <<'PYTHON'
import json, os, sys
from collections import defaultdict

LIMITS = {"Wire": 95, "SignalboxLog": 95, "all": 80}
# Made from files that are looked at elsewhere.
MADE = ("DashboardAssets.swift", "PriceTable+builtIn.swift")

covered, lines, files = defaultdict(int), defaultdict(int), []
for file in json.load(open(sys.argv[1]))["data"][0]["files"]:
    name = os.path.relpath(file["filename"])
    if not name.startswith("Sources/") or name.endswith(MADE):
        continue
    summary = file["summary"]["lines"]
    folder = name.split("/")[1]
    if folder == sys.argv[2]:
        files.append((summary["count"] - summary["covered"], summary["percent"], name))
    for key in (folder, "all"):
        covered[key] += summary["covered"]
        lines[key] += summary["count"]
for missing, percent, name in sorted(files, reverse=True):
    print(f"{missing:5} lines of {name} are not run ({percent:.1f} %)")
if sys.argv[2]:
    sys.exit()
short = []
for key in sorted(lines, key=lambda name: (name == "all", name)):
    share = 100 * covered[key] / max(lines[key], 1)
    limit = LIMITS.get(key)
    print(f"{key:20} {share:5.1f} %  of {lines[key]} lines" + (f", at least {limit} %" if limit else ""))
    if limit and share < limit:
        short.append(key)
if short:
    sys.exit(f"too little of {', '.join(short)} is covered: scripts/coverage.sh FOLDER shows where")
PYTHON
