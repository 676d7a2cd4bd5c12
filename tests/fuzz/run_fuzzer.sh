#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run_fuzzer.sh BINARY CORPUS: replays the committed corpus, then fuzzes for SITECAST_FUZZ_SECONDS from
# it. New inputs stay in the build folder; a crash is written there too and named in the output.
set -euo pipefail
binary=$1 corpus=$2 seconds=${SITECAST_FUZZ_SECONDS:-5}
found=$(dirname "$binary")/../fuzz/$(basename "$binary")
mkdir -p "$found/corpus"
seeds=()
if [[ -d $corpus ]]; then
  seeds=("$corpus")
  find "$corpus" -type f -exec "$binary" -rss_limit_mb=2048 -timeout=20 {} +
fi
exec "$binary" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
  -verbosity=0 -artifact_prefix="$found/" "$found/corpus" "${seeds[@]}"
