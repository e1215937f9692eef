#!/usr/bin/env bash
# Installs what the given jobs need and says nothing when all of it is there.
#   scripts/deps.sh swift build python
# swift   checks for Swift 6.3 or later (never installs it)
# build   the C libraries and pkg-config, as Debian packages
# python  curl, and a virtual environment in .venv with what the end-to-end suite imports
# browser Chromium, for the tests of the pages, and the TypeScript compiler, for those of their types
# docs    checks for DocC, which comes with Swift
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

fail() {
  echo "$1" >&2
  exit 1
}

need_swift() {
  local hint="Signalbox needs Swift 6.3 or later: see https://www.swift.org/install/linux/"
  local swift
  swift=$(command -v swift) || fail "Swift is missing. $hint"
  local version
  version=$("$swift" --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -1)
  [ -n "$version" ] || fail "$swift does not tell its version. $hint"
  local major=${version%%.*} minor=${version#*.}
  if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 3 ]; }; then
    fail "Swift $version is too old. $hint"
  fi
}

# Installs the Debian packages that are not there yet; the package lists are fetched only then.
apt_packages() {
  command -v dpkg-query >/dev/null || return 0
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  echo "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
  if ! as_root "${install[@]}" "${missing[@]}" >/dev/null 2>&1; then
    as_root apt-get update -qq
    as_root "${install[@]}" "${missing[@]}" >/dev/null
  fi
}

need_build() {
  apt_packages pkg-config libuv1-dev libsqlite3-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev libssl-dev \
    libsimdjson-dev libstdc++-12-dev libc6-dev git ca-certificates
}

need_python() {
  command -v curl >/dev/null || apt_packages curl
  command -v python3 >/dev/null || apt_packages python3
  if [ ! -x .venv/bin/python ]; then
    if ! python3 -m venv .venv 2>/dev/null; then
      rm -rf .venv
      apt_packages python3-venv
      python3 -m venv .venv
    fi
  fi
  local wanted=Tests/EndToEnd/requirements.txt
  if [ -f "$wanted" ] && ! cmp -s "$wanted" .venv/installed.txt; then
    .venv/bin/pip install -q --disable-pip-version-check -r "$wanted"
    cp "$wanted" .venv/installed.txt
  fi
}

need_browser() {
  command -v tsc >/dev/null || apt_packages node-typescript \
    || echo "there is no tsc: the test of the types is skipped" >&2
  command -v chromium >/dev/null || command -v google-chrome >/dev/null && return 0
  apt_packages chromium fonts-dejavu-core || echo "there is no Chromium: the tests of the pages are skipped" >&2
}

need_docs() {
  command -v docc >/dev/null || fail "docc is missing: it comes with the Swift toolchain."
}

for job in "$@"; do
  case "$job" in
    swift | build | python | browser | docs) "need_$job" ;;
    *) fail "scripts/deps.sh knows swift, build, python, browser and docs, not '$job'" ;;
  esac
done
