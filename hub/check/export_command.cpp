// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <ostream>

#include "hub/check/archive_files.h"
#include "hub/check/commands.h"
#include "hub/check/event_json.h"
#include "hub/check/export_format.h"
#include "hub/check/export_texts.h"
#include "hub/check/file_sums.h"
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

Status write_whole(const fs::path& path, const std::function<Status(const ByteSink&)>& produce) {
  SC_TRY_ASSIGN(auto file, File::create(path));
  SC_TRY(produce([&](ByteView bytes) { return file.append(bytes); }));
  return file.sync_data();
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
    SC_TRY_ASSIGN(const CaptureInfo info, find_capture(*reader));
    SC_TRY(prepare_folder());
    manifest_.project = info.project;
    manifest_.capture = capture_;
    manifest_.device = info.device;
    manifest_.captured_at_us = info.captured_at_us;
    SC_TRY(load_key());
    SC_TRY_ASSIGN(const auto events, reader->events(capture_));
    find_closing_heads(events);
    SC_TRY(copy_tracks(info.project));
    SC_TRY(write_movies());
    SC_TRY(write_originals());
    SC_TRY(write_text("events.json", events_as_json(events)));
    SC_TRY(write_text("README.txt", export_readme(manifest_)));
    SC_TRY(write_text("proof.json", format_manifest(manifest_)));
    return write_sums(dir_);
  }

  // Movies and originals: what a person came for.
  [[nodiscard]] std::vector<std::string> made() const {
    std::vector<std::string> names;
    for (const auto& movie : manifest_.movies) names.push_back(movie.file);
    for (const auto& original : manifest_.originals) names.push_back(original.file);
    return names;
  }
  // What of the capture is damaged or could not be shown; said on the way.
  [[nodiscard]] std::uint64_t faults() const { return faults_; }

 private:
  void fault(const std::string& text) {
    ++faults_;
    io_.err << "sitecast-hub: export: " << text << "\n";
  }

  Result<CaptureInfo> find_capture(IndexReader& reader) {
    auto info = reader.capture(capture_);
    if (!info.ok() && info.error().kind() == ErrorKind::kNotFound) {
      return not_found("there is no capture " + capture_.text() + " in this archive");
    }
    return info;
  }

  Status prepare_folder() {
    std::error_code error;
    if (fs::exists(dir_, error) && !fs::is_directory(dir_, error)) {
      return failed_precondition(dir_.string() + " is a file; name a new folder");
    }
    if (fs::exists(dir_, error) && !fs::is_empty(dir_, error)) {
      return failed_precondition(dir_.string() + " is not empty; name a new folder");
    }
    return make_folders_durably(fs::absolute(dir_) / "proof");
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
  // when the capture still grows. Only whole records and the media they name are copied.
  Status copy_tracks(ProjectId project) {
    SC_TRY_ASSIGN(const auto keys, tracks_of_capture(layout_, project, capture_));
    for (const TrackKey& key : keys) {
      const TrackFiles from = track_files(layout_, key);
      TrackFiles to = from;
      to.sidecar = dir_ / "proof" / (key.track + ".sidecar");
      to.media = dir_ / "proof" / (key.track + ".media");
      SC_TRY_ASSIGN(const TrackAudit source, audit_track(from, false, std::nullopt));
      SC_TRY(copy_front(from.sidecar, to.sidecar, source.sidecar_bytes));
      SC_TRY(copy_front(from.media, to.media, source.media_bytes));
      const auto closing = closing_.find(key.track);
      const auto head = closing == closing_.end() ? std::nullopt : std::optional(closing->second);
      SC_TRY_ASSIGN(auto audit, audit_track(to, true, manifest_.device_key, head));
      for (const auto& problem : audit.problems) fault(key.track + ": " + problem.text);
      if (audit.device != manifest_.device) {
        return data_loss(key.track + " belongs to another device than its capture");
      }
      manifest_.tracks.push_back(
          {key.track, audit.parts.size(), audit.contiguous, audit.running, head});
      tracks_.push_back({std::move(to), std::move(audit)});
    }
    return Ok{};
  }

  Status copy_front(const fs::path& from, const fs::path& to, std::uint64_t size) {
    SC_TRY_ASSIGN(const File source, File::open_for_reading(from));
    SC_TRY_ASSIGN(const std::uint64_t available, source.size_bytes());
    size = std::min(size, available);  // a media file cut short is reported by the audit
    Progress progress(io_, "bytes of " + from.filename().string(), size);
    return write_whole(to, [&](const ByteSink& write) {
      return copy_range(source, 0, size, [&](ByteView bytes) {
        progress.step(bytes.size());
        return write(bytes);
      });
    });
  }

  Status write_movies() {
    SC_TRY_ASSIGN(const MoviePlan plan, plan_export(tracks_));
    for (const auto& text : plan.left_out) fault("left out of the movie: " + text);
    for (std::size_t i = 0; i < plan.movies.size(); ++i) {
      const std::string name =
          plan.movies.size() == 1 ? "movie.mp4" : fmt::format("movie-{}.mp4", i + 1);
      std::uint64_t total = 0;
      for (const MovieTrack& track : plan.movies[i].tracks) total += track.media_bytes();
      Progress progress(io_, "bytes of " + name, total);
      SC_TRY(write_whole(dir_ / name, [&](const ByteSink& write) {
        return stream_movie(plan.movies[i], tracks_, manifest_.captured_at_us, [&](ByteView bytes) {
          progress.step(bytes.size());
          return write(bytes);
        });
      }));
      manifest_.movies.push_back({name, plan.movies[i].start_us()});
    }
    return Ok{};
  }

  Status write_originals() {
    for (const TrackSource& track : tracks_) {
      const auto kind = track_kind(track.files.track);
      if (!kind || !is_file_track(*kind)) continue;
      const auto description = describe_file(track);
      if (!description.ok()) {
        fault(description.error().message());
        continue;
      }
      const std::string name = original_name(track.files.track, description->name);
      const Status written = write_whole(
          dir_ / name, [&](const ByteSink& write) { return stream_file(track, write); });
      if (!written.ok() && written.error().kind() == ErrorKind::kDataLoss) {
        fault(written.error().message());
        std::error_code ignored;
        fs::remove(dir_ / name, ignored);
        continue;
      }
      SC_TRY(written);
      manifest_.originals.push_back(
          {track.files.track, name, description->name, description->media_type});
    }
    return Ok{};
  }

  Status write_text(const char* name, const std::string& text) {
    return write_file_durably(dir_ / name, as_bytes(text), 0644);
  }

  const Layout& layout_;
  const CaptureId capture_;
  const fs::path& dir_;
  CommandIo io_;
  SystemClock clock_;
  ExportManifest manifest_;
  std::map<std::string, v1::SignedHead> closing_;  // by track
  std::vector<TrackSource> tracks_;
  std::uint64_t faults_ = 0;
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
  for (const auto& name : run.made()) io.out << (dir / name).string() << "\n";
  if (run.faults() == 0) return 0;
  io.err << fmt::format(
      "sitecast-hub: export: {} fault(s) above: this export is not whole. `sitecast-hub check "
      "--read-data` says what is wrong with the archive\n",
      run.faults());
  return 1;
}

}  // namespace sitecast::hub
