#!/usr/bin/env bash
# The gateway against nginx and against no proxy at all, in one run, in turns: CPU a request with 50 chunks at once,
# added time to first token, and paced streams (64 chunks at 20 ms).
#   Benchmarks/gateway.sh PEERS SIGNALBOX     PEERS: folder with llm_upstream.c and llm_load.c; SIGNALBOX: the program
# The proxy under test runs on core 0, upstream and clients on core 1. Needs gcc and nginx.
set -euo pipefail
peers=${1:?usage: gateway.sh PEERS SIGNALBOX}
program=$(realpath "${2:?usage: gateway.sh PEERS SIGNALBOX}")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null; rm -rf "$work"' EXIT

gcc -O2 -w -o "$work/upstream" "$peers/llm_upstream.c"
gcc -O2 -w -o "$work/load" "$peers/llm_load.c"
ulimit -n 65536 2>/dev/null || true
taskset -c 1 "$work/upstream" 9500 50 64 20 & pids+=($!)
mkdir -p "$work/nginx"
taskset -c 0 nginx -c "$here/peers/nginx-gateway.conf" -p "$work/nginx" 2>/dev/null & pids+=($!)
taskset -c 0 "$program" serve --listen 127.0.0.1:9700 --data "$work/data" \
  --upstream burst=http://127.0.0.1:9500 --upstream paced=http://127.0.0.1:9501 > "$work/signalbox.log" & pids+=($!)
sleep 2
nginx_pid=$(pgrep -P "${pids[1]}" | head -1)
signalbox_pid=${pids[2]}

# Clock ticks (10 ms) that a process has used.
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
load() { taskset -c 1 "$work/load" "$@"; }
# tag, pid, then the arguments of the load: its line, and the CPU a request.
measure() {
  local tag=$1 pid=$2 before after line requests
  shift 2
  before=$(ticks "$pid"); line=$(load "$@"); after=$(ticks "$pid")
  requests=$(sed -E 's/.*reqs ([0-9]+).*/\1/' <<< "$line")
  echo "$tag | $line | cpu $(awk -v t=$((after - before)) -v n="$requests" 'BEGIN { printf "%.1f", n ? t * 10000 / n : 0 }') us a request"
}
chat=/v1/chat/completions
echo "== 50 chunks at once, one at a time"
for round in 1 2; do
  measure "direct   " $$ 9500 1 3 0 $chat
  measure "nginx    " "$nginx_pid" 9600 1 3 0 $chat
  measure "signalbox" "$signalbox_pid" 9700 1 3 0 /burst$chat
  measure "tap off  " "$signalbox_pid" 9700 1 3 0 /burst/v1/embeddings
done
echo "== 50 chunks at once, 64 clients"
for round in 1 2; do
  measure "nginx    " "$nginx_pid" 9600 64 4 0 $chat
  measure "signalbox" "$signalbox_pid" 9700 64 4 0 /burst$chat
  measure "tap off  " "$signalbox_pid" 9700 64 4 0 /burst/v1/embeddings
done
for streams in 512 1024; do
  echo "== $streams paced streams"
  measure "direct   " $$ 9501 $streams 6 1 $chat 1000 2000
  measure "nginx    " "$nginx_pid" 9601 $streams 6 1 $chat 1000 2000
  measure "signalbox" "$signalbox_pid" 9700 $streams 6 1 /paced$chat 1000 2000
done
