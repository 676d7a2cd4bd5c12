// SPDX-License-Identifier: Apache-2.0
#include "agent/screen_desk.h"

#include <fmt/format.h>

#include <set>

#include "proto/base/clock.h"

namespace sitecast::agent {
namespace {

constexpr int kStatusMs = 500;
constexpr std::size_t kNewestParts = 240;
constexpr std::size_t kAreas = 24;

ScreenMessage text_message(const nlohmann::json& object) {
  // Names of people's files may hold bytes that are no text.
  return {std::make_shared<const std::string>(
              object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)),
          false, false};
}

nlohmann::json picture_of(CaptureId capture) {
  return {{"type", "picture"}, {"capture_id", capture.text()}};
}

// A report for the screen: without what it does not draw.
nlohmann::json without_tracks(nlohmann::json report) {
  nlohmann::json kept = nlohmann::json::array();
  nlohmann::json areas = nlohmann::json::array();
  std::set<std::string> known;
  const nlohmann::json& captures = report["captures"];
  for (auto it = captures.rbegin(); it != captures.rend(); ++it) {
    const std::string area = (*it)["area"];
    if (!area.empty() && areas.size() < kAreas && known.insert(area).second) areas.push_back(area);
    if ((*it)["state"] != "recording") continue;
    nlohmann::json capture = *it;
    capture.erase("tracks");
    kept.push_back(std::move(capture));
  }
  report["captures"] = std::move(kept);
  report["areas"] = std::move(areas);
  return report;
}

}  // namespace

Result<std::unique_ptr<ScreenDesk>> ScreenDesk::open(const ScreenConfig& config, Owner& owner,
                                                     PartTap& tap) {
  std::unique_ptr<ScreenDesk> desk(new ScreenDesk(config, owner, tap));
  SC_TRY_ASSIGN(ScreenFiles files, ScreenFiles::load(config.files));
  ScreenServer::Hooks hooks;
  hooks.greeting = [raw = desk.get()] { return raw->greeting(); };
  hooks.heard = [raw = desk.get()](Page page, const std::string& text) { raw->heard(page, text); };
  SC_TRY_ASSIGN(desk->server_,
                ScreenServer::listen(config.port, std::move(files), std::move(hooks)));
  tap.show_to([raw = desk.get()](const PartTap::Look& look) { raw->show(look); });
  desk->threads_.emplace_back([raw = desk.get()] { raw->do_orders(); });
  desk->threads_.emplace_back([raw = desk.get()] { raw->watch(); });
  desk->threads_.emplace_back([raw = desk.get()] { raw->say_status(); });
  return desk;
}

ScreenDesk::~ScreenDesk() {
  tap_.show_to({});
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  closing_.raise();
  status_due_.raise();
  film_stop_.raise_for_good();
  for (std::thread& thread : threads_) thread.join();
  if (film_thread_.joinable()) film_thread_.join();
  if (server_) server_->stop();  // hooks that run use the pointer
  server_.reset();
}

void ScreenDesk::tell(const nlohmann::json& object) { server_->tell(text_message(object)); }

void ScreenDesk::answer(Page page, std::int64_t order, const nlohmann::json& said) {
  nlohmann::json object = {{"type", "answer"}, {"order", order}};
  if (said.value("type", "") == "error") {
    object["ok"] = false;
    object["kind"] = said.value("kind", "");
    object["detail"] = said.value("message", "");
  } else {
    object["ok"] = true;
    object["value"] = said;
  }
  server_->tell(page, text_message(object));
}

// Server's thread.
void ScreenDesk::heard(Page page, const std::string& text) {
  auto order = read_screen_order(text, config_, recording_);
  if (!order.ok()) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    const bool numbered = json.is_object() && json.contains("order") && json["order"].is_number();
    return answer(page, numbered ? json["order"].get<std::int64_t>() : 0,
                  {{"type", "error"},
                   {"kind", name_of(order.error().kind())},
                   {"message", order.error().message()}});
  }
  if (order->what == "stop") return stop(page, *order);
  const MutexLock lock(mutex_);
  orders_.push_back({page, std::move(*order)});
  wake_.notify_all();
}

// Is not queued behind anything.
void ScreenDesk::stop(Page page, const ScreenOrder& order) {
  bool ours = false;
  {
    const MutexLock lock(mutex_);
    ours = filming_;
    if (ours) stop_orders_.emplace_back(page, order.number);
  }
  if (ours) {
    film_stop_.raise();
    return;  // answered when it has ended
  }
  if (owner_.stop_recording()) return answer(page, order.number, nlohmann::json::object());
  answer(page, order.number,
         {{"type", "error"}, {"kind", "failed precondition"}, {"message", "nothing is recorded"}});
}

void ScreenDesk::do_orders() {
  for (;;) {
    Waiting waiting;
    {
      const MutexLock lock(mutex_);
      while (orders_.empty() && !ending_) wake_.wait(mutex_);
      if (ending_) return;
      waiting = std::move(orders_.front());
      orders_.pop_front();
    }
    if (waiting.order.what == "start") {
      start(waiting.page, std::move(waiting.order));
    } else {
      do_order(waiting);
    }
    status_due_.raise();
  }
}

void ScreenDesk::do_order(const Waiting& waiting) {
  nlohmann::json last;
  owner_.run(waiting.order.request, closing_, [&last](const nlohmann::json& said) { last = said; });
  answer(waiting.page, waiting.order.number, last);
}

void ScreenDesk::start(Page page, ScreenOrder order) {
  {
    const MutexLock lock(mutex_);
    if (filming_ || recording_) {
      return answer(page, order.number,
                    {{"type", "error"}, {"kind", "recording"}, {"message", "it records already"}});
    }
    film_stop_.clear();  // of the one before; from here on a stop is for this one
    filming_ = true;
    quality_ = nlohmann::json::object();
    paused_ = false;
    ended_ = nullptr;
  }
  if (film_thread_.joinable()) film_thread_.join();
  film_thread_ = std::thread([this, page, order = std::move(order)] { film(page, order); });
}

void ScreenDesk::film(Page page, const ScreenOrder& order) {
  bool begun = false;
  nlohmann::json last;
  owner_.run(order.request, film_stop_, [&](const nlohmann::json& said) {
    last = said;
    if (!begun && said.contains("capture_id")) {
      begun = true;
      recording_ = true;
      answer(page, order.number, said);
    }
    film_says(said);
  });
  if (!begun) answer(page, order.number, last);
  std::vector<std::pair<Page, std::int64_t>> asked;
  {
    const MutexLock lock(mutex_);
    filming_ = false;
    recording_ = false;
    paused_ = false;
    quality_ = nlohmann::json::object();
    asked.swap(stop_orders_);
    if (begun && asked.empty()) {
      ended_ = {
          {"reason", last.value("type", "") == "error" ? "error" : last.value("reason", "error")},
          {"at_us", SystemClock().wall_us()}};
    }
  }
  for (const auto& [who, number] : asked) answer(who, number, nlohmann::json::object());
  status_due_.raise();
}

void ScreenDesk::film_says(const nlohmann::json& said) {
  const std::string type = said.value("type", "");
  if (type != "quality" && type != "paused" && type != "resumed") return;
  {
    const MutexLock lock(mutex_);
    if (type != "quality") {
      paused_ = type == "paused";
    } else if (said.value("active", false)) {
      quality_[said.value("warning", "")] = SystemClock().wall_us() / 1000;
    } else {
      quality_.erase(said.value("warning", ""));
    }
  }
  status_due_.raise();
}

void ScreenDesk::watch() {
  Request request;
  request.command = "watch";
  owner_.run(request, closing_, [this](const nlohmann::json& said) {
    const std::string type = said.value("type", "");
    if (type == "pin" || type == "message" || type == "request") tell(said);
  });
}

nlohmann::json ScreenDesk::status_now() {
  Request request;
  request.command = "status";
  nlohmann::json report;
  owner_.run(request, closing_, [&report](const nlohmann::json& said) { report = said; });
  report = without_tracks(std::move(report));
  report["type"] = "status";
  const MutexLock lock(mutex_);
  recording_ = filming_ ? recording_.load() : !report["captures"].empty();
  report["quality"] = quality_;
  report["paused"] = paused_;
  report["ended"] = ended_;
  return report;
}

void ScreenDesk::say_status() {
  while (!closing_.raised()) {
    tell(status_now());
    if (status_due_.wait_ms(kStatusMs)) status_due_.clear();
  }
}

// A capture thread, or the spool's.
void ScreenDesk::show(const PartTap::Look& look) {
  std::string bytes(1, static_cast<char>(look.track.size()));
  bytes += look.track;
  bytes += *look.frame;
  ScreenMessage message{std::make_shared<const std::string>(std::move(bytes)), true,
                        look.starts_segment};
  const MutexLock lock(picture_mutex_);
  if (look.capture != shown_) {
    shown_ = look.capture;
    newest_.clear();
    tell(picture_of(shown_));
  }
  if (look.starts_segment) newest_.clear();
  if (look.starts_segment || (!newest_.empty() && newest_.size() < kNewestParts)) {
    newest_.push_back(message);
  } else {
    newest_.clear();
  }
  server_->tell(std::move(message));
}

std::vector<ScreenMessage> ScreenDesk::greeting() {
  std::vector<ScreenMessage> messages;
  messages.push_back(text_message(status_now()));
  const MutexLock lock(picture_mutex_);
  if (!shown_.is_nil()) messages.push_back(text_message(picture_of(shown_)));
  messages.insert(messages.end(), newest_.begin(), newest_.end());
  return messages;
}

}  // namespace sitecast::agent
