#!/usr/bin/env bash
# Turns the files of the dashboard (Sources/SignalboxServer/Dashboard/web) and the schema of events into Swift,
# so that the program is one file.
#   scripts/embed.sh          writes DashboardAssets.swift
#   scripts/embed.sh --check  fails when it is not what the files say
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
folder=Sources/SignalboxServer/Dashboard
target=$folder/DashboardAssets.swift

kind() {
  case "$1" in
    *.html) echo "text/html; charset=utf-8" ;;
    *.js) echo "text/javascript; charset=utf-8" ;;
    *.css) echo "text/css; charset=utf-8" ;;
    *.svg) echo "image/svg+xml" ;;
    *.schema.json) echo "application/schema+json" ;;
    *) echo "embed.sh does not know what $1 is" >&2 && exit 1 ;;
  esac
}

generate() {
  echo "// Made by scripts/embed.sh from the files in web/: change those."
  echo "// swift-format-ignore-file"
  echo
  echo "extension DashboardAsset {"
  echo "  /// Every file of the dashboard, by the path it is served at."
  echo "  static let all: [DashboardAsset] = ["
  for file in "$folder"/web/* docs/events.schema.json; do
    name=$(basename "$file")
    path=/assets/$name
    [ "$name" = index.html ] && path=/
    [ "$name" = events.schema.json ] && path=/v1/schema
    tag=$(sha256sum "$file" | cut -c1-16)
    echo "    DashboardAsset("
    echo "      path: \"$path\", contentType: \"$(kind "$name")\", tag: \"\\\"$tag\\\"\","
    echo "      text: ###\"\"\""
    cat "$file"
    echo "\"\"\"###),"
  done
  echo "  ]"
  echo "}"
}

if [ "${1:-}" = --check ]; then
  if ! generate | cmp -s - "$target"; then
    echo "$target is stale: run scripts/embed.sh" >&2
    exit 1
  fi
else
  generate >"$target.new"
  mv "$target.new" "$target"
fi
