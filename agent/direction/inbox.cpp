// SPDX-License-Identifier: Apache-2.0
#include "agent/direction/inbox.h"

#include <pthread.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/codec/event_rules.h"

namespace sitecast::agent {
namespace {

constexpr std::uint64_t kFileBytes = 256ULL * 1024 * 1024;
constexpr std::int64_t kTryAgainUs = 5'000'000;
constexpr unsigned kOwnerOnly = 0600;

EventId id_of(const v1::Event& event) {
  return EventId::from_bytes(event.event_id()).value_or(EventId());
}

bool holds(const std::vector<Direction>& all, EventId id) {
  return std::any_of(all.begin(), all.end(),
                     [&](const Direction& one) { return id_of(one.event) == id; });
}

nlohmann::json json_of(const Direction& direction) {
  return {{"project", direction.project.text()},
          {"device", direction.from.text()},
          {"received_at_us", direction.received_at_us},
          {"event", base64url_encode(as_bytes(direction.bytes))}};
}

std::optional<Direction> direction_of(const nlohmann::json& json) {
  const auto project = ProjectId::parse(json.at("project").get<std::string>());
  const auto device = DeviceId::parse(json.at("device").get<std::string>());
  const auto bytes = base64url_decode(json.at("event").get<std::string>());
  if (!project || !device || !bytes) return std::nullopt;
  auto event = parse_event(*bytes);
  if (!event.ok()) return std::nullopt;
  return Direction{*project, *device, json.at("received_at_us").get<std::int64_t>(),
                   std::move(*event), to_string(ByteView(*bytes))};
}

}  // namespace

RequestProgress KeptRequest::progress() const {
  RequestProgress progress(request.event.request());
  for (const Direction& step : steps) progress.add(step.event.kind(), step.event.request_step());
  return progress;
}

Result<std::unique_ptr<Inbox>> Inbox::open(std::filesystem::path file, Log log) {
  std::unique_ptr<Inbox> inbox(new Inbox(std::move(file), std::move(log)));
  inbox->load();
  inbox->thread_ = std::thread([inbox = inbox.get()] {
    ::pthread_setname_np(::pthread_self(), "inbox");
    inbox->run();
  });
  return inbox;
}

Inbox::~Inbox() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

// A file that is damaged costs nothing that the archive does not have.
void Inbox::load() {
  const auto bytes = read_file(file_, kFileBytes);
  if (!bytes.ok() && bytes.error().kind() == ErrorKind::kNotFound) return;
  const MutexLock lock(mutex_);
  const Status read = bytes.ok() ? read_in(to_string(ByteView(*bytes))) : Status(bytes.error());
  if (read.ok()) return;
  requests_.clear();
  said_.clear();
  newest_.clear();
  heard_.clear();
  const std::string aside = file_.string() + ".damaged";
  std::error_code ignored;
  std::filesystem::rename(file_, aside, ignored);
  log_.error("{} cannot be read and is put aside as {}; what is open is asked for again: {}",
             file_.string(), aside, read.error().message());
}

Status Inbox::read_in(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    for (const auto& [project, heard_us] : json.at("heard").items()) {
      const auto id = ProjectId::parse(project);
      if (id) heard_[*id] = heard_us.get<std::int64_t>();
    }
    newest_ = heard_;
    for (const auto& one : json.at("events")) {
      auto direction = direction_of(one);
      if (!direction) return data_loss("an event in it is none");
      add(std::move(*direction));
    }
    return Ok{};
  } catch (const nlohmann::json::exception& error) {
    return data_loss(error.what());
  }
}

std::string Inbox::text() const {
  nlohmann::json events = nlohmann::json::array();
  for (const auto& [id, request] : requests_) {
    events.push_back(json_of(request.request));
    for (const Direction& step : request.steps) events.push_back(json_of(step));
  }
  for (const Direction& said : said_) events.push_back(json_of(said));
  nlohmann::json heard = nlohmann::json::object();
  for (const auto& [project, newest_us] : newest_) heard[project.text()] = newest_us;
  return nlohmann::json{{"heard", std::move(heard)}, {"events", std::move(events)}}.dump(1) + "\n";
}

void Inbox::run() {
  const SystemClock clock;
  std::int64_t not_before_us = 0;
  for (;;) {
    std::string content;
    std::uint64_t revision = 0;
    std::map<ProjectId, std::int64_t> newest;
    bool last = false;
    {
      const MutexLock lock(mutex_);
      for (;;) {
        const std::int64_t wait_us = not_before_us - clock.monotonic_us();
        if (stopping_ || (written_ < revision_ && wait_us <= 0)) break;
        if (written_ < revision_) {
          wake_.wait_for_us(mutex_, wait_us);
        } else {
          wake_.wait(mutex_);
        }
      }
      last = stopping_;
      if (last && written_ == revision_) return;
      content = text();
      revision = revision_;
      newest = newest_;
    }
    const Status written = write_file_durably(file_, as_bytes(content), kOwnerOnly);
    const MutexLock lock(mutex_);
    if (written.ok()) {
      written_ = revision;
      heard_ = std::move(newest);
      not_before_us = 0;
    } else {
      log_.error("{}", written.error().message());
      ++write_failures_;
      not_before_us = clock.monotonic_us() + kTryAgainUs;
    }
    wake_.notify_all();
    if (last) return;
  }
}

void Inbox::changed() {
  ++revision_;
  wake_.notify_all();
}

// Whether it is new.
bool Inbox::add(Direction direction) {
  const EventId id = id_of(direction.event);
  if (direction.event.has_request()) {
    if (requests_.count(id) > 0 || requests_.size() >= kRequests) return false;
    requests_[id].request = std::move(direction);
    return true;
  }
  if (direction.event.has_request_step()) {
    const auto of = EventId::from_bytes(direction.event.request_step().request_id());
    const auto found = of ? requests_.find(*of) : requests_.end();
    if (found == requests_.end() || found->second.request.project != direction.project)
      return false;
    if (direction.event.kind() == "request.closed") {
      requests_.erase(found);
      return true;
    }
    std::vector<Direction>& steps = found->second.steps;
    if (holds(steps, id)) return false;
    steps.push_back(std::move(direction));
    std::stable_sort(steps.begin(), steps.end(), [](const Direction& one, const Direction& other) {
      return one.event.stated_at_us() < other.event.stated_at_us();
    });
    return true;
  }
  if (!direction.event.has_pin() && !direction.event.has_message()) return false;
  if (holds(said_, id)) return false;
  said_.push_back(std::move(direction));
  if (said_.size() > kSaid) said_.erase(said_.begin());
  return true;
}

// Whether anything went.
bool Inbox::keep_only(ProjectId project, const v1::Down& down) {
  std::set<std::string> open;
  for (const v1::CommittedEvent& committed : down.events()) {
    v1::Event event;
    if (event.ParseFromString(committed.event()) && event.has_request()) {
      open.insert(event.event_id());
    }
  }
  return std::erase_if(requests_, [&](const auto& kept) {
           return kept.second.request.project == project && open.count(kept.first.raw()) == 0;
         }) > 0;
}

void Inbox::take(ProjectId project, const v1::Down& down) {
  const MutexLock lock(mutex_);
  bool news = down.all_requests() && keep_only(project, down);
  for (const v1::CommittedEvent& committed : down.events()) {
    auto event = parse_event(as_bytes(committed.event()));
    const auto from = DeviceId::from_bytes(committed.device_id());
    if (!event.ok() || !from) continue;
    const std::int64_t at_us = committed.received_at_us();
    news = add({project, *from, at_us, std::move(*event), committed.event()}) || news;
    std::int64_t& newest_us = newest_[project];
    news = news || at_us > newest_us;
    newest_us = std::max(newest_us, at_us);
  }
  if (news) changed();
}

void Inbox::stated(ProjectId project, const v1::Event& event) {
  const MutexLock lock(mutex_);
  if (add({project, DeviceId(), 0, event, event.SerializeAsString()})) changed();
}

std::int64_t Inbox::heard_until_us(ProjectId project) const {
  const MutexLock lock(mutex_);
  const auto found = heard_.find(project);
  return found == heard_.end() ? 0 : found->second;
}

std::vector<KeptRequest> Inbox::requests() const {
  const MutexLock lock(mutex_);
  std::vector<KeptRequest> found;
  for (const auto& [id, request] : requests_) found.push_back(request);
  std::stable_sort(found.begin(), found.end(), [](const KeptRequest& one, const KeptRequest& two) {
    return one.request.event.stated_at_us() < two.request.event.stated_at_us();
  });
  return found;
}

std::vector<Direction> Inbox::said() const {
  const MutexLock lock(mutex_);
  return said_;
}

std::uint64_t Inbox::revision() const {
  const MutexLock lock(mutex_);
  return revision_;
}

bool Inbox::wait_beyond(std::uint64_t revision, std::int64_t timeout_us) {
  const SystemClock clock;
  const std::int64_t until_us = clock.monotonic_us() + timeout_us;
  const MutexLock lock(mutex_);
  while (revision_ <= revision) {
    const std::int64_t left_us = until_us - clock.monotonic_us();
    if (left_us <= 0) return false;
    wake_.wait_for_us(mutex_, left_us);
  }
  return true;
}

std::uint64_t Inbox::write_failures() const {
  const MutexLock lock(mutex_);
  return write_failures_;
}

bool Inbox::written() const {
  const MutexLock lock(mutex_);
  return written_ == revision_;
}

}  // namespace sitecast::agent
