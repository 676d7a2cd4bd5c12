// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/archive/made_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "proto/codec/part_frame.h"
#include "tests/support/media_samples.h"

namespace sitecast::bench {
namespace {

constexpr std::int64_t kBeganUs = 1'700'000'000'000'000;
constexpr std::int64_t kThreeYearsUs = 3LL * 365 * 24 * 3600 * 1'000'000;
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kOnTheWayUs = 400'000;  // from being stated to the hub
constexpr double kMedianSeconds = 120;
constexpr double kSpread = 1.3;       // of the logarithm: one in a thousand reaches two hours
constexpr std::size_t kLateLook = 8;  // in one of so many looks some parts came late
constexpr std::size_t kDevicesPerProject = 8;

constexpr std::array<const char*, 6> kAreas{"一号厂房", "二号厂房", "办公楼",
                                            "配套工程", "室外管网", "变电站"};
constexpr std::array<const char*, 8> kKinds{"walkthrough", "walkthrough", "walkthrough",
                                            "walkthrough", "walkthrough", "walkthrough",
                                            "timelapse",   "meeting"};

}  // namespace

MadeArchive::MadeArchive(const MadeArchiveOptions& options)
    : options_(options),
      random_(options.seed),
      video_init_(example_video_init()),
      audio_init_(example_opus_init()) {
  for (std::size_t look = 0; look < options_.looks; ++look) {
    const bool late = look % kLateLook == kLateLook - 1;
    video_.push_back(MadeTrack(
        {TrackKind::kVideo, init_hash8(video_init_), late, look * 2 + 1, options_.most_blocks}));
    audio_.push_back(MadeTrack(
        {TrackKind::kAudio, init_hash8(audio_init_), late, look * 2 + 2, options_.most_blocks}));
  }
  add_projects();
}

// UUIDv7 with the given time, so that order and locality are as in life.
template <typename AnyId>
AnyId MadeArchive::make_id(std::int64_t at_us) {
  std::array<std::uint8_t, kIdBytes> bytes{};
  const auto ms = static_cast<std::uint64_t>(at_us / 1000);
  const std::uint64_t high = random_();
  const std::uint64_t low = random_();
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  for (std::size_t i = 0; i < 2; ++i) bytes[6 + i] = static_cast<std::uint8_t>(high >> (8 * i));
  for (std::size_t i = 0; i < 8; ++i) bytes[8 + i] = static_cast<std::uint8_t>(low >> (8 * i));
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0fU) | 0x70U);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3fU) | 0x80U);
  return *AnyId::from_bytes(ByteView(bytes));
}

std::string MadeArchive::random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

// The n-th has about 1/n of the first one's captures.
void MadeArchive::add_projects() {
  const std::uint64_t count =
      std::max<std::uint64_t>(options_.captures / options_.captures_per_project, 1);
  std::vector<double> weights;
  for (std::uint64_t n = 0; n < count; ++n) {
    Project project;
    project.id = make_id<ProjectId>(kBeganUs);
    for (std::size_t i = 0; i < kDevicesPerProject; ++i) {
      project.devices.push_back(make_id<DeviceId>(kBeganUs));
    }
    MadeCapture nothing;
    v1::Event stated = make_event(nothing, "project.stated", kBeganUs);
    stated.mutable_project()->set_name(fmt::format("示范项目 {}", n + 1));
    stated.mutable_project()->set_name_en(fmt::format("Project {}", n + 1));
    stated.mutable_project()->set_time_zone("Asia/Shanghai");
    for (const char* area : kAreas) stated.mutable_project()->add_areas(area);
    project.events.push_back({std::move(stated), DeviceId(), kBeganUs});
    if (!options_.member.empty()) {
      v1::Event added = make_event(nothing, "member.added", kBeganUs);
      added.mutable_member()->set_user(options_.member);
      added.mutable_member()->set_role("owner");
      project.events.push_back({std::move(added), DeviceId(), kBeganUs});
    }
    projects_.push_back(std::move(project));
    weights.push_back(1.0 / static_cast<double>(n + 1));
  }
  any_project_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
}

v1::Event MadeArchive::make_event(const MadeCapture& capture, std::string_view kind,
                                  std::int64_t at_us) {
  v1::Event event;
  event.set_event_id(make_id<EventId>(at_us).raw());
  event.set_kind(std::string(kind));
  event.set_stated_at_us(at_us);
  if (!capture.id.is_nil()) event.set_capture_id(capture.id.raw());
  return event;
}

void MadeArchive::add_event(MadeCapture& capture, v1::Event event) {
  const std::int64_t received_at_us = event.stated_at_us() + kOnTheWayUs;
  capture.events.push_back({std::move(event), capture.device, received_at_us});
}

MadeCapture MadeArchive::next() {
  MadeCapture capture;
  const Project& project = projects_[any_project_(random_)];
  capture.project = project.id;
  capture.device = project.devices[random_() % project.devices.size()];
  capture.captured_at_us =
      kBeganUs + static_cast<std::int64_t>(made_ + 1) *
                     (kThreeYearsUs / static_cast<std::int64_t>(options_.captures + 1));
  capture.id = make_id<CaptureId>(capture.captured_at_us);
  capture.kind = kKinds[random_() % kKinds.size()];
  capture.area = kAreas[random_() % kAreas.size()];
  capture.title = fmt::format("{} 巡场 {}", capture.area, made_ + 1);
  capture.look = random_() % options_.looks;
  const double seconds =
      kMedianSeconds * std::exp(kSpread * std::normal_distribution<double>()(random_));
  const double blocks = std::round(seconds / static_cast<double>(kBlockSeconds));
  capture.blocks = static_cast<std::uint64_t>(
      std::clamp(blocks, 1.0, static_cast<double>(options_.most_blocks)));
  if (made_ == options_.captures / 2) capture.blocks = options_.most_blocks;  // always one
  ++made_;

  v1::Event opened = make_event(capture, "capture.opened", capture.captured_at_us);
  opened.set_area(capture.area);
  opened.mutable_capture_opened()->set_capture_kind(capture.kind);
  opened.mutable_capture_opened()->set_captured_at_us(capture.captured_at_us);
  opened.mutable_capture_opened()->set_title(capture.title);
  opened.mutable_capture_opened()->set_source("v4l2");
  opened.mutable_capture_opened()->add_tracks("video");
  opened.mutable_capture_opened()->add_tracks("audio");
  add_event(capture, std::move(opened));
  add_notes(capture);
  close(capture);
  return capture;
}

void MadeArchive::add_notes(MadeCapture& capture) {
  const auto length_us = static_cast<std::int64_t>(capture.blocks * kBlockSeconds) * kSecondUs;
  const auto moment_us = static_cast<std::int64_t>(random_() % kBlockSeconds) * kSecondUs;
  for (std::uint64_t n = random_() % 3; n > 0; --n) {
    v1::Event note = make_event(capture, "note", capture.captured_at_us + moment_us);
    note.set_has_media_time(true);
    note.set_media_time_us(std::min(moment_us, length_us));
    note.mutable_note()->set_text("这些厂房已基本完工，配套工程正在施工");
    add_event(capture, std::move(note));
  }
  if (random_() % 8 == 0) {
    MadeCapture nothing;
    v1::Event remark = make_event(nothing, "note", capture.captured_at_us + moment_us);
    remark.set_area(capture.area);
    remark.mutable_note()->set_text("今日雨，室外管网停工");
    add_event(capture, std::move(remark));
  }
  if (random_() % 4 != 0) return;
  v1::Event progress = make_event(capture, "progress", capture.captured_at_us + moment_us);
  progress.set_has_media_time(true);
  progress.set_media_time_us(std::min(moment_us, length_us));
  progress.mutable_progress()->set_stage("主体结构");
  progress.mutable_progress()->set_has_percentage(true);
  progress.mutable_progress()->set_percentage(static_cast<double>(random_() % 101));
  add_event(capture, std::move(progress));
}

void MadeArchive::close(MadeCapture& capture) {
  const auto length_us = static_cast<std::int64_t>(capture.blocks * kBlockSeconds) * kSecondUs;
  v1::Event closed = make_event(capture, "capture.closed", capture.captured_at_us + length_us);
  closed.mutable_capture_closed()->set_reason("stopped");
  for (const auto& [name, track] :
       {std::pair{"audio", &audio_[capture.look]}, std::pair{"video", &video_[capture.look]}}) {
    auto* end = closed.mutable_capture_closed()->add_tracks();
    end->set_track(name);
    end->set_part_count(capture.blocks * track->parts_per_block());
    end->set_running_hash(random_bytes(32));
    end->mutable_head()->set_sequence(end->part_count() - 1);
    end->mutable_head()->set_running_hash(end->running_hash());
    end->mutable_head()->set_signature(random_bytes(64));
  }
  add_event(capture, std::move(closed));
}

}  // namespace sitecast::bench
