#!/usr/bin/env bash
# gpu.sh FOLDER: runs the benchmark and every golden case on this machine's GPU, out of the unpacked archive, and writes
# what they say to FOLDER. Ends with 1 when one of them fails. PROVIDER names ONNX Runtime's provider for the golden
# cases (webgpu unless given; cpu needs no GPU), PYTHON a Python with PyTorch for CUDA.
set -u -o pipefail
if [ $# -ne 1 ]; then
  echo "Usage: [PROVIDER=webgpu] [PYTHON=python3] $0 FOLDER" >&2
  exit 2
fi
mkdir -p "$1" && out=$(cd "$1" && pwd) && cd "$(dirname "$0")" || exit 2
programs=node_modules/.cache/matryoshka
failed=0
{
  date -u
  uname -srm
  nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv || echo 'nvidia-smi finds no GPU.'
} 2>&1 | tee "$out/machine.txt"
./node $programs/gpu-alone.mjs 2>&1 | tee "$out/bench.txt" || failed=1
./node $programs/goldens.mjs test/goldens --engine "onnx:${PROVIDER:-webgpu}" --tolerance 1e-3 2>&1 |
  tee "$out/goldens.txt" || failed=1
exit $failed
