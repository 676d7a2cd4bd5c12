// SPDX-License-Identifier: Apache-2.0
// A sheet as the wire carries it (PlanLine in proto/schema), and which of its items are those of
// the plan before. Thread-safe: pure functions.
#pragma once

#include <vector>

#include "hub/plan/plan_figures.h"
#include "hub/plan/plan_sheet.h"
#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

// What a worker makes of a file, and what the gateway makes events of.
struct PlanReading {
  std::string preview;  // JSON for people
  v1::PlanPart lines;   // item ids are the index + 1 of each line, until give_ids()
  v1::PlanBaselined about;
};

// Texts longer than the wire takes are cut at a whole character; what was left out is in `about`.
PlanReading reading_of(const PlanSheet& sheet, std::string preview);

// As the worker's output: both sides of the same program version.
Bytes encode_reading(const PlanReading& reading);
// kInvalidArgument when it is none: the worker is not trusted.
Result<PlanReading> decode_reading(ByteView bytes);

// The part of a sheet that a comparison looks at.
PlanSheet sheet_of(const v1::PlanPart& lines, std::string_view format);

// An item of the older plan keeps its id (matching: plan_changes.h), a new one gets a fresh one.
// The same `seed` gives the same ids, so that repeating an import repeats its events.
void give_ids(v1::PlanPart& lines, const v1::PlanPart& before, std::string_view format,
              EventId seed);

// What the figures are computed of; one per line.
std::vector<ScheduledItem> scheduled(const v1::PlanPart& lines);

// plan.part events, each within the limit of an event, with ids made of `seed`. The caller fills in
// when and who.
std::vector<v1::Event> part_events(const v1::PlanPart& lines, EventId seed);

}  // namespace sitecast::hub
