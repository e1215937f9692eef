#!/usr/bin/env bash
# A real OpenAI-compatible LLM server on this machine: llama.cpp with a tiny model of random weights. It talks
# nonsense, but with real tokens, real streaming and real usage, so it is what the end-to-end suite likes to be run
# against: SIGNALBOX_TEST_LLM=http://127.0.0.1:8090 make test
#   scripts/local-llm.sh [PORT]     PORT is 8090
# LOCAL_LLM_DIR  where it lives (default .build/local-llm)
set -euo pipefail
cd "$(dirname "$0")/.."
port=${1:-8090}
home=${LOCAL_LLM_DIR:-$PWD/.build/local-llm}
python=$home/venv/bin/python

mkdir -p "$home"
[ -x "$python" ] || python3 -m venv "$home/venv"
if ! "$python" -c 'import gguf, xllamacpp' 2>/dev/null; then
  echo "installing llama.cpp into $home"
  "$python" -m pip install -q --disable-pip-version-check xllamacpp gguf numpy
fi
[ -f "$home/tiny.gguf" ] || "$python" scripts/tiny-model.py "$home/tiny.gguf"
exec "$python" - "$home/tiny.gguf" "$port" <<'PYTHON'
import signal
import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.port = sys.argv[1], int(sys.argv[2])
parameters.model_alias, parameters.chat_template = {"tiny"}, "chatml"
parameters.n_ctx, parameters.n_predict, parameters.cpuparams.n_threads = 1024, 256, 1
server = xllamacpp.Server(parameters)
print(f"the model `tiny` answers at {server.listening_address}/v1", flush=True)
signal.pause()
PYTHON
