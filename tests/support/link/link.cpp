// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/link.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "proto/base/file.h"

namespace sitecast::link {
namespace {

constexpr std::uint64_t kTraceBytes = 64 << 20;

Result<double> parse_number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value) || value < 0) {
    return invalid_argument("'" + text + "' is no number");
  }
  return value;
}
Result<double> parse_share(const std::string& percent) {
  auto value = parse_number(percent);
  if (!value.ok()) return value;
  if (*value > 100) return invalid_argument("'" + percent + "' is more than 100 percent");
  return *value / 100;
}
Result<std::int64_t> parse_ms(const std::string& text) {
  const auto value = parse_number(text);
  if (!value.ok()) return value.error();
  return static_cast<std::int64_t>(*value * static_cast<double>(kMsNs));
}
Result<bool> parse_switch(const std::string& text) {
  if (text != "on" && text != "off")
    return invalid_argument("'" + text + "' is neither on nor off");
  return text == "on";
}

nlohmann::json percentiles(const Quantiles& quantiles) {
  const auto ms = [&](double share) { return static_cast<double>(quantiles.at_us(share)) / 1000; };
  return {{"min", ms(0)}, {"p50", ms(0.5)}, {"p95", ms(0.95)}, {"p99", ms(0.99)}, {"max", ms(1)}};
}

nlohmann::json report(const OneWay& way) {
  const OneWayCounters& counters = way.counters();
  const std::int64_t span_ns = counters.last_out_ns - counters.first_out_ns;
  return {{"packets_in", counters.packets_in},
          {"bytes_in", counters.bytes_in},
          {"packets_out", counters.packets_out},
          {"bytes_out", counters.bytes_out},
          {"dropped_queue", counters.dropped_queue},
          {"dropped_loss", counters.dropped_loss},
          {"dropped_down", counters.dropped_down},
          {"dropped_bytes", counters.dropped_bytes},
          {"duplicated", counters.duplicated},
          {"held_back", counters.held_back},
          {"queue_bytes", way.queue_bytes()},
          {"out_span_ms", static_cast<double>(span_ns) / static_cast<double>(kMsNs)},
          {"queued_ms", percentiles(counters.queued)},
          {"transit_ms", percentiles(counters.transit)},
          {"late_ms", percentiles(counters.late)}};
}

// What one direction can be told. words[0] is the name.
using Words = std::vector<std::string>;
struct Setting {
  std::string_view name;
  std::size_t arguments;
  Status (*set)(OneWay& way, const Words& words, std::int64_t now_ns);
};

Status set_up(OneWay& way, const Words& words, std::int64_t) {
  way.set_down(words[0] == "down");
  return Ok{};
}
Status set_rate(OneWay& way, const Words& words, std::int64_t now_ns) {
  if (words[1] == "unlimited") {
    way.set_drain(Drain::unlimited(), now_ns);
    return Ok{};
  }
  SC_TRY_ASSIGN(const std::uint64_t rate, parse_amount(words[1]));
  way.set_drain(Drain::constant(rate), now_ns);
  return Ok{};
}
Status set_trace(OneWay& way, const Words& words, std::int64_t now_ns) {
  SC_TRY_ASSIGN(const Bytes text, read_file(words[1], kTraceBytes));
  auto trace = parse_trace(as_text(text));
  if (!trace.ok()) return trace.error().within(words[1]);
  way.set_drain(Drain::replay(std::make_shared<const Trace>(std::move(*trace)), now_ns), now_ns);
  return Ok{};
}
Status set_delay(OneWay& way, const Words& words, std::int64_t) {
  SC_TRY_ASSIGN(const std::int64_t delay_ns, parse_ms(words[1]));
  way.set_delay(delay_ns);
  return Ok{};
}
Status set_queue(OneWay& way, const Words& words, std::int64_t) {
  if (words[1].ends_with("ms")) {
    SC_TRY_ASSIGN(const std::int64_t limit_ns, parse_ms(words[1].substr(0, words[1].size() - 2)));
    way.set_queue_time(limit_ns);
    return Ok{};
  }
  SC_TRY_ASSIGN(const std::uint64_t limit, parse_amount(words[1]));
  way.set_queue_bytes(limit);
  return Ok{};
}
Status set_loss(OneWay& way, const Words& words, std::int64_t) {
  SC_TRY_ASSIGN(way.chances().loss, parse_share(words[1]));
  return Ok{};
}
Status set_duplicate(OneWay& way, const Words& words, std::int64_t) {
  SC_TRY_ASSIGN(way.chances().duplicate, parse_share(words[1]));
  return Ok{};
}
Status set_reorder(OneWay& way, const Words& words, std::int64_t) {
  SC_TRY_ASSIGN(const double share, parse_share(words[1]));
  SC_TRY_ASSIGN(const std::int64_t by_ns, parse_ms(words[2]));
  way.chances().reorder = share;
  way.chances().reorder_by_ns = by_ns;
  return Ok{};
}
Status set_burst(OneWay& way, const Words& words, std::int64_t) {
  SC_TRY_ASSIGN(const double enter, parse_share(words[1]));
  SC_TRY_ASSIGN(const double leave, parse_share(words[2]));
  SC_TRY_ASSIGN(const double loss, parse_share(words[3]));
  way.chances().burst_enter = enter;
  way.chances().burst_leave = leave;
  way.chances().burst_loss = loss;
  return Ok{};
}
constexpr std::array<Setting, 10> kSettings = {{{"down", 0, set_up},
                                                {"up", 0, set_up},
                                                {"rate", 1, set_rate},
                                                {"trace", 1, set_trace},
                                                {"delay", 1, set_delay},
                                                {"queue", 1, set_queue},
                                                {"loss", 1, set_loss},
                                                {"duplicate", 1, set_duplicate},
                                                {"reorder", 2, set_reorder},
                                                {"burst", 3, set_burst}}};

}  // namespace

Result<std::uint64_t> parse_amount(const std::string& text) {
  std::string digits = text;
  double factor = 1;
  if (!digits.empty()) {
    const char last = digits.back();
    if (last == 'k') factor = 1e3;
    if (last == 'M') factor = 1e6;
    if (last == 'G') factor = 1e9;
    if (factor > 1) digits.pop_back();
  }
  const auto value = parse_number(digits);
  if (!value.ok() || *value * factor > 1e15) {
    return invalid_argument("'" + text + "' is no amount like 1000, 64k or 1.5M");
  }
  return static_cast<std::uint64_t>(*value * factor);
}

Link::Link(std::uint64_t seed) : seed_(seed), uplink_(seed), downlink_(seed + 1) {}

std::optional<Packet> Link::take(Side from, Packet packet, std::int64_t now_ns) {
  if (auto answer = meddler_.meet(from, packet)) return answer;
  way(from).take(std::move(packet), now_ns);
  return std::nullopt;
}

std::optional<Packet> Link::pop(Side at, std::int64_t now_ns) {
  auto arrived = way(at == Side::kHub ? Side::kDevice : Side::kHub).pop(now_ns);
  if (!arrived) return std::nullopt;
  return std::move(arrived->packet);
}

std::int64_t Link::due_ns() const { return std::min(uplink_.due_ns(), downlink_.due_ns()); }

nlohmann::json Link::counters() const {
  return {{"seed", seed_},
          {"uplink", report(uplink_)},
          {"downlink", report(downlink_)},
          {"resets", meddler_.resets_sent()},
          {"portal_connections", meddler_.led_astray()}};
}

Status Link::apply(std::string_view line, std::int64_t now_ns) {
  uplink_.settle(now_ns);
  downlink_.settle(now_ns);
  std::istringstream stream{std::string(line)};
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  const std::string first = words.empty() ? "" : words[0];
  if (first == "uplink" || first == "downlink") {
    words.erase(words.begin());
    return apply_one_way(first == "uplink" ? uplink_ : downlink_, words, now_ns);
  }
  if (first == "half-open" && words.size() == 2 &&
      (words[1] == "uplink" || words[1] == "downlink")) {
    uplink_.set_down(words[1] == "uplink");
    downlink_.set_down(words[1] == "downlink");
    return Ok{};
  }
  if (first == "reset" && words.size() == 2) {
    SC_TRY_ASSIGN(const bool on, parse_switch(words[1]));
    meddler_.set_resets(on);
    return Ok{};
  }
  if (first == "portal" && words.size() == 2) {
    const auto port = words[1] == "off" ? Result<std::uint64_t>(0) : parse_amount(words[1]);
    if (!port.ok() || *port > 65535) return invalid_argument("'" + words[1] + "' is no port");
    meddler_.set_portal(static_cast<std::uint16_t>(*port));
    return Ok{};
  }
  if (first == "clear" && words.size() == 1) {
    uplink_.clear_counters();
    downlink_.clear_counters();
    return Ok{};
  }
  SC_TRY(apply_one_way(uplink_, words, now_ns));
  return apply_one_way(downlink_, words, now_ns);
}

Status Link::apply_one_way(OneWay& way, const Words& words, std::int64_t now_ns) {
  for (const Setting& setting : kSettings) {
    if (!words.empty() && words[0] == setting.name && words.size() == 1 + setting.arguments) {
      return setting.set(way, words, now_ns);
    }
  }
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return invalid_argument("'" + line + "' is no command");
}

}  // namespace sitecast::link
