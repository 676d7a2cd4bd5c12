// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "hub/check/archive_files.h"
#include "hub/check/commands.h"
#include "hub/check/event_json.h"
#include "hub/check/export_format.h"
#include "hub/check/movie_export.h"
#include "hub/check/progress.h"
#include "hub/enrol/enrolment_db.h"
#include "hub/index/reader.h"
#include "proto/base/file.h"
#include "proto/codec/event_rules.h"
#include "proto/codec/topics.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

Status write_whole(const fs::path& path,
                   const std::function<Status(const std::function<Status(ByteView)>&)>& produce) {
  SC_TRY_ASSIGN(auto file, File::create(path));
  SC_TRY(produce([&](ByteView bytes) { return file.append(bytes); }));
  return file.sync_data();
}

Status copy_whole(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::copy_file(from, to, failed);
  if (failed) return errno_error(failed.value(), "copy " + from.string());
  return Ok{};
}

// "image.jpg" for track `image` whose file was called "site photo.JPG": names from outside are
// shown, never used as paths.
std::string original_name(const std::string& track, const std::string& given) {
  std::string extension = fs::path(given).extension().string();
  const bool plain = extension.size() > 1 && extension.size() <= 6 &&
                     std::all_of(extension.begin() + 1, extension.end(),
                                 [](unsigned char c) { return std::isalnum(c) != 0; });
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return track + (plain ? extension : ".bin");
}

class Export {
 public:
  Export(const Layout& layout, CaptureId capture, const fs::path& dir, CommandIo io)
      : layout_(layout), capture_(capture), dir_(dir), io_(io) {}

  Status run() {
    SC_TRY_ASSIGN(auto reader, IndexReader::open(layout_.state_dir()));
    SC_TRY_ASSIGN(const CaptureInfo info, reader->capture(capture_));
    SC_TRY(prepare_folder());
    manifest_.project = info.project;
    manifest_.capture = capture_;
    manifest_.device = info.device;
    SC_TRY(load_key());
    SC_TRY_ASSIGN(const auto events, reader->events(capture_));
    find_closing_heads(events);
    SC_TRY(copy_tracks(info.project));
    SC_TRY(write_movies(info.captured_at_us));
    SC_TRY(write_originals());
    SC_TRY(write_events(events));
    return write_manifest();
  }

  [[nodiscard]] const ExportManifest& manifest() const { return manifest_; }

 private:
  Status prepare_folder() {
    std::error_code ignored;
    if (fs::exists(dir_, ignored) && !fs::is_empty(dir_, ignored)) {
      return failed_precondition(dir_.string() + " is not empty; name a new folder");
    }
    return make_folders_durably(dir_ / "proof");
  }

  Status load_key() {
    auto records = EnrolmentDb::open_to_read(layout_, clock_);
    if (!records.ok()) return Ok{};  // verify says then that nothing is proven
    SC_TRY_ASSIGN(manifest_.device_key, (*records)->public_key(manifest_.device));
    return Ok{};
  }

  void find_closing_heads(const std::vector<EventInfo>& events) {
    for (const EventInfo& info : events) {
      const auto event = parse_event(info.event_bytes);
      if (!event.ok() || info.device != manifest_.device) continue;
      for (const auto& end : event->capture_closed().tracks()) {
        if (end.has_head()) closing_[end.track()] = end.head();
      }
    }
  }

  // The proof comes first and everything else is made from the copy, so that the two cannot differ
  // when the capture still grows.
  Status copy_tracks(ProjectId project) {
    SC_TRY_ASSIGN(const auto keys, tracks_of_capture(layout_, project, capture_));
    Progress progress(io_, "tracks", keys.size());
    for (const TrackKey& key : keys) {
      const TrackFiles from = track_files(layout_, key);
      TrackFiles to = from;
      to.sidecar = dir_ / "proof" / (key.track + ".sidecar");
      to.media = dir_ / "proof" / (key.track + ".media");
      SC_TRY(copy_whole(from.sidecar, to.sidecar));
      SC_TRY(copy_whole(from.media, to.media));
      const auto closing = closing_.find(key.track);
      const auto head = closing == closing_.end() ? std::nullopt : std::optional(closing->second);
      SC_TRY_ASSIGN(auto audit, audit_track(to, true, manifest_.device_key, head));
      for (const auto& problem : audit.problems) {
        io_.err << "sitecast-hub: export: " << key.track << ": " << problem << "\n";
      }
      if (audit.device != manifest_.device) {
        return data_loss(key.track + " belongs to another device than its capture");
      }
      manifest_.tracks.push_back(
          {key.track, audit.parts.size(), audit.contiguous, audit.running, head});
      SC_TRY(add_file("proof/" + key.track + ".sidecar"));
      SC_TRY(add_file("proof/" + key.track + ".media"));
      tracks_.push_back({std::move(to), std::move(audit)});
      progress.step();
    }
    return Ok{};
  }

  Status write_movies(std::int64_t captured_at_us) {
    SC_TRY_ASSIGN(const MoviePlan plan, plan_export(tracks_));
    for (const auto& text : plan.left_out) {
      io_.err << "sitecast-hub: export: left out of the movie: " << text << "\n";
    }
    manifest_.created_at_us = captured_at_us;
    for (std::size_t i = 0; i < plan.movies.size(); ++i) {
      const std::string name =
          plan.movies.size() == 1 ? "movie.mp4" : fmt::format("movie-{}.mp4", i + 1);
      SC_TRY(write_whole(dir_ / name, [&](const auto& write) {
        return stream_movie(plan.movies[i], tracks_, captured_at_us, write);
      }));
      manifest_.movies.push_back(name);
      SC_TRY(add_file(name));
    }
    return Ok{};
  }

  Status write_originals() {
    for (const TrackSource& track : tracks_) {
      const auto kind = track_kind(track.files.track);
      if (!kind || !is_file_track(*kind)) continue;
      const auto description = describe_file(track);
      if (!description.ok()) {
        io_.err << "sitecast-hub: export: " << description.error().message() << "\n";
        continue;
      }
      const std::string name = original_name(track.files.track, description->name);
      SC_TRY(
          write_whole(dir_ / name, [&](const auto& write) { return stream_file(track, write); }));
      manifest_.originals.emplace_back(track.files.track, name);
      SC_TRY(add_file(name));
    }
    return Ok{};
  }

  Status write_events(const std::vector<EventInfo>& events) {
    SC_TRY(write_file_durably(dir_ / "events.json", as_bytes(events_as_json(events)), 0644));
    return add_file("events.json");
  }

  Status write_manifest() {
    SC_TRY(write_file_durably(dir_ / "proof.json", as_bytes(format_manifest(manifest_)), 0644));
    return sync_folder(dir_);
  }

  Status add_file(const std::string& name) {
    SC_TRY_ASSIGN(auto file, hash_file(dir_, name));
    manifest_.files.push_back(std::move(file));
    return Ok{};
  }

  const Layout& layout_;
  const CaptureId capture_;
  const fs::path& dir_;
  CommandIo io_;
  SystemClock clock_;
  ExportManifest manifest_;
  std::map<std::string, v1::SignedHead> closing_;  // by track
  std::vector<TrackSource> tracks_;
};

}  // namespace

int export_command(const Layout& layout, std::string_view capture, const fs::path& dir,
                   CommandIo io) {
  const auto id = CaptureId::parse(capture);
  if (!id) {
    io.err << "sitecast-hub: export: '" << capture
           << "' is not a capture id: 22 characters, as in the page's address\n";
    return 1;
  }
  Export run(layout, *id, dir, io);
  if (const Status status = run.run(); !status.ok()) {
    io.err << "sitecast-hub: export: " << status.error().message() << "\n";
    return 1;
  }
  for (const auto& file : run.manifest().files) {
    if (!file.name.starts_with("proof/")) io.out << (dir / file.name).string() << "\n";
  }
  return 0;
}

}  // namespace sitecast::hub
