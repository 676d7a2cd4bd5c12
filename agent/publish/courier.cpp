// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/courier.h"

#include <pthread.h>

#include <algorithm>

#include "agent/publish/device_status.h"
#include "agent/publish/metered.h"
#include "proto/codec/control.h"
#include "proto/codec/topics.h"

namespace sitecast::agent {
namespace {

// Frames that wait for the delivery thread; more than this are not sent live but filled later.
constexpr std::uint64_t kQueuedFrameBytes = 16ULL << 20;
constexpr std::int64_t kWatchLinkUs = 250'000;
constexpr std::int64_t kWatchConnectingUs = 50'000;
// `status` when what is live changed, and for the figures of what waits.
constexpr std::int64_t kStatusSoonUs = 500'000;
constexpr std::int64_t kStatusLaterUs = 5'000'000;
constexpr std::int64_t kNoteCauseUs = 1'000'000;
constexpr std::int64_t kAskDownUs = 2'000'000;
constexpr std::int64_t kAskDownLongestUs = 60'000'000;
constexpr std::uint32_t kSmallReceiveMaximum = 1024;
constexpr std::uint64_t kNoToken = 0;

}  // namespace

Courier::Courier(CourierSettings settings, Spool& spool, const Clock& clock, Log log)
    : settings_(std::move(settings)),
      spool_(spool),
      clock_(clock),
      log_(std::move(log)),
      machine_(settings_.delivery, *this, clock_,
               static_cast<std::uint64_t>(clock_.monotonic_us() ^ clock_.wall_us())) {
  settings_.transport.will_topic = *topic(TopicKind::kStatus, settings_.project);
  if (settings_.daily_budget_bytes > 0) {
    budget_.emplace(settings_.budget_file, settings_.daily_budget_bytes, clock_, log_);
  }
  cause_began_us_ = link_ended_us_ = clock_.monotonic_us();
}

Courier::~Courier() { stop(); }

void Courier::start() {
  TransportSink& sink = *this;
  transport_ = std::make_unique<Transport>(settings_.transport, sink, log_);
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "delivery");
    run();
  });
}

void Courier::stop() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(queue_mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
  {
    const MutexLock lock(machine_mutex_);
    if (up_) publish_status(false);
  }
  transport_->disconnect(true);
  transport_.reset();
}

void Courier::post(Input input) {
  const MutexLock lock(queue_mutex_);
  if (auto* made = std::get_if<PartMade>(&input)) {
    if (queued_frame_bytes_ > kQueuedFrameBytes) made->frame.reset();
    if (made->frame) queued_frame_bytes_ += made->frame->size();
  }
  queue_.push_back(std::move(input));
  if (queue_.size() == 1) wake_.notify_one();
}

void Courier::track_added(const TrackDescription& track) { post(track); }
void Courier::part_made(TrackHandle track, std::uint64_t sequence, bool starts_segment,
                        Frame frame) {
  post(PartMade{track, sequence, starts_segment, std::move(frame)});
}
void Courier::track_cut(TrackHandle track, std::uint64_t made) {
  post(TrackShortened{track, made});
}
void Courier::group_synced(std::vector<SyncedTrack> tracks, std::vector<OutboxEvent> events) {
  post(GroupSynced{std::move(tracks), std::move(events)});
}
void Courier::on_connected(ConnectionNumber connection, std::uint32_t receive_maximum) {
  post(Connected{connection, receive_maximum});
}
void Courier::on_connect_failed(ConnectionNumber connection, ConnectFailure failure) {
  post(ConnectFailed{connection, std::move(failure)});
}
void Courier::on_disconnected(ConnectionNumber connection, std::string why) {
  post(Disconnected{connection, std::move(why)});
}
void Courier::on_sent(ConnectionNumber connection, std::uint64_t token, std::uint8_t reason_code) {
  post(Sent{connection, token, reason_code});
}
void Courier::on_subscribe_failed(ConnectionNumber connection, std::string topic_name,
                                  std::uint8_t reason_code) {
  post(SubscribeFailed{connection, std::move(topic_name), reason_code});
}
void Courier::on_message(ConnectionNumber connection, std::string topic_name, std::string payload) {
  post(Message{connection, std::move(topic_name), std::move(payload)});
}

std::uint32_t Courier::frame_bytes(TrackHandle track, std::uint64_t sequence) {
  return spool_.frame_bytes(track, sequence);
}
std::optional<Hash> Courier::running_hash(TrackHandle track, std::uint64_t count) {
  return spool_.running_hash(track, count);
}

void Courier::run() {
  for (;;) {
    std::deque<Input> inputs;
    std::int64_t due_us = 0;
    {
      const MutexLock lock(machine_mutex_);
      due_us = std::min(machine_.next_tick_us(), cause_noted_us_ + kNoteCauseUs);
      if (connection_ != 0) due_us = std::min(due_us, link_watched_us_ + watch_pause_us());
      if (transport_->waits()) {
        due_us = std::min(due_us, clock_.monotonic_us() + Transport::kHandOverUs);
      }
    }
    {
      const MutexLock lock(queue_mutex_);
      while (queue_.empty() && !stopping_) {
        const std::int64_t wait_us = due_us - clock_.monotonic_us();
        if (wait_us <= 0) break;
        wake_.wait_for_us(queue_mutex_, wait_us);
      }
      if (stopping_) return;
      inputs.swap(queue_);
      queued_frame_bytes_ = 0;
    }
    const MutexLock lock(machine_mutex_);
    look_at_tcp();
    transport_->hand_over();
    for (Input& input : inputs) {
      take(input);
      carry_out();
    }
    if (clock_.monotonic_us() >= machine_.next_tick_us() || inputs.empty()) {
      machine_.tick();
      carry_out();
    }
    watch_link();
    note_cause();
    if (up_) publish_status(true);
    if (up_) ask_down();
  }
}

void Courier::take(Input& input) {
  if (std::holds_alternative<SendNow>(input)) {
    machine_.send_now();
  } else if (auto* track = std::get_if<TrackDescription>(&input)) {
    Topic name{TopicKind::kLive, track->project, settings_.device, track->capture, track->track};
    Topics& topics = topics_[track->handle];
    topics.live = std::make_shared<const std::string>(format_topic(name));
    name.kind = TopicKind::kFill;
    topics.fill = std::make_shared<const std::string>(format_topic(name));
    machine_.track_added(*track);
  } else if (auto* made = std::get_if<PartMade>(&input)) {
    if (!made->frame) return;
    present_part_ = std::move(*made);
    made_bytes_ += present_part_.frame->size();
    machine_.part_made(present_part_.track, present_part_.sequence,
                       static_cast<std::uint32_t>(present_part_.frame->size()),
                       present_part_.starts_segment);
    carry_out();
    present_part_.frame.reset();
  } else if (auto* cut = std::get_if<TrackShortened>(&input)) {
    machine_.track_cut(cut->track, cut->made);
  } else if (auto* synced = std::get_if<GroupSynced>(&input)) {
    machine_.group_synced(synced->tracks, synced->events);
  } else if (auto* up = std::get_if<Connected>(&input)) {
    if (up->connection != connection_) return;
    transport_->tune_socket();
    if (up->receive_maximum < kSmallReceiveMaximum) {
      log_.warn(
          "the broker takes only {} messages at once (max_inflight_messages); backfill will "
          "be slow",
          up->receive_maximum);
    }
    up_ = true;
    deep_ = false;
    failure_said_.clear();
    subscribed_.clear();
    down_asked_.clear();
    said_status_.clear();
    if (follower_.restart()) take_rung();
    counted_bytes_ = 0;
    subscribe_for(settings_.project);
    machine_.limit_on_the_way(up->receive_maximum);
    look_at_network();
    machine_.connected();
    const auto figures = transport_->link_figures();
    log_.info("connected to {}:{} congestion_control={}", settings_.transport.broker.host,
              settings_.transport.broker.port,
              figures ? figures->congestion_control : std::string("unknown"));
  } else if (auto* failed = std::get_if<ConnectFailed>(&input)) {
    if (failed->connection == connection_) take_failure(*failed);
  } else if (auto* down = std::get_if<Disconnected>(&input)) {
    if (down->connection != connection_) return;
    log_.warn("disconnected: {}", down->why);
    connection_ = 0;
    up_ = false;
    transport_->disconnect(false);
    machine_.disconnected(down->why);
  } else if (auto* sent = std::get_if<Sent>(&input)) {
    if (sent->connection != connection_ || sent->token == kNoToken) return;
    machine_.sent(sent->token, sent->reason_code);
  } else if (auto* refused = std::get_if<SubscribeFailed>(&input)) {
    if (refused->connection != connection_) return;
    log_.error("the broker does not let this device read {} (0x{:02x}): nothing can be confirmed",
               refused->topic, refused->reason_code);
  } else if (auto* message = std::get_if<Message>(&input)) {
    if (message->connection == connection_) take_message(*message);
  }
}

// A link that is away is daily life; one that waits for a person to do something is said loudly,
// but once.
void Courier::take_failure(ConnectFailed& failed) {
  const ConnectFailure& failure = failed.failure;
  const Verdict verdict = failure.no_password   ? verdict_of_no_password()
                          : failure.not_trusted ? verdict_of_distrust()
                                                : verdict_of_connack(failure.reason_code);
  if (verdict.cause == WaitCause::kNoLink || failure.why == failure_said_) {
    log_.info("no connection: {}", failure.why);
  } else {
    log_.error("no connection: {}", failure.why);
  }
  failure_said_ = failure.why;
  connection_ = 0;
  transport_->disconnect(false);
  machine_.connect_failed(verdict, failure.why);
}

void Courier::take_message(const Message& message) {
  const auto name = parse_topic(message.topic);
  if (!name || name->device != settings_.device) return;
  if (name->kind == TopicKind::kDown) return take_down(name->project, message);
  if (name->kind == TopicKind::kTalk) {
    const auto talk = parse_talk(as_bytes(message.payload));
    if (talk.ok() && settings_.on_talk) settings_.on_talk(*talk);
    return;
  }
  if (name->kind != TopicKind::kReceipt) return;
  const auto receipt = parse_receipt(as_bytes(message.payload));
  if (!receipt.ok()) {
    log_.warn("a receipt cannot be read: {}", receipt.error().message());
    return;
  }
  for (const v1::Refusal& refusal : receipt->refusals()) {
    log_.warn("refused: cause={} track={} sequence={} {}", v1::RefusalCause_Name(refusal.cause()),
              refusal.track(), refusal.sequence(), refusal.detail());
  }
  machine_.receipt(*receipt);
}

void Courier::take_down(ProjectId project, const Message& message) {
  if (!settings_.on_down) return;
  const auto down = parse_down(as_bytes(message.payload));
  if (!down.ok()) {
    log_.warn("what was directed to this device cannot be read: {}", down.error().message());
    return;
  }
  if (down->answer()) down_asked_[project].answered = true;
  settings_.on_down(project, *down);
}

// What was directed to this device while it was away. Beside the machine: whether it is answered
// says nothing of parts.
void Courier::ask_down() {
  if (!settings_.on_down) return;
  const std::int64_t now = clock_.monotonic_us();
  for (auto& [project, asked] : down_asked_) {
    if (asked.answered || now < asked.due_us) continue;
    asked.pause_us = std::clamp(asked.pause_us * 2, kAskDownUs, kAskDownLongestUs);
    asked.due_us = now + asked.pause_us;
    v1::Hello hello;
    hello.set_protocol(kProtocolVersion);
    hello.set_software(settings_.delivery.software);
    hello.set_asks_down(true);
    hello.set_heard_until_us(settings_.heard_until_us(project));
    auto bytes = std::make_shared<const std::string>(hello.SerializeAsString());
    machine_.published_beside(bytes->size());
    transport_->publish(topic(TopicKind::kHello, project), std::move(bytes), 1, false, kNoToken);
  }
}

void Courier::carry_out() {
  for (Action& action : machine_.take_actions()) {
    if (auto* part = std::get_if<SendPart>(&action)) {
      send_part(*part);
    } else if (auto* event = std::get_if<SendEvent>(&action)) {
      subscribe_for(event->event.project);
      transport_->publish(topic(TopicKind::kEvent, event->event.project), event->event.bytes, 1,
                          false, event->token);
    } else if (auto* hello = std::get_if<SendHello>(&action)) {
      subscribe_for(hello->project);
      transport_->publish(topic(TopicKind::kHello, hello->project),
                          std::make_shared<const std::string>(hello->hello.SerializeAsString()), 1,
                          false, hello->token);
    } else if (std::holds_alternative<Connect>(action)) {
      renew_will();
      connection_ = transport_->connect();
      connecting_bytes_.reset();
      connect_began_us_ = clock_.monotonic_us();
    } else if (auto* drop = std::get_if<Disconnect>(&action)) {
      log_.warn("connection given up: {}", drop->why);
      connection_ = 0;
      up_ = false;
      transport_->disconnect(false);
    } else if (auto* delivered = std::get_if<Delivered>(&action)) {
      spool_.delivered(delivered->track, delivered->count);
    } else if (auto* forgotten = std::get_if<TrackForgotten>(&action)) {
      topics_.erase(forgotten->track);
    } else if (auto* events = std::get_if<EventsDelivered>(&action)) {
      spool_.events_delivered(events->ids);
    } else if (auto* refused = std::get_if<EventRefused>(&action)) {
      spool_.event_refused(refused->id, std::move(refused->why));
    } else if (auto* held = std::get_if<EventHeld>(&action)) {
      spool_.event_held(held->id, std::move(held->why));
    }
  }
}

void Courier::send_part(const SendPart& send) {
  Frame frame;
  if (present_part_.frame && present_part_.track == send.track &&
      present_part_.sequence == send.sequence) {
    frame = present_part_.frame;
  } else {
    auto read = spool_.read_frame(send.track, send.sequence);
    if (!read.ok()) {
      log_.error("{}", read.error().message());
      machine_.part_unreadable(send.track, send.sequence);
      return;
    }
    frame = std::move(*read);
  }
  const Topics& names = topics_.at(send.track);
  transport_->publish(send.live ? names.live : names.fill, std::move(frame), send.live ? 0 : 1,
                      false, send.token);
}

std::shared_ptr<const std::string> Courier::topic(TopicKind kind, ProjectId project) const {
  return std::make_shared<const std::string>(
      format_topic({kind, project, settings_.device, CaptureId(), ""}));
}

// Before anything that is answered there: the broker keeps the order.
void Courier::subscribe_for(ProjectId project) {
  if (std::find(subscribed_.begin(), subscribed_.end(), project) != subscribed_.end()) return;
  subscribed_.push_back(project);
  down_asked_.try_emplace(project);
  // A receipt that was lost is made good by the next one, or asked for (Delivery::doubt): its
  // PUBACK would only cost uplink, one for each group that the hub commits.
  transport_->subscribe(*topic(TopicKind::kReceipt, project), 0);
  transport_->subscribe(*topic(TopicKind::kDown, project), 1);
  if (settings_.on_talk) transport_->subscribe(*topic(TopicKind::kTalk, project), 0);
}

// Often: before anything is decided.
void Courier::look_at_tcp() {
  if (!up_) return;
  const auto figures = transport_->link_figures();
  if (figures) machine_.tcp(tcp_state_of(*figures));
  const bool deep = !machine_.live();
  if (deep == deep_) return;
  deep_ = deep;
  transport_->let_wait(deep ? Transport::kDeepBytes : Transport::kShallowBytes);
}

void Courier::watch_link() {
  const std::int64_t now = clock_.monotonic_us();
  if (connection_ == 0 || now - link_watched_us_ < watch_pause_us()) return;
  link_watched_us_ = now;
  if (transport_->address_gone()) {
    machine_.address_gone();
    carry_out();
    return;
  }
  if (!up_) return watch_connecting();
  const auto figures = transport_->link_figures();
  if (!figures) return;
  link_ = *figures;
  count_data(figures->acknowledged_bytes - std::min(figures->acknowledged_bytes, counted_bytes_));
  counted_bytes_ = figures->acknowledged_bytes;
  if (follower_.observe(*figures, now)) take_rung();
  carry_out();
}

std::int64_t Courier::watch_pause_us() const { return up_ ? kWatchLinkUs : kWatchConnectingUs; }

void Courier::watch_connecting() {
  if (transport_->start_when_ready()) {
    connect_began_us_ = clock_.monotonic_us();
    machine_.connecting_moves();
  }
  const auto bytes = transport_->connecting_bytes();
  if (bytes != connecting_bytes_) machine_.connecting_moves();
  connecting_bytes_ = bytes;
  if (bytes || clock_.monotonic_us() - connect_began_us_ < kWatchLinkUs) return;
  if (!transport_->connect_refused()) return;
  ConnectFailed failed{connection_, {}};
  failed.failure.why = "connection refused";
  take_failure(failed);
}

void Courier::take_rung() {
  const Rung& rung = *follower_.rung();
  log_.info("live: {} (about {} kbit/s; {} kbit/s were delivered)", rung.name, rung.link_kbps(),
            follower_.delivered_kbps());
  if (settings_.on_rung) settings_.on_rung(rung);
}

void Courier::adapt(std::vector<Rung> rungs) {
  const MutexLock lock(machine_mutex_);
  follower_.adapt(std::move(rungs));
}

std::uint32_t Courier::delivered_kbps() const {
  const MutexLock lock(machine_mutex_);
  return follower_.delivered_kbps();
}

std::optional<Rung> Courier::rung() const {
  const MutexLock lock(machine_mutex_);
  const Rung* rung = follower_.rung();
  return rung != nullptr ? std::optional(*rung) : std::nullopt;
}

// What this connection's network costs, and so what may be sent on it.
void Courier::look_at_network() {
  metered_ = settings_.metered == "yes" ||
             (settings_.metered == "auto" && is_mobile_interface(transport_->interface()));
  machine_.live_only(metered_ && settings_.live_only_on_metered);
  if (metered_) log_.info("this network is metered");
  count_data(0);
}

void Courier::count_data(std::uint64_t bytes) {
  if (!budget_) return;
  const bool counts = settings_.metered != "auto" || metered_;
  if (counts && bytes > 0) budget_->add(bytes);
  machine_.allow(counts ? std::optional(budget_->left_bytes()) : std::nullopt);
}

DataUse Courier::use() const {
  if (!budget_) return {metered_, 0, 0};
  return {metered_, budget_->used_bytes(), budget_->limit_bytes()};
}

DataUse Courier::data_use() const {
  const MutexLock lock(machine_mutex_);
  return use();
}

// Since when the present cause holds. A link that is away is away since it ended, whenever
// something began to wait for it.
void Courier::note_cause() {
  const std::int64_t now = clock_.monotonic_us();
  if (up_) link_ended_us_ = now;
  if (now - cause_noted_us_ < kWatchLinkUs) return;
  cause_noted_us_ = now;
  made_.observe(made_bytes_, now);
  const WaitCause cause = machine_.state().cause;
  if (cause == cause_) return;
  cause_ = cause;
  cause_began_us_ = now;
}

std::int64_t Courier::since_us() const {
  const bool link = !up_ && cause_ != WaitCause::kNone && cause_ != WaitCause::kRefused &&
                    cause_ != WaitCause::kDamaged;
  const std::int64_t began_us = link ? link_ended_us_ : cause_began_us_;
  return clock_.wall_us() - (clock_.monotonic_us() - began_us);
}

std::int64_t Courier::cause_since_us() const {
  const MutexLock lock(machine_mutex_);
  return since_us();
}

std::uint32_t Courier::net_kbps() const {
  const std::uint32_t delivered = follower_.delivered_kbps();
  return delivered - std::min(delivered, made_.kbps());
}

std::uint32_t Courier::catching_up_kbps() const {
  const MutexLock lock(machine_mutex_);
  return net_kbps();
}

std::map<ProjectId, v1::DeviceStatus> Courier::statuses(bool online) const {
  StatusFacts facts;
  facts.online = online;
  facts.name = settings_.name;
  facts.own = settings_.project;
  for (const auto& [project, said] : said_status_) facts.told.push_back(project);
  facts.captures = spool_.captures();
  facts.waiting_events = spool_.outbox().waiting;
  facts.cause = machine_.state().cause;
  facts.since_us = since_us();
  if (online) {
    facts.delivered_kbps = follower_.delivered_kbps();
    facts.catching_up_kbps = net_kbps();
  }
  facts.trouble = spool_.trouble();
  facts.stored_bytes = spool_.stored_bytes();
  facts.quota_bytes = settings_.quota_bytes;
  const DataUse data = use();
  facts.metered = data.metered;
  facts.sent_today_bytes = data.sent_bytes;
  facts.daily_budget_bytes = data.budget_bytes;
  return make_statuses(facts, std::bind_front(&Delivery::track_state, &machine_));
}

// What is held now, for whoever learns of the loss and knows nothing newer: the sums, because it
// goes with every attempt to connect.
void Courier::renew_will() {
  v1::DeviceStatus will = statuses(false).at(settings_.project);
  will.clear_items();
  will.set_lost(true);
  will.set_at_us(clock_.wall_us());
  transport_->set_will_payload(will.SerializeAsString());
}

void Courier::publish_status(bool online) {
  const std::int64_t now = clock_.monotonic_us();
  if (online && now - status_at_us_ < kStatusSoonUs && !said_status_.empty()) return;
  status_at_us_ = now;
  for (auto& [project, status] : statuses(online)) {
    publish_status_of(project, std::move(status));
  }
}

void Courier::publish_status_of(ProjectId project, v1::DeviceStatus status) {
  const std::int64_t now = clock_.monotonic_us();
  SaidStatus& said = said_status_[project];
  v1::DeviceStatus figures = status;
  figures.clear_waiting_since_us();  // computed anew each time, so it may differ by a microsecond
  const std::string full = figures.SerializeAsString();
  const std::string key = urgent_part_of(status);
  const bool changed = key != said.key;
  if (status.online() && !changed && (now - said.at_us < kStatusLaterUs || full == said.full)) {
    return;
  }
  said = {key, full, now};
  status.set_at_us(clock_.wall_us());
  auto bytes = std::make_shared<const std::string>(status.SerializeAsString());
  machine_.published_beside(bytes->size());
  transport_->publish(topic(TopicKind::kStatus, project), std::move(bytes), 1, true, kNoToken);
}

DeliveryState Courier::state() const {
  const MutexLock lock(machine_mutex_);
  return machine_.state();
}
TrackDelivery Courier::track_state(TrackHandle track) const {
  const MutexLock lock(machine_mutex_);
  return machine_.track_state(track);
}
bool Courier::all_delivered() const {
  const MutexLock lock(machine_mutex_);
  return machine_.all_delivered();
}
LinkFigures Courier::link() const {
  const MutexLock lock(machine_mutex_);
  return link_;
}

}  // namespace sitecast::agent
