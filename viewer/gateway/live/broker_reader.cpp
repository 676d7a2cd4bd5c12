// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/broker_reader.h"

#include <mqtt/async_client.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "proto/codec/control.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/live/broker_options.h"
#include "viewer/gateway/live/broker_url.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint64_t kBytesOnTheirWay = 64ULL * 1024 * 1024;
constexpr std::int64_t kFirstWaitUs = 200'000;
constexpr std::int64_t kLongestWaitUs = 5'000'000;

constexpr const char* kLiveFilter = "sitecast/1/+/+/live/#";
constexpr const char* kStatusFilter = "sitecast/1/+/+/status";
constexpr const char* kFeedFilter = "sitecast/1/+/feed";

}  // namespace

// One client from connect to loss. Its callbacks run on Paho's threads.
class BrokerReader::Connection : public virtual mqtt::callback {
 public:
  explicit Connection(BrokerReader& owner)
      : owner_(owner),
        client_(paho_url(owner.settings_.url), owner.settings_.username,
                mqtt::create_options(MQTTVERSION_5)) {
    client_.set_callback(*this);
  }
  ~Connection() override { client_.disable_callbacks(); }

  // Owner's thread. Throws mqtt::exception.
  void open() {
    await_step(*client_.connect(connect_options(owner_.settings_)), "connect");
    subscribe(kLiveFilter, 0);
    subscribe(kStatusFilter, 1);
    subscribe(kFeedFilter, 1);
  }

  void close() {
    try {
      if (client_.is_connected()) client_.disconnect(0)->wait_for(std::chrono::seconds(1));
    } catch (const mqtt::exception&) {
      // Nothing to save on this connection: the client is destroyed next.
    }
  }

  void connection_lost(const std::string& /*cause*/) override {
    const MutexLock lock(owner_.mutex_);
    owner_.lost_ = true;
    owner_.changed_.notify_all();
  }

  void message_arrived(mqtt::const_message_ptr message) override {
    const std::string& name = message->get_topic();
    const auto payload = as_bytes(
        std::string_view(message->get_payload_ref().data(), message->get_payload_ref().length()));
    if (const auto topic = parse_topic(name)) {
      // Kept by the broker for whoever comes: of the past, whatever its sender meant by it.
      if (topic->kind == TopicKind::kLive && message->is_retained()) return leave_out(name);
      if (topic->kind == TopicKind::kLive) return take_part(*topic, payload, std::move(message));
      if (topic->kind == TopicKind::kStatus) {
        return take_status(*topic, payload, message->is_retained());
      }
    } else if (const auto project = parse_feed_topic(name)) {
      return take_event(*project, payload);
    }
    ++owner_.counters_.malformed;
  }

 private:
  void subscribe(const char* filter, int qos) {
    const auto token = client_.subscribe(filter, qos);
    await_step(*token, "subscribe");
    constexpr int kFirstError = 0x80;
    const mqtt::subscribe_response answer = token->get_subscribe_response();
    for (const auto code : answer.get_reason_codes()) {
      if (static_cast<int>(code) < kFirstError) continue;
      throw mqtt::exception(static_cast<int>(code),
                            std::string("the broker refuses the subscription to ") + filter +
                                ": does the user have role gateway-reader?");
    }
  }

  void leave_out(const std::string& topic) {
    ++owner_.counters_.retained;
    if (told_of_retained_) return;
    told_of_retained_ = true;  // one of a connection: there may be thousands
    owner_.log_.warn("retained messages under live/ are ignored, e.g. {}", topic);
  }

  void take_part(const Topic& topic, ByteView payload, mqtt::const_message_ptr message) {
    auto part = make_live_part(topic.track, payload, std::move(message));
    if (!part.ok()) {
      ++owner_.counters_.malformed;
      return;
    }
    ++owner_.counters_.parts;
    owner_.counters_.part_bytes += payload.size();
    if (owner_.bytes_on_their_way_ + payload.size() > kBytesOnTheirWay) {
      ++owner_.counters_.parts_left_out;
      return;
    }
    owner_.bytes_on_their_way_ += payload.size();
    owner_.post_([owner = &owner_, project = topic.project, device = topic.device,
                  capture = topic.capture, part = std::move(*part)] {
      owner->bytes_on_their_way_ -= part->frame.size();
      owner->receiver_.on_part(project, device, capture, part);
    });
  }

  void take_status(const Topic& topic, ByteView payload, bool retained) {
    const auto status = parse_status(payload);
    if (!status.ok()) {
      ++owner_.counters_.malformed;
      return;
    }
    owner_.post_([owner = &owner_, project = topic.project, device = topic.device, retained,
                  status = std::make_shared<const v1::DeviceStatus>(*status)] {
      owner->receiver_.on_status(project, device, *status, retained);
    });
  }

  void take_event(ProjectId project, ByteView payload) {
    auto committed = std::make_shared<v1::CommittedEvent>();
    if (!committed->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
      ++owner_.counters_.malformed;
      return;
    }
    owner_.post_(
        [owner = &owner_, project, committed] { owner->receiver_.on_event(project, *committed); });
  }

  BrokerReader& owner_;
  bool told_of_retained_ = false;  // Paho's receiving thread
  mqtt::async_client client_;
};

BrokerReader::BrokerReader(BrokerSettings settings, Post post_to_io, Receiver& receiver)
    : settings_(std::move(settings)), post_(std::move(post_to_io)), receiver_(receiver) {}

BrokerReader::~BrokerReader() { stop(); }

void BrokerReader::start() {
  thread_ = std::thread([this] { run(); });
}

void BrokerReader::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool BrokerReader::stop_requested(std::int64_t wait_us) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(wait_us);
  const MutexLock lock(mutex_);
  while (!stopping_) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    changed_.wait_for_us(mutex_, left.count());
  }
  return true;
}

void BrokerReader::run() {
  ::pthread_setname_np(::pthread_self(), "broker");
  std::int64_t wait_us = kFirstWaitUs;
  while (true) {
    {
      const MutexLock lock(mutex_);
      lost_ = false;
    }
    std::unique_ptr<Connection> connection;
    try {
      connection = std::make_unique<Connection>(*this);
      connection->open();
      log_.info("connected to {} as {}", settings_.url, settings_.username);
      counters_.connected = true;
      wait_us = kFirstWaitUs;
      post_([this] { receiver_.on_connected(); });
      const MutexLock lock(mutex_);
      while (!stopping_ && !lost_) changed_.wait(mutex_);
    } catch (const mqtt::exception& failure) {
      log_.warn("no connection to {}: {}; trying again in {} ms", settings_.url, failure.what(),
                wait_us / 1000);
    }
    if (counters_.connected.exchange(false)) {
      log_.warn("connection to {} ended", settings_.url);
      post_([this] { receiver_.on_disconnected(); });
    }
    if (connection) connection->close();
    connection.reset();
    if (stop_requested(wait_us)) return;
    wait_us = std::min(wait_us * 2, kLongestWaitUs);
  }
}

}  // namespace sitecast::gateway
