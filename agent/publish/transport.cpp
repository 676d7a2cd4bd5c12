// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/transport.h"

#include <fmt/format.h>
#include <mqtt/async_client.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>

#include "agent/publish/delivery_policy.h"
#include "agent/publish/password_file.h"
#include "agent/publish/tls_check.h"
#include "agent/publish/topic_aliases.h"
#include "proto/base/clock.h"
#include "proto/base/mutex.h"

namespace sitecast::agent {
namespace {

constexpr int kKeepAliveS = 10;
constexpr int kConnectTimeoutS = 10;  // ours is shorter and decides
constexpr int kWindow = 65535;        // Paho stalls for seconds when its own window fills
constexpr std::uint16_t kReceiveMaximum = 65535;
// What may wait for the socket; Paho's own bound of 100, connected or not, would end the connection
// in the middle of a window of small parts. The window is ours and in bytes.
constexpr int kMostWaiting = 65535;
// Paho's threads need up to a second to end; a client that does not go at all is left behind.
constexpr std::int64_t kGoneUs = 1'500'000;
// At a clean end: for the PUBACK of what was published last, and for DISCONNECT to leave.
constexpr std::chrono::milliseconds kLastWordsLimit{1000};
constexpr std::chrono::milliseconds kGoodbyeLimit{500};

// Tokens travel through Paho as its opaque context pointer.
void* as_context(std::uint64_t token) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(token));  // NOLINT
}
std::uint64_t from_context(void* context) {
  return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(context));  // NOLINT
}

}  // namespace

// One connection: a Paho client and what it calls.
class Transport::Session final : public mqtt::iaction_listener {
 public:
  // `tls_checker` is asked why a connection failed; null: nothing to ask.
  Session(const TransportSettings& settings, TransportSink& sink, TlsChecker* tls_checker,
          ConnectionNumber number)
      : number_(number),
        sink_(sink),
        tls_checker_(tls_checker),
        client_(uri(settings.broker), settings.username,
                mqtt::create_options(MQTTVERSION_5, kMostWaiting)),
        subscribe_listener_(*this) {
    client_.set_connection_lost_handler([this](const std::string& cause) {
      sink_.on_disconnected(number_, cause.empty() ? "connection lost" : cause);
    });
    client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
      sink_.on_disconnected(number_,
                            fmt::format("the broker said 0x{:02x}", static_cast<int>(code)));
    });
    client_.set_message_callback([this](const mqtt::const_message_ptr& message) {
      if (message) sink_.on_message(number_, message->get_topic(), message->get_payload());
    });
  }

  void connect(const TransportSettings& settings, const std::string& password) {
    auto options = mqtt::connect_options_builder()
                       .mqtt_version(MQTTVERSION_5)
                       .clean_start(true)
                       .user_name(settings.username)
                       .password(password)
                       .automatic_reconnect(false)
                       .finalize();
    options.set_keep_alive_interval(kKeepAliveS);
    options.set_connect_timeout(kConnectTimeoutS);
    options.set_max_inflight(kWindow);
    mqtt::properties properties;
    properties.add({mqtt::property::RECEIVE_MAXIMUM, kReceiveMaximum});
    properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL, 0});
    options.set_properties(std::move(properties));
    options.set_will(mqtt::will_options(mqtt::string_ref(settings.will_topic),
                                        mqtt::binary_ref(settings.will_payload), 1, true));
    if (settings.broker.tls) {
      mqtt::ssl_options tls;
      if (!settings.ca_file.empty()) tls.set_trust_store(settings.ca_file.string());
      tls.set_enable_server_cert_auth(true);
      tls.set_verify(true);
      tls.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);  // at least
      options.set_ssl(std::move(tls));
    }
    client_.connect(std::move(options), nullptr, *this);
  }

  void publish(const std::shared_ptr<const std::string>& topic, Frame payload, int qos,
               bool retained, std::uint64_t token) {
    static const auto kShort = std::make_shared<const std::string>();
    const TopicAliases::Use use = aliases_.use(*topic, most_aliases_);
    mqtt::properties properties;
    if (use.alias != 0) properties.add({mqtt::property::TOPIC_ALIAS, use.alias});
    auto sent =
        client_.publish(std::make_shared<const mqtt::message>(
                            mqtt::string_ref(use.known ? kShort : topic),
                            mqtt::binary_ref(std::move(payload)), qos, retained, properties),
                        as_context(token), publish_listener_);
    if (qos > 0) last_acknowledged_ = std::move(sent);
  }
  void subscribe(const std::string& topic, int qos) {
    client_.subscribe(topic, qos, nullptr, subscribe_listener_);
  }
  // Whatever becomes of it from now on is nothing to report on.
  void give_up() { closed_ = true; }
  void close(bool clean) {
    if (clean) hear_last_puback();
    try {
      const auto token = client_.disconnect(0);
      if (clean) token->wait_for(kGoodbyeLimit);
    } catch (const mqtt::exception&) {
      // Not connected (any more): the destructor closes what there is.
    }
  }

  // Paho's disconnect waits for outstanding PUBACKs too, but looks whether they are there only now
  // and then: it would take a second and a half.
  void hear_last_puback() {
    if (!last_acknowledged_) return;
    try {
      last_acknowledged_->wait_for(kLastWordsLimit);
    } catch (const mqtt::exception&) {
      // Refused, or the connection has gone: there is nothing more to wait for.
    }
  }

  // mqtt::iaction_listener: the connect action.
  void on_success(const mqtt::token& token) override {
    std::uint32_t receive_maximum = kReceiveMaximum;
    const auto properties = token.get_connect_response().get_properties();
    if (properties.contains(mqtt::property::RECEIVE_MAXIMUM)) {
      receive_maximum = mqtt::get<std::uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM);
    }
    if (properties.contains(mqtt::property::TOPIC_ALIAS_MAXIMUM)) {
      most_aliases_ = mqtt::get<std::uint16_t>(properties, mqtt::property::TOPIC_ALIAS_MAXIMUM);
    }
    sink_.on_connected(number_, receive_maximum);
  }
  void on_failure(const mqtt::token& token) override {
    // Paho gives a refusal's reason in one or the other.
    const int reason = token.get_reason_code();
    const int code = reason > 0 ? reason : token.get_return_code();
    ConnectFailure failure;
    if (code >= ConnectFailure::kNoConnack && code <= 0xff) {
      failure.reason_code = static_cast<std::uint8_t>(code);
      failure.why = sentence_of_connack(failure.reason_code);
    } else if (tls_checker_ != nullptr && !closed_) {
      tls_checker_->ask(number_);  // who answers in our place
      return;
    } else {
      failure.why = mqtt::exception::printable_error(code);
    }
    sink_.on_connect_failed(number_, std::move(failure));
  }

 private:
  // PUBACK, or a QoS 0 message handed to the kernel.
  class PublishListener final : public mqtt::iaction_listener {
   public:
    explicit PublishListener(Session& session) : session_(session) {}
    void on_success(const mqtt::token& token) override { report(token); }
    // With a reason code the broker answered; without one the connection is gone, which is reported
    // in its own way.
    void on_failure(const mqtt::token& token) override {
      if (token.get_reason_code() >= 0x80) report(token);
    }

   private:
    void report(const mqtt::token& token) {
      session_.sink_.on_sent(session_.number_, from_context(token.get_user_context()),
                             static_cast<std::uint8_t>(token.get_reason_code()));
    }
    Session& session_;
  };
  class SubscribeListener final : public mqtt::iaction_listener {
   public:
    explicit SubscribeListener(Session& session) : session_(session) {}
    void on_success(const mqtt::token& token) override {
      if (token.get_reason_code() >= 0x80) on_failure(token);
    }
    void on_failure(const mqtt::token& token) override {
      const auto topics = token.get_topics();
      session_.sink_.on_subscribe_failed(session_.number_,
                                         topics && !topics->empty() ? (*topics)[0] : "",
                                         static_cast<std::uint8_t>(token.get_reason_code()));
    }

   private:
    Session& session_;
  };

  static std::string uri(const BrokerAddress& broker) {
    const bool six = broker.host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", broker.tls ? "ssl" : "tcp", six ? "[" : "", broker.host,
                       six ? "]" : "", broker.port);
  }

  const ConnectionNumber number_;
  TransportSink& sink_;
  TlsChecker* const tls_checker_;
  std::atomic<bool> closed_ = false;
  std::atomic<std::uint16_t> most_aliases_ = 0;  // as the CONNACK says
  TopicAliases aliases_;
  PublishListener publish_listener_{*this};
  mqtt::async_client client_;
  mqtt::delivery_token_ptr last_acknowledged_;  // of QoS 1, newest; null: none yet
  SubscribeListener subscribe_listener_;
};

// Destroys sessions that were given up, which may wait for Paho's threads.
class Transport::Reaper {
 public:
  Reaper() : thread_([this] { run(); }) {}
  ~Reaper() {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
      wake_.notify_all();
    }
    thread_.join();
  }
  void bury(std::shared_ptr<Session> session) {
    const MutexLock lock(mutex_);
    graves_.push_back(std::move(session));
    busy_ = true;
    wake_.notify_all();
  }
  // Nothing is left of any session.
  [[nodiscard]] bool idle() const {
    const MutexLock lock(mutex_);
    return !busy_;
  }

 private:
  void run() {
    ::pthread_setname_np(::pthread_self(), "mqtt-reaper");
    for (;;) {
      std::shared_ptr<Session> done;
      {
        const MutexLock lock(mutex_);
        busy_ = !graves_.empty();
        while (!stopping_ && graves_.empty()) wake_.wait(mutex_);
        if (graves_.empty()) return;
        done = std::move(graves_.front());
        graves_.pop_front();
      }
      done.reset();
    }
  }

  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<std::shared_ptr<Session>> graves_ SC_GUARDED_BY(mutex_);
  bool busy_ SC_GUARDED_BY(mutex_) = false;
  bool stopping_ SC_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

Transport::Transport(TransportSettings settings, TransportSink& sink, Log log)
    : settings_(std::move(settings)),
      sink_(sink),
      log_(std::move(log)),
      reaper_(std::make_unique<Reaper>()) {
  if (!settings_.broker.tls) return;
  tls_checker_ = std::make_unique<TlsChecker>(
      settings_.broker, settings_.ca_file, [this](std::uint64_t number, TlsFinding finding) {
        if (finding.why.empty())
          finding.why = "the TLS connection broke before the broker answered";
        sink_.on_connect_failed(number, {ConnectFailure::kNoConnack, finding.not_trusted, false,
                                         std::move(finding.why)});
      });
}

Transport::~Transport() { disconnect(false); }

ConnectionNumber Transport::connect() {
  disconnect(false);
  wanted_ = ++last_connection_;
  wanted_since_us_ = SystemClock().monotonic_us();
  start_when_ready();
  return last_connection_;
}

bool Transport::start_when_ready() {
  if (wanted_ == 0) return false;
  const bool waited = SystemClock().monotonic_us() - wanted_since_us_ > kGoneUs;
  if (!quiet() && !waited) return false;
  const ConnectionNumber number = std::exchange(wanted_, 0);
  const auto password = read_password_file(settings_.password_file);
  if (!password.ok()) {
    sink_.on_connect_failed(number,
                            {ConnectFailure::kNoConnack, false, true, password.error().message()});
    return true;
  }
  // Its socket would be taken for the connection's.
  if (tls_checker_) tls_checker_->drop();
  socket_.remember_others();
  try {
    session_ = std::make_shared<Session>(settings_, sink_, tls_checker_.get(), number);
    session_->connect(settings_, *password);
  } catch (const mqtt::exception& e) {
    sink_.on_connect_failed(number, {ConnectFailure::kNoConnack, false, false, e.what()});
  }
  return true;
}

void Transport::disconnect(bool clean) {
  wanted_ = 0;
  if (session_) session_->give_up();
  auto last = std::exchange(waiting_, {});
  if (clean) {
    for (Publication& each : last) hand_to_paho(std::move(each));
  }
  hand_over_.restart();
  if (!clean) socket_.abandon();
  socket_.forget();
  if (!session_) return;
  session_->close(clean);
  reaper_->bury(std::move(session_));
  session_.reset();
}

void Transport::publish(const std::shared_ptr<const std::string>& topic, Frame payload, int qos,
                        bool retained, std::uint64_t token) {
  if (!session_) return;
  waiting_.push_back({topic, std::move(payload), qos, retained, token});
  hand_over();
}

void Transport::hand_over() {
  while (!waiting_.empty()) {
    const std::uint64_t bytes = waiting_.front().payload->size();
    const auto room = socket_.room();
    if (room && !hand_over_.takes(*room, bytes)) return;
    hand_over_.handed(bytes);
    Publication next = std::move(waiting_.front());
    waiting_.pop_front();
    hand_to_paho(std::move(next));
  }
}

void Transport::hand_to_paho(Publication publication) {
  if (!session_) return;
  try {
    session_->publish(publication.topic, std::move(publication.payload), publication.qos,
                      publication.retained, publication.token);
  } catch (const mqtt::exception& e) {
    waiting_.clear();
    sink_.on_disconnected(last_connection_, e.what());
  }
}

void Transport::subscribe(const std::string& topic, int qos) {
  if (!session_) return;
  try {
    session_->subscribe(topic, qos);
  } catch (const mqtt::exception& e) {
    sink_.on_disconnected(last_connection_, e.what());
  }
}

void Transport::tune_socket() {
  const Status found = socket_.find(settings_.broker.port);
  if (!found.ok()) {
    log_.warn("{}; it keeps the system's settings", found.error().message());
    return;
  }
  socket_.tune(settings_.congestion_control, log_);
}

bool Transport::quiet() const { return reaper_->idle(); }

std::optional<LinkFigures> Transport::link_figures() const { return socket_.figures(); }

bool Transport::connect_refused() const { return session_ && socket_.refused(); }

std::optional<std::uint64_t> Transport::connecting_bytes() {
  if (!session_) return std::nullopt;
  if (!socket_.figures() && !socket_.find(settings_.broker.port).ok()) return std::nullopt;
  const auto figures = socket_.figures();
  if (!figures) return std::nullopt;
  return figures->acknowledged_bytes + figures->received_bytes;
}

}  // namespace sitecast::agent
