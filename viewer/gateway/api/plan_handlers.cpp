// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/plan_handlers.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <unordered_map>

#include "hub/plan/plan_sheet.h"
#include "viewer/gateway/api/plan_state.h"
#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kEvidence = 12;  // newest of a line beside its steps; the rest is counted
constexpr std::size_t kEvidenceOfOne = 200;  // where one line is asked for
constexpr std::size_t kShown = 200;          // of all lines together, beside the newest of each
constexpr std::size_t kShownSteps = 400;     // of milestones, of all lines together, beside those
constexpr std::size_t kCurvePoints = 120;    // more than a screen shows

std::string date_text(int day) { return hub::text_of(hub::PlanDate(std::chrono::days(day))); }
std::optional<std::string> date_text(const std::optional<int>& day) {
  return day ? std::optional(date_text(*day)) : std::nullopt;
}

std::optional<int> parse_day(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_unsigned(std::string_view(text).substr(0, 4));
  const auto month = parse_unsigned(std::string_view(text).substr(5, 2));
  const auto day = parse_unsigned(std::string_view(text).substr(8));
  if (!year || !month || !day) return std::nullopt;
  const auto date =
      hub::plan_date(static_cast<int>(*year), static_cast<int>(*month), static_cast<int>(*day));
  if (!date) return std::nullopt;
  return static_cast<int>(date->time_since_epoch().count());
}

struct Asked {
  std::optional<std::uint32_t> number;
  std::optional<int> as_of;
  bool lines = true;
  std::optional<EventId> item;  // that line alone
};

Result<Asked> asked(const Request& request) {
  const auto pairs = parse_query(request.query);
  if (!pairs) return invalid_argument("the query is malformed");
  Asked result;
  for (const auto& [name, value] : *pairs) {
    if (name == "baseline") {
      const auto number = parse_unsigned(value);
      if (!number || *number > UINT32_MAX) return invalid_argument("baseline is a number");
      result.number = static_cast<std::uint32_t>(*number);
    } else if (name == "as_of") {
      result.as_of = parse_day(value);
      if (!result.as_of) return invalid_argument("as_of is a day, e.g. 2026-03-05");
    } else if (name == "item") {
      result.item = EventId::parse(value);
      if (!result.item) return invalid_argument("item is the id of a line");
    } else if (name == "items" && value == "none") {
      result.lines = false;
    } else {
      return invalid_argument("unknown parameter: " + name);
    }
  }
  return result;
}

// What a list of projects says of each: how many lines are late, how many claims wait for the
// centre, and the milestone that is due next.
void write_attention(JsonWriter& json, const PlanState& state) {
  int late = 0;
  int review = 0;
  const v1::PlanLine* next = nullptr;
  for (int i = 0; state.current && i < state.current->lines.lines().size(); ++i) {
    const v1::PlanLine& line = state.current->lines.lines(i);
    const auto at = static_cast<std::size_t>(i);
    const hub::ItemFigures& figures = state.figures.items[at];
    if (figures.counted && !figures.actual_finish && figures.variance_days.value_or(0) > 0) ++late;
    if (!line.milestone()) continue;
    const std::string_view step = milestone_state(state.said[at]);
    if (step == "claimed" || step == "reviewed") ++review;
    if (step == "confirmed" || figures.actual_finish || !line.has_finish_day()) continue;
    if (next == nullptr || line.finish_day() < next->finish_day()) next = &line;
  }
  json.begin_object().member("late", late).member("review", review);
  json.key("next_milestone");
  if (next != nullptr) {
    json.begin_object().member("name", next->name());
    json.member("finish", date_text(next->finish_day())).end_object();
  } else {
    json.value(nullptr);
  }
  json.end_object();
}

void write_capture_id(JsonWriter& json, const std::optional<CaptureId>& capture) {
  json.key("capture_id");
  if (capture) {
    json.value(capture->text());
  } else {
    json.value(nullptr);
  }
}

Status write_statement(JsonWriter& json, hub::IndexReader& reader, const LineStatement& one) {
  SC_TRY_ASSIGN(const hub::EventInfo info, reader.plan_event(one.info));
  v1::Event body;
  body.ParseFromArray(info.event_bytes.data(), static_cast<int>(info.event_bytes.size()));
  json.begin_object();
  json.member("event_id", info.id.text()).member("kind", info.kind);
  write_capture_id(json, one.info.capture);
  json.member("media_time_us", info.media_time_us);
  json.member("seen_at_us", one.info.seen_at_us).member("stated_at_us", info.stated_at_us);
  json.member("percentage", one.percentage).member("stage", body.progress().stage());
  json.member("text", body.has_milestone() ? body.milestone().text() : body.progress().text());
  json.member("by", body.actor().display_name());
  json.end_object();
  return Ok{};
}

// The `most`-th newest is the first that is not shown; all are shown where there are no more.
std::int64_t shown_after(std::vector<std::int64_t>& times, std::size_t most) {
  if (times.size() <= most) return std::numeric_limits<std::int64_t>::min();
  const auto last = times.begin() + static_cast<std::ptrdiff_t>(most);
  std::nth_element(times.begin(), last, times.end(), std::greater<>());
  return *last;
}

using Shown = std::vector<const LineStatement*>;  // of one line, as stated

// What an answer holds is bounded: each line's newest; the newest steps of milestones; and of what
// else the lines' newest are, the newest of all. A feed has its steps from here, so what else is
// said does not push them out.
std::vector<Shown> shown_of(const std::vector<std::vector<LineStatement>>& said) {
  std::vector<std::int64_t> steps;
  std::vector<std::int64_t> others;
  for (const auto& line : said) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      const std::int64_t at = line[i].info.stated_at_us;
      if (line[i].of_milestone()) {
        steps.push_back(at);
      } else if (i + kEvidence >= line.size()) {
        others.push_back(at);
      }
    }
  }
  const std::int64_t steps_after = shown_after(steps, kShownSteps);
  const std::int64_t others_after = shown_after(others, kShown);
  std::vector<Shown> shown(said.size());
  for (std::size_t line = 0; line < said.size(); ++line) {
    const auto& all = said[line];
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool step = all[i].of_milestone();
      const bool near = step || i + kEvidence >= all.size();
      const bool recent = all[i].info.stated_at_us > (step ? steps_after : others_after);
      if (i + 1 == all.size() || (near && recent)) shown[line].push_back(&all[i]);
    }
  }
  return shown;
}

Shown newest_of(const std::vector<LineStatement>& said) {
  Shown shown;
  for (std::size_t i = said.size() - std::min(said.size(), kEvidenceOfOne); i < said.size(); ++i) {
    shown.push_back(&said[i]);
  }
  return shown;
}

using OlderLines = std::unordered_map<std::string, const v1::PlanLine*>;

void write_dates(JsonWriter& json, const char* start, const char* finish,
                 const v1::PlanLine* line) {
  const auto day = [](bool has, std::int32_t value) {
    return date_text(has ? std::optional<int>(value) : std::nullopt);
  };
  json.member(start,
              line != nullptr ? day(line->has_start_day(), line->start_day()) : std::nullopt);
  json.member(finish,
              line != nullptr ? day(line->has_finish_day(), line->finish_day()) : std::nullopt);
}

Status write_line(JsonWriter& json, hub::IndexReader& reader, const v1::PlanLine& line,
                  const v1::PlanLine* before, const hub::ItemFigures& figures,
                  const std::vector<LineStatement>& said, const Shown& shown) {
  json.begin_object();
  json.member("id", EventId::from_bytes(line.item_id()).value_or(EventId()).text());
  json.member("row", line.source_row()).member("level", line.level());
  json.member("number", line.number()).member("wbs", line.wbs()).member("name", line.name());
  json.member("area", line.area()).member("milestone", line.milestone());
  json.member("summary", line.summary()).member("responsible", line.responsible());
  write_dates(json, "start", "finish", &line);
  write_dates(json, "start_before", "finish_before", before);
  json.member("counted", figures.counted).member("weight", figures.weight);
  json.member("planned", figures.planned).member("actual", figures.actual);
  json.member("actual_start", date_text(figures.actual_start));
  json.member("actual_finish", date_text(figures.actual_finish));
  json.member("variance_days", figures.variance_days);
  json.key("sheet_percent");
  if (line.has_sheet_percent()) {
    json.value(line.sheet_percent());
  } else {
    json.value(nullptr);
  }
  json.member("milestone_state", line.milestone() ? milestone_state(said) : "");
  json.member("statement_count", said.size());
  json.key("statements").begin_array();
  for (const LineStatement* one : shown) SC_TRY(write_statement(json, reader, *one));
  json.end_array().end_object();
  return Ok{};
}

void write_baseline_head(JsonWriter& json, const hub::PlanBaselineInfo& info) {
  v1::PlanBaselined about;
  about.ParseFromArray(info.statement.data(), static_cast<int>(info.statement.size()));
  json.member("number", info.number).member("stated_at_us", info.stated_at_us);
  json.member("file_name", about.file_name()).member("title", about.title());
  json.member("line_count", about.line_count());
}

void write_baseline(JsonWriter& json, const Baseline& baseline) {
  json.begin_object();
  write_baseline_head(json, baseline.info);
  json.member("stated_by", baseline.stated_by).member("format", baseline.about.format());
  json.member("sheet_sha256", hex_encode(as_bytes(baseline.about.sheet_sha256())));
  json.member("ignored_rows", baseline.about.ignored_rows());
  json.member("ignored_count", baseline.about.ignored_count());
  json.key("ignored").begin_array();
  for (const v1::PlanIgnored& ignored : baseline.about.ignored()) {
    json.begin_object().member("row", ignored.source_row()).member("code", ignored.code());
    json.member("text", ignored.text()).end_object();
  }
  json.end_array().end_object();
}

void write_curve(JsonWriter& json, const hub::PlanFigures& figures) {
  json.begin_array();
  if (figures.first_day) {
    const std::size_t days = std::max(figures.planned_curve.size(), figures.actual_curve.size());
    const std::size_t step = std::max<std::size_t>(1, (days + kCurvePoints - 1) / kCurvePoints);
    for (std::size_t i = 0; i < days; i += step) {
      // The last day of the plan and today are always there.
      for (const std::size_t day : {i, figures.actual_curve.size() - 1, days - 1}) {
        const bool extra = day != i;
        if (extra && (day <= i || day >= i + step || day >= days)) continue;
        if (extra && day == days - 1 && figures.actual_curve.size() == days) continue;
        json.begin_object();
        json.member("day", date_text(*figures.first_day + static_cast<int>(day)));
        json.member("planned",
                    day < figures.planned_curve.size() ? figures.planned_curve[day] : 100);
        json.key("actual");
        if (day < figures.actual_curve.size()) {
          json.value(figures.actual_curve[day]);
        } else {
          json.value(nullptr);
        }
        json.end_object();
      }
    }
  }
  json.end_array();
}

void write_figures(JsonWriter& json, const hub::PlanFigures& figures) {
  json.begin_object();
  json.member("weighted_by", figures.weighted_by_sheet ? "sheet" : "days");
  json.member("first_day", date_text(figures.first_day));
  json.member("last_day", date_text(figures.last_day));
  json.member("planned", figures.planned).member("actual", figures.actual);
  json.member("variance_days", figures.variance_days);
  json.member("forecast_day", date_text(figures.forecast_day));
  json.member("forecast_basis", hub::name_of(figures.basis));
  json.key("curve");
  write_curve(json, figures);
  json.end_object();
}

}  // namespace

Response show_plan(const ReadContext& context) {
  const auto query = asked(context.request);
  if (!query.ok()) return bad_request(query.error().message());
  const auto state = read_plan_state(context.reader, context.project, context.clock.wall_us(),
                                     query->number, query->as_of);
  if (!state.ok()) return response_of(state.error());
  // The plan that was in force before shows what moved.
  std::optional<Baseline> older;
  if (state->current && query->lines) {
    for (const hub::PlanBaselineInfo& info : state->baselines) {
      if (info.number >= state->current->info.number) continue;
      auto read = read_baseline(context.reader, context.project, info);
      if (!read.ok()) return response_of(read.error());
      older = std::move(*read);
      break;
    }
  }
  OlderLines lines_before;
  if (older) {
    for (const v1::PlanLine& line : older->lines.lines()) lines_before[line.item_id()] = &line;
  }
  JsonWriter json;
  json.begin_object().member("today", date_text(state->today));
  json.key("baselines").begin_array();
  for (const hub::PlanBaselineInfo& info : state->baselines) {
    json.begin_object();
    write_baseline_head(json, info);
    json.end_object();
  }
  json.end_array().key("baseline");
  if (state->current) {
    write_baseline(json, *state->current);
  } else {
    json.value(nullptr);
  }
  json.key("figures");
  write_figures(json, state->figures);
  json.key("attention");
  write_attention(json, *state);
  json.key("items").begin_array();
  if (state->current && query->lines) {
    const auto& lines = state->current->lines.lines();
    const auto shown = shown_of(state->said);
    for (int i = 0; i < lines.size(); ++i) {
      if (query->item && lines.Get(i).item_id() != query->item->raw()) continue;
      const auto at = static_cast<std::size_t>(i);
      const auto& said = state->said[at];
      const auto before = lines_before.find(lines.Get(i).item_id());
      const Status written =
          write_line(json, context.reader, lines.Get(i),
                     before == lines_before.end() ? nullptr : before->second,
                     state->figures.items[at], said, query->item ? newest_of(said) : shown[at]);
      if (!written.ok()) return response_of(written.error());
    }
  }
  json.end_array().end_object();
  return json_response(std::move(json).take());
}

}  // namespace sitecast::gateway
