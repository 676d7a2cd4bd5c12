// SPDX-License-Identifier: Apache-2.0
#include "agent/presenter.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "proto/codec/control.h"

namespace sitecast::agent {
namespace {

std::string text_of(const nlohmann::json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}
std::int64_t number_of(const nlohmann::json& object, const char* key) {
  return object.contains(key) && object[key].is_number() ? object[key].get<std::int64_t>() : 0;
}

// Causes that last: since when is worth a word. The others change while one looks.
constexpr std::array kLasting = {
    waiting::kNoLink,  waiting::kNotTrusted,     waiting::kNotAdmitted, waiting::kHubAbsent,
    waiting::kHubFull, waiting::kMeteredNetwork, waiting::kDataBudget,
};

}  // namespace

void Presenter::show(const nlohmann::json& object) {
  const std::string type = text_of(object, "type");
  if (json_) {
    fmt::print(out_, "{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (const std::string line = line_of(object); !line.empty()) {
    const bool progress = terminal_ && (type == "progress" || type == "sending");
    if (progress) {
      fmt::print(out_, "\r\x1b[K{}{}", progress_share(object), line);  // over the one before
    } else {
      if (line_open_) fmt::print(out_, "\n");
      std::fflush(out_);
      fmt::print(type == "error" ? errors_ : out_, "{}\n", line);
    }
    line_open_ = progress;
  }
  std::fflush(out_);
}

std::string Presenter::line_of(const nlohmann::json& object) const {
  const std::string type = text_of(object, "type");
  if (type == "error") return "sitecast-agent: " + text_of(object, "message");
  if (type == "progress" || type == "sending") return progress_line(object);
  if (type == "ready") return "ready";  // the same for people and scripts
  if (type == "screen") return fmt::format("{} {}", word("screen"), text_of(object, "address"));
  if (type == "stopped") return "";
  if (type == "sent") return word("all_sent");
  if (type == "quality") {
    return fmt::format("! {}{}", word(text_of(object, "warning")),
                       object.value("active", false) ? "" : " – " + word("over"));
  }
  if (type == "trouble") return trouble_line(object);
  if (type == "pin" || type == "message") return direction_line(object);
  if (type == "request") return request_line(object);
  if (type == "talk") {
    const std::string speaker = text_of(object, "speaker");
    return speaker.empty() ? "♪ " + word("talk_over")
                           : fmt::format("♪ {} {}", speaker, word("speaks"));
  }
  if (type == "paused") return "! " + word("paused_full");
  if (type == "resumed") {
    return fmt::format("{} {}", word("resumed"), text_of(object, "capture_id"));
  }
  if (type == "end") {
    std::string line = word(text_of(object, "reason")) + ". " + progress_line(object);
    if (number_of(object, "video_frames_dropped") > 0) {
      line += fmt::format(" ({}: {})", word("dropped"), number_of(object, "video_frames_dropped"));
    }
    return line;
  }
  if (command_ == "status") return status_lines(object);
  if (command_ == "requests") return request_lines(object);
  if (command_ == "accept" || command_ == "answer") return request_line(object);
  if (command_ == "record")
    return fmt::format("{} {}", word("started"), text_of(object, "capture_id"));
  std::string line = object.contains("event_id")
                         ? word("noted")
                         : fmt::format("{} {}", word("stored"), text_of(object, "capture_id"));
  for (const auto& warning : object.value("warnings", nlohmann::json::array())) {
    line += fmt::format("\n! {}", word(warning.get<std::string>()));
  }
  return line;
}

// What the device is short of, with how long that lasts where it can be told.
std::string Presenter::trouble_line(const nlohmann::json& object) const {
  std::string line = "! " + word(text_of(object, "trouble"));
  if (!object.value("active", true)) return line + " – " + word("over");
  if (text_of(object, "trouble") == "low_room") {
    line += ": " + say_size(static_cast<std::uint64_t>(number_of(object, "room_bytes")));
    if (const std::int64_t left = number_of(object, "room_ms"); left >= 0) {
      line += fmt::format(" · {} {}", word("room_for"), say_duration(left));
    }
  }
  return line;
}

std::string Presenter::direction_line(const nlohmann::json& said) const {
  const bool chinese = language_ == Language::kChinese;
  std::string line = text_of(said, "type") == "pin" ? "◎ " : "✉ ";
  const std::string from = text_of(said, "from");
  line += from.empty() ? word("another_device") : from;
  if (text_of(said, "type") == "pin") {
    constexpr std::array kPlaces = {"at_top_left",    "at_top",    "at_top_right",
                                    "at_left",        "at_middle", "at_right",
                                    "at_bottom_left", "at_bottom", "at_bottom_right"};
    const auto third = [&](const char* key) {
      return static_cast<std::size_t>(std::clamp(said.value(key, 0.0) * 3, 0.0, 2.0));
    };
    line += (chinese ? "" : " ") + word("points_at") + (chinese ? "" : " ") +
            word(kPlaces.at(third("y") * 3 + third("x")));
  }
  const std::string text = text_of(said, "text");
  return text.empty() ? line : line + (chinese ? "：" : ": ") + text;
}

std::string Presenter::request_line(const nlohmann::json& request) const {
  const std::string state = text_of(request, "state");
  std::string line = fmt::format("[{}] {}  {}", text_of(request, "short_id"),
                                 word("request_" + state), text_of(request, "text"));
  if (const std::string area = text_of(request, "area"); !area.empty()) line += "  " + area;
  if (const std::string due = text_of(request, "due"); !due.empty()) {
    line += fmt::format("  {} {}", word("due"), due);
  }
  if (const std::string from = text_of(request, "from"); !from.empty()) line += "  – " + from;
  int number = 0;
  for (const auto& shot : request.value("shots", nlohmann::json::array())) {
    line += fmt::format("\n       {} {}. {}", shot.value("answered", false) ? "☑" : "☐", ++number,
                        text_of(shot, "text"));
  }
  return line;
}

std::string Presenter::request_lines(const nlohmann::json& list) const {
  std::string lines;
  for (const auto& request : list.value("requests", nlohmann::json::array())) {
    lines += (lines.empty() ? "" : "\n") + request_line(request);
  }
  return lines.empty() ? word("no_requests") : lines;
}

// What keeps it waiting, when that is more than being on its way.
std::string Presenter::cause_text(const nlohmann::json& object) const {
  const std::string cause = text_of(object, "cause");
  if (cause.empty() || cause == "awaiting_receipt") return "";
  return ": " + word(cause);
}

std::string Presenter::cause_since(const nlohmann::json& status) const {
  const std::string cause = text_of(status, "cause");
  const std::int64_t since_us = number_of(status, "cause_since_us");
  const bool lasts =
      std::find(std::begin(kLasting), std::end(kLasting), cause) != std::end(kLasting);
  if (!lasts || since_us <= 0) return cause_text(status);
  const auto seconds = static_cast<std::time_t>(since_us / 1'000'000);
  const std::string when = fmt::format("{:%m-%d %H:%M}", fmt::localtime(seconds));
  return language_ == Language::kChinese ? fmt::format(": {} 起{}", when, word(cause))
                                         : fmt::format(": {} since {}", word(cause), when);
}

std::string Presenter::share_text(std::uint64_t done, std::uint64_t all) const {
  if (all == 0) return "";
  constexpr std::uint64_t kCells = 20;
  const std::uint64_t percent = std::min<std::uint64_t>(done, all) * 100 / all;
  std::string text;
  for (std::uint64_t cell = 0; terminal_ && cell < kCells; ++cell) {
    text += cell < percent * kCells / 100 ? "█" : "░";
  }
  if (!text.empty()) text += " ";
  return text + fmt::format("{} %", percent);
}

std::string Presenter::progress_share(const nlohmann::json& progress) {
  const std::int64_t waiting = number_of(progress, "waiting_bytes");
  most_waiting_bytes_ = std::max(most_waiting_bytes_, waiting);
  // While it is filmed nobody knows how much there will be.
  if (text_of(progress, "type") != "sending" || most_waiting_bytes_ == 0) return "";
  return share_text(static_cast<std::uint64_t>(most_waiting_bytes_ - waiting),
                    static_cast<std::uint64_t>(most_waiting_bytes_)) +
         "  ";
}

// How long what waits will take; why that is not known, where a person would ask.
std::string Presenter::time_left(const nlohmann::json& status) const {
  const std::int64_t left = number_of(status, "remaining_ms");
  if (left > 0) return fmt::format("{} {}", word("remaining"), say_duration(left));
  if (left == 0 || text_of(status, "cause") == waiting::kAgentNotRunning) return "";
  bool delivered = false;
  for (const auto& capture : status["captures"]) {
    delivered = delivered || number_of(capture, "at_hub_bytes") > 0;
  }
  return word(delivered ? "remaining_stalled" : "remaining_unknown");
}

std::string Presenter::progress_line(const nlohmann::json& progress) const {
  std::string line;
  const auto add = [&](const std::string& piece) { line += (line.empty() ? "" : " · ") + piece; };
  for (const auto& [key, name] :
       {std::pair{"captured_ms", "filmed"}, std::pair{"on_device_ms", "saved"},
        std::pair{"at_hub_ms", "arrived"}}) {
    if (progress.contains(key)) {
      add(word(name) + " " + say_duration(progress[key].get<std::int64_t>()));
    }
  }
  if (number_of(progress, "waiting_captures") > 0) {
    add(fmt::format("{} {}", number_of(progress, "waiting_captures"), word("captures")));
  }
  if (number_of(progress, "waiting_captures") == 0 && number_of(progress, "waiting_events") > 0) {
    add(fmt::format("{} {}{}", number_of(progress, "waiting_events"), word("notes"),
                    cause_text(progress)));
  }
  const std::int64_t waiting = number_of(progress, "waiting_bytes");
  if (waiting > 0) {
    add(fmt::format("{} {}{}", word("to_send"), say_size(static_cast<std::uint64_t>(waiting)),
                    cause_text(progress)));
  }
  return line;
}

std::string Presenter::capture_line(const nlohmann::json& capture) const {
  const auto seconds = static_cast<std::time_t>(number_of(capture, "captured_at_us") / 1'000'000);
  const std::string state = text_of(capture, "state");
  std::string line =
      fmt::format("{:%Y-%m-%d %H:%M}  {}", fmt::localtime(seconds), word(text_of(capture, "kind")));
  for (const char* key : {"area", "title"}) {
    if (const std::string text = text_of(capture, key); !text.empty()) line += "  " + text;
  }
  if (const std::int64_t duration = number_of(capture, "duration_ms"); duration > 0) {
    line += "  " + say_duration(duration);
  }
  const auto size = static_cast<std::uint64_t>(number_of(capture, "size_bytes"));
  line += fmt::format("  {}  {}", say_size(size),
                      word(capture.value("verified", false) ? "verified" : state));
  const auto at_hub = static_cast<std::uint64_t>(number_of(capture, "at_hub_bytes"));
  if (size > 0 && (state == "sending" || (state == "on_device" && (at_hub > 0 || terminal_)))) {
    line += " " + share_text(at_hub, size);
  }
  line += cause_text(capture);
  if (const std::int64_t left = number_of(capture, "remaining_ms");
      left > 0 && (state == "sending" || state == "on_device")) {
    line += fmt::format(" – {} {}", word("left"), say_duration(left));
  }
  if (const std::string detail = text_of(capture, "detail");
      !detail.empty() && text_of(capture, "cause") == "refused") {
    line += " (" + detail + ")";
  }
  if (const std::string reason = text_of(capture, "closed_reason");
      reason == "restarted" || reason == "damaged" || reason == "disk_full" || reason == "error") {
    line += "  – " + word(reason);
  }
  if (number_of(capture, "thinned_parts") > 0) line += "  – " + word("thinned");
  return line;
}

std::string Presenter::status_lines(const nlohmann::json& status) const {
  std::string lines;
  const auto add = [&](const std::string& line) { lines += (lines.empty() ? "" : "\n") + line; };
  for (const auto& capture : status["captures"]) add(capture_line(capture));
  if (lines.empty()) add(word("nothing_here"));
  const auto said = status.value("said", nlohmann::json::array());
  constexpr std::size_t kSaid = 3;  // the newest; `watch` shows all
  for (std::size_t i = said.size() - std::min(said.size(), kSaid); i < said.size(); ++i) {
    add(direction_line(said[i]));
  }
  for (const auto& request : status.value("requests", nlohmann::json::array())) {
    if (text_of(request, "state") != "answered") add(request_line(request));
  }
  if (const std::string trouble = text_of(status["spool"], "trouble"); !trouble.empty()) {
    add(trouble_line(status["spool"]));
  }
  if (const auto data = status.value("data", nlohmann::json::object());
      number_of(data, "daily_budget_bytes") > 0) {
    add(fmt::format("{}: {} / {}", word("data_today"),
                    say_size(static_cast<std::uint64_t>(number_of(data, "sent_today_bytes"))),
                    say_size(static_cast<std::uint64_t>(number_of(data, "daily_budget_bytes")))));
  }
  if (const std::string quality =
          text_of(status.value("link", nlohmann::json::object()), "live_quality");
      !quality.empty() && quality != "full") {
    add(fmt::format("{}: {}", word("live_quality"), word(quality)));
  }
  if (number_of(status, "waiting_captures") == 0 && number_of(status, "waiting_events") == 0) {
    add(word("all_sent"));
  } else {
    if (number_of(status, "waiting_captures") > 0) {
      add(fmt::format("{} {}, {}{}", number_of(status, "waiting_captures"), word("captures"),
                      say_size(static_cast<std::uint64_t>(number_of(status, "waiting_bytes"))),
                      cause_since(status)));
    } else {
      add(fmt::format("{} {}{}", number_of(status, "waiting_events"), word("notes"),
                      cause_since(status)));
    }
    if (const std::int64_t only = number_of(status, "only_here_ms"); only >= 1000) {
      add(fmt::format("{}: {}", word("only_here"), say_duration(only)));
    }
    if (number_of(status, "waiting_bytes") > 0) {
      if (const std::string left = time_left(status); !left.empty()) add(left);
    }
    // Time alone does not help: what a person has to do.
    const std::string cause = text_of(status, "cause");
    const std::string detail = text_of(status, "detail");
    if (!detail.empty() && (cause == waiting::kNoPassword || cause == waiting::kNotTrusted ||
                            cause == waiting::kNotAdmitted || cause == waiting::kRefused)) {
      add("! " + detail);
    }
  }
  return lines;
}

}  // namespace sitecast::agent
