// SPDX-License-Identifier: Apache-2.0
// The write path's one thread: takes arrivals, verifies them, appends them to the archive in
// groups, makes each group durable, and only then receipts it. How long a group gathers adapts to
// the disk: at least as long as the last sync took, at most max_group_us, so that half of the
// disk's time is left and the cost per part falls with load. Thread-safety: state() and
// events_indexed() from any thread; the rest belongs to the owner.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "hub/archive/archive.h"
#include "hub/enrol/devices.h"
#include "hub/index/index_thread.h"
#include "hub/ingest/arrival_queue.h"
#include "hub/metrics.h"
#include "hub/receipt/receipt_book.h"
#include "hub/verify/sender_guard.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/base/mutex.h"

namespace sitecast::hub {

class CommitThread {
 public:
  using Publish = std::function<bool(const std::string& topic, std::string_view payload)>;
  using Answer = std::function<void(const Verdict&)>;

  struct Parts {
    Archive* archive;
    const EnrolledView* enrolled;
    ArrivalQueue* queue;
    IndexThread* index;
    HubMetrics* metrics;
    const Clock* clock;
    Publish publish;
    // A hello that asks for what was directed to its device; called on the commit thread, only
    // posts. May be empty.
    std::function<void(const Sender&, const v1::Hello&)> ask_down = {};
  };

  CommitThread(Parts parts, std::int64_t max_group_us, Log log);
  ~CommitThread();
  void start();
  // Archives and receipts what is in the queue, then ends. REQUIRES: nothing is pushed any more.
  void stop();

  // An event of the hub's own commands. `answer` is called on the commit thread when it is durable,
  // or with why not.
  void state(ProjectId project, Bytes event, Answer answer);
  void events_indexed(std::vector<EventId> ids);

 private:
  struct GroupTrack {
    Sender sender;
    std::uint64_t newest_sequence = 0;
    std::int64_t newest_arrived_at_us = 0;
  };
  struct GroupEvent {
    Sender sender;
    EventId id;
    Answer answer;  // of the hub's own events; nobody else waits
  };
  struct Statement {
    ProjectId project;
    Bytes event;
    Answer answer;
  };
  struct Asked {
    TrackKey track;
    std::uint64_t at_most = UINT64_MAX;  // the device has no more parts than these
  };
  struct Question {
    Sender sender;
    std::uint64_t number = 0;  // Hello.question
    std::vector<Asked> tracks;
  };

  void run();
  void handle(const Arrival& arrival, const Enrolled& enrolled);
  void handle_part(const Admitted& admitted, const Arrival& arrival);
  void handle_event(const Admitted& admitted, ByteView payload);
  void handle_hello(const Admitted& admitted, ByteView payload);
  void handle_statements();
  void handle_dropped(const Enrolled& enrolled);
  void refuse_part(const Admitted& admitted, std::uint64_t sequence, const Verdict& verdict);
  void refuse_event(const Sender& sender, EventId id, const Verdict& verdict);
  [[nodiscard]] std::int64_t wait_us(std::int64_t now_us) const;
  [[nodiscard]] bool group_is_due(std::int64_t now_us, bool queue_was_empty) const;
  void begin_group();
  void commit();
  void receipt_tracks(const Committed& committed, std::int64_t now_us);
  void receipt_events(const Committed& committed);
  void answer_questions();
  void send_receipts(bool everything);
  void keep_house(std::int64_t now_us);

  Parts parts_;
  const std::int64_t max_group_us_;
  Log log_;
  ReceiptBook receipts_;

  // The current group.
  std::map<TrackKey, GroupTrack> group_tracks_;
  std::vector<GroupEvent> group_events_;
  std::vector<Question> questions_;
  std::int64_t group_began_us_ = 0;  // 0: empty
  std::int64_t last_commit_ended_us_ = 0;
  std::int64_t last_commit_took_us_ = 0;
  std::int64_t house_kept_us_ = 0;
  // Shortening the list of touched tracks, once the index has stored what they hold.
  struct Compaction {
    std::uint64_t ticket = 0;
    std::set<TrackKey> stored;
  };
  std::optional<Compaction> compaction_;
  std::size_t touched_before_ = 0;

  std::atomic<bool> stopping_{false};
  Mutex mutex_;
  std::vector<Statement> statements_ SC_GUARDED_BY(mutex_);
  std::vector<EventId> indexed_ SC_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace sitecast::hub
