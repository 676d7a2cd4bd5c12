// SPDX-License-Identifier: Apache-2.0
#include "agent/presenter.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

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

}  // namespace

void Presenter::show(const nlohmann::json& object) {
  const bool error = text_of(object, "type") == "error";
  if (json_) {
    fmt::print(out_, "{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (const std::string line = line_of(object); !line.empty()) {
    fmt::print(error ? errors_ : out_, "{}\n", line);
  }
  std::fflush(out_);
}

std::string Presenter::line_of(const nlohmann::json& object) const {
  const std::string type = text_of(object, "type");
  if (type == "error") return "sitecast-agent: " + text_of(object, "message");
  if (type == "progress" || type == "sending") return progress_line(object);
  if (type == "ready") return "ready";  // the same for people and scripts
  if (type == "stopped") return "";
  if (type == "sent") return word("all_sent");
  if (type == "quality") {
    return fmt::format("! {}{}", word(text_of(object, "warning")),
                       object.value("active", false) ? "" : " – " + word("over"));
  }
  if (type == "end") {
    std::string line = word(text_of(object, "reason")) + ". " + progress_line(object);
    if (number_of(object, "video_frames_dropped") > 0) {
      line += fmt::format(" ({}: {})", word("dropped"), number_of(object, "video_frames_dropped"));
    }
    return line;
  }
  if (command_ == "status") return status_lines(object);
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

// What keeps it waiting, when that is more than being on its way.
std::string Presenter::cause_text(const nlohmann::json& object) const {
  const std::string cause = text_of(object, "cause");
  if (cause.empty() || cause == "awaiting_receipt") return "";
  return ": " + word(cause);
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
  line += fmt::format("  {}  {}", say_size(size), word(state));
  if (state == "sending" && size > 0) {
    line += fmt::format(
        " {} %", static_cast<std::uint64_t>(number_of(capture, "at_hub_bytes")) * 100 / size);
  }
  line += cause_text(capture);
  if (const std::string detail = text_of(capture, "detail");
      !detail.empty() && text_of(capture, "cause") == "refused") {
    line += " (" + detail + ")";
  }
  if (const std::string reason = text_of(capture, "closed_reason");
      reason == "restarted" || reason == "damaged" || reason == "disk_full" || reason == "error") {
    line += "  – " + word(reason);
  }
  return line;
}

std::string Presenter::status_lines(const nlohmann::json& status) const {
  std::string lines;
  const auto add = [&](const std::string& line) { lines += (lines.empty() ? "" : "\n") + line; };
  for (const auto& capture : status["captures"]) add(capture_line(capture));
  if (lines.empty()) add(word("nothing_here"));
  if (const std::string trouble = text_of(status["spool"], "trouble"); !trouble.empty()) {
    add("! " + word(trouble));
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
                      cause_text(status)));
    } else {
      add(fmt::format("{} {}{}", number_of(status, "waiting_events"), word("notes"),
                      cause_text(status)));
    }
    if (const std::int64_t left = number_of(status, "remaining_ms"); left > 0) {
      add(fmt::format("{} {}", word("remaining"), say_duration(left)));
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
