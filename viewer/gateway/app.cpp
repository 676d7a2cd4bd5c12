// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/app.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "hub/archive/layout.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kReadThreads = 2;
constexpr std::int64_t kTickUs = 250'000;
constexpr std::int64_t kRecheckUs = 500'000;
constexpr std::int64_t kWindDownUs = 2'000'000;
constexpr std::int64_t kAbortedUs = 1'000'000;
constexpr std::int64_t kStopPollUs = 10'000;
constexpr std::uint64_t kPasswordFileBytes = 4096;

// As many descriptors as the system lets us have: each viewer is one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Result<std::string> read_password(const std::filesystem::path& file) {
  SC_TRY_ASSIGN(const auto bytes, read_file(file, kPasswordFileBytes));
  std::string text = to_string(ByteView(bytes));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return invalid_argument(file.string() + " is empty: it must hold a password");
  return text;
}

}  // namespace

std::string content_security_policy(const std::string& public_origin) {
  // Older Safari does not take 'self' for ws:, so the socket's own origin is named where it is
  // known.
  std::string sockets;
  const auto scheme_end = public_origin.find("://");
  if (scheme_end != std::string::npos) {
    const bool tls = public_origin.starts_with("https");
    sockets = (tls ? " wss" : " ws") + public_origin.substr(scheme_end);
  }
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
         "media-src 'self' blob:; font-src 'self'; connect-src 'self'" +
         sockets +
         "; manifest-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
         "frame-ancestors 'none'";
}

App::App(Config config) : config_(std::move(config)) { live_.followed_by(&hls_); }

App::~App() {
  // Callbacks end before what they call: broker, metrics, pool and accounts stop their threads
  // here.
  broker_.reset();
  metrics_.reset();
  if (pool_) pool_->stop();
  if (publisher_) publisher_->stop();  // answers what the desk waits for
  if (desk_) desk_->stop();
  if (hub_door_) hub_door_->stop();
  if (carrier_) carrier_->stop();
  if (accounts_) accounts_->stop();
}

Result<std::unique_ptr<App>> App::open(Config config, ReadPool::ReaderFactory open_reader) {
  auto app = std::unique_ptr<App>(new App(std::move(config)));
  SC_TRY(app->build(std::move(open_reader)));
  return app;
}

Status App::build(ReadPool::ReaderFactory open_reader) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT: a closed socket is an error code, not a signal
  raise_descriptor_limit();
  const auto post = [this](std::function<void()> work) { loop_.post(std::move(work)); };

  SC_TRY_ASSIGN(static_files_, StaticFiles::load(config_.web_dir));
  SC_TRY_ASSIGN(accounts_, Accounts::open(config_.state_dir, clock_, post));
  pool_ = std::make_unique<ReadPool>(kReadThreads, std::move(open_reader));
  SC_TRY(open_desk());
  SC_TRY(open_talk());
  hub_door_ = std::make_unique<HubDoor>(hub::Layout(config_.hub_state_dir).enrolment_socket());
  service_ = std::make_unique<Service>(
      Service::Parts{*accounts_, *pool_, live_, hls_, snapshot_, devices_, static_files_, clock_,
                     hub::Layout(config_.hub_state_dir), *desk_, *hub_door_, publisher_.get(),
                     talk_.get(), config_.public_origin, config_.broker.plain.has_value(), post});
  SC_TRY_ASSIGN(server_,
                Server::open(loop_,
                             {config_.listen, config_.tls, config_.limits,
                              content_security_policy(config_.public_origin), config_.trusted_proxy,
                              config_.public_origin.starts_with("https://"), config_.broker.plain},
                             *service_, *pool_, clock_, traffic_));
  SC_TRY(open_broker_reader());
  SC_TRY(open_metrics());
  loop_.repeat(kTickUs, [this] { tick(); });
  loop_.repeat(kRecheckUs, [this] { service_->recheck_sockets(); });
  return Ok{};
}

Status App::open_broker_reader() {
  SC_TRY_ASSIGN(auto password, read_password(config_.broker.reader.password_file));
  broker_ = std::make_unique<BrokerReader>(
      BrokerSettings{config_.broker.url, config_.broker.reader.username, std::move(password),
                     config_.broker.ca_file},
      [this](std::function<void()> work) { loop_.post(std::move(work)); }, *this);
  return Ok{};
}

Status App::open_desk() {
  PlanOffice::Settings settings;
  settings.reader_program = config_.plan_reader;
  if (settings.reader_program.empty()) {
    std::error_code failed;
    settings.reader_program =
        std::filesystem::read_symlink("/proc/self/exe", failed).parent_path() /
        "sitecast-plan-read";
  }
  if (config_.broker.publisher) {
    SC_TRY_ASSIGN(auto password, read_password(config_.broker.publisher->password_file));
    publisher_ = std::make_unique<EventPublisher>(
        BrokerSettings{config_.broker.url, config_.broker.publisher->username, std::move(password),
                       config_.broker.ca_file},
        hub::Layout(config_.hub_state_dir).gateway_device());
  }
  settings.publisher = publisher_.get();
  SC_TRY_ASSIGN(auto office, PlanOffice::open(std::move(settings), clock_));
  desk_ = std::make_unique<PlanDesk>(std::move(office));
  return Ok{};
}

Status App::open_talk() {
  if (!publisher_) return Ok{};
  SC_TRY_ASSIGN(carrier_,
                TalkCarrier::open(
                    config_.state_dir / "talk",
                    [publisher = publisher_.get()](std::string topic, auto payload, int qos) {
                      publisher->send(std::move(topic), std::move(payload), qos);
                    },
                    clock_));
  TalkDesk::Ways ways;
  ways.to_device = [this](ProjectId project, DeviceId device, const v1::Talk& talk) {
    publisher_->send(format_topic({TopicKind::kTalk, project, device, CaptureId(), ""}),
                     std::make_shared<const std::string>(talk.SerializeAsString()), 0);
  };
  ways.to_archive = [this](ProjectId project, CaptureId capture, const std::string& track,
                           TalkPart part) {
    carrier_->carry(project, capture, track, std::move(part));
  };
  ways.is_full = [this] { return carrier_->is_full(); };
  talk_ = std::make_unique<TalkDesk>(live_, carrier_->track_name(), std::move(ways), clock_);
  publisher_->watch({[this](DeviceId gateway) {
                       carrier_->connected(gateway);
                       loop_.post([this, gateway] { talk_->gateway_is(gateway); });
                     },
                     [this](const v1::Receipt& receipt) { carrier_->receipted(receipt); }});
  return Ok{};
}

void App::run(const std::function<void()>& ready) {
  loop_.on_stop_signal([this] { begin_stop(); });
  broker_->start();
  if (carrier_) carrier_->start();
  if (publisher_) publisher_->start();
  loop_.post([this, ready] {
    log_.info("listening on {}:{}, {} web files", config_.listen.address, port(),
              static_files_.file_count());
    ready();
  });
  loop_.run();
  broker_->stop();
}

void App::stop() {
  loop_.post([this] { begin_stop(); });
}

void App::begin_stop() {
  if (std::exchange(stopping_, true)) return;
  log_.info("stopping");
  service_->close_sockets(CloseCode::kGoingAway);
  server_->wind_down();
  loop_.repeat(kStopPollUs, [this] {
    if (server_->connection_count() == 0) loop_.stop();
  });
  loop_.after(kWindDownUs, [this] { server_->abort_all(); });
  loop_.after(kWindDownUs + kAbortedUs, [this] {
    log_.warn("{} connections did not end in time", server_->connection_count());
    loop_.stop();
  });
}

void App::tick() {
  live_.tick(clock_.monotonic_us());
  hls_.tick(clock_.monotonic_us());
  if (talk_) talk_->tick();
  const auto counters = live_.counters();
  const auto hls_counters = hls_.counters();
  const MutexLock lock(counters_mutex_);
  live_counters_ = counters;
  hls_counters_ = hls_counters;
}

void App::on_part(ProjectId project, DeviceId device, CaptureId capture,
                  std::shared_ptr<const LivePart> part) {
  devices_.on_part(device, clock_.wall_us());
  live_.on_part(project, device, capture, std::move(part), clock_.monotonic_us());
}

void App::on_status(ProjectId project, DeviceId device, const v1::DeviceStatus& status,
                    bool retained) {
  live_.on_status(project, device, status.online(), clock_.monotonic_us());
  for (const ProjectId told :
       devices_.on_status(project, device, status, retained, clock_.wall_us())) {
    live_.on_devices_changed(told);
  }
}

void App::on_disconnected() {
  for (const ProjectId project : devices_.on_disconnected()) live_.on_devices_changed(project);
}

void App::on_event(ProjectId project, const v1::CommittedEvent& committed) {
  live_.on_event(project, committed);
  // It may have been the end of a membership.
  service_->recheck_sockets();
}

void App::on_connected() { live_.on_gap(); }

Status App::open_metrics() {
  if (!config_.metrics) return Ok{};
  using Kind = Metric::Kind;
  const auto count = [](const std::atomic<std::uint64_t>& from) {
    return [&from] { return static_cast<double>(from.load()); };
  };
  const auto live = [this](auto member) {
    return [this, member] {
      const MutexLock lock(counters_mutex_);
      return static_cast<double>(live_counters_.*member);
    };
  };
  const auto hls = [this](auto member) {
    return [this, member] {
      const MutexLock lock(counters_mutex_);
      return static_cast<double>(hls_counters_.*member);
    };
  };
  const auto& broker = broker_->counters();
  std::vector<Metric> metrics = {
      {"sitecast_gateway_connections_accepted_total", "TCP connections taken", Kind::kCounter,
       count(traffic_.connections_accepted)},
      {"sitecast_gateway_connections_refused_total", "TCP connections over a cap", Kind::kCounter,
       count(traffic_.connections_refused)},
      {"sitecast_gateway_requests_ok_total", "Requests answered below 400", Kind::kCounter,
       count(traffic_.requests_ok)},
      {"sitecast_gateway_requests_refused_total", "Requests answered 4xx", Kind::kCounter,
       count(traffic_.requests_refused)},
      {"sitecast_gateway_requests_failed_total", "Requests answered 5xx", Kind::kCounter,
       count(traffic_.requests_failed)},
      {"sitecast_gateway_requests_malformed_total", "Not HTTP, or over a limit", Kind::kCounter,
       count(traffic_.requests_malformed)},
      {"sitecast_gateway_deadlines_missed_total", "Connections ended for slowness", Kind::kCounter,
       count(traffic_.deadlines_missed)},
      {"sitecast_gateway_body_sent_bytes_total", "Bytes of HTTP bodies", Kind::kCounter,
       count(traffic_.body_bytes_sent)},
      {"sitecast_gateway_cold_reads_total", "File pieces that were not in the page cache",
       Kind::kCounter, count(traffic_.cold_reads)},
      {"sitecast_gateway_websockets_opened_total", "WebSockets opened", Kind::kCounter,
       count(traffic_.websockets_opened)},
      {"sitecast_gateway_websockets_open", "WebSockets open now", Kind::kGauge,
       [this] { return static_cast<double>(traffic_.websockets_open.load()); }},
      {"sitecast_gateway_live_messages_sent_total", "WebSocket messages sent", Kind::kCounter,
       count(traffic_.live_messages_sent)},
      {"sitecast_gateway_live_sent_bytes_total", "WebSocket payload sent", Kind::kCounter,
       count(traffic_.live_bytes_sent)},
      {"sitecast_gateway_live_parts_left_out_total", "Parts left out for slow viewers",
       Kind::kCounter, count(traffic_.live_parts_left_out)},
      {"sitecast_gateway_broker_connected", "1 while subscribed at the broker", Kind::kGauge,
       [&broker] { return broker.connected.load() ? 1.0 : 0.0; }},
      {"sitecast_gateway_broker_parts_total", "Live parts received", Kind::kCounter,
       count(broker.parts)},
      {"sitecast_gateway_broker_parts_bytes_total", "Live bytes received", Kind::kCounter,
       count(broker.part_bytes)},
      {"sitecast_gateway_broker_parts_left_out_total", "Live parts over the bound to the io thread",
       Kind::kCounter, count(broker.parts_left_out)},
      {"sitecast_gateway_broker_malformed_total", "Messages that are not what their topic says",
       Kind::kCounter, count(broker.malformed)},
      {"sitecast_gateway_broker_retained_total", "Retained live parts, ignored", Kind::kCounter,
       count(broker.retained)},
      {"sitecast_gateway_live_parts_refused_total", "Live parts of captures over a cap",
       Kind::kCounter, live(&LiveHub::Counters::refused_parts)},
      {"sitecast_gateway_device_status_refused_total", "Words of devices over a bound",
       Kind::kCounter, [this] { return static_cast<double>(devices_.refused()); }},
      {"sitecast_gateway_live_captures", "Captures live now", Kind::kGauge,
       live(&LiveHub::Counters::live_captures)},
      {"sitecast_gateway_live_viewers", "Viewers of live captures now", Kind::kGauge,
       live(&LiveHub::Counters::viewers)},
      {"sitecast_gateway_live_cached_bytes", "Groups of pictures kept for new viewers",
       Kind::kGauge, live(&LiveHub::Counters::cached_bytes)},
      {"sitecast_gateway_hls_captures", "Captures followed over HLS now", Kind::kGauge,
       hls(&HlsLive::Counters::captures)},
      {"sitecast_gateway_hls_waiting", "HLS requests that wait for what comes next", Kind::kGauge,
       hls(&HlsLive::Counters::waiting)},
      {"sitecast_gateway_hls_kept_bytes", "Parts kept for who follows over HLS", Kind::kGauge,
       hls(&HlsLive::Counters::kept_bytes)},
      {"sitecast_gateway_talk_parts_held", "Parts of talk that wait for the hub's receipt",
       Kind::kGauge,
       [this] { return carrier_ ? static_cast<double>(carrier_->held_parts()) : 0.0; }},
      {"sitecast_gateway_reads_waiting", "Requests waiting for a read thread", Kind::kGauge,
       [this] { return static_cast<double>(pool_->waiting()); }},
  };
  SC_TRY_ASSIGN(metrics_, MetricsListener::open(*config_.metrics, std::move(metrics)));
  return Ok{};
}

}  // namespace sitecast::gateway
