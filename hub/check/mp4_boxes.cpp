// SPDX-License-Identifier: Apache-2.0
#include "hub/check/mp4_boxes.h"

#include <algorithm>

namespace sitecast::hub {
namespace {

// Fine enough for both 90 kHz and 48 kHz offsets: a rounding error of at most 6 microseconds.
constexpr std::uint32_t kMovieTimescale = 90'000;
constexpr std::uint32_t kFixedOne = 0x0001'0000;         // 1.0 as 16.16
constexpr std::uint16_t kUndeterminedLanguage = 0x55c4;  // "und"
constexpr std::uint64_t kSecondsFrom1904To1970 = 2'082'844'800;
constexpr std::uint32_t kOpusPreRoll = 3840;  // 80 ms at 48 kHz

std::uint64_t us_to_movie(std::int64_t us) {
  return (static_cast<std::uint64_t>(us) * 9 + 50) / 100;  // 90 ticks per millisecond
}
std::uint64_t ticks_to_movie(std::uint64_t ticks, std::uint32_t timescale) {
  const std::uint64_t whole = ticks / timescale;
  const std::uint64_t rest = ticks % timescale;
  return whole * kMovieTimescale + (rest * kMovieTimescale + timescale / 2) / timescale;
}

void write_matrix(BoxWriter& w) {  // the identity, section 8.2.2
  w.u32(kFixedOne);
  w.zeros(12);
  w.u32(kFixedOne);
  w.zeros(12);
  w.u32(0x4000'0000);
}

struct Edits {
  std::uint64_t delay = 0;    // movie timescale, an empty edit
  std::uint64_t shown = 0;    // movie timescale
  std::uint64_t skipped = 0;  // track's timescale, at the start of the media
  [[nodiscard]] std::uint64_t duration() const { return delay + shown; }
  [[nodiscard]] bool needed() const { return delay > 0 || skipped > 0; }
};

Edits edits_of(const Movie& movie, const MovieTrack& track) {
  Edits edits;
  const std::uint64_t duration = track.duration();
  edits.skipped = track.pre_skip < duration ? track.pre_skip : 0;
  edits.delay = us_to_movie(to_us(track.start(), track.timescale) - movie.start_us());
  edits.shown = ticks_to_movie(duration - edits.skipped, track.timescale);
  return edits;
}

void write_mvhd(BoxWriter& w, const Movie& movie, std::uint64_t created) {
  std::uint64_t duration = 0;
  for (const MovieTrack& track : movie.tracks) {
    duration = std::max(duration, edits_of(movie, track).duration());
  }
  w.full_box("mvhd", 1, 0, [&] {
    w.u64(created);
    w.u64(created);
    w.u32(kMovieTimescale);
    w.u64(duration);
    w.u32(kFixedOne);  // rate
    w.u16(0x0100);     // volume
    w.zeros(10);
    write_matrix(w);
    w.zeros(24);
    w.u32(static_cast<std::uint32_t>(movie.tracks.size() + 1));
  });
}

void write_tkhd(BoxWriter& w, const MovieTrack& track, std::uint32_t id, bool first_of_kind,
                std::uint64_t duration, std::uint64_t created) {
  // Several tracks of one kind are alternatives; a player shows the first unless told otherwise.
  const std::uint32_t flags = first_of_kind ? 7 : 6;  // enabled, in movie, in preview
  w.full_box("tkhd", 1, flags, [&] {
    w.u64(created);
    w.u64(created);
    w.u32(id);
    w.zeros(4);
    w.u64(duration);
    w.zeros(8);
    w.u16(0);                      // layer
    w.u16(track.video() ? 1 : 2);  // alternate group
    w.u16(track.video() ? 0 : 0x0100);
    w.u16(0);
    write_matrix(w);
    w.u32(track.width_px << 16);
    w.u32(track.height_px << 16);
  });
}

void write_edit_list(BoxWriter& w, const Edits& edits) {
  constexpr std::uint64_t kEmpty = ~std::uint64_t{0};  // media time -1
  w.box("edts", [&] {
    w.full_box("elst", 1, 0, [&] {
      w.u32(edits.delay > 0 ? 2 : 1);
      if (edits.delay > 0) {
        w.u64(edits.delay);
        w.u64(kEmpty);
        w.u32(kFixedOne);
      }
      w.u64(edits.shown);
      w.u64(edits.skipped);
      w.u32(kFixedOne);
    });
  });
}

// Writes a table of runs whose count is known only at the end.
template <typename Rows>
void write_counted(BoxWriter& w, std::string_view type, Rows rows) {
  w.full_box(type, 0, 0, [&] {
    const std::size_t count_at = w.size();
    w.u32(0);
    const std::uint32_t count = rows();
    w.set_u32(count_at, count);
  });
}

void write_stts(BoxWriter& w, const MovieTrack& track) {
  write_counted(w, "stts", [&] {
    std::uint32_t runs = 0;
    for (std::size_t i = 0; i < track.durations.size();) {
      std::size_t end = i + 1;
      while (end < track.durations.size() && track.durations[end] == track.durations[i]) ++end;
      w.u32(static_cast<std::uint32_t>(end - i));
      w.u32(track.durations[i]);
      ++runs;
      i = end;
    }
    return runs;
  });
}

void write_chunk_tables(BoxWriter& w, const std::vector<MovieChunk>& chunks, std::uint32_t track,
                        bool wide) {
  std::vector<const MovieChunk*> own;
  for (const MovieChunk& chunk : chunks) {
    if (chunk.track == track) own.push_back(&chunk);
  }
  write_counted(w, "stsc", [&] {
    std::uint32_t runs = 0;
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (i > 0 && own[i]->sample_count == own[i - 1]->sample_count &&
          own[i]->description == own[i - 1]->description) {
        continue;
      }
      w.u32(static_cast<std::uint32_t>(i + 1));
      w.u32(own[i]->sample_count);
      w.u32(own[i]->description + 1);
      ++runs;
    }
    return runs;
  });
  w.full_box(wide ? "co64" : "stco", 0, 0, [&] {
    w.u32(static_cast<std::uint32_t>(own.size()));
    for (const MovieChunk* chunk : own) {
      if (wide) {
        w.u64(chunk->file_offset);
      } else {
        w.u32(static_cast<std::uint32_t>(chunk->file_offset));
      }
    }
  });
}

// Sections 8.9 and 10.1: every sample belongs to one group that says how much must be decoded
// before sound is right after a seek.
void write_roll_groups(BoxWriter& w, const MovieTrack& track) {
  const std::uint32_t frame = std::max(1U, track.durations.front());
  const std::uint32_t frames = std::clamp((kOpusPreRoll + frame - 1) / frame, 1U, 32U);
  w.full_box("sgpd", 1, 0, [&] {
    w.u32(fourcc("roll"));
    w.u32(2);  // size of an entry
    w.u32(1);
    w.u16(static_cast<std::uint16_t>(0x1'0000 - frames));  // a negative distance
  });
  w.full_box("sbgp", 0, 0, [&] {
    w.u32(fourcc("roll"));
    w.u32(1);
    w.u32(static_cast<std::uint32_t>(track.sizes.size()));
    w.u32(1);
  });
}

void write_sample_table(BoxWriter& w, const MovieTrack& track, std::uint32_t index,
                        const std::vector<MovieChunk>& chunks, bool wide) {
  w.box("stbl", [&] {
    w.full_box("stsd", 0, 0, [&] {
      w.u32(static_cast<std::uint32_t>(track.sample_entries.size()));
      for (const Bytes& entry : track.sample_entries) w.bytes(entry);
    });
    write_stts(w, track);
    if (track.video()) {
      w.full_box("stss", 0, 0, [&] {
        w.u32(static_cast<std::uint32_t>(track.key_frames.size()));
        for (const std::uint32_t sample : track.key_frames) w.u32(sample + 1);
      });
    }
    w.full_box("stsz", 0, 0, [&] {
      w.u32(0);
      w.u32(static_cast<std::uint32_t>(track.sizes.size()));
      for (const std::uint32_t size : track.sizes) w.u32(size);
    });
    write_chunk_tables(w, chunks, index, wide);
    if (track.codec == Codec::kOpus) write_roll_groups(w, track);
  });
}

void write_media(BoxWriter& w, const MovieTrack& track, std::uint32_t index,
                 const std::vector<MovieChunk>& chunks, std::uint64_t created, bool wide) {
  w.box("mdia", [&] {
    w.full_box("mdhd", 1, 0, [&] {
      w.u64(created);
      w.u64(created);
      w.u32(track.timescale);
      w.u64(track.duration());
      w.u16(kUndeterminedLanguage);
      w.u16(0);
    });
    w.full_box("hdlr", 0, 0, [&] {
      w.u32(0);
      w.u32(fourcc(track.video() ? "vide" : "soun"));
      w.zeros(12);
      w.bytes(as_bytes(track.name));
      w.u8(0);
    });
    w.box("minf", [&] {
      if (track.video()) {
        w.full_box("vmhd", 0, 1, [&] { w.zeros(8); });
      } else {
        w.full_box("smhd", 0, 0, [&] { w.zeros(4); });
      }
      w.box("dinf", [&] {
        w.full_box("dref", 0, 0, [&] {
          w.u32(1);
          w.full_box("url ", 0, 1, [] {});  // the media is in this file
        });
      });
      write_sample_table(w, track, index, chunks, wide);
    });
  });
}

}  // namespace

void write_movie_head(BoxWriter& w, const Movie& movie, const std::vector<MovieChunk>& chunks,
                      std::int64_t created_at_us, bool wide) {
  const std::uint64_t created =
      created_at_us > 0
          ? static_cast<std::uint64_t>(created_at_us) / 1'000'000 + kSecondsFrom1904To1970
          : 0;
  w.box("ftyp", [&] {
    w.u32(fourcc("isom"));
    w.u32(0x200);
    for (const std::string_view brand : {"isom", "iso2", "avc1", "mp41"}) w.u32(fourcc(brand));
  });
  w.box("moov", [&] {
    write_mvhd(w, movie, created);
    bool video_seen = false;
    bool audio_seen = false;
    for (std::size_t i = 0; i < movie.tracks.size(); ++i) {
      const MovieTrack& track = movie.tracks[i];
      const auto index = static_cast<std::uint32_t>(i);
      bool& seen = track.video() ? video_seen : audio_seen;
      const Edits edits = edits_of(movie, track);
      w.box("trak", [&] {
        write_tkhd(w, track, index + 1, !seen, edits.duration(), created);
        if (edits.needed()) write_edit_list(w, edits);
        write_media(w, track, index, chunks, created, wide);
      });
      seen = true;
    }
  });
}

}  // namespace sitecast::hub
