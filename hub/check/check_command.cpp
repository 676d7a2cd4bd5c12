// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <ostream>

#include "hub/archive/event_log.h"
#include "hub/archive/sidecar.h"
#include "hub/check/archive_files.h"
#include "hub/check/commands.h"
#include "hub/check/index_check.h"
#include "hub/check/progress.h"
#include "hub/enrol/enrolment_db.h"
#include "proto/base/file.h"
#include "proto/codec/event_rules.h"

namespace sitecast::hub {
namespace {

class Check {
 public:
  Check(const Layout& layout, bool read_data, CommandIo io)
      : layout_(layout), read_data_(read_data), io_(io) {}

  int run() {
    const auto lock = FileLock::acquire(layout_.lock_file());
    const ArchiveFiles files = list_archive(layout_);
    for (const auto& path : files.unexpected) {
      problem(path.string() + ": not a file of the archive, or half of a pair; move it away");
    }
    for (const auto& path : files.quarantined) {
      notice(path.string() + ": contradicts an archived part; look at it, then move it away");
    }
    check_tracks(files.tracks);
    for (const ProjectId project : files.logs) check_log(project);
    if (lock.ok()) {
      check_index_against_files(layout_, files, [this](const std::string& text) { problem(text); });
    } else {
      notice("a hub runs on this state: the index was not compared; stop the hub for that");
    }
    io_.out << fmt::format("{} tracks, {} parts, {} event logs, {} events{}: {}\n",
                           files.tracks.size(), parts_, files.logs.size(), events_,
                           read_data_ ? ", every byte read" : "",
                           problems_ == 0 ? "clean" : fmt::format("{} problems", problems_));
    return problems_ == 0 ? 0 : 1;
  }

 private:
  void problem(const std::string& text) {
    ++problems_;
    io_.out << "problem: " << text << "\n";
  }
  void notice(const std::string& text) { io_.out << "notice: " << text << "\n"; }

  // Keys of the devices, from the enrolment records; without them no signature can be judged.
  std::optional<SigningPublicKey> key_of(DeviceId device) {
    if (!enrolment_) return std::nullopt;
    const auto key = (*enrolment_)->public_key(device);
    return key.ok() ? *key : std::nullopt;
  }

  void check_tracks(const std::vector<TrackKey>& tracks) {
    auto enrolment = EnrolmentDb::open_to_read(layout_, clock_);
    if (enrolment.ok()) {
      enrolment_ = std::move(*enrolment);
    } else {
      notice("no enrolment records: signatures were not judged");
    }
    Progress progress(io_, "tracks", tracks.size());
    for (const TrackKey& key : tracks) {
      const TrackFiles files = track_files(layout_, key);
      const std::string name = files.sidecar.string();
      std::optional<SigningPublicKey> device_key;
      if (const auto sidecar = File::open_for_reading(files.sidecar); sidecar.ok()) {
        if (const auto device = read_sidecar_header(*sidecar); device.ok()) {
          device_key = key_of(*device);
        }
      }
      const auto audit = audit_track(files, read_data_, device_key);
      if (!audit.ok()) {
        problem(name + ": " + audit.error().message());
      } else {
        parts_ += audit->parts.size();
        for (const auto& text : audit->problems) problem(name + ": " + text);
        if (audit->torn_sidecar_bytes + audit->unreferenced_media_bytes > 0) {
          notice(name +
                 ": a torn end; the hub's next start cuts it off, nothing receipted is in it");
        }
      }
      progress.step();
    }
  }

  void check_log(ProjectId project) {
    const auto path = layout_.event_log(project);
    const auto file = File::open_for_reading(path);
    if (!file.ok()) return problem(file.error().message());
    const auto end = read_event_log(*file, 0, [&](const EventRecord& record, std::uint64_t at) {
      ++events_;
      if (const auto event = parse_event(record.event_bytes); !event.ok()) {
        problem(
            fmt::format("{}: event at byte {}: {}", path.string(), at, event.error().message()));
      }
      return true;
    });
    const auto size = file->size_bytes();
    if (!end.ok()) return problem(path.string() + ": " + end.error().message());
    if (size.ok() && *end < *size)
      notice(path.string() + ": a torn end; the next start cuts it off");
  }

  const Layout& layout_;
  const bool read_data_;
  CommandIo io_;
  SystemClock clock_;
  std::optional<std::unique_ptr<EnrolmentDb>> enrolment_;
  std::uint64_t parts_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t problems_ = 0;
};

}  // namespace

int check_command(const Layout& layout, bool read_data, CommandIo io) {
  return Check(layout, read_data, io).run();
}

}  // namespace sitecast::hub
