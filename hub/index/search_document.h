// SPDX-License-Identifier: Apache-2.0
// What an event is found by, and the projection that keeps it (README, "Search"). Thread-safe: pure
// functions, but for apply_search, which is the index writer's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hub/index/search_words.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

struct SearchDocument {
  std::string kind;  // one word: of a capture its own kind, else the first word of the event's
  std::string text;  // what was said, or the title
  std::string area;
  std::string stage;
  std::string person;  // display name and user, or empty: a device
  // All that a word may stand in.
  [[nodiscard]] std::string words() const;
};

// nullopt: nothing to find in it.
std::optional<SearchDocument> search_document(const v1::Event& event);

// Conditions besides the words; empty: any.
struct SearchFilter {
  std::string area;
  std::string kind;
  std::string stage;
  std::string person;  // words of a name
};

// A query of table `search` for what one project's documents must have.
std::string search_expression(ProjectId project, const SearchWords& words,
                              const SearchFilter& filter);
// The exact conditions, of which the expression is the coarse form.
bool holds(const SearchDocument& document, const SearchWords& words, const SearchFilter& filter);

// Places of documents: newer ones are greater, but for crowds in one microsecond.
std::int64_t search_place_from(std::int64_t stated_at_us);

// REQUIRES: `event_row` is the event's row and has no document yet.
Status apply_search(Database& database, ProjectId project, const v1::Event& event,
                    std::int64_t event_row);

}  // namespace sitecast::hub
