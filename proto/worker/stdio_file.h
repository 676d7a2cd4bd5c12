// SPDX-License-Identifier: Apache-2.0
// The worker's three descriptors: input on stdin, output on stdout, messages on stderr.
// Owner thread: main; blocking.
#pragma once

#include "proto/base/bytes.h"
#include "proto/base/result.h"

namespace sitecast {

// The whole of stdin, which must be a regular file. kInvalidArgument otherwise.
Result<Bytes> read_stdin();
// Its first bytes, at most `size`; leaves the position alone.
Result<Bytes> read_stdin_head(std::size_t size);
Status write_stdout(ByteView bytes);

}  // namespace sitecast
