// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_capture.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/part_frame.h"

namespace sitecast {
namespace {

constexpr std::int64_t kCapturedAtUs = 1'750'000'000'000'000;
constexpr std::size_t kAudioInitEvery = 50;  // parts of 40 ms: 2 s
constexpr std::size_t kFileBlock = 64 * 1024;

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    (void)std::fprintf(stderr, "test capture: %s\n", result.error().message().c_str());
    std::abort();
  }
  return std::move(result).value();
}
void must(const Status& status) {
  if (status.ok()) return;
  (void)std::fprintf(stderr, "test capture: %s\n", status.error().message().c_str());
  std::abort();
}

std::uint64_t ticks(std::int64_t us, std::uint32_t timescale) {
  return static_cast<std::uint64_t>((us * timescale + 500'000) / 1'000'000);
}

struct Grouping {
  std::uint32_t timescale = 0;
  std::size_t frames_per_part = 1;
  std::int64_t offset_us = 0;
  std::uint32_t last_duration = 0;
  bool sound = false;
};

std::vector<TestPart> group(const EncodedStream& stream, ByteView init, const Grouping& how) {
  std::vector<TestPart> parts;
  const auto& frames = stream.frames;
  // x264enc's clock begins anywhere; the first packet of sound is already placed on the capture's.
  const std::int64_t origin_ns = how.sound || frames.empty() ? 0 : frames.front().pts_ns;
  const auto time_of = [&](std::size_t i) {
    return ticks((frames[i].pts_ns - origin_ns) / 1000 + how.offset_us, how.timescale);
  };
  for (std::size_t i = 0; i < frames.size();) {
    std::vector<Sample> samples;
    TestPart part;
    part.envelope.set_media_time(time_of(i));
    part.envelope.set_key_frame(!how.sound && frames[i].key_frame);
    const bool carries =
        how.sound ? parts.size() % kAudioInitEvery == 0 : part.envelope.key_frame();
    std::uint32_t duration = 0;
    // A part ends before a key frame, so that key frames always begin one.
    const std::size_t first = i;
    while (i < frames.size() && samples.size() < how.frames_per_part &&
           (i == first || how.sound || !frames[i].key_frame)) {
      const std::uint32_t length = i + 1 < frames.size()
                                       ? static_cast<std::uint32_t>(time_of(i + 1) - time_of(i))
                                       : how.last_duration;
      samples.push_back({frames[i].data, length, how.sound || frames[i].key_frame});
      duration += length;
      ++i;
    }
    part.envelope.set_duration(duration);
    part.envelope.set_init_hash8(init_hash8(init));
    if (carries) {
      part.envelope.set_init_segment(to_string(init));
      part.envelope.set_captured_at_us(
          kCapturedAtUs +
          static_cast<std::int64_t>(part.envelope.media_time() * 1'000'000 / how.timescale));
    }
    part.media = must(make_chunk(static_cast<std::uint32_t>(parts.size() + 1),
                                 part.envelope.media_time(), samples));
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

std::vector<TestPart> video_parts(const EncodedStream& stream, std::uint32_t width_px,
                                  std::uint32_t height_px, std::size_t frames_per_part,
                                  std::int64_t offset_us) {
  const Bytes init = must(make_video_init({width_px, height_px, stream.codec_data}));
  return group(stream, init, {kVideoTimescale, frames_per_part, offset_us, 3000, false});
}

std::vector<TestPart> opus_parts(const EncodedStream& stream, std::int64_t offset_us,
                                 std::uint16_t pre_skip) {
  OpusInit opus;
  opus.channel_count = 1;
  opus.pre_skip = pre_skip;
  const Bytes init = must(make_opus_init(opus));
  return group(stream, init, {kOpusTimescale, 2, offset_us, 960, true});
}

std::vector<TestPart> aac_parts(const EncodedStream& stream, std::int64_t offset_us) {
  const Bytes init = must(make_aac_init({1, 48'000, stream.codec_data}));
  return group(stream, init, {48'000, 2, offset_us, 1024, true});
}

std::vector<TestPart> file_parts(std::string_view name, std::string_view media_type,
                                 ByteView bytes) {
  std::vector<TestPart> parts;
  for (std::size_t offset = 0; offset < bytes.size(); offset += kFileBlock) {
    const ByteView block = bytes.subspan(offset, std::min(kFileBlock, bytes.size() - offset));
    TestPart part;
    part.envelope.set_media_time(offset);
    if (offset == 0) {
      auto* file = part.envelope.mutable_file();
      file->set_name(std::string(name));
      file->set_media_type(std::string(media_type));
      file->set_size_bytes(bytes.size());
      file->set_sha256(to_string(sha256(bytes)));
    }
    part.media.assign(block.begin(), block.end());
    parts.push_back(std::move(part));
  }
  return parts;
}

TestCapture::TestCapture(hub::Layout layout, ProjectId project, DeviceId device,
                         const SigningKey& key)
    : layout_(std::move(layout)), project_(project), device_(device), key_(key) {
  must(make_folders_durably(layout_.capture_dir(project_, id_)));
  must(make_folders_durably(layout_.events_root()));
}

void TestCapture::add_track(std::string_view name, std::vector<TestPart> parts,
                            const std::vector<std::uint64_t>& order) {
  struct Signed {
    std::string envelope;
    std::string proof;
    Hash hash{};
  };
  std::vector<Signed> made;
  RunningHash running(id_, name);
  std::optional<v1::SignedHead> head;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].envelope.set_sequence(i);
    parts[i].envelope.set_last(marks_last_ && i + 1 == parts.size());
    Signed part;
    part.envelope = parts[i].envelope.SerializeAsString();
    part.hash = part_hash(as_bytes(part.envelope), parts[i].media);
    running.add(part.hash);
    v1::PartProof proof;
    proof.set_part_hash16(to_string(ByteView(part.hash).first(16)));
    // As the agent does it: about once a second (here every 30 parts) and at the end.
    if (i % 30 == 29 || i + 1 == parts.size()) {
      head = sign_head(key_, id_, name, running);
      *proof.mutable_head() = *head;
    }
    part.proof = proof.SerializeAsString();
    made.push_back(std::move(part));
  }

  auto media = must(File::create(layout_.media(project_, id_, name)));
  auto sidecar = must(File::create(layout_.sidecar(project_, id_, name)));
  must(sidecar.append(hub::make_sidecar_header(device_)));
  std::vector<std::uint64_t> sequences = order;
  if (sequences.empty()) {
    sequences.resize(parts.size());
    std::iota(sequences.begin(), sequences.end(), 0);
  }
  std::uint64_t offset = 0;
  Bytes records;
  for (const std::uint64_t sequence : sequences) {
    const Bytes& bytes = parts[sequence].media;
    hub::SidecarRecord record;
    record.flags = hub::kArrivedLive;
    if (!parts[sequence].envelope.init_segment().empty()) record.flags |= hub::kCarriesInit;
    if (parts[sequence].envelope.last()) record.flags |= hub::kLastOfTrack;
    record.media_offset = offset;
    record.media_size_bytes = static_cast<std::uint32_t>(bytes.size());
    record.received_at_us = kCapturedAtUs + static_cast<std::int64_t>(sequence);
    record.part_hash = made[sequence].hash;
    record.envelope_bytes = as_bytes(made[sequence].envelope);
    record.proof_bytes = as_bytes(made[sequence].proof);
    hub::append_sidecar_record(records, record);
    must(media.append(bytes));
    offset += bytes.size();
  }
  must(sidecar.append(records));
  must(media.sync_data());
  must(sidecar.sync_data());

  tracks_.emplace_back(name);
  v1::TrackEnd end;
  end.set_track(std::string(name));
  end.set_part_count(parts.size());
  end.set_running_hash(to_string(running.value()));
  if (head) *end.mutable_head() = *head;
  ends_.push_back(std::move(end));
}

void TestCapture::state(v1::Event event) {
  if (event.event_id().empty()) event.set_event_id(EventId::make().raw());
  if (event.capture_id().empty()) event.set_capture_id(id_.raw());
  if (event.stated_at_us() == 0) event.set_stated_at_us(kCapturedAtUs);
  const std::string bytes = event.SerializeAsString();
  hub::EventRecord record;
  record.received_at_us = kCapturedAtUs + 1;
  record.device = device_;
  record.event_bytes = as_bytes(bytes);
  Bytes out;
  hub::append_event_record(out, record);
  auto log = must(File::open_for_appending(layout_.event_log(project_)));
  must(log.append(out));
  must(log.sync_data());
}

void TestCapture::state_opened(std::string_view kind, std::string_view title) {
  v1::Event event;
  event.set_kind("capture.opened");
  auto* opened = event.mutable_capture_opened();
  opened->set_capture_kind(std::string(kind));
  opened->set_captured_at_us(kCapturedAtUs);
  opened->set_title(std::string(title));
  for (const std::string& track : tracks_) opened->add_tracks(track);
  state(std::move(event));
}

void TestCapture::state_note(std::string_view text, std::int64_t media_time_us) {
  v1::Event event;
  event.set_kind("note");
  event.set_media_time_us(media_time_us);
  event.set_has_media_time(true);
  event.mutable_note()->set_text(std::string(text));
  state(std::move(event));
}

void TestCapture::state_closed() {
  v1::Event event;
  event.set_kind("capture.closed");
  auto* closed = event.mutable_capture_closed();
  for (const v1::TrackEnd& end : ends_) *closed->add_tracks() = end;
  closed->set_reason("stopped");
  state(std::move(event));
}

}  // namespace sitecast
