// SPDX-License-Identifier: Apache-2.0
#include "agent/screen_order.h"

#include <algorithm>
#include <array>

#include "proto/codec/field_checks.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

constexpr std::uint32_t kMostShots = 32;

std::string text_in(const nlohmann::json& order, const char* key) {
  const auto found = order.find(key);
  return found != order.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Status check(const Request& request) {
  SC_TRY(check_text(request.text, "text"));
  SC_TRY(check_text(request.note, "note"));
  SC_TRY(check_name(request.area, "area"));
  SC_TRY(check_name(request.title, "title"));
  SC_TRY(check_name(request.stage, "stage"));
  const bool message = request.command != "note";
  if (message && request.text.size() > limits::kMessageBytes) {
    return invalid_argument("text is too long");
  }
  if (request.percentage && !(*request.percentage >= 0 && *request.percentage <= 100)) {
    return invalid_argument("percentage is not from 0 to 100");
  }
  if (request.command == "say" && request.text.empty()) return invalid_argument("says nothing");
  if (request.command == "note" && request.text.empty() && request.stage.empty() &&
      !request.percentage) {
    return invalid_argument("says nothing");
  }
  if (request.shot > kMostShots) return invalid_argument("shot is out of range");
  return Ok{};
}

void aim_note(Request& request, const std::string& about, bool recording) {
  if (about == "now" && recording) {
    request.at_now = true;
  } else if (about != "nothing") {
    request.last = true;
  }
}

}  // namespace

Result<ScreenOrder> read_screen_order(const std::string& text, const ScreenConfig& config,
                                      bool recording) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return invalid_argument("not an order");
  ScreenOrder order;
  order.what = text_in(json, "do");
  if (const auto number = json.find("order"); number != json.end() &&
                                              number->is_number_unsigned() &&
                                              number->get<std::uint64_t>() < 1ULL << 53) {
    order.number = number->get<std::int64_t>();
  }
  constexpr std::array<std::string_view, 7> kWhat = {"start", "stop",   "photo", "note",
                                                     "say",   "accept", "answer"};
  if (std::find(kWhat.begin(), kWhat.end(), order.what) == kWhat.end()) {
    return invalid_argument("not an order");
  }
  Request& request = order.request;
  request.command = order.what == "start" ? "record" : order.what;
  request.area = text_in(json, "area");
  request.title = text_in(json, "title");
  request.text = text_in(json, "text");
  if (order.what == "start" || (order.what == "photo" && !recording)) {
    request.source = config.source;
    request.loop = request.source.starts_with("file:");
    request.audio = config.audio;
  }
  if (order.what == "photo") request.note = text_in(json, "note");
  if (order.what == "note") {
    request.stage = text_in(json, "stage");
    if (const auto found = json.find("percentage"); found != json.end() && found->is_number()) {
      request.percentage = found->get<double>();
    }
    aim_note(request, text_in(json, "about"), recording);
  }
  if (order.what == "accept" || order.what == "answer") request.request = text_in(json, "request");
  if (order.what == "answer") {
    if (const auto shot = json.find("shot"); shot != json.end() && shot->is_number_unsigned()) {
      request.shot = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(shot->get<std::uint64_t>(), kMostShots + 1));
    }
    request.last = !recording;
  }
  SC_TRY(check(request));
  return order;
}

}  // namespace sitecast::agent
