// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_changes.h"

#include <algorithm>
#include <unordered_map>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

constexpr std::uint32_t kSeveral = UINT32_MAX;

// Paths of all items; of names without white space, so that a retyped one stays the same.
std::vector<std::string> paths_of(const PlanSheet& sheet) {
  std::vector<std::string> paths;
  std::vector<std::string> above;
  for (const PlanItem& item : sheet.items) {
    above.resize(item.level - 1);
    above.push_back(std::string(beginning(squeezed(item.name), 120)));
    std::string path;
    for (const std::string& name : above) path += name + "\n";
    paths.push_back(std::move(path));
  }
  return paths;
}

class Matching {
 public:
  Matching(const PlanSheet& before, const PlanSheet& after)
      : old_of_(after.items.size()), new_of_(before.items.size()) {}

  // Pairs what is left over and has the same key, where both sheets have it once. An empty key is
  // nobody's. Returns the items of the newer sheet that have several candidates.
  std::vector<std::uint32_t> pair_by(const std::vector<std::string>& old_keys,
                                     const std::vector<std::string>& new_keys) {
    const auto old_items = index(old_keys, new_of_);
    const auto new_items = index(new_keys, old_of_);
    std::vector<std::uint32_t> several;
    for (std::uint32_t item = 0; item < new_keys.size(); ++item) {
      if (old_of_[item] || new_keys[item].empty()) continue;
      const auto candidate = old_items.find(new_keys[item]);
      if (candidate == old_items.end()) continue;
      if (candidate->second == kSeveral || new_items.at(new_keys[item]) == kSeveral) {
        several.push_back(item);
        continue;
      }
      old_of_[item] = candidate->second;
      new_of_[candidate->second] = item;
    }
    return several;
  }

  [[nodiscard]] const std::vector<std::optional<std::uint32_t>>& old_of() const { return old_of_; }
  [[nodiscard]] const std::vector<std::optional<std::uint32_t>>& new_of() const { return new_of_; }

 private:
  static std::unordered_map<std::string, std::uint32_t> index(
      const std::vector<std::string>& keys,
      const std::vector<std::optional<std::uint32_t>>& partners) {
    std::unordered_map<std::string, std::uint32_t> items;
    for (std::uint32_t item = 0; item < keys.size(); ++item) {
      if (partners[item]) continue;
      const auto [known, is_new] = items.emplace(keys[item], item);
      if (!is_new) known->second = kSeveral;
    }
    return items;
  }

  std::vector<std::optional<std::uint32_t>> old_of_;
  std::vector<std::optional<std::uint32_t>> new_of_;
};

std::vector<std::string> with_areas(std::vector<std::string> paths, const PlanSheet& sheet) {
  for (std::size_t item = 0; item < paths.size(); ++item) {
    paths[item] += "\t" + squeezed(sheet.items[item].area);
  }
  return paths;
}

std::vector<std::string> codes_of(const PlanSheet& sheet) {
  std::vector<std::string> codes;
  for (const PlanItem& item : sheet.items) {
    codes.push_back(item.wbs.empty() || sheet.format == "xer"
                        ? std::string()
                        : std::to_string(item.level) + " " + squeezed(item.wbs));
  }
  return codes;
}

std::optional<int> moved_days(const std::optional<PlanDate>& before,
                              const std::optional<PlanDate>& after) {
  if (!before || !after) return std::nullopt;
  return static_cast<int>((*after - *before).count());
}

// Returns the items that had several candidates by path and area.
std::vector<std::uint32_t> match(Matching& matching, const PlanSheet& before,
                                 const PlanSheet& after) {
  const auto old_paths = paths_of(before);
  const auto new_paths = paths_of(after);
  matching.pair_by(old_paths, new_paths);
  auto several = matching.pair_by(with_areas(old_paths, before), with_areas(new_paths, after));
  matching.pair_by(codes_of(before), codes_of(after));
  return several;
}

}  // namespace

std::vector<std::optional<std::uint32_t>> match_plans(const PlanSheet& before,
                                                      const PlanSheet& after) {
  Matching matching(before, after);
  match(matching, before, after);
  return matching.old_of();
}

PlanChanges compare_plans(const PlanSheet& before, const PlanSheet& after) {
  Matching matching(before, after);
  const auto several = match(matching, before, after);
  PlanChanges result;
  result.ambiguous = static_cast<std::size_t>(
      std::count_if(several.begin(), several.end(),
                    [&](std::uint32_t item) { return !matching.old_of()[item]; }));
  for (std::uint32_t item = 0; item < after.items.size(); ++item) {
    const auto old = matching.old_of()[item];
    if (!old) {
      result.changes.push_back({PlanChange::Kind::kAdded, std::nullopt, item, {}, {}});
      continue;
    }
    const PlanItem& was = before.items[*old];
    const PlanItem& is = after.items[item];
    const bool renamed = squeezed(was.name) != squeezed(is.name);
    if (renamed) result.changes.push_back({PlanChange::Kind::kRenamed, old, item, {}, {}});
    if (was.start != is.start || was.finish != is.finish) {
      result.changes.push_back({PlanChange::Kind::kMoved, old, item,
                                moved_days(was.start, is.start),
                                moved_days(was.finish, is.finish)});
    } else if (!renamed) {
      ++result.unchanged;
    }
  }
  for (std::uint32_t item = 0; item < before.items.size(); ++item) {
    if (!matching.new_of()[item]) {
      result.changes.push_back({PlanChange::Kind::kRemoved, item, std::nullopt, {}, {}});
    }
  }
  return result;
}

}  // namespace sitecast::hub
