#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every C++ file is as clang-format 14 writes it with the .clang-format of the tree.
set -euo pipefail
cd "$(dirname "$0")/../../.."
mapfile -t files < <(find proto agent hub viewer scripts tests -name node_modules -prune -o \
  -type f \( -name '*.cpp' -o -name '*.h' \) -print | sort)
clang-format-14 --dry-run -Werror "${files[@]}"
echo "check_format: ${#files[@]} files"
