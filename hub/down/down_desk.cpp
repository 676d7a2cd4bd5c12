// SPDX-License-Identifier: Apache-2.0
#include "hub/down/down_desk.h"

#include <pthread.h>

#include <algorithm>

#include "hub/down/addressees.h"
#include "proto/codec/limits.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kWaiting = 4096;
// Of a Down with several events; one of the largest events still fits.
constexpr std::size_t kDownBytes = limits::kControlBytes - 2 * limits::kEventBytes;

void add(v1::Down& down, DeviceId device, std::int64_t received_at_us, ByteView event) {
  v1::CommittedEvent& committed = *down.add_events();
  committed.set_event(to_string(event));
  committed.set_device_id(device.raw());
  committed.set_received_at_us(received_at_us);
}

void add(v1::Down& down, const EventInfo& info) {
  add(down, info.device, info.received_at_us, info.event_bytes);
}

}  // namespace

DownDesk::DownDesk(Parts parts, Log log) : parts_(std::move(parts)), log_(std::move(log)) {}

DownDesk::~DownDesk() { stop(); }

void DownDesk::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "down");
    run();
  });
}

void DownDesk::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void DownDesk::stated(const IndexChanges::Event& event) { post(event); }

void DownDesk::hello(ProjectId project, DeviceId device, std::int64_t heard_until_us) {
  post(Asked{project, device, heard_until_us});
}

void DownDesk::connected() { post(Connected{}); }

void DownDesk::post(Input input) {
  const MutexLock lock(mutex_);
  if (stopping_ || inputs_.size() >= kWaiting) return;
  inputs_.push_back(std::move(input));
  wake_.notify_one();
}

void DownDesk::run() {
  for (;;) {
    Input input;
    {
      const MutexLock lock(mutex_);
      while (!stopping_ && inputs_.empty()) wake_.wait(mutex_);
      if (stopping_) return;
      input = std::move(inputs_.front());
      inputs_.pop_front();
    }
    take(input);
  }
}

void DownDesk::take(const Input& input) {
  if (!reader_) {
    auto reader = IndexReader::open(parts_.state_dir);
    if (!reader.ok()) return log_.warn("nothing goes down: {}", reader.error().message());
    reader_ = std::move(*reader);
  }
  if (const auto* event = std::get_if<IndexChanges::Event>(&input)) {
    tell(*event);
  } else if (const auto* asked = std::get_if<Asked>(&input)) {
    answer(*asked);
  } else {
    answer_all();
  }
}

void DownDesk::tell(const IndexChanges::Event& stated) {
  v1::Event event;
  if (!event.ParseFromArray(stated.event_bytes.data(),
                            static_cast<int>(stated.event_bytes.size()))) {
    return;
  }
  if (!goes_down(event.kind())) return;
  v1::Down down;
  add(down, stated.device, stated.received_at_us, stated.event_bytes);
  const auto enrolled = parts_.enrolled->get();
  for (const DeviceId device :
       addressees(*enrolled, *reader_, stated.project, stated.device, event)) {
    send(stated.project, device, down);
  }
}

// All requests that ask it and are not closed, and what was pointed at and said of late.
void DownDesk::answer(const Asked& asked) {
  const auto enrolled = parts_.enrolled->get();
  const auto requests = reader_->requests(asked.project, false, kRequests);
  // A clock that was ahead for a while must not hide what was said since.
  const std::int64_t now_us = parts_.clock->wall_us();
  const std::int64_t from_us =
      std::max(std::min(asked.heard_until_us, now_us) - kOverlapUs, now_us - kOldestUs);
  const auto directions = reader_->directions(asked.project, from_us, kDirections);
  if (!requests.ok() || !directions.ok()) {
    return log_.warn("device {} is not answered: {}", asked.device.text(),
                     (requests.ok() ? directions.error() : requests.error()).message());
  }
  std::vector<v1::Down> messages(1);
  const auto make_room = [&](std::size_t bytes) {
    if (messages.back().ByteSizeLong() + bytes > kDownBytes) messages.emplace_back();
  };
  for (const RequestInfo& request : *requests) {
    if (!asks(request, asked.device)) continue;
    make_room(request.event.event_bytes.size());
    add(messages.back(), request.event);
    for (const EventInfo& step : request.steps) {
      make_room(step.event_bytes.size());
      add(messages.back(), step);
    }
  }
  messages.back().set_all_requests(messages.size() == 1 && requests->size() < kRequests);
  for (const EventInfo& said : *directions) {
    v1::Event event;
    if (!event.ParseFromArray(said.event_bytes.data(), static_cast<int>(said.event_bytes.size()))) {
      continue;
    }
    const auto to = addressees(*enrolled, *reader_, asked.project, said.device, event);
    if (std::find(to.begin(), to.end(), asked.device) == to.end()) continue;
    make_room(said.event_bytes.size());
    add(messages.back(), said);
  }
  // The device asks again until this one has come.
  messages.back().set_answer(true);
  for (const v1::Down& down : messages) send(asked.project, asked.device, down);
}

void DownDesk::answer_all() {
  const auto enrolled = parts_.enrolled->get();
  const std::int64_t now_us = parts_.clock->wall_us();
  for (const ProjectId project : enrolled->projects) {
    for (const DeviceId device : devices_of(*enrolled, project)) {
      answer({project, device, now_us});
    }
  }
}

void DownDesk::send(ProjectId project, DeviceId device, const v1::Down& down) {
  const std::string topic = format_topic({TopicKind::kDown, project, device, CaptureId(), ""});
  if (!parts_.publish(topic, down.SerializeAsString())) {
    log_.debug("not sent down to {}: no connection", device.text());
  }
}

}  // namespace sitecast::hub
