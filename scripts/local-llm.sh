#!/usr/bin/env bash
# A real OpenAI-compatible LLM server on this machine: llama.cpp with a tiny model of random weights. It talks
# nonsense, but with real tokens, real streaming and real usage, so it is what the end-to-end suite likes to be run
# against: SIGNALBOX_TEST_LLM=http://127.0.0.1:8090 make test
#   scripts/local-llm.sh [PORT]     PORT is 8090; the first start compiles llama.cpp, which takes some ten minutes
# LOCAL_LLM_DIR  where it lives (default .build/local-llm)
set -euo pipefail
cd "$(dirname "$0")/.."
port=${1:-8090}
home=${LOCAL_LLM_DIR:-$PWD/.build/local-llm}
python=$home/venv/bin/python

mkdir -p "$home"
[ -x "$python" ] || python3 -m venv "$home/venv"
if ! "$python" -c 'import gguf, llama_cpp.server' 2>/dev/null; then
  for tool in cmake c++; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install cmake g++" >&2; exit 1; }
  done
  echo "compiling llama.cpp into $home"
  CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_OPENMP=OFF" \
    "$python" -m pip install -q --disable-pip-version-check 'llama-cpp-python[server]' gguf numpy
fi
[ -f "$home/tiny.gguf" ] || "$python" scripts/tiny-model.py "$home/tiny.gguf"
exec "$python" -m llama_cpp.server --model "$home/tiny.gguf" --host 127.0.0.1 --port "$port" \
  --n_ctx 1024 --chat_format chatml
