// SPDX-License-Identifier: Apache-2.0
// What the worker that reads sheets hands to the gateway, were the worker taken over by a sheet. A
// reading that is accepted survives being written again, and whatever comes of its lines is either
// refused by the rules of events or fits an event.
#include "hub/plan/plan_changes.h"
#include "hub/plan/plan_lines.h"
#include "proto/codec/event_rules.h"
#include "proto/codec/limits.h"
#include "tests/fuzz/fuzz.h"

namespace sitecast {

void fuzz_one(ByteView input) {
  auto reading = hub::decode_reading(input);
  if (!reading.ok()) return;
  FUZZ_REQUIRE(reading->lines.lines().size() <= static_cast<int>(limits::kPlanLines));
  const Bytes again = hub::encode_reading(*reading);
  FUZZ_REQUIRE(hub::decode_reading(again).ok());

  const EventId seed = *EventId::from_bytes(std::string_view("0123456789abcdef"));
  const v1::PlanPart before = reading->lines;
  const hub::PlanSheet sheet = hub::sheet_of(before, "csv");
  FUZZ_REQUIRE(sheet.items.size() == static_cast<std::size_t>(before.lines().size()));
  FUZZ_REQUIRE(hub::scheduled(before).size() == sheet.items.size());
  hub::give_ids(reading->lines, before, "csv", seed);
  int lines = 0;
  for (const v1::Event& event : hub::part_events(reading->lines, seed)) {
    lines += event.plan_part().lines().size();
    if (check_event(event).ok()) FUZZ_REQUIRE(event.ByteSizeLong() <= limits::kEventBytes);
  }
  FUZZ_REQUIRE(lines == reading->lines.lines().size());
}

}  // namespace sitecast
