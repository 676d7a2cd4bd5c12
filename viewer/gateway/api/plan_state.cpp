// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/plan_state.h"

#include <algorithm>
#include <unordered_map>

namespace sitecast::gateway {
namespace {

constexpr std::string_view kMilestone = "milestone.";

std::optional<double> percentage_of(const hub::PlanStatementInfo& statement) {
  return statement.kind == "milestone.confirmed" ? std::optional(100.0) : statement.percentage;
}

}  // namespace

Result<Baseline> read_baseline(hub::IndexReader& reader, ProjectId project,
                               const hub::PlanBaselineInfo& info) {
  Baseline baseline;
  baseline.info = info;
  if (!baseline.about.ParseFromArray(info.statement.data(),
                                     static_cast<int>(info.statement.size()))) {
    return data_loss("a plan's statement cannot be read");
  }
  std::vector<EventId> parts;
  for (const std::string& part : baseline.about.part_events()) {
    if (const auto id = EventId::from_bytes(part)) parts.push_back(*id);
  }
  SC_TRY_ASSIGN(const auto events, reader.plan_parts(project, parts));
  for (const hub::EventInfo& info_of_part : events) {
    v1::Event event;
    if (!event.ParseFromArray(info_of_part.event_bytes.data(),
                              static_cast<int>(info_of_part.event_bytes.size()))) {
      return data_loss("a part of a plan cannot be read");
    }
    if (baseline.stated_by.empty()) baseline.stated_by = event.actor().display_name();
    for (v1::PlanLine& line : *event.mutable_plan_part()->mutable_lines()) {
      *baseline.lines.add_lines() = std::move(line);
    }
  }
  return baseline;
}

Result<PlanState> read_plan_state(hub::IndexReader& reader, ProjectId project, std::int64_t now_us,
                                  std::optional<std::uint32_t> number, std::optional<int> as_of) {
  PlanState state;
  SC_TRY_ASSIGN(const auto about, reader.project(project));
  const auto loaded = TimeZone::load(about.time_zone);
  const TimeZone zone = loaded.ok() ? *loaded : TimeZone();
  state.today = as_of.value_or(zone.day_of(now_us));
  SC_TRY_ASSIGN(state.baselines, reader.plan_baselines(project));
  const auto chosen =
      std::find_if(state.baselines.begin(), state.baselines.end(),
                   [&](const auto& one) { return !number || one.number == *number; });
  if (chosen == state.baselines.end()) {
    if (number) return not_found("no such baseline");
    return state;
  }
  SC_TRY_ASSIGN(state.current, read_baseline(reader, project, *chosen));
  const auto& lines = state.current->lines.lines();
  state.said.resize(static_cast<std::size_t>(lines.size()));
  std::unordered_map<std::string_view, std::size_t> line_of;
  for (int i = 0; i < lines.size(); ++i) {
    line_of.emplace(lines.Get(i).item_id(), static_cast<std::size_t>(i));
  }
  SC_TRY_ASSIGN(auto statements, reader.plan_statements(project));
  std::vector<hub::SeenProgress> seen;
  auto line = line_of.end();
  std::string item;
  for (hub::PlanStatementInfo& statement : statements) {
    // They come by item.
    if (const ByteView id = statement.item_id; item != as_text(id)) {
      item = as_text(id);
      line = line_of.find(item);
    }
    if (line == line_of.end()) continue;  // of a line that this baseline does not have
    LineStatement one;
    one.day = zone.day_of(statement.seen_at_us);
    one.percentage = percentage_of(statement);
    one.info = std::move(statement);
    state.said[line->second].push_back(std::move(one));
  }
  for (std::size_t i = 0; i < state.said.size(); ++i) {
    // In the order in which it was filmed; what was stated later of the same moment counts.
    std::vector<const LineStatement*> filmed;
    const auto& said = state.said[i];
    // What was confirmed and then sent back is not done.
    const auto returned = std::find_if(said.rbegin(), said.rend(), [](const LineStatement& one) {
      return one.info.kind == "milestone.returned";
    });
    for (auto one = said.begin(); one != said.end(); ++one) {
      const bool undone = one->of_milestone() && one < returned.base();
      if (one->percentage && !undone) filmed.push_back(&*one);
    }
    std::stable_sort(filmed.begin(), filmed.end(), [](const auto* a, const auto* b) {
      return a->info.seen_at_us < b->info.seen_at_us;
    });
    for (const LineStatement* one : filmed) {
      seen.push_back({static_cast<std::uint32_t>(i), one->day, *one->percentage});
    }
  }
  state.figures =
      hub::plan_figures(hub::scheduled(state.current->lines), std::move(seen), state.today);
  return state;
}

std::string_view milestone_state(const std::vector<LineStatement>& said) {
  for (auto one = said.rbegin(); one != said.rend(); ++one) {
    const std::string_view kind = one->info.kind;
    if (kind.starts_with(kMilestone)) return kind.substr(kMilestone.size());
  }
  return "none";
}

bool may_follow(std::string_view state, std::string_view kind) {
  if (kind == "milestone.claimed") return state == "none" || state == "returned";
  if (kind == "milestone.reviewed") return state == "claimed";
  if (kind == "milestone.confirmed") return state == "claimed" || state == "reviewed";
  // A confirmation that was wrong is sent back as well.
  if (kind == "milestone.returned") {
    return state == "claimed" || state == "reviewed" || state == "confirmed";
  }
  return false;
}

}  // namespace sitecast::gateway
