// SPDX-License-Identifier: Apache-2.0
#include "hub/check/movie_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "hub/archive/sidecar.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

constexpr std::uint64_t kCopyBytes = 1 << 20;

// The envelope of one part, read again from its record.
Result<v1::PartEnvelope> read_envelope(const File& sidecar, const PartRecord& part) {
  std::string error = "record is damaged";
  v1::PartEnvelope envelope;
  bool found = false;
  const auto read =
      read_sidecar(sidecar, part.record_offset, [&](const SidecarRecord& record, std::uint64_t) {
        auto parsed = parse_envelope(record.envelope_bytes);
        if (parsed.ok()) {
          envelope = std::move(*parsed);
          found = true;
        } else {
          error = parsed.error().message();
        }
        return false;
      });
  if (!read.ok()) return read.error();
  if (!found) return data_loss(fmt::format("part {}: {}", part.sequence, error));
  return envelope;
}

// The init segments of a track by their hash8, as integers like PartRecord::init_hash8.
Result<std::map<std::uint64_t, Bytes>> read_inits(const TrackSource& track) {
  SC_TRY_ASSIGN(const File sidecar, File::open_for_reading(track.files.sidecar));
  std::map<std::uint64_t, Bytes> inits;
  const auto read = read_sidecar(sidecar, 0, [&](const SidecarRecord& record, std::uint64_t) {
    if ((record.flags & kCarriesInit) == 0) return true;
    const auto envelope = parse_envelope(record.envelope_bytes);
    if (!envelope.ok()) return true;
    const ByteView init = as_bytes(envelope->init_segment());
    inits[init_key(envelope->init_hash8())] = {init.begin(), init.end()};
    return true;
  });
  if (!read.ok()) return read.error();
  return inits;
}

bool is_media(const TrackSource& track) {
  const auto kind = track_kind(track.files.track);
  return kind && !is_file_track(*kind);
}

Result<std::vector<MovieTrack>> collect(const TrackSource& track,
                                        std::vector<std::string>& left_out) {
  SC_TRY_ASSIGN(const auto inits, read_inits(track));
  SC_TRY_ASSIGN(const File media, File::open_for_reading(track.files.media));
  std::map<std::uint64_t, InitInfo> known;
  TrackCollector collector(track.files.track);
  Bytes chunk;
  for (const PartRecord& part : track.audit.parts) {
    const auto leave_out = [&](std::string_view why) {
      left_out.push_back(fmt::format("{} part {}: {}", track.files.track, part.sequence, why));
    };
    if (part.damaged) {
      leave_out("its bytes are damaged");
      continue;
    }
    auto init = known.find(part.init_hash8);
    if (init == known.end()) {
      const auto bytes = inits.find(part.init_hash8);
      if (bytes == inits.end()) {
        leave_out("the part with its init segment has not arrived");
        continue;
      }
      const auto info = read_init(bytes->second);
      if (!info.ok()) {
        leave_out(info.error().message());
        continue;
      }
      init = known.emplace(part.init_hash8, *info).first;
    }
    chunk.resize(part.media_size_bytes);
    SC_TRY(media.read_at(part.media_offset, chunk));
    if (const Status added = collector.add(init->second, chunk, part.media_offset); !added.ok()) {
      leave_out(added.error().message());
    }
  }
  return std::move(collector).take();
}

// How much time the stretches show, pictures that stand still over a gap not counted.
std::int64_t shown_us(const std::vector<MovieTrack>& stretches) {
  std::int64_t sum_us = 0;
  for (const MovieTrack& stretch : stretches) {
    sum_us += to_us(stretch.duration(), stretch.timescale);
    for (const MovieGap& gap : stretch.gaps)
      sum_us -= to_us(gap.until - gap.from, stretch.timescale);
  }
  return sum_us;
}

// A movie has one picture track. Of the live rendition and the master it is the one that shows more
// time, the master when that is the same. Both are in the proof.
void keep_better_rendition(std::vector<std::vector<MovieTrack>>& collected) {
  const auto of_kind = [&](TrackKind kind) {
    return std::find_if(collected.begin(), collected.end(), [kind](const auto& stretches) {
      return track_kind(stretches.front().name) == kind;
    });
  };
  const auto live = of_kind(TrackKind::kVideo);
  const auto master = of_kind(TrackKind::kMaster);
  if (live == collected.end() || master == collected.end()) return;
  constexpr std::int64_t kSameUs = 500'000;  // the two end with the same picture, not the same part
  collected.erase(shown_us(*master) + kSameUs >= shown_us(*live) ? live : master);
}

}  // namespace

Status copy_range(const File& file, std::uint64_t offset, std::uint64_t size,
                  const ByteSink& write) {
  Bytes buffer;
  while (size > 0) {
    buffer.resize(std::min(size, kCopyBytes));
    SC_TRY(file.read_at(offset, buffer));
    SC_TRY(write(buffer));
    offset += buffer.size();
    size -= buffer.size();
  }
  return Ok{};
}

Result<MoviePlan> plan_export(const std::vector<TrackSource>& tracks) {
  MoviePlan plan;
  std::vector<std::vector<MovieTrack>> collected;
  for (const TrackSource& track : tracks) {
    if (!is_media(track)) continue;
    SC_TRY_ASSIGN(auto stretches, collect(track, plan.left_out));
    if (!stretches.empty()) collected.push_back(std::move(stretches));
  }
  keep_better_rendition(collected);
  if (!collected.empty()) plan.movies = plan_movies(std::move(collected));
  return plan;
}

Status stream_movie(const Movie& movie, const std::vector<TrackSource>& tracks,
                    std::int64_t captured_at_us, const ByteSink& write) {
  std::map<std::string, File> media;
  for (const TrackSource& track : tracks) {
    SC_TRY_ASSIGN(auto file, File::open_for_reading(track.files.media));
    media.emplace(track.files.track, std::move(file));
  }
  const MovieFileLayout layout =
      lay_out_movie(movie, captured_at_us > 0 ? captured_at_us + movie.start_us() : 0);
  SC_TRY(write(layout.head));
  for (const MovieChunk& chunk : layout.chunks) {
    const MovieTrack& track = movie.tracks[chunk.track];
    for (std::size_t i = 0; i < chunk.part_count; ++i) {
      const MoviePart& part = track.parts[chunk.first_part + i];
      SC_TRY(copy_range(media.at(track.name), part.source_offset, part.size_bytes, write));
    }
  }
  return Ok{};
}

Result<FileDescription> describe_file(const TrackSource& track) {
  const TrackAudit& audit = track.audit;
  if (audit.parts.empty() || audit.parts.front().sequence != 0 || !audit.parts.back().last ||
      audit.contiguous != audit.parts.size()) {
    return data_loss(fmt::format("{}: not every block has arrived yet", track.files.track));
  }
  SC_TRY_ASSIGN(const File sidecar, File::open_for_reading(track.files.sidecar));
  SC_TRY_ASSIGN(const auto envelope, read_envelope(sidecar, audit.parts.front()));
  const auto& file = envelope.file();
  return FileDescription{file.name(), file.media_type(), file.size_bytes(), file.sha256()};
}

Status stream_file(const TrackSource& track, const ByteSink& write) {
  SC_TRY_ASSIGN(const auto description, describe_file(track));
  SC_TRY_ASSIGN(const File media, File::open_for_reading(track.files.media));
  Sha256 hasher;
  for (const PartRecord& part : track.audit.parts) {
    SC_TRY(copy_range(media, part.media_offset, part.media_size_bytes, [&](ByteView bytes) {
      hasher.update(bytes);
      return write(bytes);
    }));
  }
  if (as_text(hasher.finish()) != description.sha256) {
    return data_loss(
        fmt::format("{}: the file's hash is not what the device stated", track.files.track));
  }
  return Ok{};
}

}  // namespace sitecast::hub
