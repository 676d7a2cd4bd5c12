// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <ostream>

#include "hub/check/commands.h"
#include "hub/check/event_json.h"
#include "hub/check/export_format.h"
#include "hub/check/export_texts.h"
#include "hub/check/file_sums.h"
#include "hub/check/movie_export.h"
#include "hub/check/progress.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

constexpr std::uint64_t kManifestBytes = 16ULL << 20;
constexpr std::uint64_t kEventsBytes = 256ULL << 20;

class Verify {
 public:
  Verify(const std::filesystem::path& dir, CommandIo io) : dir_(dir), io_(io) {}

  // Exit code.
  int run() {
    const Status sums = check_sums(dir_, [this](const std::string& text) { problem(text); });
    if (!sums.ok()) problem(sums.error().message());
    if (const Status read = read_manifest(); !read.ok()) {
      problem(read.error().message());
    } else {
      check_tracks();
      check_movies();
      check_originals();
    }
    return report();
  }

 private:
  void problem(const std::string& text) {
    ++problems_;
    io_.out << "problem: " << text << "\n";
  }

  Status read_manifest() {
    SC_TRY_ASSIGN(const auto text, read_file(dir_ / "proof.json", kManifestBytes));
    SC_TRY_ASSIGN(manifest_, parse_manifest(to_string(ByteView(text))));
    if (const auto events = read_file(dir_ / "events.json", kEventsBytes); events.ok()) {
      stated_ = stated_part_counts(as_text(*events), manifest_.device);
    }
    return Ok{};
  }

  void check_tracks() {
    Progress progress(io_, "tracks", manifest_.tracks.size());
    for (const auto& expected : manifest_.tracks) {
      const TrackFiles files{manifest_.capture, expected.name,
                             dir_ / "proof" / (expected.name + ".sidecar"),
                             dir_ / "proof" / (expected.name + ".media")};
      auto audit = audit_track(files, true, manifest_.device_key, expected.closing);
      if (audit.ok()) {
        hold_against(expected, *audit);
        tracks_.push_back({files, std::move(*audit)});
      } else {
        problem(expected.name + ": " + audit.error().message());
      }
      progress.step();
    }
  }

  void hold_against(const ExportedTrack& expected, const TrackAudit& audit) {
    const std::string& name = expected.name;
    for (const auto& found : audit.problems) problem(name + ": " + found.text);
    if (audit.device != manifest_.device) problem(name + ": is of another device");
    if (audit.parts.size() != expected.part_count) {
      problem(fmt::format("{}: {} parts, {} were exported", name, audit.parts.size(),
                          expected.part_count));
    }
    if (audit.contiguous != expected.contiguous || audit.running != expected.running) {
      problem(fmt::format("{}: the chain of parts 0-{} is not that of the export", name,
                          expected.contiguous));
    }
    if (audit.torn_sidecar_bytes > 0) {
      problem(fmt::format("{}: proof/{}.sidecar is damaged at byte {}", name, name,
                          audit.sidecar_bytes));
    }
    if (audit.unreferenced_media_bytes > 0) {
      problem(fmt::format("{}: proof/{}.media has {} bytes that belong to no part", name, name,
                          audit.unreferenced_media_bytes));
    }
    VerifiedTrack verified;
    verified.name = name;
    verified.missing = audit.missing;
    verified.proven = audit.proven;
    verified.ended = audit.ended();
    const auto stated = stated_.find(name);
    if (stated != stated_.end() && !audit.parts.empty() &&
        audit.parts.back().sequence + 1 == stated->second) {
      verified.stated_parts = stated->second;
    }
    for (const PartRecord& part : audit.parts) {
      append_span(verified.present, part.sequence, part.sequence + 1);
    }
    io_.out << fmt::format("{}: {} parts ({}), signed by the device: {}\n", name,
                           audit.parts.size(), format_spans(verified.present),
                           audit.proven.empty() ? "none" : format_spans(audit.proven));
    proven_parts_ += count_parts(audit.proven);
    verified_.push_back(std::move(verified));
  }

  // What one would see in the movie must be what the proven parts hold: made again, it is the same.
  void check_movies() {
    const auto plan = plan_export(tracks_);
    if (!plan.ok()) return problem("movie: " + plan.error().message());
    if (plan->movies.size() != manifest_.movies.size()) {
      return problem("the movies are not those of the proven parts");
    }
    for (std::size_t i = 0; i < plan->movies.size(); ++i) {
      const auto made = hash_of([&](const ByteSink& write) {
        return stream_movie(plan->movies[i], tracks_, manifest_.captured_at_us, write);
      });
      const auto found = hash_file(dir_ / manifest_.movies[i].file);
      if (!made.ok() || !found.ok() || *found != *made ||
          plan->movies[i].start_us() != manifest_.movies[i].starts_at_us) {
        problem(manifest_.movies[i].file + ": does not show what the device sent");
      }
    }
  }

  void check_originals() {
    for (const ExportedOriginal& original : manifest_.originals) {
      const auto source = std::ranges::find_if(
          tracks_, [&](const TrackSource& track) { return track.files.track == original.track; });
      if (source == tracks_.end()) {
        problem(original.file + ": there is no track " + original.track);
        continue;
      }
      const auto made = hash_of([&](const ByteSink& write) { return stream_file(*source, write); });
      const auto found = hash_file(dir_ / original.file);
      if (!made.ok() || !found.ok() || *found != *made) {
        problem(original.file + ": is not what the device sent");
      }
    }
  }

  static Result<Hash> hash_of(const std::function<Status(const ByteSink&)>& produce) {
    Sha256 hasher;
    SC_TRY(produce([&](ByteView bytes) -> Status {
      hasher.update(bytes);
      return Ok{};
    }));
    return hasher.finish();
  }

  int report() {
    if (problems_ > 0) {
      io_.out << not_verified_text(problems_);
      return 1;
    }
    if (proven_parts_ == 0) {
      io_.out << unsigned_text(manifest_);
      return 1;
    }
    io_.out << verified_text(manifest_, verified_);
    return 0;
  }

  const std::filesystem::path& dir_;
  CommandIo io_;
  ExportManifest manifest_;
  std::map<std::string, std::uint64_t> stated_;  // parts of each track, by capture.closed
  std::vector<TrackSource> tracks_;
  std::vector<VerifiedTrack> verified_;
  std::uint64_t proven_parts_ = 0;
  std::uint64_t problems_ = 0;
};

}  // namespace

int verify_command(const std::filesystem::path& dir, CommandIo io) {
  std::error_code ignored;
  if (!std::filesystem::exists(dir / "proof.json", ignored) &&
      !std::filesystem::exists(dir / kSumsName, ignored)) {
    io.err << "sitecast-hub: verify: " << dir.string()
           << " is not an export: it has neither proof.json nor SHA256SUMS\n";
    return 1;
  }
  return Verify(dir, io).run();
}

}  // namespace sitecast::hub
