// SPDX-License-Identifier: Apache-2.0
// What becomes of an arrival, decided in one vocabulary from the topic to the disk. Value type.
#pragma once

#include <string>
#include <utility>

#include "sitecast.pb.h"

namespace sitecast::hub {

struct Verdict {
  enum class Kind {
    kStored,   // in this group: receipted when it is durable
    kKnown,    // was stored before: receipted again
    kRefused,  // the device is told `cause`
  };
  Kind kind = Kind::kStored;
  v1::RefusalCause cause = v1::REFUSAL_CAUSE_UNSPECIFIED;
  std::string detail;  // one English sentence

  static Verdict stored() { return {}; }
  static Verdict known() { return {Kind::kKnown, v1::REFUSAL_CAUSE_UNSPECIFIED, ""}; }
  static Verdict refused(v1::RefusalCause cause, std::string detail) {
    return {Kind::kRefused, cause, std::move(detail)};
  }
};

}  // namespace sitecast::hub
