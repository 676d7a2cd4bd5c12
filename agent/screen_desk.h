// SPDX-License-Identifier: Apache-2.0
// Between the screen's pages and the owner: carries out what a page asks for by the commands of the
// command line, and tells the pages how things stand (agent/screen/README.md, "Messages").
// Threads: `filming` runs the recording that a page began, `orders` everything else, one after the
// other, `news` what people direct to the device, `status` the rest; show() comes from capture.
// Ownership: owner and tap must outlive it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/config.h"
#include "agent/owner.h"
#include "agent/part_tap.h"
#include "agent/screen/server.h"
#include "agent/screen_order.h"
#include "agent/stop_signal.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {

class ScreenDesk {
 public:
  // kNotFound, kUnavailable: page or port (README of agent/screen).
  static Result<std::unique_ptr<ScreenDesk>> open(const ScreenConfig& config, Owner& owner,
                                                  PartTap& tap);
  ~ScreenDesk();  // ends what its pages began to record, and waits for that

  [[nodiscard]] const std::string& address() const { return server_->address(); }

 private:
  using Page = ScreenServer::Page;
  struct Waiting {
    Page page = 0;
    ScreenOrder order;
  };

  ScreenDesk(const ScreenConfig& config, Owner& owner, PartTap& tap)
      : config_(config), owner_(owner), tap_(tap) {}

  void heard(Page page, const std::string& text);
  void start(Page page, ScreenOrder order);
  void stop(Page page, const ScreenOrder& order);
  void film(Page page, const ScreenOrder& order);
  void film_says(const nlohmann::json& said);
  void do_orders();
  void do_order(const Waiting& waiting);
  void watch();
  void say_status();
  nlohmann::json status_now();
  void show(const PartTap::Look& look);
  std::vector<ScreenMessage> greeting();

  void tell(const nlohmann::json& object);
  void answer(Page page, std::int64_t order, const nlohmann::json& said);

  const ScreenConfig config_;
  Owner& owner_;
  PartTap& tap_;
  const Log log_{"screen"};
  StopSignal closing_;
  StopSignal film_stop_;
  StopSignal status_due_;

  Mutex mutex_;
  CondVar wake_;
  bool ending_ SC_GUARDED_BY(mutex_) = false;
  std::deque<Waiting> orders_ SC_GUARDED_BY(mutex_);
  bool filming_ SC_GUARDED_BY(mutex_) = false;  // by a page
  std::vector<std::pair<Page, std::int64_t>> stop_orders_ SC_GUARDED_BY(mutex_);
  nlohmann::json quality_ SC_GUARDED_BY(mutex_) =
      nlohmann::json::object();  // name: active since ms
  bool paused_ SC_GUARDED_BY(mutex_) = false;
  nlohmann::json ended_ SC_GUARDED_BY(mutex_);  // null, or why and when it ended by itself

  Mutex picture_mutex_;
  CaptureId shown_ SC_GUARDED_BY(picture_mutex_);
  std::vector<ScreenMessage> newest_ SC_GUARDED_BY(picture_mutex_);  // since the last key frame
  std::atomic<bool> recording_ = false;  // as the status said last, or a page began

  std::thread film_thread_;  // orders thread's, then the destructor's
  std::vector<std::thread> threads_;
  std::unique_ptr<ScreenServer> server_;
};

}  // namespace sitecast::agent
