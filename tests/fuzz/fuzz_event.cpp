// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "proto/codec/event_rules.h"
#include "proto/codec/limits.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  const auto event = parse_event(input);
  if (!event.ok()) return;
  FUZZ_REQUIRE(event->event_id().size() == 16);
  FUZZ_REQUIRE(event->area().size() <= limits::kNameBytes);
  FUZZ_REQUIRE(std::isfinite(event->progress().percentage()));
  // Never both: what names an actor is the gateway's, what names none is a device's.
  FUZZ_REQUIRE(!check_origin(EventOrigin::kDevice, *event).ok() ||
               !check_origin(EventOrigin::kGateway, *event).ok());
}

}  // namespace sitecast
