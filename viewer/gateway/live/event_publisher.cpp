// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/event_publisher.h"

#include <mqtt/async_client.h>

#include <chrono>
#include <set>

#include "proto/base/file.h"
#include "proto/base/mutex.h"
#include "proto/codec/control.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/live/broker_url.h"

namespace sitecast::gateway {
namespace {

constexpr auto kStep = std::chrono::seconds(5);
constexpr std::int64_t kReceiptUs = 5'000'000;  // since the last one
constexpr int kNobodyListens = 0x10;
constexpr int kFirstError = 0x80;

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

class EventPublisher::Session : public virtual mqtt::callback {
 public:
  Session(const BrokerSettings& settings, std::string receipts)
      : receipts_(std::move(receipts)),
        client_(paho_url(settings.url), settings.username, mqtt::create_options(MQTTVERSION_5)) {
    client_.set_callback(*this);
  }
  ~Session() override { client_.disable_callbacks(); }

  // Throws mqtt::exception.
  void open(const BrokerSettings& settings) {
    mqtt::connect_options options;
    options.set_mqtt_version(MQTTVERSION_5);
    options.set_clean_start(true);
    options.set_connect_timeout(kStep);
    options.set_user_name(settings.username);
    options.set_password(settings.password);
    if (settings.url.starts_with("mqtts://")) {
      mqtt::ssl_options tls;
      tls.set_trust_store(settings.ca_file.string());
      tls.set_enable_server_cert_auth(true);
      tls.set_verify(true);
      options.set_ssl(tls);
    }
    await(*client_.connect(options), "connect");
    await(*client_.subscribe(receipts_, 1), "subscribe");
  }

  // Throws mqtt::exception. False: the hub is not there.
  bool send(const std::string& topic, const std::vector<v1::Event>& events) {
    std::vector<mqtt::delivery_token_ptr> tokens;
    for (const v1::Event& event : events) {
      tokens.push_back(client_.publish(topic, event.SerializeAsString(), 1, false));
    }
    for (const auto& token : tokens) {
      await(*token, "publish");
      const int code = static_cast<int>(token->get_reason_code());
      if (code == kNobodyListens) return false;
      if (code >= kFirstError) throw mqtt::exception(code, "the broker refuses the event");
    }
    return true;
  }

  Status await_receipts(const std::vector<v1::Event>& events) {
    const MutexLock lock(mutex_);
    std::size_t known = 0;
    auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(kReceiptUs);
    for (;;) {
      bool all = true;
      for (const v1::Event& event : events) {
        all = all && done_.count(event.event_id()) > 0;
      }
      if (refused_) return *refused_;
      if (all) return Ok{};
      if (done_.size() > known) {
        known = done_.size();
        until = std::chrono::steady_clock::now() + std::chrono::microseconds(kReceiptUs);
      }
      const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
          until - std::chrono::steady_clock::now());
      if (lost_) return unavailable("the connection to the broker ended");
      if (left.count() <= 0) return unavailable("the hub did not answer in time");
      changed_.wait_for_us(mutex_, left.count());
    }
  }

  void close() {
    try {
      if (client_.is_connected()) client_.disconnect(0)->wait_for(std::chrono::seconds(1));
    } catch (const mqtt::exception&) {
      // Nothing to save: what has a receipt is stored, the rest is stated again.
    }
  }

  void connection_lost(const std::string& /*cause*/) override {
    const MutexLock lock(mutex_);
    lost_ = true;
    changed_.notify_all();
  }

  void message_arrived(mqtt::const_message_ptr message) override {
    const auto receipt = parse_receipt(as_bytes(
        std::string_view(message->get_payload_ref().data(), message->get_payload_ref().length())));
    if (!receipt.ok()) return;
    const MutexLock lock(mutex_);
    for (const std::string& id : receipt->event_ids()) done_.insert(id);
    for (const v1::Refusal& refusal : receipt->refusals()) {
      if (refusal.event_id().empty()) continue;
      if (refusal.cause() == v1::CONFLICT) {
        done_.insert(refusal.event_id());  // stated before, by a try whose answer was lost
      } else if (!refused_) {
        refused_ = may_pass_later(refusal.cause()) ? Status(unavailable(refusal.detail()))
                                                   : Status(failed_precondition(refusal.detail()));
      }
    }
    changed_.notify_all();
  }

 private:
  static void await(mqtt::token& token, const char* doing) {
    if (!token.wait_for(kStep)) {
      throw mqtt::exception(MQTTASYNC_FAILURE, std::string(doing) + ": no answer");
    }
  }

  const std::string receipts_;
  Mutex mutex_;
  CondVar changed_;
  std::set<std::string> done_ SC_GUARDED_BY(mutex_);
  std::optional<Status> refused_ SC_GUARDED_BY(mutex_);
  bool lost_ SC_GUARDED_BY(mutex_) = false;
  mqtt::async_client client_;
};

EventPublisher::EventPublisher(BrokerSettings settings, std::filesystem::path device_file)
    : settings_(std::move(settings)), device_file_(std::move(device_file)) {}

Status EventPublisher::publish(ProjectId project, const std::vector<v1::Event>& events) {
  const auto device = read_device(device_file_);
  if (!device.ok()) return unavailable(device.error().message());
  const auto topic = [&](TopicKind kind) {
    return format_topic({kind, project, *device, CaptureId(), ""});
  };
  try {
    Session session(settings_, topic(TopicKind::kReceipt));
    session.open(settings_);
    if (!session.send(topic(TopicKind::kEvent), events)) {
      session.close();
      return unavailable("the hub is not there");
    }
    const Status stored = session.await_receipts(events);
    session.close();
    return stored;
  } catch (const mqtt::exception& failure) {
    log_.warn("events were not stated: {}", failure.what());
    return unavailable(failure.what());
  }
}

}  // namespace sitecast::gateway
