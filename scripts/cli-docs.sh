#!/usr/bin/env bash
# Writes docs/cli.md from what the program says of itself.
#   scripts/cli-docs.sh [PROGRAM]           writes it
#   scripts/cli-docs.sh --check [PROGRAM]   fails when it is not what the program says
set -euo pipefail
cd "$(dirname "$0")/.."
check=
if [ "${1:-}" = --check ]; then
  check=1
  shift
fi
program=${1:-.build/debug/signalbox}
target=docs/cli.md

generate() {
  echo "# The program"
  echo
  echo "What \`signalbox COMMAND --help\` says, in one page (made by \`scripts/cli-docs.sh\`). An option goes before its"
  echo "variable, the variable before the default. Exit codes: 0 success, 1 failure, 2 a command line that makes no sense."
  echo
  local commands
  commands=$(env -i "$program" --help | sed -n '/^Commands:/,/^$/p;/^Start/q' | awk '/^  [a-z]/ { print $1 }')
  for command in $commands; do
    echo "## signalbox $command"
    echo
    echo '```text'
    env -i "$program" "$command" --help
    echo '```'
    echo
  done
}

if [ -n "$check" ]; then
  if ! generate | cmp -s - "$target"; then
    echo "$target is stale: run scripts/cli-docs.sh" >&2
    exit 1
  fi
else
  generate >"$target.new"
  mv "$target.new" "$target"
fi
