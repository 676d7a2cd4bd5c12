// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hls_rules.h"

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace sitecast::test {
namespace {

constexpr double kRounding = 2e-5;  // two numbers of five digits
constexpr double kClockS = 0.31;    // of a segment's date against the one before it

using Attributes = std::map<std::string, std::string>;

// Section 4.2: comma-separated, quoted strings may hold commas. nullopt: malformed.
std::optional<Attributes> attributes_of(std::string_view text) {
  Attributes found;
  while (!text.empty()) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
    const std::string name(text.substr(0, equals));
    if (name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != std::string::npos) {
      return std::nullopt;
    }
    text.remove_prefix(equals + 1);
    std::string value;
    if (text.starts_with('"')) {
      const auto quote = text.find('"', 1);
      if (quote == std::string_view::npos) return std::nullopt;
      value = text.substr(1, quote - 1);
      text.remove_prefix(quote + 1);
    } else {
      const auto comma = text.find(',');
      value = text.substr(0, comma);
      text.remove_prefix(value.size());
      if (value.find('"') != std::string::npos) return std::nullopt;
    }
    if (value.empty() || !found.emplace(name, value).second) return std::nullopt;
    if (text.empty()) break;
    if (text.front() != ',' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return found;
}

std::optional<double> number_of(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  return *end == '\0' ? std::optional(value) : std::nullopt;
}

double unix_s(const std::string& date) {
  std::tm parts{};
  int ms = 0;
  if (std::sscanf(date.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year,  // NOLINT(cert-err34-c)
                  &parts.tm_mon, &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec,
                  &ms) != 7) {
    return -1;
  }
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return static_cast<double>(timegm(&parts)) + ms / 1000.0;
}

double listed_s(const HlsSegmentLine& segment) {
  if (!segment.uri.empty()) return segment.duration_s;
  double sum = 0;
  for (const auto& part : segment.parts) sum += part.duration_s;
  return sum;
}

}  // namespace

HlsList HlsRules::read(const std::string& text) {
  HlsList list;
  std::set<std::string> once;
  HlsSegmentLine next;
  std::string map_uri;
  bool has_inf = false;
  std::uint64_t number = 0;
  bool begun = false;
  const auto begin = [&] {
    if (!begun) number = list.first_number + list.skipped;
    begun = true;
  };
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || line != "#EXTM3U") broken("4.4.1.1: the first line is EXTM3U");
  if (!text.ends_with('\n')) broken("4.1: the last line is cut");
  while (std::getline(lines, line)) {
    if (line.empty()) continue;
    if (!line.starts_with('#')) {
      begin();
      if (!has_inf) broken("4.4.4.1: a segment without EXTINF");
      next.uri = line;
      next.number = number++;
      next.map_uri = map_uri;
      if (next.date.empty()) broken("one segment has no date, others have");
      list.segments.push_back(std::exchange(next, {}));
      has_inf = false;
      continue;
    }
    if (!line.starts_with("#EXT")) continue;
    const auto colon = line.find(':');
    const std::string tag = line.substr(0, colon);
    const std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    const bool listed = tag == "#EXT-X-SERVER-CONTROL" || tag == "#EXT-X-PART-INF" ||
                        tag == "#EXT-X-PART" || tag == "#EXT-X-MAP" || tag == "#EXT-X-SKIP" ||
                        tag == "#EXT-X-PRELOAD-HINT" || tag == "#EXT-X-RENDITION-REPORT";
    auto parsed = listed ? attributes_of(value) : Attributes();
    if (!parsed) broken("4.2: malformed attributes: " + line);
    const Attributes attributes = parsed.value_or(Attributes());
    const bool repeats = tag == "#EXT-X-PART" || tag == "#EXT-X-MAP" || tag == "#EXTINF" ||
                         tag == "#EXT-X-PROGRAM-DATE-TIME" || tag == "#EXT-X-GAP" ||
                         tag == "#EXT-X-RENDITION-REPORT" || tag == "#EXT-X-PRELOAD-HINT";
    if (!repeats && !once.insert(tag).second) broken("4.4.3: twice: " + tag);
    if (begun && (tag == "#EXT-X-MEDIA-SEQUENCE" || tag == "#EXT-X-SKIP")) {
      broken("4.4.3.2: behind the first segment: " + tag);
    }
    const auto uri = attributes.contains("URI") ? attributes.at("URI") : "";
    if (tag == "#EXT-X-VERSION") {
      list.version = std::strtoull(value.c_str(), nullptr, 10);
    } else if (tag == "#EXT-X-TARGETDURATION") {
      list.target_s = std::strtoull(value.c_str(), nullptr, 10);
    } else if (tag == "#EXT-X-MEDIA-SEQUENCE") {
      list.first_number = std::strtoull(value.c_str(), nullptr, 10);
    } else if (tag == "#EXT-X-SERVER-CONTROL") {
      list.can_block_reload =
          attributes.contains("CAN-BLOCK-RELOAD") && attributes.at("CAN-BLOCK-RELOAD") == "YES";
      list.can_skip_until_s = number_of(attributes, "CAN-SKIP-UNTIL");
      list.part_hold_back_s = number_of(attributes, "PART-HOLD-BACK");
    } else if (tag == "#EXT-X-PART-INF") {
      list.part_target_s = number_of(attributes, "PART-TARGET");
    } else if (tag == "#EXT-X-SKIP") {
      list.skipped =
          static_cast<std::uint64_t>(number_of(attributes, "SKIPPED-SEGMENTS").value_or(0));
      if (list.skipped == 0) broken("4.4.5.2: SKIPPED-SEGMENTS is a number above 0");
    } else if (tag == "#EXT-X-MAP") {
      if (!next.parts.empty()) broken("4.4.4.9: a MAP behind its segment's first part");
      map_uri = uri;
    } else if (tag == "#EXT-X-PROGRAM-DATE-TIME") {
      if (!next.parts.empty()) broken("4.4.4.9: a date behind its segment's first part");
      next.date = value;
    } else if (tag == "#EXTINF") {
      next.duration_s = std::strtod(value.c_str(), nullptr);
      if (value.find(',') == std::string::npos) broken("4.4.4.1: EXTINF without its comma");
      has_inf = true;
    } else if (tag == "#EXT-X-GAP") {
      next.gap = true;
    } else if (tag == "#EXT-X-PART") {
      begin();
      const auto flag = [&](const char* name) {
        return attributes.contains(name) && attributes.at(name) == "YES";
      };
      next.parts.push_back(
          {uri, number_of(attributes, "DURATION").value_or(-1), flag("INDEPENDENT"), flag("GAP")});
      if (uri.empty()) broken("4.4.4.9: a part without URI");
      if (map_uri.empty() && list.skipped == 0) broken("4.4.4.5: a part without MAP");
    } else if (tag == "#EXT-X-PRELOAD-HINT") {
      if (!list.hinted_uri.empty()) broken("4.4.5.3: two hints");
      if (!attributes.contains("TYPE") || uri.empty()) broken("4.4.5.3: a hint of nothing");
      list.hinted_uri = uri;
    } else if (tag == "#EXT-X-RENDITION-REPORT") {
      for (const char* name : {"URI", "LAST-MSN", "LAST-PART"}) {
        if (!attributes.contains(name)) broken(std::string("4.4.5.4: a report without ") + name);
      }
      if (uri.starts_with('/') || uri.find("://") != std::string::npos) {
        broken("4.4.5.4: a report's URI is relative");
      }
    } else if (tag == "#EXT-X-ENDLIST") {
      list.ended = true;
    }
  }
  if (has_inf) broken("4.4.4.1: EXTINF without a segment");
  if (!next.parts.empty()) {
    next.number = number;
    next.map_uri = map_uri;
    if (list.ended) broken("4.4.3.4: the list has ended in the middle of a segment");
    list.segments.push_back(std::move(next));
  }
  return list;
}

void HlsRules::check_parts(const HlsList& list, const HlsSegmentLine& segment, bool open) {
  double sum = 0;
  for (std::size_t i = 0; i < segment.parts.size(); ++i) {
    const auto& part = segment.parts[i];
    sum += part.duration_s;
    const double target = list.part_target_s.value_or(0);
    if (part.duration_s <= 0 || part.duration_s > target + 1e-9) {
      broken("4.4.4.9: a part lasts longer than the part target: " + part.uri);
    }
    // Of the open one nobody knows yet which part is its last.
    const bool last = i + 1 == segment.parts.size();
    if (part.independent || part.gap || last) continue;
    if (segment.parts[i + 1].gap) continue;
    if (part.duration_s < 0.85 * target - kRounding) {
      broken("4.4.4.9: a part lasts less than 85 % of the part target: " + part.uri);
    }
  }
  if (!open && !segment.parts.empty() && sum > segment.duration_s + kRounding * 32) {
    broken("the parts of a segment last longer than it: " + segment.uri);
  }
}

void HlsRules::check(const HlsList& list) {
  if (list.target_s < 1) broken("4.4.3.1: no target duration");
  if (list.version < 9) broken("8: EXT-X-SKIP demands version 9");
  if (!list.part_target_s || *list.part_target_s <= 0) broken("4.4.3.7: no part target");
  const double part_target = list.part_target_s.value_or(0);
  if (list.part_hold_back_s.value_or(0) < 3 * part_target - 1e-9) {
    broken("4.4.3.8: PART-HOLD-BACK is less than three part targets");
  }
  if (list.can_skip_until_s.value_or(0) < 6.0 * static_cast<double>(list.target_s)) {
    broken("4.4.3.8: the skip boundary is less than six target durations");
  }
  if (!list.can_block_reload) broken("4.4.3.8: no CAN-BLOCK-RELOAD");
  if (list.ended && !list.hinted_uri.empty()) broken("4.4.5.3: a hint in a list that has ended");
  if (!list.ended && list.hinted_uri.empty()) broken("6.2.2: no hint in a list that goes on");
  double behind_s = 0;
  for (const auto& segment : list.segments) behind_s += listed_s(segment);
  const HlsSegmentLine* before = nullptr;
  for (const auto& segment : list.segments) {
    const bool open = segment.uri.empty();
    behind_s -= listed_s(segment);
    if (!open && std::llround(segment.duration_s) > static_cast<long long>(list.target_s)) {
      broken("4.4.3.1: a segment lasts longer than the target duration: " + segment.uri);
    }
    if (!open && segment.duration_s <= 0) broken("4.4.4.1: a segment of no time: " + segment.uri);
    if (!segment.gap && segment.map_uri.empty()) broken("4.4.4.5: no MAP: " + segment.uri);
    if (segment.gap && !segment.parts.empty()) broken("4.4.4.7: a gap with parts");
    if (!segment.parts.empty() && behind_s > 3.0 * static_cast<double>(list.target_s) + 1e-6) {
      broken("6.2.2: parts are listed further back than three target durations");
    }
    if (before != nullptr) {
      const double follows = unix_s(before->date) + listed_s(*before);
      if (std::abs(unix_s(segment.date) - follows) > kClockS) {
        broken("6.2.1: the date does not follow from the one before: " + segment.date);
      }
    }
    check_parts(list, segment, open);
    before = &segment;
  }
}

void HlsRules::check_update(const HlsList& before, HlsList& after) {
  if (after.target_s != before.target_s) broken("6.2.1: another target duration");
  if (after.part_target_s != before.part_target_s) broken("another part target");
  if (after.first_number < before.first_number) broken("6.2.2: the media sequence went back");
  if (before.ended && !after.ended) broken("6.2.1: a list that had ended goes on");
  std::map<std::uint64_t, const HlsSegmentLine*> known;
  for (const auto& segment : before.segments) known[segment.number] = &segment;
  // Section 6.2.5.1: what was skipped is what the client has.
  std::vector<HlsSegmentLine> whole;
  for (std::uint64_t i = 0; i < after.skipped; ++i) {
    const auto found = known.find(after.first_number + i);
    if (found == known.end() || found->second->uri.empty()) {
      broken("6.2.5.1: a segment was skipped that the list before had not whole");
      continue;
    }
    whole.push_back(*found->second);
    whole.back().parts.clear();
  }
  for (auto& segment : after.segments) {
    if (segment.map_uri.empty() && !whole.empty()) segment.map_uri = whole.back().map_uri;
    whole.push_back(segment);
  }
  after.segments = std::move(whole);
  for (const auto& segment : after.segments) {
    const auto found = known.find(segment.number);
    if (found == known.end()) continue;
    const auto& was = *found->second;
    if (!was.uri.empty() && (segment.uri != was.uri || segment.gap != was.gap ||
                             segment.duration_s != was.duration_s)) {
      broken("6.2.1: a segment was changed: " + was.uri);
    }
    if (!was.date.empty() && segment.date != was.date) broken("6.2.1: a date was changed");
    if (!segment.gap && !was.gap && segment.map_uri != was.map_uri) {
      broken("6.2.1: a MAP was changed: " + was.uri);
    }
    if (segment.parts.empty()) continue;
    for (std::size_t i = 0; i < was.parts.size(); ++i) {
      if (i >= segment.parts.size() || !(segment.parts[i] == was.parts[i])) {
        broken("6.2.1: a part was changed or taken back: " + was.parts[i].uri);
      }
    }
  }
  const auto last_of = [](const HlsList& list) {
    return list.segments.empty() ? list.first_number : list.segments.back().number;
  };
  if (last_of(after) < last_of(before)) broken("6.2.1: the end of the list went back");
  if (after.first_number > before.first_number && !after.ended) {
    double sum = 0;
    for (const auto& segment : after.segments) sum += listed_s(segment);
    if (sum < 3.0 * static_cast<double>(after.target_s)) {
      broken("6.2.2: segments were removed from a list of less than three target durations");
    }
  }
}

std::vector<std::string> HlsRules::take(const std::string& text) {
  broken_.clear();
  auto list = read(text);
  if (list.skipped > 0 && !last_) broken("6.2.5.1: a delta update for who has no list");
  if (last_) check_update(*last_, list);
  check(list);
  now_ = list;
  last_ = std::move(list);
  return broken_;
}

}  // namespace sitecast::test
