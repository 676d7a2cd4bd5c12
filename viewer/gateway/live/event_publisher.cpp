// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/event_publisher.h"

#include <mqtt/async_client.h>
#include <pthread.h>

#include <algorithm>
#include <future>

#include "proto/base/file.h"
#include "proto/codec/control.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/live/broker_options.h"
#include "viewer/gateway/live/broker_url.h"

namespace sitecast::gateway {
namespace {

constexpr std::int64_t kReceiptUs = 5'000'000;  // since the last one
constexpr std::int64_t kFirstPauseUs = 200'000;
constexpr std::int64_t kLongestPauseUs = 5'000'000;
constexpr std::int64_t kLookUs = 100'000;  // for those whose time is up
constexpr std::size_t kWaiting = 1'000;

Result<DeviceId> read_device(const std::filesystem::path& file) {
  SC_TRY_ASSIGN(const Bytes bytes, read_file(file, 64));
  std::string text = to_string(ByteView(bytes));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto device = DeviceId::parse(text);
  if (!device) return unavailable(file.string() + " names no device");
  return *device;
}

bool may_pass_later(v1::RefusalCause cause) {
  return cause == v1::HUB_FULL || cause == v1::HUB_IO_ERROR || cause == v1::OVERLOADED;
}

}  // namespace

// One client from connect to loss. Its callbacks run on Paho's threads.
class EventPublisher::Connection : public virtual mqtt::callback {
 public:
  Connection(EventPublisher& owner, DeviceId device)
      : owner_(owner),
        device_(device),
        client_(paho_url(owner.settings_.url), owner.settings_.username,
                mqtt::create_options(MQTTVERSION_5)) {
    client_.set_callback(*this);
  }
  ~Connection() override { client_.disable_callbacks(); }

  // The publisher's thread. Throws mqtt::exception.
  void open() {
    await_step(*client_.connect(connect_options(owner_.settings_)), "connect");
    await_step(*client_.subscribe("sitecast/1/+/" + device_.text() + "/receipt", 1), "subscribe");
  }
  void send(const Pending& pending) {
    const std::string topic =
        format_topic({TopicKind::kEvent, pending.project, device_, CaptureId(), ""});
    for (const Pending::Stated& event : pending.events) {
      if (!event.done) client_.publish(topic, event.bytes, 1, false);
    }
  }
  void send(const Sending& sending) {
    client_.publish(sending.topic, sending.payload->data(), sending.payload->size(), sending.qos,
                    false);
  }
  void close() {
    try {
      if (client_.is_connected()) client_.disconnect(0)->wait_for(std::chrono::seconds(1));
    } catch (const mqtt::exception&) {
      // Nothing to save: what has a receipt is stored, the rest is stated again.
    }
  }

  void connection_lost(const std::string& /*cause*/) override {
    const MutexLock lock(owner_.mutex_);
    owner_.lost_ = true;
    owner_.changed_.notify_all();
  }
  void message_arrived(mqtt::const_message_ptr message) override {
    auto receipt = parse_receipt(as_bytes(
        std::string_view(message->get_payload_ref().data(), message->get_payload_ref().length())));
    if (!receipt.ok()) return;
    const MutexLock lock(owner_.mutex_);
    owner_.receipts_.push_back(std::move(*receipt));
    owner_.changed_.notify_all();
  }

 private:
  EventPublisher& owner_;
  const DeviceId device_;
  mqtt::async_client client_;
};

EventPublisher::EventPublisher(BrokerSettings settings, std::filesystem::path device_file)
    : settings_(std::move(settings)), device_file_(std::move(device_file)) {}

EventPublisher::~EventPublisher() { stop(); }

void EventPublisher::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "state");
    run();
  });
}

void EventPublisher::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  for (const auto& pending : all()) finish(pending, unavailable("the gateway is stopping"));
}

void EventPublisher::state(ProjectId project, const std::vector<v1::Event>& events, Done done) {
  auto pending = std::make_shared<Pending>();
  pending->project = project;
  for (const v1::Event& event : events) {
    pending->events.push_back({event.event_id(), event.SerializeAsString()});
  }
  pending->done = std::move(done);
  pending->until_us = clock_.monotonic_us() + kReceiptUs;
  {
    const MutexLock lock(mutex_);
    if (!stopping_ && pending_.size() < kWaiting) {
      pending_.push_back(std::move(pending));
      changed_.notify_all();
      return;
    }
  }
  pending->done(unavailable("too much waits to be stated"));
}

void EventPublisher::send(std::string topic, std::shared_ptr<const std::string> payload, int qos) {
  const MutexLock lock(mutex_);
  if (!up_ || lost_ || stopping_) return;
  sending_.push_back({std::move(topic), std::move(payload), qos});
  changed_.notify_all();
}

Status EventPublisher::publish(ProjectId project, const std::vector<v1::Event>& events) {
  std::promise<Status> answered;
  state(project, events, [&](const Status& status) { answered.set_value(status); });
  return answered.get_future().get();
}

void EventPublisher::run() {
  std::int64_t pause_us = kFirstPauseUs;
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (stopping_) return;
      lost_ = false;
      for (const auto& pending : pending_) pending->sent = false;
    }
    std::unique_ptr<Connection> connection;
    try {
      const auto device = read_device(device_file_);
      if (!device.ok()) throw mqtt::exception(MQTTASYNC_FAILURE, device.error().message());
      connection = std::make_unique<Connection>(*this, *device);
      connection->open();
      log_.info("connected to {} as {}", settings_.url, settings_.username);
      pause_us = kFirstPauseUs;
      {
        const MutexLock lock(mutex_);
        up_ = true;
      }
      if (watcher_.connected) watcher_.connected(*device);
      serve(*connection);
    } catch (const mqtt::exception& failure) {
      log_.warn("nothing can be stated: {}; trying again in {} ms", failure.what(),
                pause_us / 1000);
    }
    if (connection) connection->close();
    connection.reset();
    {
      const MutexLock lock(mutex_);
      up_ = false;
      sending_.clear();
    }
    pause(pause_us);
    pause_us = std::min(pause_us * 2, kLongestPauseUs);
  }
}

void EventPublisher::serve(Connection& connection) {
  for (;;) {
    Pendings unsent;
    std::vector<v1::Receipt> receipts;
    std::vector<Sending> sending;
    if (!next(unsent, receipts, sending)) return;
    for (const Sending& one : sending) connection.send(one);
    for (const v1::Receipt& receipt : receipts) {
      take(receipt);
      if (watcher_.receipt) watcher_.receipt(receipt);
    }
    for (const auto& pending : unsent) connection.send(*pending);
    finish_late();
  }
}

bool EventPublisher::next(Pendings& unsent, std::vector<v1::Receipt>& receipts,
                          std::vector<Sending>& sending) {
  const MutexLock lock(mutex_);
  for (;;) {
    if (stopping_ || lost_) return false;
    for (const auto& pending : pending_) {
      if (!std::exchange(pending->sent, true)) unsent.push_back(pending);
    }
    receipts.swap(receipts_);
    sending.swap(sending_);
    if (!unsent.empty() || !receipts.empty() || !sending.empty()) return true;
    if (pending_.empty()) {
      changed_.wait(mutex_);
    } else {
      changed_.wait_for_us(mutex_, kLookUs);
      if (receipts_.empty() && sending_.empty()) return !stopping_ && !lost_;
    }
  }
}

// Between two connections: nobody waits longer than without one.
void EventPublisher::pause(std::int64_t pause_us) {
  const std::int64_t until_us = clock_.monotonic_us() + pause_us;
  for (;;) {
    finish_late();
    const MutexLock lock(mutex_);
    const std::int64_t left_us = until_us - clock_.monotonic_us();
    if (stopping_ || left_us <= 0) return;
    changed_.wait_for_us(mutex_, std::min(left_us, kLookUs));
  }
}

void EventPublisher::take(const v1::Receipt& receipt) {
  const std::int64_t until_us = clock_.monotonic_us() + kReceiptUs;
  for (const auto& pending : all()) {
    std::optional<Status> over;
    for (Pending::Stated& event : pending->events) {
      const auto& ids = receipt.event_ids();
      bool done = std::find(ids.begin(), ids.end(), event.id) != ids.end();
      for (const v1::Refusal& refusal : receipt.refusals()) {
        if (refusal.event_id() != event.id) continue;
        // Stated before, by a try whose answer was lost.
        done = done || refusal.cause() == v1::CONFLICT;
        if (done || over) continue;
        over = may_pass_later(refusal.cause()) ? Status(unavailable(refusal.detail()))
                                               : Status(failed_precondition(refusal.detail()));
      }
      if (!done || event.done) continue;
      event.done = true;
      pending->until_us = until_us;
    }
    const bool all_done = std::all_of(pending->events.begin(), pending->events.end(),
                                      [](const Pending::Stated& event) { return event.done; });
    if (!over && all_done) over = Ok{};
    if (over) finish(pending, *over);
  }
}

std::vector<std::shared_ptr<EventPublisher::Pending>> EventPublisher::all() {
  const MutexLock lock(mutex_);
  return {pending_.begin(), pending_.end()};
}

void EventPublisher::finish(const std::shared_ptr<Pending>& pending, const Status& status) {
  {
    const MutexLock lock(mutex_);
    pending_.remove(pending);
  }
  if (!status.ok()) log_.warn("not stated: {}", status.error().message());
  pending->done(status);
}

void EventPublisher::finish_late() {
  const std::int64_t now_us = clock_.monotonic_us();
  for (const auto& pending : all()) {
    if (now_us < pending->until_us) continue;
    finish(pending, unavailable(pending->sent ? "the hub did not answer in time"
                                              : "there is no connection to the broker"));
  }
}

}  // namespace sitecast::gateway
