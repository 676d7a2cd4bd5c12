// SPDX-License-Identifier: Apache-2.0
#include "hub/index/search_document.h"

#include <algorithm>

#include "proto/base/bytes.h"
#include "proto/base/sha256.h"

namespace sitecast::hub {
namespace {

constexpr int kCrowdBits = 4;
constexpr int kNearCrowdBits = 23;  // half a second: where search looks behind the end of a stretch
constexpr int kMostCrowdBits = 40;

void add_line(std::string& text, std::string_view line) {
  if (line.empty()) return;
  if (!text.empty()) text += '\n';
  text += line;
}

std::string plan_text(const v1::PlanPart& part) {
  std::string text;
  for (const v1::PlanLine& line : part.lines()) {
    std::string one = line.number();
    for (const std::string& field : {line.name(), line.area(), line.responsible(), line.remark()}) {
      if (!field.empty()) one += (one.empty() ? "" : " ") + field;
    }
    add_line(text, one);
  }
  return text;
}

std::string said_in(const v1::Event& event) {
  switch (event.body_case()) {
    case v1::Event::kCaptureOpened: return event.capture_opened().title();
    case v1::Event::kNote: return event.note().text();
    case v1::Event::kProgress: return event.progress().text();
    case v1::Event::kMilestone: return event.milestone().text();
    case v1::Event::kPin: return event.pin().text();
    case v1::Event::kMessage: return event.message().text();
    case v1::Event::kRequestStep: return event.request_step().text();
    case v1::Event::kPlanPart: return plan_text(event.plan_part());
    case v1::Event::kRequest: {
      std::string text = event.request().text();
      for (const std::string& shot : event.request().shots()) add_line(text, shot);
      return text;
    }
    default: return "";
  }
}

// A field's value as one token, whatever characters it has.
std::string value_token(std::string_view value) {
  return hex_encode(ByteView(sha256(as_bytes(value))).first(8));
}

// One token of one project; `type` keeps words, kinds, areas, stages and names apart.
std::string scoped(const std::string& project, char type, std::string_view token) {
  std::string text = project;
  text += type;
  text += token;
  return text;
}

std::string project_text(ProjectId project) { return hex_encode(project.bytes()); }

std::uint64_t last_bits(ByteView bytes) {
  std::uint64_t bits = 0;
  for (const std::uint8_t byte : bytes.last(8)) bits = bits << 8 | byte;
  return bits;
}

// As near to the microsecond as there is room: where many were stated in one, in a wider and wider
// stretch behind it. Devices choose ids, so events of equal ends can ask for the same places: the
// next round asks for others, by a hash of the whole id. There is always a place.
Result<std::int64_t> free_place(Database& database, const v1::Event& event) {
  SC_TRY_ASSIGN(Statement * taken, database.cached("select 1 from search_doc where place = ?"));
  const std::int64_t from = search_place_from(event.stated_at_us());
  std::uint64_t crowd = last_bits(as_bytes(event.event_id()));
  std::string hashed = event.event_id();
  for (int most_bits = kNearCrowdBits;; most_bits = std::min(most_bits + 1, kMostCrowdBits)) {
    for (int bits = kCrowdBits; bits <= most_bits; ++bits) {
      const auto place = from + static_cast<std::int64_t>(crowd & ((1ULL << bits) - 1));
      SC_TRY_ASSIGN(const bool found, taken->bind(place).step());
      taken->reset();
      if (!found) return place;
    }
    const auto next = sha256(as_bytes(hashed));
    crowd = last_bits(next);
    hashed.assign(next.begin(), next.end());
  }
}

}  // namespace

std::string SearchDocument::words() const {
  std::string all = text;
  for (const std::string& field : {area, stage, person}) add_line(all, field);
  return all;
}

std::optional<SearchDocument> search_document(const v1::Event& event) {
  SearchDocument document;
  document.text = said_in(event);
  document.area = event.area();
  document.stage = event.progress().stage();
  switch (event.body_case()) {
    case v1::Event::kCaptureOpened: document.kind = event.capture_opened().capture_kind(); break;
    case v1::Event::kNote:
    case v1::Event::kProgress:
    case v1::Event::kMilestone:
    case v1::Event::kPin:
    case v1::Event::kMessage:
    case v1::Event::kRequest:
    case v1::Event::kRequestStep:
    case v1::Event::kPlanPart:
      document.kind = event.kind().substr(0, event.kind().find('.'));
      break;
    default: return std::nullopt;
  }
  if (event.has_actor()) {
    document.person = event.actor().display_name();
    add_line(document.person, event.actor().user());
  }
  return document;
}

std::string search_expression(ProjectId project, const SearchWords& words,
                              const SearchFilter& filter) {
  const std::string scope = project_text(project);
  std::string expression;
  const auto require = [&](char type, std::string_view token, bool prefix) {
    if (!expression.empty()) expression += " AND ";
    expression += '"' + scoped(scope, type, token) + '"';
    if (prefix) expression += '*';
  };
  for (const SearchWords::Token& token : words.tokens()) require('w', token.text, token.prefix);
  if (!filter.person.empty()) {
    const SearchWords person = SearchWords::parse(filter.person);
    for (const auto& token : person.tokens()) {
      require('n', token.text, token.prefix);
    }
  }
  if (!filter.area.empty()) require('a', value_token(filter.area), false);
  if (!filter.stage.empty()) require('s', value_token(filter.stage), false);
  if (!filter.kind.empty()) require('k', value_token(filter.kind), false);
  if (expression.empty()) require('e', "", false);
  return expression;
}

bool holds(const SearchDocument& document, const SearchWords& words, const SearchFilter& filter) {
  return (filter.area.empty() || filter.area == document.area) &&
         (filter.stage.empty() || filter.stage == document.stage) &&
         (filter.kind.empty() || filter.kind == document.kind) &&
         (filter.person.empty() || SearchWords::parse(filter.person).matches(document.person)) &&
         words.matches(document.words());
}

std::int64_t search_place_from(std::int64_t stated_at_us) {
  constexpr std::int64_t kLastUs = std::int64_t{1} << 58;  // beyond the year 9999
  return std::clamp<std::int64_t>(stated_at_us, 0, kLastUs) << kCrowdBits;
}

Status apply_search(Database& database, ProjectId project, const v1::Event& event,
                    std::int64_t event_row) {
  const auto document = search_document(event);
  if (!document) return Ok{};
  const std::string scope = project_text(project);
  std::string tokens = scoped(scope, 'e', "");
  const auto add = [&](char type, std::string_view token) {
    tokens += ' ';
    tokens += scoped(scope, type, token);
  };
  for (const std::string& token : search_tokens(document->words())) add('w', token);
  for (const std::string& token : search_tokens(document->person)) add('n', token);
  add('k', value_token(document->kind));
  if (!document->area.empty()) add('a', value_token(document->area));
  if (!document->stage.empty()) add('s', value_token(document->stage));
  SC_TRY_ASSIGN(const std::int64_t place, free_place(database, event));
  SC_TRY_ASSIGN(Statement * insert,
                database.cached("insert into search_doc (place, event_row) values (?, ?)"));
  SC_TRY(insert->bind(place, event_row).run());
  SC_TRY_ASSIGN(Statement * index,
                database.cached("insert into search (rowid, tokens) values (?, ?)"));
  return index->bind(place, tokens).run();
}

}  // namespace sitecast::hub
