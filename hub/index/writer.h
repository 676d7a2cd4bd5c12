// SPDX-License-Identifier: Apache-2.0
// The index's one writing connection. Applies work (how far journals are durable) by reading the
// journals; what it has applied is recorded in the same transaction, so a crash at any point only
// makes it read a stretch again. An index built from files alone uses the same code.
// Owner thread: one at a time. Blocking (SQLite syncs at each commit). Errors: the database's;
// after an error nothing of the call is kept and the same work may be given again. An event that
// the tables refuse is no such error: it is logged, counted and passed over.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "hub/archive/layout.h"
#include "hub/index/track_index.h"
#include "hub/index/work.h"
#include "proto/base/log.h"
#include "proto/base/result.h"
#include "proto/sqlite/database.h"

namespace sitecast::hub {

class IndexWriter {
 public:
  // Creates the schema in a new file. kFailedPrecondition when the file is of another version (an
  // older one: open_index builds it anew).
  static Result<std::unique_ptr<IndexWriter>> open(const std::filesystem::path& path, Layout layout,
                                                   Log log);

  // `now_us` is monotonic and decides what is due. `everything`: writes also what is not due.
  Result<IndexChanges> apply(const IndexWork& work, std::int64_t now_us, bool everything);

  // Records read from sidecars that wait to be written.
  [[nodiscard]] std::uint64_t pending_records() const;
  // Events that the tables refused since this was opened. They stay in their log.
  [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }
  // How far a log has been applied.
  Result<std::uint64_t> log_position(ProjectId project);
  // How far a track's sidecar has been applied; 0 for an unknown one.
  Result<std::uint64_t> track_position(const TrackKey& key);

 private:
  IndexWriter(Database database, Layout layout, Log log)
      : database_(std::move(database)), layout_(std::move(layout)), log_(std::move(log)) {}
  Status apply_in_transaction(const IndexWork& work, std::int64_t now_us, bool everything,
                              IndexChanges& changes);
  Status apply_log(const LogTail& tail, IndexChanges& changes);
  Status apply_track(const TrackTail& tail, std::int64_t now_us, bool everything,
                     IndexChanges& changes);
  Status store(TrackIndex& track, std::int64_t now_us, IndexChanges& changes);
  Status note_closing(CaptureId capture);
  Result<TrackIndex*> track_of(const TrackKey& key);
  Status begin();
  void forget_idle(std::int64_t now_us, bool everything);

  Database database_;
  Layout layout_;
  Log log_;
  std::unique_ptr<Transaction> transaction_;
  std::map<TrackKey, TrackIndex> tracks_;
  // Where refused events lie, until what comes behind them is committed.
  std::set<std::pair<ProjectId, std::uint64_t>> refused_;
  std::uint64_t passed_over_ = 0;
};

}  // namespace sitecast::hub
