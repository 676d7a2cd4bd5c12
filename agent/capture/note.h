// SPDX-License-Identifier: Apache-2.0
// The remark that a capture begins with. Thread-safe: pure functions.
#pragma once

#include <string>

#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

v1::Event note_event(const std::string& text);

// Asked before a capture is opened: what the hub would refuse must not leave a capture behind.
// Empty: no note, which is fine. kInvalidArgument as check_event.
Status check_note_text(const std::string& text);

}  // namespace sitecast::agent
