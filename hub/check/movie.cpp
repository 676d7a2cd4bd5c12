// SPDX-License-Identifier: Apache-2.0
#include "hub/check/movie.h"

#include <algorithm>
#include <limits>

namespace sitecast::hub {
namespace {

// A part that starts this much later than the one before ended is a gap; less is clock jitter.
constexpr std::uint32_t kGapMs = 100;

// Index of an equal sample entry, or of a new one.
std::uint32_t description_index(MovieTrack& track, ByteView entry) {
  for (std::size_t i = 0; i < track.sample_entries.size(); ++i) {
    if (std::ranges::equal(track.sample_entries[i], entry)) return static_cast<std::uint32_t>(i);
  }
  track.sample_entries.emplace_back(entry.begin(), entry.end());
  return static_cast<std::uint32_t>(track.sample_entries.size() - 1);
}

MovieTrack empty_like(const MovieTrack& track) {
  MovieTrack copy;
  copy.name = track.name;
  copy.codec = track.codec;
  copy.timescale = track.timescale;
  copy.width_px = track.width_px;
  copy.height_px = track.height_px;
  copy.pre_skip = track.pre_skip;
  copy.sample_entries = track.sample_entries;
  return copy;
}

// Parts [first, last) of `track` as a track of its own.
MovieTrack slice(const MovieTrack& track, std::size_t first, std::size_t last) {
  MovieTrack part = empty_like(track);
  if (first >= last) return part;
  const std::uint32_t first_sample = track.parts[first].first_sample;
  const MoviePart& final_part = track.parts[last - 1];
  const std::uint32_t end_sample = final_part.first_sample + final_part.sample_count;
  part.parts.assign(track.parts.begin() + static_cast<std::ptrdiff_t>(first),
                    track.parts.begin() + static_cast<std::ptrdiff_t>(last));
  for (MoviePart& moved : part.parts) moved.first_sample -= first_sample;
  part.sizes.assign(track.sizes.begin() + first_sample, track.sizes.begin() + end_sample);
  part.durations.assign(track.durations.begin() + first_sample,
                        track.durations.begin() + end_sample);
  for (const std::uint32_t key : track.key_frames) {
    if (key >= first_sample && key < end_sample) part.key_frames.push_back(key - first_sample);
  }
  const std::uint64_t end = part.start() + part.duration();
  for (const MovieGap& gap : track.gaps) {
    if (gap.from >= part.start() && gap.until <= end) part.gaps.push_back(gap);
  }
  return part;
}

// First part at or after `time_us` with which a player can begin.
std::size_t cut_index(const MovieTrack& track, std::int64_t time_us) {
  const auto at = std::ranges::find_if(track.parts, [&](const MoviePart& part) {
    return part.key_frame && to_us(part.decode_time, track.timescale) >= time_us;
  });
  return static_cast<std::size_t>(at - track.parts.begin());
}

std::vector<std::int64_t> stretch_starts(const std::vector<std::vector<MovieTrack>>& tracks) {
  std::vector<std::int64_t> cuts;
  for (const auto& stretches : tracks) {
    for (std::size_t i = 1; i < stretches.size(); ++i) {
      cuts.push_back(to_us(stretches[i].start(), stretches[i].timescale));
    }
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

}  // namespace

std::int64_t to_us(std::uint64_t ticks, std::uint32_t timescale) {
  const std::uint64_t seconds = ticks / timescale;
  const std::uint64_t rest = ticks % timescale;
  return static_cast<std::int64_t>(seconds * 1'000'000 +
                                   (rest * 1'000'000 + timescale / 2) / timescale);
}

std::uint64_t MovieTrack::duration() const {
  std::uint64_t sum = 0;
  for (const std::uint32_t duration : durations) sum += duration;
  return sum;
}

std::uint64_t MovieTrack::media_bytes() const {
  std::uint64_t sum = 0;
  for (const MoviePart& part : parts) sum += part.size_bytes;
  return sum;
}

Status TrackCollector::add(const InitInfo& init, ByteView chunk, std::uint64_t chunk_offset) {
  SC_TRY_ASSIGN(const ChunkInfo info, read_chunk(chunk));
  if (stretches_.empty() || stretches_.back().codec != init.codec ||
      stretches_.back().timescale != init.timescale) {
    MovieTrack fresh;
    fresh.name = name_;
    fresh.codec = init.codec;
    fresh.timescale = init.timescale;
    fresh.pre_skip = init.pre_skip;
    stretches_.push_back(std::move(fresh));
    expected_time_ = info.decode_time;
  }
  MovieTrack& track = stretches_.back();
  track.width_px = std::max(track.width_px, init.width_px);
  track.height_px = std::max(track.height_px, init.height_px);

  // A clock that steps back would need samples of negative length: they follow at the least
  // distance until the clock has caught up.
  std::uint64_t time = info.decode_time;
  if (!track.durations.empty()) {
    time = std::max(time, last_sample_time_ + 1);
    const std::uint64_t stretched = time - last_sample_time_;
    if (stretched > std::numeric_limits<std::uint32_t>::max()) {
      return invalid_argument("gap is too long for one file");
    }
    track.durations.back() = static_cast<std::uint32_t>(stretched);
    if (time > expected_time_ + static_cast<std::uint64_t>(track.timescale) * kGapMs / 1000) {
      track.gaps.push_back({expected_time_, time});
    }
  }

  MoviePart part;
  part.source_offset =
      chunk_offset + static_cast<std::uint64_t>(info.payload.data() - chunk.data());
  part.size_bytes = static_cast<std::uint32_t>(info.payload.size());
  part.first_sample = static_cast<std::uint32_t>(track.sizes.size());
  part.sample_count = static_cast<std::uint32_t>(info.samples.size());
  part.description = description_index(track, init.sample_entry);
  part.decode_time = time;
  part.key_frame = info.starts_with_key_frame;
  track.parts.push_back(part);
  for (const SampleInfo& sample : info.samples) {
    if (track.video() && sample.key_frame) {
      track.key_frames.push_back(static_cast<std::uint32_t>(track.sizes.size()));
    }
    track.sizes.push_back(sample.size_bytes);
    track.durations.push_back(sample.duration);
    last_sample_time_ = time;
    time += sample.duration;
  }
  expected_time_ = time;
  return Ok{};
}

std::int64_t Movie::start_us() const {
  std::int64_t start = std::numeric_limits<std::int64_t>::max();
  for (const MovieTrack& track : tracks) {
    start = std::min(start, to_us(track.start(), track.timescale));
  }
  return start;
}

std::int64_t Movie::end_us() const {
  std::int64_t end = 0;
  for (const MovieTrack& track : tracks) {
    end = std::max(end, to_us(track.start() + track.duration(), track.timescale));
  }
  return end;
}

std::vector<Movie> plan_movies(std::vector<std::vector<MovieTrack>> tracks) {
  const auto cuts = stretch_starts(tracks);
  std::vector<Movie> movies(cuts.size() + 1);
  for (auto& stretches : tracks) {
    for (MovieTrack& stretch : stretches) {
      std::size_t first = 0;
      for (std::size_t i = 0; i < movies.size(); ++i) {
        const std::size_t last =
            i < cuts.size() ? std::max(first, cut_index(stretch, cuts[i])) : stretch.parts.size();
        if (first == 0 && last == stretch.parts.size()) {
          movies[i].tracks.push_back(std::move(stretch));  // the usual case: nothing is cut
          break;
        }
        if (MovieTrack piece = slice(stretch, first, last); !piece.parts.empty()) {
          movies[i].tracks.push_back(std::move(piece));
        }
        first = last;
        if (first == stretch.parts.size()) break;
      }
    }
  }
  std::erase_if(movies, [](const Movie& movie) { return movie.tracks.empty(); });
  return movies;
}

}  // namespace sitecast::hub
