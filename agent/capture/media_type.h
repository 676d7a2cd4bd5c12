// SPDX-License-Identifier: Apache-2.0
// What a file is, told from its bytes. Thread-safe: pure functions.
#pragma once

#include <string>

#include "proto/base/bytes.h"

namespace sitecast::agent {

// How many bytes of the beginning and of the end media_type_of wants to see.
inline constexpr std::size_t kSniffBytes = 64 * 1024;

// image/jpeg, image/png, image/heic, application/pdf, video/mp4, the two OOXML types of Word and
// Excel, application/zip; everything else application/octet-stream. `tail` is the file's end (a
// ZIP's directory stands there); it may overlap `head`.
std::string media_type_of(ByteView head, ByteView tail);

}  // namespace sitecast::agent
