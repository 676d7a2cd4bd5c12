// SPDX-License-Identifier: Apache-2.0
#include "hub/index/search.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace sitecast::hub {
namespace {

constexpr std::uint32_t kMostHits = 50;
constexpr int kMostLookedAt = 500;  // documents per call
constexpr std::int64_t kCrowdUs = 1'000'000;

// The plan.part events of each project's newest plan: of older ones, and of those that no plan
// names, nothing is found.
class PlansInForce {
 public:
  explicit PlansInForce(Database& database) : database_(database) {}

  Result<bool> has(ProjectId project, const std::string& part) {
    auto known = parts_.find(project);
    if (known == parts_.end()) {
      SC_TRY_ASSIGN(Statement * select,
                    database_.cached("select statement from plan_baseline where project_id = ?"
                                     " order by number desc limit 1"));
      SC_TRY_ASSIGN(const bool found, select->bind(project).step());
      v1::PlanBaselined about;
      if (found) {
        const ByteView bytes = select->blob(0);
        about.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
      }
      select->reset();
      known = parts_.emplace(project, std::set<std::string>()).first;
      known->second.insert(about.part_events().begin(), about.part_events().end());
    }
    return known->second.count(part) > 0;
  }

 private:
  Database& database_;
  std::map<ProjectId, std::set<std::string>> parts_;
};

bool is_asked(const SearchQuery& query, ProjectId project) {
  return std::find(query.projects.begin(), query.projects.end(), project) != query.projects.end();
}

// The place of the last document that the caller has seen.
Result<std::int64_t> place_of(Database& database, const SearchQuery& query) {
  SC_TRY_ASSIGN(Statement * select,
                database.cached("select place, project_id from event join search_doc using"
                                " (event_row) where event_id = ?"));
  SC_TRY_ASSIGN(const bool found, select->bind(*query.after).step());
  const std::int64_t place = found ? select->integer(0) : 0;
  const auto project = found ? ProjectId::from_bytes(select->blob(1)) : std::nullopt;
  select->reset();
  if (!project || !is_asked(query, *project)) return invalid_argument("no such place in a search");
  return place;
}

// What a candidate is, if it is what was asked for. An opening that was stated anew is not found by
// what it said before.
Result<std::optional<SearchHit>> hit_of(Database& database, const Statement& row,
                                        const SearchQuery& query, const SearchWords& words,
                                        PlansInForce& plans) {
  std::optional<SearchHit> none;
  const auto project = ProjectId::from_bytes(row.blob(8));
  v1::Event event;
  const ByteView bytes = row.blob(6);
  if (!project || !is_asked(query, *project) ||
      !event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return none;
  }
  auto document = search_document(event);
  if (!document || !holds(*document, words, query.filter)) return none;
  if (event.stated_at_us() < query.from_us.value_or(event.stated_at_us()) ||
      event.stated_at_us() >= query.until_us.value_or(std::numeric_limits<std::int64_t>::max())) {
    return none;
  }
  if (event.has_plan_part()) {
    SC_TRY_ASSIGN(const bool in_force, plans.has(*project, event.event_id()));
    if (!in_force) return none;
  }
  SearchHit hit;
  hit.project = *project;
  hit.document = std::move(*document);
  hit.marks = words.marks(hit.document.text);
  hit.event.id = *EventId::from_bytes(row.blob(0));
  hit.event.kind = row.text(1);
  hit.event.device = *DeviceId::from_bytes(row.blob(2));
  hit.event.stated_at_us = row.integer(3);
  hit.event.received_at_us = row.integer(4);
  if (!row.is_null(5)) hit.event.media_time_us = row.integer(5);
  hit.event.event_bytes.assign(bytes.begin(), bytes.end());
  if (const auto id = CaptureId::from_bytes(event.capture_id())) {
    SC_TRY_ASSIGN(const auto capture, load_capture(database, *id));
    if (capture && capture->project == *project) {
      hit.event.capture = *id;
      hit.capture = capture_info(*capture);
    }
    const bool superseded =
        event.has_capture_opened() && (!capture || capture->opened.event != hit.event.id);
    if (superseded) return none;
  }
  return std::optional(std::move(hit));
}

// One per project, joined by OR: documents come by time, whichever project they are of.
std::string expression_of(const SearchQuery& query, const SearchWords& words) {
  std::string expression;
  for (const ProjectId project : query.projects) {
    if (!expression.empty()) expression += " OR ";
    expression += '(' + search_expression(project, words, query.filter) + ')';
  }
  return expression;
}

}  // namespace

Result<SearchPage> search_page(Database& database, const SearchQuery& query) {
  SearchPage page;
  const SearchWords words = SearchWords::parse(query.typed);
  // Signs alone are in no index of words.
  const bool nothing_to_find =
      words.empty() && query.typed.find_first_not_of(' ') != query.typed.npos;
  if (query.projects.empty() || nothing_to_find) return page;
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  // In a crowd a document may lie behind its moment.
  std::int64_t below = query.until_us ? search_place_from(*query.until_us + kCrowdUs) : kLast;
  if (query.after) {
    SC_TRY_ASSIGN(const std::int64_t place, place_of(database, query));
    below = std::min(below, place);
  }
  const std::int64_t from = query.from_us ? search_place_from(*query.from_us) : 0;
  SC_TRY_ASSIGN(
      Statement * select,
      database.cached("select event_id, kind, device_id, stated_at_us, received_at_us,"
                      " media_time_us, event, capture_id, project_id from search"
                      " cross join search_doc on place = search.rowid cross join event using"
                      " (event_row) where search match ?1 and search.rowid >= ?2"
                      " and search.rowid < ?3 order by search.rowid desc"));
  select->bind(expression_of(query, words), from, below);
  PlansInForce plans(database);
  const std::uint32_t limit = std::clamp<std::uint32_t>(query.limit, 1, kMostHits);
  std::optional<EventId> last;
  for (int looked_at = 0;; ++looked_at) {
    SC_TRY_ASSIGN(const bool more, select->step());
    if (!more) return page;
    if (looked_at == kMostLookedAt) {
      page.next = last;
      break;
    }
    const auto id = *EventId::from_bytes(select->blob(0));
    SC_TRY_ASSIGN(auto hit, hit_of(database, *select, query, words, plans));
    if (hit && page.hits.size() == limit) {
      page.next = page.hits.back().event.id;
      break;
    }
    if (hit) page.hits.push_back(std::move(*hit));
    last = id;
  }
  select->reset();
  return page;
}

}  // namespace sitecast::hub
