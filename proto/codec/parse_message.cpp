// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/parse_message.h"

#include <google/protobuf/stubs/logging.h>

namespace sitecast {

void silence_protobuf_log() {
  static const bool silenced = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  static_cast<void>(silenced);
}

}  // namespace sitecast
