// SPDX-License-Identifier: Apache-2.0
#include "hub/app.h"

#include <csignal>
#include <cstdio>

#include <atomic>
#include <future>

#include "hub/administration.h"
#include "hub/broker/broker_admin.h"
#include "hub/broker/rights.h"
#include "hub/commit_thread.h"
#include "hub/control_socket.h"
#include "hub/derive/launcher.h"
#include "hub/down/down_desk.h"
#include "hub/enrolment_desk.h"
#include "hub/file_limit.h"
#include "hub/index/index_thread.h"
#include "hub/ingest/arrival_queue.h"
#include "hub/ingest/mqtt_client.h"
#include "hub/metrics.h"
#include "hub/open_state.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr std::size_t kQueueBytes = 128 * 1024 * 1024;

// Members in the order of the data, sinks first.
class App {
 public:
  App(const HubConfig& config, Log log) : config_(config), log_(std::move(log)) {}

  Status start();
  void stop();

 private:
  std::vector<std::string> subscriptions() const;
  void on_message(Arrival arrival);
  void on_indexed(const IndexChanges& changes);
  Status open_doors();
  Status state(ProjectId project, const v1::Event& event);
  void derive(const IndexChanges& changes);
  void say_ready();

  const HubConfig& config_;
  Log log_;
  SystemClock clock_;
  HubMetrics metrics_;
  EnrolledView enrolled_;
  HubState state_;
  ArrivalQueue queue_{kQueueBytes};
  std::unique_ptr<DeriveLauncher> derive_;
  std::unique_ptr<MqttClient> broker_;
  std::unique_ptr<DownDesk> down_;
  std::unique_ptr<IndexThread> index_;
  std::unique_ptr<CommitThread> commit_;
  std::unique_ptr<BrokerAdmin> broker_admin_;
  std::unique_ptr<Administration> administration_;
  Mutex records_mutex_;  // one of the two at a time
  std::unique_ptr<EnrolmentDesk> enrolment_desk_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<ControlServer> enrolment_door_;
  std::atomic<bool> said_ready_{false};
};

std::vector<std::string> App::subscriptions() const {
  return {"sitecast/1/+/+/live/#", "sitecast/1/+/+/fill/#", "sitecast/1/+/+/event",
          "sitecast/1/+/+/hello", std::string(kControlResponseTopic)};
}

Status App::start() {
  SC_TRY(check_broker_url(config_.broker.url));
  raise_file_limit(log_);
  SC_TRY_ASSIGN(state_, open_state(config_, enrolled_, clock_, log_));
  DeriveConfig derive;
  derive.worker = config_.derive_worker;
  derive.enabled = config_.derive_enabled;
  SC_TRY_ASSIGN(derive_,
                DeriveLauncher::start(derive, Layout(config_.state_dir), log_.child("derive")));
  if (!config_.metrics_listen.empty()) SC_TRY(metrics_.serve(config_.metrics_listen));

  const auto publish = [this](const std::string& topic, std::string_view payload) {
    return broker_->publish(topic, payload);
  };
  broker_ = std::make_unique<MqttClient>(
      MqttClient::Options{config_.broker, subscriptions(),
                          [this](Arrival arrival) { on_message(std::move(arrival)); },
                          [this] {
                            broker_admin_->connected();
                            down_->connected();
                            say_ready();
                          }},
      clock_, log_.child("broker"));
  down_ = std::make_unique<DownDesk>(
      DownDesk::Parts{config_.state_dir, &enrolled_, &clock_, publish}, log_.child("down"));
  index_ = std::make_unique<IndexThread>(
      std::move(state_.index), clock_, [this](const IndexChanges& changes) { on_indexed(changes); },
      log_.child("index"));
  commit_ = std::make_unique<CommitThread>(
      CommitThread::Parts{state_.archive.get(), &enrolled_, &queue_, index_.get(), &metrics_,
                          &clock_, publish,
                          [this](const Sender& sender, const v1::Hello& hello) {
                            down_->hello(sender.project, sender.device, hello.heard_until_us());
                          }},
      config_.max_group_ms * 1000, log_.child("commit"));
  broker_admin_ = std::make_unique<BrokerAdmin>(publish);
  // Whether a broker that went on while this hub was away heard of all of them nobody knows.
  SC_TRY_ASSIGN(const auto removed, state_.records->removed_devices());
  for (const DeviceId device : removed) broker_admin_->remember(device.text());
  administration_ = std::make_unique<Administration>(Administration::Parts{
      state_.records.get(), &enrolled_, &clock_,
      [this](ProjectId project, const v1::Event& event) { return state(project, event); },
      broker_admin_.get()});
  enrolment_desk_ = std::make_unique<EnrolmentDesk>(
      EnrolmentDesk::Parts{state_.records.get(), &enrolled_, &clock_, broker_admin_.get()});
  SC_TRY(open_doors());
  down_->start();
  index_->start();
  commit_->start();
  broker_->start();
  return Ok{};
}

Status App::open_doors() {
  const Layout layout(config_.state_dir);
  SC_TRY_ASSIGN(control_, ControlServer::start(
                              layout.control_socket(), ControlServer::Access::kOwner,
                              [this](const nlohmann::json& request) {
                                const MutexLock lock(records_mutex_);
                                return administration_->handle(request);
                              },
                              log_.child("control")));
  SC_TRY_ASSIGN(enrolment_door_, ControlServer::start(
                                     layout.enrolment_socket(), ControlServer::Access::kGroup,
                                     [this](const nlohmann::json& request) {
                                       const MutexLock lock(records_mutex_);
                                       return enrolment_desk_->handle(request);
                                     },
                                     log_.child("enrol")));
  return Ok{};
}

// Upstream first; each stage hands on what it has before the next one stops.
void App::stop() {
  enrolment_door_.reset();
  control_.reset();
  if (broker_) broker_->stop_receiving();
  if (commit_) commit_->stop();
  const bool indexed = index_ && index_->stop();
  if (down_) down_->stop();
  if (broker_) broker_->stop();
  if (!indexed || !state_.archive) return;  // the next start catches up
  if (const Status closed = state_.archive->close_cleanly(); !closed.ok()) {
    log_.warn("{}", closed.error().message());
  }
}

// On Paho's thread: only posts.
void App::on_message(Arrival arrival) {
  if (arrival.topic == kControlResponseTopic) {
    broker_admin_->on_response(as_text(arrival.payload));
    return;
  }
  queue_.push(std::move(arrival));
}

// Thumbnails and sprites, by worker processes; only posts.
void App::derive(const IndexChanges& changes) {
  for (const TrackKey& key : changes.first_segments) {
    derive_->segment_closed(key.project, key.capture, key.track);
  }
  for (const TrackKey& key : changes.whole_tracks) {
    derive_->photo_complete(key.project, key.capture, key.track);
  }
  for (const TrackKey& key : changes.closed_captures) {
    derive_->capture_closed(key.project, key.capture);
  }
}

// On the index thread, when an event can be read through the index.
void App::on_indexed(const IndexChanges& changes) {
  std::vector<EventId> ids;
  for (const IndexChanges::Event& event : changes.events) {
    v1::CommittedEvent committed;
    committed.set_event(to_string(event.event_bytes));
    committed.set_device_id(event.device.raw());
    committed.set_received_at_us(event.received_at_us);
    broker_->publish(feed_topic(event.project), committed.SerializeAsString());
    down_->stated(event);
    ids.push_back(event.id);
  }
  if (!ids.empty()) commit_->events_indexed(std::move(ids));
  derive(changes);
  metrics_.index_pending_records.Set(static_cast<double>(index_->pending_records()));
  metrics_.index_failures.Set(static_cast<double>(index_->failures()));
  metrics_.index_passed_over.Set(static_cast<double>(index_->passed_over()));
  metrics_.broker_connects.Set(static_cast<double>(broker_->connects()));
}

Status App::state(ProjectId project, const v1::Event& event) {
  const std::string bytes = event.SerializeAsString();
  std::promise<Verdict> answered;
  commit_->state(project, {bytes.begin(), bytes.end()},
                 [&](const Verdict& verdict) { answered.set_value(verdict); });
  const Verdict verdict = answered.get_future().get();
  if (verdict.kind == Verdict::Kind::kRefused) return failed_precondition(verdict.detail);
  return Ok{};
}

void App::say_ready() {
  if (said_ready_.exchange(true)) return;
  std::puts("ready");
  std::fflush(stdout);
}

}  // namespace

Status run_hub(const HubConfig& config) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const Log log("hub");
  App app(config, log);
  const Status started = app.start();
  if (started.ok()) {
    int received = 0;
    ::sigwait(&signals, &received);
    log.info("stopping");
  }
  app.stop();
  return started;
}

}  // namespace sitecast::hub
