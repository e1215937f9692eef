#!/usr/bin/env bash
# Builds the reference of the public modules with DocC: a folder a module in .build/docs.
set -euo pipefail
cd "$(dirname "$0")/.."
graphs=.build/symbol-graphs
rm -rf "$graphs" .build/docs
mkdir -p "$graphs" .build/docs
swift build --scratch-path .build/docs-build \
  -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc "$PWD/$graphs"
for module in Signalbox Fetch SignalboxServer SignalboxTesting; do
  mkdir -p "$graphs/$module"
  cp "$graphs/$module".symbols.json "$graphs/$module@"*.symbols.json "$graphs/$module/" 2>/dev/null || true
  docc convert --fallback-display-name "$module" --fallback-bundle-identifier "signalbox.$module" \
    --additional-symbol-graph-dir "$graphs/$module" --output-path ".build/docs/$module"
  echo ".build/docs/$module"
done
