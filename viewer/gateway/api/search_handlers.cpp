// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/search_handlers.h"

#include <algorithm>

#include "viewer/gateway/http/json_writer.h"
#include "viewer/gateway/http/text.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint32_t kLargestAnswer = 50;
constexpr std::size_t kSnippetBytes = 240;  // some lines of a telephone
constexpr std::size_t kLeadBytes = 60;      // before the first mark

Result<hub::SearchQuery> asked(const ReadContext& context) {
  const auto pairs = parse_query(context.request.query);
  if (!pairs) return invalid_argument("the query is malformed");
  hub::SearchQuery query;
  for (const auto& [name, value] : *pairs) {
    if (name == "q") {
      query.typed = value;
    } else if (name == "area") {
      query.filter.area = value;
    } else if (name == "kind") {
      query.filter.kind = value;
    } else if (name == "stage") {
      query.filter.stage = value;
    } else if (name == "person") {
      query.filter.person = value;
    } else if (name == "from_us" || name == "until_us") {
      const auto time = parse_signed(value);
      if (!time) return invalid_argument(name + " is a time in unix microseconds");
      (name == "from_us" ? query.from_us : query.until_us) = time;
    } else if (name == "limit") {
      const auto limit = parse_unsigned(value);
      if (!limit || *limit < 1 || *limit > kLargestAnswer) {
        return invalid_argument("limit is a number from 1 to 50");
      }
      query.limit = static_cast<std::uint32_t>(*limit);
    } else if (name == "after") {
      query.after = EventId::parse(value);
      if (!query.after) return invalid_argument("after is the `next` of an earlier page");
    } else {
      return invalid_argument("unknown parameter: " + name);
    }
  }
  return query;
}

// The nearest start of a character at or after `at`.
std::size_t character_at(std::string_view text, std::size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

// A stretch of the text around what was found, in pieces that are found or not.
void write_snippet(JsonWriter& json, const hub::SearchHit& hit) {
  const std::string_view text = hit.document.text;
  const auto& marks = hit.marks;
  std::size_t from = 0;
  if (!marks.empty() && marks[0].first > kLeadBytes && text.size() > kSnippetBytes) {
    from = character_at(text, marks[0].first - kLeadBytes);
  }
  const std::size_t until = character_at(text, std::min(text.size(), from + kSnippetBytes));
  json.begin_array();
  const auto piece = [&](std::size_t begin, std::size_t end, bool found) {
    if (begin >= end) return;
    json.begin_object().member("text", text.substr(begin, end - begin));
    json.member("found", found).end_object();
  };
  if (from > 0) json.begin_object().member("text", "…").member("found", false).end_object();
  std::size_t at = from;
  for (const auto& [begin, end] : marks) {
    if (begin < at || begin >= until) continue;
    piece(at, begin, false);
    piece(begin, std::min(end, until), true);
    at = std::min(end, until);
  }
  piece(at, until, false);
  if (until < text.size())
    json.begin_object().member("text", "…").member("found", false).end_object();
  json.end_array();
}

void write_hit(JsonWriter& json, const ReadContext& context, const hub::SearchHit& hit) {
  json.begin_object().member("project_id", hit.project.text());
  json.member("what", hit.document.kind);
  json.key("snippet");
  write_snippet(json, hit);
  json.key("event");
  write_event(json, hit.event);
  json.key("capture");
  if (hit.capture) {
    write_capture(json, *hit.capture, context.live.is_live(hit.project, hit.capture->id));
  } else {
    json.value(nullptr);
  }
  json.end_object();
}

Response search(const ReadContext& context, hub::SearchQuery query) {
  const auto page = context.reader.search(query);
  if (!page.ok()) {
    return page.error().kind() == ErrorKind::kInvalidArgument
               ? bad_request("after is the `next` of an earlier page")
               : response_of(page.error());
  }
  JsonWriter json;
  json.begin_object().key("results").begin_array();
  for (const hub::SearchHit& hit : page->hits) write_hit(json, context, hit);
  json.end_array().key("next");
  if (page->next) {
    json.value(page->next->text());
  } else {
    json.value(nullptr);
  }
  json.end_object();
  return json_response(std::move(json).take());
}

}  // namespace

Response search_project(const ReadContext& context) {
  auto query = asked(context);
  if (!query.ok()) return bad_request(query.error().message());
  query->projects = {context.project};
  return search(context, std::move(*query));
}

Response search_all(const ReadContext& context) {
  auto query = asked(context);
  if (!query.ok()) return bad_request(query.error().message());
  const auto projects = context.reader.projects();
  if (!projects.ok()) return response_of(projects.error());
  for (const auto& project : *projects) {
    const Object object{ObjectKind::kProject, project.id};
    if (decide(context.subject, Action::kRead, object) != Decision::kAllow) continue;
    query->projects.push_back(project.id);
  }
  return search(context, std::move(*query));
}

}  // namespace sitecast::gateway
