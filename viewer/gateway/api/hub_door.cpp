// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/hub_door.h"

#include <pthread.h>

#include <utility>

#include "hub/control_socket.h"

namespace sitecast::gateway {

HubDoor::HubDoor(std::filesystem::path socket)
    : socket_(std::move(socket)), thread_([this] { run(); }) {}

HubDoor::~HubDoor() { stop(); }

void HubDoor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool HubDoor::ask(nlohmann::json question, Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || questions_.size() >= kWaiting) return false;
    questions_.push_back({std::move(question), std::move(done)});
  }
  wake_.notify_one();
  return true;
}

void HubDoor::run() {
  ::pthread_setname_np(::pthread_self(), "hub door");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
    if (stopping_) return;
    const Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    auto answer = hub::ask_running_hub(socket_, question.text);
    if (!answer.ok()) {
      question.done(answer.error());
    } else if (!*answer) {
      question.done(unavailable("the hub does not run"));
    } else {
      question.done(std::move(**answer));
    }
    lock.lock();
  }
}

}  // namespace sitecast::gateway
