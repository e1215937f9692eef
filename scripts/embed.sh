#!/usr/bin/env bash
# Turns the files of the dashboard (Sources/SignalboxServer/Dashboard/web), those for pages that watch a chain
# (Dialects/web), the schema of events and the list of prices into Swift, so that the program is one file.
#   scripts/embed.sh          writes DashboardAssets.swift and PriceTable+builtIn.swift
#   scripts/embed.sh --check  fails when they are not what the files say
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C
folder=Sources/SignalboxServer/Dashboard
dialects=Sources/SignalboxServer/Dialects
prices=Sources/SignalboxLLM/Usage

kind() {
  case "$1" in
    *.html) echo "text/html; charset=utf-8" ;;
    *.d.ts | *.d.mts) echo "text/plain; charset=utf-8" ;;
    *.js | *.mjs) echo "text/javascript; charset=utf-8" ;;
    *.css) echo "text/css; charset=utf-8" ;;
    *.svg) echo "image/svg+xml" ;;
    *.schema.json) echo "application/schema+json" ;;
    *) echo "embed.sh does not know what $1 is" >&2 && exit 1 ;;
  esac
}

dashboard() {
  echo "// Made by scripts/embed.sh from the files in web/: change those."
  echo "// swift-format-ignore-file"
  echo
  echo "extension DashboardAsset {"
  echo "  /// Every file of the dashboard, by the path it is served at."
  echo "  static let all: [DashboardAsset] = ["
  for file in "$folder"/web/* "$dialects"/web/* docs/events.schema.json; do
    name=$(basename "$file")
    path=/assets/$name
    [ "$name" = index.html ] && path=/
    [ "$name" = chain.html ] && path=/chain
    case "$name" in chain-monitor.*) path=/js/$name ;; esac
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

price_list() {
  echo "// Made by scripts/embed.sh from prices.json: change that."
  echo "// swift-format-ignore-file"
  echo
  echo "extension PriceTable {"
  echo "  /// The list of prices that comes with the package, as JSON."
  echo "  static let builtInText = ###\"\"\""
  cat "$prices/prices.json"
  echo "\"\"\"###"
  echo "}"
}

# write NAME FILE: puts what the function says into the file, or with --check compares it.
write() {
  if [ "$check" = --check ]; then
    if ! "$1" | cmp -s - "$2"; then
      echo "$2 is stale: run scripts/embed.sh" >&2
      exit 1
    fi
  else
    "$1" >"$2.new"
    mv "$2.new" "$2"
  fi
}

check=${1:-}
write dashboard "$folder/DashboardAssets.swift"
write price_list "$prices/PriceTable+builtIn.swift"
