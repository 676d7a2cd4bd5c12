// SPDX-License-Identifier: Apache-2.0
// The archive as the hub writes it: accepts parts and events into the current group, makes the
// group durable, and says what may be receipted. Order within a group: media, sidecar records and
// log records are appended; all touched files and new folders are synced; only then commit()
// returns what is durable. A failed write or sync takes back the group's part of that file and is
// never followed by a receipt. Owner thread: the commit thread. Blocking.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "hub/archive/event_file.h"
#include "hub/archive/layout.h"
#include "hub/archive/ownership.h"
#include "hub/archive/syncer.h"
#include "hub/archive/touched_tracks.h"
#include "hub/archive/track_file.h"
#include "hub/archive/verdict.h"
#include "hub/index/event_lookup.h"
#include "hub/index/work.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::hub {

// Who sent an arrival, from its topic.
struct Sender {
  ProjectId project;
  DeviceId device;
  bool gateway = false;  // people speak through it
  auto operator<=>(const Sender&) const = default;
};

struct EventToStore {
  EventId id;
  std::string kind;
  std::optional<CaptureId> capture;
  std::int64_t received_at_us = 0;
  ByteView event_bytes;
};

struct Committed {
  // Nothing of these in this group is durable; the verdict says why.
  std::map<TrackKey, Verdict> failed_tracks;
  std::map<ProjectId, Verdict> failed_logs;
  IndexWork work;  // what is durable now and was not before
};

class Archive {
 public:
  struct Options {
    std::uint64_t reserve_bytes = 0;  // below this much free disk nothing is taken
  };
  // Whether a signed head fits what the archive holds up to it. Decides with the device's key.
  using HeadCheck = std::function<bool(const TrackKey& key, DeviceId device,
                                       const v1::SignedHead& head, const RunningHash& running)>;

  // Opens, and repairs what a crash left: cuts torn ends of the tracks that the last run wrote to.
  static Result<std::unique_ptr<Archive>> open(Layout layout, Options options, const Clock& clock,
                                               HeadCheck check_head, Log log);
  ~Archive();

  // What the index may not know yet, after open().
  [[nodiscard]] const IndexWork& recovered() const { return recovered_; }

  // REQUIRES: the views live until commit() returns.
  Verdict store(const Sender& sender, const TrackKey& key, const PartToStore& part,
                const v1::PartProof& proof);
  Verdict store(const Sender& sender, const EventToStore& event);

  // A group that holds nothing but a track whose write failed is not empty: commit() takes the rest
  // of that write back.
  [[nodiscard]] bool group_is_empty() const { return group_tracks_.empty() && group_logs_.empty(); }
  [[nodiscard]] bool group_is_full() const;
  Committed commit();

  // What is durable of a track, for a receipt. kNotFound: nothing. kPermissionDenied: not theirs.
  // `at_most`: speak of parts [0, at_most) only (v1::TrackPosition.ended); reads the hashes of all
  // of them back when there are more, which is rare.
  Result<v1::TrackReceipt> receipt(const Sender& sender, const TrackKey& key,
                                   std::uint64_t at_most = UINT64_MAX);

  // The index has applied these events: they are found there from now on.
  void forget_events(const std::vector<EventId>& ids);
  // Closes files that nobody has written to for a while.
  void close_idle();
  // Shortens the list of touched tracks by those of `stored` that are not open any more. REQUIRES:
  // the index has stored all that was given out about `stored`.
  Status compact_touched(const std::set<TrackKey>& stored);
  // The next start need not look at the recovered tracks again: each was verified, cut and synced.
  // REQUIRES: the index has stored all of recovered(), and nothing was stored here since.
  Status settle_recovered();
  [[nodiscard]] const std::set<TrackKey>& touched() const { return touched_.keys(); }
  [[nodiscard]] std::size_t open_count() const { return tracks_.size(); }
  // After the last commit, when the index has stored everything.
  Status close_cleanly();

 private:
  struct Open {
    std::unique_ptr<TrackFile> file;
    std::int64_t used_at_us = 0;
    std::int64_t broken_since_us = 0;  // roll_back() failed: tried again from time to time
    bool in_group = false;
    Status group_status = Ok{};  // first error of this group; then nothing more is appended in it
  };
  struct OpenLog {
    std::unique_ptr<EventFile> file;
    std::int64_t broken_since_us = 0;
  };

  Archive(Layout layout, Options options, const Clock& clock, HeadCheck check_head, Log log,
          std::unique_ptr<EventLookup> lookup, Syncer syncer, TouchedTracks touched);
  void recover(const std::vector<TrackKey>& keys);
  Result<Open*> find_track(const TrackKey& key);
  Result<Open*> make_track(const Sender& sender, const TrackKey& key);
  Status make_folder(const std::filesystem::path& folder);
  Result<OpenLog*> find_log(ProjectId project);
  Verdict check_claim(const Sender& sender, const TrackKey& key);
  Verdict store_again(Open& open, const PartToStore& part);
  Verdict check_speaker(const Sender& sender, const EventToStore& event);
  Verdict refuse(const Error& error) const;
  bool head_fits(const TrackFile& file, const PartToStore& part, const v1::PartProof& proof) const;
  void quarantine(const TrackKey& key, const PartToStore& part);
  bool disk_is_full();
  [[nodiscard]] bool disk_is_full_for_events();
  void settle_track(Open& open, Committed& committed);
  void settle_log(ProjectId project, const Status& synced, Committed& committed);
  static Result<RunningHash> running_hash_at(TrackFile& file, std::uint64_t count);
  void check_passed_heads(TrackFile& file);

  Layout layout_;
  Options options_;
  const Clock* clock_;
  HeadCheck check_head_;
  Log log_;
  std::unique_ptr<EventLookup> lookup_;
  Syncer syncer_;
  TouchedTracks touched_;
  Ownership ownership_;
  IndexWork recovered_;

  std::map<TrackKey, Open> tracks_;
  std::map<ProjectId, OpenLog> logs_;
  std::unordered_map<EventId, Bytes> recent_events_;  // newer than the index
  std::map<TrackKey, std::int64_t> unreadable_;       // cannot be opened, since when

  // The current group.
  std::vector<Open*> group_tracks_;
  std::set<ProjectId> group_logs_;
  std::set<std::filesystem::path> group_folders_;
  std::vector<std::pair<ProjectId, EventId>> group_events_;
  std::uint64_t group_parts_ = 0;
  std::uint64_t group_media_bytes_ = 0;
  bool disk_full_ = false;
  std::uint64_t free_bytes_ = 0;
  std::int64_t disk_checked_at_us_ = 0;
};

}  // namespace sitecast::hub
