#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh SECONDS: builds the fuzz targets and runs each for that long from its committed corpus, under
# ASan and UBSan. Exits non-zero at the first crash, hang over 20 s or use of over 2 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [[ $# -ne 1 || ! $1 =~ ^[0-9]+$ ]]; then
  echo "usage: tests/fuzz/run.sh SECONDS" >&2
  exit 2
fi
cmake --preset fuzz >/dev/null
ninja -C build/fuzz fuzzers | tail -n 20
SITECAST_FUZZ_SECONDS=$1 ctest --test-dir build/fuzz -L '^fuzz$' --output-on-failure --stop-on-failure \
  --timeout $(($1 + 120)) -V | grep --line-buffered -E 'Test +#|stat::number_of_executed|must hold|ERROR|SUMMARY|tests passed'
