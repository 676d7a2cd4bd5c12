// SPDX-License-Identifier: Apache-2.0
// From a track's two files to an ordinary MP4: collects the sample tables of CMAF tracks and writes
// the movies. Used by `export` on the archive and by `verify` on an export's proof files, where the
// same parts must give the same bytes. Blocking; media is read part by part.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hub/check/movie.h"
#include "hub/check/mp4_file.h"
#include "hub/check/track_audit.h"
#include "proto/base/file.h"

namespace sitecast::hub {

// Takes bytes in order.
using ByteSink = std::function<Status(ByteView)>;

struct TrackSource {
  TrackFiles files;
  TrackAudit audit;
};

// A file track's own description, from its block 0.
struct FileDescription {
  std::string name;
  std::string media_type;
  std::uint64_t size_bytes = 0;
  std::string sha256;  // 32 bytes
};

struct MoviePlan {
  std::vector<Movie> movies;
  std::vector<std::string> left_out;  // parts that are no media we know, each a sentence
};
// All CMAF tracks among `tracks`; of two renditions of the picture the better one.
Result<MoviePlan> plan_export(const std::vector<TrackSource>& tracks);

// Calls `write` with the movie's bytes in order. `tracks` are those the plan was made from;
// `captured_at_us` is the wall clock at media time 0, 0 when it is not known.
Status stream_movie(const Movie& movie, const std::vector<TrackSource>& tracks,
                    std::int64_t captured_at_us, const ByteSink& write);

// Bytes [offset, offset + size) of a file, in pieces.
Status copy_range(const File& file, std::uint64_t offset, std::uint64_t size,
                  const ByteSink& write);

// A file track's bytes in order, its hash checked against what the device said. kDataLoss when
// blocks are missing or the hash differs.
Result<FileDescription> describe_file(const TrackSource& track);
Status stream_file(const TrackSource& track, const ByteSink& write);

}  // namespace sitecast::hub
