// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/talk/talk_carrier.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/codec/limits.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

// A record: u32 big endian size of the frame | running hash after it | the part frame.
constexpr std::size_t kRecordHead = 4 + std::tuple_size_v<Hash>;
constexpr std::uint64_t kFileBytes = 256ULL * 1024 * 1024;
constexpr std::int64_t kLookUs = 100'000;
constexpr std::int64_t kFirstPauseUs = 1'000'000;
constexpr std::int64_t kLongestPauseUs = 30'000'000;
constexpr std::size_t kSentAtOnce = 100;  // of a track; the next look sends on
constexpr std::int64_t kIdleUs = 60'000'000;
constexpr std::uint64_t kNumbers = 10'000;

Bytes record_head(const TalkPart& part) {
  const auto size = static_cast<std::uint32_t>(part.frame->size());
  Bytes head;
  for (int shift = 24; shift >= 0; shift -= 8) {
    head.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  head.insert(head.end(), part.running_hash.begin(), part.running_hash.end());
  return head;
}

}  // namespace

Result<std::unique_ptr<TalkCarrier>> TalkCarrier::open(std::filesystem::path folder, Send send,
                                                       const Clock& clock) {
  auto carrier =
      std::unique_ptr<TalkCarrier>(new TalkCarrier(std::move(folder), std::move(send), clock));
  SC_TRY(make_folders_durably(carrier->folder_));
  SC_TRY(carrier->take_number());
  SC_TRY(carrier->load());
  return carrier;
}

TalkCarrier::~TalkCarrier() { stop(); }

Status TalkCarrier::take_number() {
  const auto file = folder_ / "number";
  std::uint64_t number = 0;
  if (const auto bytes = read_file(file, 16); bytes.ok()) {
    std::string text = to_string(ByteView(*bytes));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    number = (parse_unsigned(text).value_or(kNumbers - 1) + 1) % kNumbers;
  }
  track_name_ = "talk." + std::to_string(number);
  return write_file_durably(file, as_bytes(std::to_string(number) + "\n"));
}

std::filesystem::path TalkCarrier::path_of(const Key& key) const {
  return folder_ / (key.project.text() + "." + key.capture.text() + "." + key.track);
}

Status TalkCarrier::load() {
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder_, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().filename() == "number") continue;
    SC_TRY(load_track(entry->path()));
  }
  if (held_parts_ > 0) log_.info("{} parts of earlier talk wait for the hub", held_parts_.load());
  return Ok{};
}

Status TalkCarrier::load_track(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  constexpr std::size_t kIdText = 22;
  if (name.size() < 2 * kIdText + 3) return Ok{};
  const auto project = ProjectId::parse(name.substr(0, kIdText));
  const auto capture = CaptureId::parse(name.substr(kIdText + 1, kIdText));
  const std::string track_name = name.substr(2 * kIdText + 2);
  if (!project || !capture || track_kind(track_name) != TrackKind::kTalk) return Ok{};
  SC_TRY_ASSIGN(const Bytes bytes, read_file(path, kFileBytes));
  SC_TRY_ASSIGN(File file, File::open_for_appending(path));
  Track& track = tracks_[{*project, *capture, track_name}];
  std::size_t at = 0;
  while (bytes.size() - at >= kRecordHead) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | bytes[at + i];
    if (bytes.size() - at - kRecordHead < size) break;
    const ByteView frame = ByteView(bytes).subspan(at + kRecordHead, size);
    TalkPart part;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at) + 4, part.running_hash.size(),
                part.running_hash.begin());
    const auto split = split_part_frame(frame);
    const auto envelope = split.ok() ? parse_envelope(split->envelope_bytes)
                                     : Result<v1::PartEnvelope>(split.error());
    // A power cut may have torn the end; before it everything is whole.
    if (!envelope.ok()) break;
    part.sequence = envelope->sequence();
    part.frame = std::make_shared<const std::string>(as_text(frame));
    held_bytes_ += size;
    ++held_parts_;
    track.held.push_back({std::move(part), 0, kFirstPauseUs});
    at += kRecordHead + size;
  }
  if (at < bytes.size()) SC_TRY(file.truncate(at));
  track.file = std::move(file);
  return Ok{};
}

void TalkCarrier::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "talk");
    run();
  });
}

void TalkCarrier::stop() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void TalkCarrier::carry(ProjectId project, CaptureId capture, const std::string& track,
                        TalkPart part) {
  const MutexLock lock(mutex_);
  said_.push_back({{project, capture, track}, std::move(part)});
  changed_.notify_all();
}

void TalkCarrier::connected(DeviceId gateway) {
  const MutexLock lock(mutex_);
  connected_ = gateway;
  changed_.notify_all();
}

void TalkCarrier::receipted(const v1::Receipt& receipt) {
  if (receipt.tracks().empty() && receipt.refusals().empty()) return;
  const MutexLock lock(mutex_);
  receipts_.push_back(receipt);
  changed_.notify_all();
}

void TalkCarrier::run() {
  for (;;) {
    std::vector<Said> said;
    std::vector<v1::Receipt> receipts;
    DeviceId connected;
    bool stopping = false;
    {
      const MutexLock lock(mutex_);
      if (!stopping_ && said_.empty() && receipts_.empty() && connected_.is_nil()) {
        if (tracks_.empty()) {
          changed_.wait(mutex_);
        } else {
          changed_.wait_for_us(mutex_, kLookUs);
        }
      }
      said.swap(said_);
      receipts.swap(receipts_);
      connected = std::exchange(connected_, DeviceId());
      stopping = stopping_;
    }
    if (!connected.is_nil()) {
      gateway_ = connected;
      // What was on its way on the last connection may be lost with it.
      for (auto& [key, track] : tracks_) {
        for (Held& held : track.held) held.due_us = 0;
      }
    }
    for (Said& one : said) keep(std::move(one));
    for (const v1::Receipt& receipt : receipts) {
      for (const v1::TrackReceipt& track : receipt.tracks()) take(track);
      for (const v1::Refusal& refusal : receipt.refusals()) take(refusal);
    }
    sync();
    if (stopping) return;
    send_due();
    forget_idle();
  }
}

void TalkCarrier::publish(const Key& key, const TalkPart& part, bool live) {
  if (gateway_.is_nil()) return;
  send_(format_topic({live ? TopicKind::kLive : TopicKind::kFill, key.project, gateway_,
                      key.capture, key.track}),
        part.frame, live ? 0 : 1);
}

void TalkCarrier::keep(Said said) {
  // Live does not wait for the disk.
  publish(said.key, said.part, true);
  Track& track = tracks_[said.key];
  Status kept = Ok{};
  if (!track.file.is_open()) {
    auto file = File::open_for_appending(path_of(said.key));
    if (file.ok()) {
      track.file = std::move(*file);
      kept = sync_folder(folder_);
    } else {
      kept = file.error();
    }
  }
  if (kept.ok()) kept = track.file.append(record_head(said.part), as_bytes(*said.part.frame));
  if (!kept.ok()) log_.error("what is said is not kept on disk: {}", kept.error().message());
  track.unsynced = kept.ok();
  held_bytes_ += said.part.frame->size();
  ++held_parts_;
  track.held.push_back(
      {std::move(said.part), clock_->monotonic_us() + kFirstPauseUs, kFirstPauseUs});
}

void TalkCarrier::sync() {
  for (auto& [key, track] : tracks_) {
    if (!std::exchange(track.unsynced, false)) continue;
    const Status synced = track.file.sync_data();
    if (!synced.ok()) log_.error("what is said is not synced: {}", synced.error().message());
  }
}

void TalkCarrier::take(const v1::TrackReceipt& receipt) {
  const auto capture = CaptureId::from_bytes(receipt.capture_id());
  if (!capture || receipt.contiguous() == 0) return;
  for (auto& [key, track] : tracks_) {
    if (key.capture != *capture || key.track != receipt.track()) continue;
    const auto last = std::find_if(track.held.begin(), track.held.end(), [&](const Held& held) {
      return held.part.sequence + 1 == receipt.contiguous();
    });
    if (last == track.held.end()) continue;
    if (receipt.running_hash() != as_text(ByteView(last->part.running_hash))) {
      log_.error("the hub has other talk than was said: capture {} track {} part {}",
                 capture->text(), receipt.track(), last->part.sequence);
      continue;
    }
    free(track, receipt.contiguous());
    if (!track.held.empty()) continue;
    // All of it is at the hub. What a power cut brings back is sent again and stored once.
    track.empty_since_us = clock_->monotonic_us();
    const Status emptied = track.file.is_open() ? track.file.truncate(0) : Status(Ok{});
    if (!emptied.ok()) log_.warn("{}: {}", path_of(key).string(), emptied.error().message());
  }
}

void TalkCarrier::forget_idle() {
  const std::int64_t now_us = clock_->monotonic_us();
  std::erase_if(tracks_, [&](const auto& entry) {
    const Track& track = entry.second;
    if (!track.held.empty() || now_us - track.empty_since_us < kIdleUs) return false;
    std::error_code ignored;
    std::filesystem::remove(path_of(entry.first), ignored);
    return true;
  });
}

void TalkCarrier::take(const v1::Refusal& refusal) {
  if (refusal.cause() == v1::HUB_FULL || refusal.cause() == v1::HUB_IO_ERROR ||
      refusal.cause() == v1::OVERLOADED || refusal.track().empty()) {
    return;  // tried again
  }
  log_.error("the hub does not take what was said: capture {} track {} part {}: {}",
             CaptureId::from_bytes(refusal.capture_id()).value_or(CaptureId()).text(),
             refusal.track(), refusal.sequence(), refusal.detail());
}

void TalkCarrier::free(Track& track, std::uint64_t below) {
  while (!track.held.empty() && track.held.front().part.sequence < below) {
    held_bytes_ -= track.held.front().part.frame->size();
    --held_parts_;
    track.held.pop_front();
  }
}

void TalkCarrier::send_due() {
  if (gateway_.is_nil()) return;
  const std::int64_t now_us = clock_->monotonic_us();
  for (auto& [key, track] : tracks_) {
    std::size_t sent = 0;
    for (Held& held : track.held) {
      if (held.due_us > now_us) continue;
      if (++sent > kSentAtOnce) break;
      publish(key, held.part, false);
      held.due_us = now_us + held.pause_us;
      held.pause_us = std::min(held.pause_us * 2, kLongestPauseUs);
    }
  }
}

}  // namespace sitecast::gateway
