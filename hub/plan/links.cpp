// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/links.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

class ItemNames {
 public:
  struct Named {
    std::size_t count = 0;  // more than one is one too many
    std::uint32_t item = 0;
  };

  explicit ItemNames(const PlanSheet& sheet) {
    for (std::uint32_t index = 0; index < sheet.items.size(); ++index) {
      const PlanItem& item = sheet.items[index];
      std::string bare = item.wbs.empty() ? item.number : item.wbs;
      std::erase(bare, '.');
      const std::array<const std::string*, 3> names = {&item.number, &item.wbs, &bare};
      for (std::size_t way = 0; way < names.size(); ++way) {
        if (names[way]->empty()) continue;
        Named& named = ways_[way][squeezed(*names[way])];
        if (named.count++ == 0) named.item = index;
      }
    }
  }

  [[nodiscard]] Named find(std::string_view name) const {
    const std::string key = squeezed(name);
    for (const auto& way : ways_) {
      if (const auto found = way.find(key); found != way.end()) return found->second;
    }
    return {};
  }

 private:
  std::array<std::unordered_map<std::string, Named>, 3> ways_;
};

void resolve(PlanSheet& sheet, const ItemNames& names, const FoundLink& found) {
  LinkText link = found.link;
  std::vector<CellNote>& notes = sheet.items[found.item].notes;
  const auto lose = [&](PlanNoteCode code) {
    notes.push_back({PlanField::kPredecessors, {code, {std::string(beginning(link.whole, 80))}}});
  };
  // "1F-2" may be the name of a row as it stands.
  ItemNames::Named before = names.find(link.whole);
  if (before.count == 1) {
    link.type = "FS";
    link.lag_days = 0;
    link.lag_percent = false;
    link.successor.clear();
  } else if (before.count == 0) {
    if (link.predecessor.empty()) return lose(PlanNoteCode::kLinkUnreadable);
    before = names.find(link.predecessor);
  }
  if (before.count == 0) return lose(PlanNoteCode::kLinkUnknown);
  if (before.count > 1) return lose(PlanNoteCode::kLinkAmbiguous);
  std::uint32_t after = found.item;
  if (!link.successor.empty()) {
    const ItemNames::Named named = names.find(link.successor);
    if (named.count != 1) {
      return lose(named.count == 0 ? PlanNoteCode::kLinkUnknown : PlanNoteCode::kLinkAmbiguous);
    }
    after = named.item;
  }
  if (after == before.item) return lose(PlanNoteCode::kLinkItself);
  if (link.lag_percent) lose(PlanNoteCode::kLagPercent);
  sheet.items[after].predecessors.push_back(
      {link.whole, before.item, link.type, link.lag_percent ? 0 : link.lag_days});
}

}  // namespace

void resolve_links(PlanSheet& sheet, const std::vector<FoundLink>& links) {
  const ItemNames names(sheet);
  for (const FoundLink& found : links) resolve(sheet, names, found);
}

}  // namespace sitecast::hub
