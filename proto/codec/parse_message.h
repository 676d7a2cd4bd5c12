// SPDX-License-Identifier: Apache-2.0
// Parsing of protobuf bytes from outside. Internal to proto/codec. Thread-safe.
#pragma once

#include "proto/base/bytes.h"

namespace sitecast {

// protobuf writes a line to stderr for each string that is not UTF-8; a peer could fill the log
// with it. Our caller reports the error once, in our words.
void silence_protobuf_log();

// REQUIRES: bytes within a limit of limits.h, so that the size fits an int.
template <typename Message>
bool parse_message(Message& message, ByteView bytes) {
  silence_protobuf_log();
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace sitecast
