// SPDX-License-Identifier: Apache-2.0
#include "hub/ingest/mqtt_client.h"

#include <MQTTAsync.h>
#include <fmt/format.h>

#include <algorithm>

#include "hub/ingest/no_delay.h"
#include "proto/base/file.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

constexpr int kKeepAliveS = 20;
constexpr int kConnectTimeoutS = 5;
constexpr std::int64_t kSubscribeTimeoutUs = 5'000'000;
constexpr std::int64_t kFirstPauseUs = 100'000;
constexpr std::int64_t kLongestPauseUs = 2'000'000;
constexpr int kMostUnconfirmed = 20'000;
constexpr std::int64_t kFarewellUs = 1'000'000;
constexpr std::uint64_t kPasswordBytes = 1024;

struct ParsedUrl {
  bool tls = false;
  std::string host;
  std::string port;
};

Result<ParsedUrl> parse_url(std::string_view url) {
  ParsedUrl parsed;
  std::string_view rest = url;
  if (rest.substr(0, 7) == "mqtt://") {
    rest.remove_prefix(7);
  } else if (rest.substr(0, 8) == "mqtts://") {
    parsed.tls = true;
    rest.remove_prefix(8);
  } else {
    return invalid_argument(
        fmt::format("broker url `{}` must be mqtt://127.0.0.1:PORT or mqtts://HOST:PORT", url));
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size() ||
      rest.substr(colon + 1).find_first_not_of("0123456789") != std::string_view::npos) {
    return invalid_argument(fmt::format("broker url `{}` names no host and port", url));
  }
  parsed.host = rest.substr(0, colon);
  parsed.port = rest.substr(colon + 1);
  return parsed;
}

}  // namespace

Status check_broker_url(std::string_view url) {
  SC_TRY_ASSIGN(const ParsedUrl parsed, parse_url(url));
  const bool loopback =
      parsed.host == "127.0.0.1" || parsed.host == "localhost" || parsed.host == "[::1]";
  if (!parsed.tls && !loopback) {
    return invalid_argument(fmt::format(
        "broker url `{}` would send passwords in clear over the network; use mqtts://", url));
  }
  return Ok{};
}

// One connection: made, used and destroyed as a whole. Its callbacks run on Paho's threads.
struct MqttClient::Session {
  explicit Session(MqttClient& client) : owner(&client) {}
  // Paho may still be inside one of our callbacks when this returns, so the session's memory is
  // kept until the next one has ended.
  void close() {
    if (handle != nullptr) MQTTAsync_destroy(&handle);
  }

  enum class State { kConnecting, kConnected, kSubscribed, kLost };
  void become(State next, std::string why) {
    const MutexLock lock(mutex);
    if (state == State::kLost) return;
    state = next;
    reason = std::move(why);
    changed.notify_all();
  }

  MqttClient* owner;
  MQTTAsync handle = nullptr;
  std::atomic<int> unconfirmed{0};  // published, no PUBACK yet
  Mutex mutex;
  CondVar changed;
  State state SC_GUARDED_BY(mutex) = State::kConnecting;
  std::string reason SC_GUARDED_BY(mutex);

  static Session& of(void* context) { return *static_cast<Session*>(context); }
  static void on_lost(void* context, char* cause) {
    of(context).become(State::kLost, cause != nullptr ? cause : "connection lost");
  }
  static void on_disconnected(void* context, MQTTProperties*, enum MQTTReasonCodes code) {
    of(context).become(State::kLost,
                       fmt::format("broker disconnected us: {}", MQTTReasonCode_toString(code)));
  }
  static void on_connected(void* context, MQTTAsync_successData5*) {
    of(context).become(State::kConnected, "");
  }
  static void on_connect_failed(void* context, MQTTAsync_failureData5* data) {
    std::string why = fmt::format("code {}", data->code);
    if (data->reasonCode != MQTTREASONCODE_SUCCESS) {
      why = MQTTReasonCode_toString(data->reasonCode);
    } else if (data->message != nullptr) {
      why = data->message;
    }
    of(context).become(State::kLost, "broker not reached: " + why);
  }
  static void on_subscribed(void* context, MQTTAsync_successData5* data) {
    const auto& granted = data->alt.sub;
    bool all = data->reasonCode < MQTTREASONCODE_UNSPECIFIED_ERROR;
    // Of one subscription Paho gives the code above and leaves these unset.
    const bool many = of(context).owner->options_.subscriptions.size() > 1;
    for (int i = 0; many && i < granted.reasonCodeCount; ++i) {
      all = all && granted.reasonCodes[i] < MQTTREASONCODE_UNSPECIFIED_ERROR;
    }
    of(context).become(all ? State::kSubscribed : State::kLost,
                       all ? "" : "the broker refuses the hub's subscriptions");
  }
  static void on_subscribe_failed(void* context, MQTTAsync_failureData5*) {
    of(context).become(State::kLost, "the broker refuses the hub's subscriptions");
  }
  static void on_published(void* context, MQTTAsync_successData5*) { --of(context).unconfirmed; }
  static void on_publish_failed(void* context, MQTTAsync_failureData5*) {
    --of(context).unconfirmed;
  }

  // Topic and message as Paho allocated them.
  struct Delivered {
    char* topic;
    MQTTAsync_message* message;
  };
  static void free_delivered(void* pointer) {
    const std::unique_ptr<Delivered> delivered(static_cast<Delivered*>(pointer));
    MQTTAsync_freeMessage(&delivered->message);
    MQTTAsync_free(delivered->topic);
  }
  static int on_message(void* context, char* topic, int topic_size, MQTTAsync_message* message) {
    MqttClient& client = *of(context).owner;
    Arrival arrival;
    arrival.owner = {new Delivered{topic, message}, free_delivered};
    arrival.topic = {topic, topic_size > 0 ? static_cast<std::size_t>(topic_size)
                                           : std::char_traits<char>::length(topic)};
    arrival.payload = {static_cast<const std::uint8_t*>(message->payload),
                       static_cast<std::size_t>(message->payloadlen)};
    arrival.arrived_at_us = client.clock_->monotonic_us();
    if (client.receiving_.load()) client.options_.on_message(std::move(arrival));
    return 1;  // taken, whatever became of it: our own receipts say what is stored
  }
};

MqttClient::MqttClient(Options options, const Clock& clock, Log log)
    : options_(std::move(options)), clock_(&clock), log_(std::move(log)) {}

MqttClient::~MqttClient() { stop(); }

void MqttClient::start() {
  thread_ = std::thread([this] { run(); });
}

void MqttClient::stop_receiving() { receiving_ = false; }

void MqttClient::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  {
    const MutexLock lock(session_mutex_);
    if (session_) {
      const MutexLock session_lock(session_->mutex);
      session_->changed.notify_all();
    }
  }
  if (thread_.joinable()) thread_.join();
}

void MqttClient::run() {
  std::int64_t pause_us = kFirstPauseUs;
  for (;;) {
    const bool was_ready = hold_session();
    pause_us = was_ready ? kFirstPauseUs : std::min(pause_us * 2, kLongestPauseUs);
    const std::int64_t until_us = clock_->monotonic_us() + pause_us;
    const MutexLock lock(mutex_);
    for (std::int64_t now_us = clock_->monotonic_us(); !stopping_ && now_us < until_us;
         now_us = clock_->monotonic_us()) {
      changed_.wait_for_us(mutex_, until_us - now_us);
    }
    if (stopping_) return;
  }
}

// Connects, subscribes, and stays until the connection ends or stop() is called. true: it was
// ready.
bool MqttClient::hold_session() {
  const auto url = parse_url(options_.broker.url);
  const auto password = read_file(options_.broker.password_file, kPasswordBytes);
  if (!url.ok() || !password.ok()) {
    log_.error("{}", url.ok() ? password.error().message() : url.error().message());
    return false;
  }
  std::string secret = to_string(*password);
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();

  auto session = std::make_shared<Session>(*this);
  ended_session_ = session;  // drops the one before
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
  // Counts what waits for the socket, connected or not; of its 100 a group of more devices'
  // receipts would lose the rest. publish() has the bound.
  create.maxBufferedMessages = kMostUnconfirmed;
  const std::string uri = fmt::format("{}://{}:{}", url->tls ? "ssl" : "tcp", url->host, url->port);
  if (MQTTAsync_createWithOptions(&session->handle, uri.c_str(), options_.broker.username.c_str(),
                                  MQTTCLIENT_PERSISTENCE_NONE, nullptr,
                                  &create) != MQTTASYNC_SUCCESS) {
    log_.error("MQTT client cannot be made");
    return false;
  }
  MQTTAsync_setCallbacks(session->handle, session.get(), Session::on_lost, Session::on_message,
                         nullptr);
  MQTTAsync_setDisconnected(session->handle, session.get(), Session::on_disconnected);

  MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
  MQTTProperties properties = MQTTProperties_initializer;
  MQTTProperty receive_maximum;
  receive_maximum.identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM;
  receive_maximum.value.integer2 = 65535;
  MQTTProperties_add(&properties, &receive_maximum);
  MQTTProperty packet_maximum;
  packet_maximum.identifier = MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE;
  packet_maximum.value.integer4 = limits::kMqttPacketBytes;
  MQTTProperties_add(&properties, &packet_maximum);
  MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
  tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
  tls.verify = 1;
  const std::string ca_file = options_.broker.ca_file.string();
  if (!ca_file.empty()) tls.trustStore = ca_file.c_str();
  connect.keepAliveInterval = kKeepAliveS;
  connect.cleanstart = 1;
  connect.maxInflight = 65535;
  connect.connectTimeout = kConnectTimeoutS;
  connect.username = options_.broker.username.c_str();
  connect.password = secret.c_str();
  connect.connectProperties = &properties;
  if (url->tls) connect.ssl = &tls;
  connect.context = session.get();
  connect.onSuccess5 = Session::on_connected;
  connect.onFailure5 = Session::on_connect_failed;
  const int started = MQTTAsync_connect(session->handle, &connect);
  MQTTProperties_free(&properties);
  if (started != MQTTASYNC_SUCCESS) {
    log_.warn("broker not reached: code {}", started);
    session->close();
    return false;
  }
  const bool was_ready = serve(session, url->port);
  session->close();
  return was_ready;
}

bool MqttClient::stopping() {
  const MutexLock lock(mutex_);
  return stopping_;
}

bool MqttClient::serve(const std::shared_ptr<Session>& session, const std::string& port) {
  using State = Session::State;
  bool was_ready = false;
  const std::int64_t subscribed_by_us =
      clock_->monotonic_us() + kConnectTimeoutS * 1'000'000 + kSubscribeTimeoutUs;
  State seen = State::kConnecting;
  std::string reason;
  while (!stopping()) {
    {
      const MutexLock lock(session->mutex);
      if (session->state == seen) session->changed.wait_for_us(session->mutex, 200'000);
      if (session->state == seen && (was_ready || clock_->monotonic_us() < subscribed_by_us))
        continue;
      seen = session->state;
      reason = session->reason;
    }
    if (seen == State::kConnected) {
      set_no_delay_on_port(port);
      if (!subscribe(*session)) break;
    } else if (seen == State::kSubscribed) {
      was_ready = true;
      ++connects_;
      {
        const MutexLock lock(session_mutex_);
        session_ = session;
      }
      ready_ = true;
      log_.info("connected to {}", options_.broker.url);
      options_.on_ready();
    } else {
      if (reason.empty()) reason = "the broker does not answer";
      break;
    }
  }
  ready_ = false;
  {
    const MutexLock lock(session_mutex_);
    session_.reset();
  }
  if (stopping() && was_ready) {
    say_farewell(*session);
  } else if (!stopping()) {
    log_.warn("{}; connecting again", reason);
  }
  return was_ready;
}

bool MqttClient::subscribe(Session& session) {
  std::vector<char*> topics;
  for (std::string& topic : options_.subscriptions) topics.push_back(topic.data());
  std::vector<int> qos(topics.size(), 1);
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.context = &session;
  response.onSuccess5 = Session::on_subscribed;
  response.onFailure5 = Session::on_subscribe_failed;
  return MQTTAsync_subscribeMany(session.handle, static_cast<int>(topics.size()), topics.data(),
                                 qos.data(), &response) == MQTTASYNC_SUCCESS;
}

// Gives what was published a chance to go out, then disconnects.
void MqttClient::say_farewell(Session& session) {
  const std::int64_t until_us = clock_->monotonic_us() + kFarewellUs;
  while (session.unconfirmed.load() > 0 && clock_->monotonic_us() < until_us) {
    const MutexLock lock(session.mutex);
    if (session.state == Session::State::kLost) return;
    session.changed.wait_for_us(session.mutex, 5'000);
  }
  MQTTAsync_disconnectOptions disconnect = MQTTAsync_disconnectOptions_initializer5;
  disconnect.timeout = 200;
  MQTTAsync_disconnect(session.handle, &disconnect);
}

bool MqttClient::publish(const std::string& topic, std::string_view payload) {
  const MutexLock lock(session_mutex_);
  if (!session_ || session_->unconfirmed.load() >= kMostUnconfirmed) return false;
  MQTTAsync_message message = MQTTAsync_message_initializer;
  message.payload = const_cast<char*>(payload.data());  // NOLINT: Paho copies it, unchanged
  message.payloadlen = static_cast<int>(payload.size());
  message.qos = 1;
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.context = session_.get();
  response.onSuccess5 = Session::on_published;
  response.onFailure5 = Session::on_publish_failed;
  ++session_->unconfirmed;
  if (MQTTAsync_sendMessage(session_->handle, topic.c_str(), &message, &response) !=
      MQTTASYNC_SUCCESS) {
    --session_->unconfirmed;
    return false;
  }
  return true;
}

}  // namespace sitecast::hub
