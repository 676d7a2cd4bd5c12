// SPDX-License-Identifier: Apache-2.0
// Read side of the index, used by the gateway and by the hub's own commands. Each method is one
// short read transaction (well under 1 s) and pages; costs do not grow with the archive. Where the
// index lags (the open minute), segments() completes it from the sidecar's tail, so a reader sees
// what is durable at this moment. Reopens by itself when CURRENT names another index. Owner thread:
// one at a time; open one per thread. Works with the hub stopped, killed or rebuilding. Errors:
// kNotFound (no such object), kUnavailable (busy or being switched: retry), kDataLoss.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hub/index/search_document.h"
#include "hub/index/segment.h"
#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"

namespace sitecast::hub {

struct ProjectInfo {
  ProjectId id;
  std::string name;
  std::string name_en;
  std::string place;
  std::string time_zone;
  std::vector<std::string> areas;
  std::vector<std::string> stages;
  std::uint64_t capture_count = 0;
  std::int64_t last_captured_at_us = 0;  // 0: none yet
};

struct CaptureInfo {
  CaptureId id;
  ProjectId project;
  DeviceId device;
  std::string capture_kind;  // "walkthrough", "photo", …; "unknown" until capture.opened arrives
  std::string title;
  std::string area;
  std::int64_t captured_at_us = 0;
  std::int64_t received_at_us = 0;  // of the first thing that arrived
  std::int64_t duration_ms = 0;     // of what is archived
  bool closed = false;              // capture.closed arrived
  bool complete = false;            // closed and every part of every track is here
  bool demonstration = false;
  std::optional<CaptureId> continues;
  std::vector<std::string> tracks;
  // Latest progress statement of the capture, if any.
  std::string stage;
  std::optional<double> percentage;
  std::uint32_t note_count = 0;
  std::vector<std::string> warnings;  // too_dark | blurred | lens_covered seen at least once
  Bytes photo_metadata;               // serialised v1::PhotoMetadata, empty if none
};

struct TrackInfo {
  std::string name;
  std::uint32_t timescale = 0;                    // 0 for file tracks
  std::string codec;                              // RFC 6381, of the first init segment
  std::uint64_t part_count = 0;                   // durable parts
  std::optional<std::uint64_t> part_count_total;  // known once closed
  std::uint64_t size_bytes = 0;
  std::uint64_t first_media_time = 0;
  std::uint64_t end_media_time = 0;
  std::string file_name;  // file tracks
  std::string media_type;
  std::uint64_t file_size_bytes = 0;
};

struct EventInfo {
  EventId id;
  std::string kind;
  DeviceId device;
  std::int64_t stated_at_us = 0;
  std::int64_t received_at_us = 0;
  std::optional<CaptureId> capture;
  std::optional<std::int64_t> media_time_us;
  Bytes event_bytes;  // v1::Event as sent
};

// Page of a timeline: newest first by (captured_at_us, capture id); of its remarks by
// (stated_at_us, event id). One cursor serves both, so that they can be put into one order.
struct TimelineQuery {
  ProjectId project;
  std::uint32_t limit = 50;                 // 1..200
  std::optional<std::int64_t> before_us;    // cursor: strictly before (before_us, before_capture)
  std::optional<CaptureId> before_capture;  // of remarks: an event's id
  std::optional<std::int64_t> from_us;      // captured_at_us >= from_us
  std::string area;                         // empty: all
  std::string capture_kind;                 // empty: all; remarks have none
};

// A frozen plan. Its lines are known once all its parts have arrived.
struct PlanBaselineInfo {
  std::uint32_t number = 0;
  std::int64_t stated_at_us = 0;
  EventId stated_event;
  Bytes statement;  // v1::PlanBaselined
};

// Something that was said of a plan item.
struct PlanStatementInfo {
  Bytes item_id;
  EventId id;
  std::string kind;
  std::int64_t stated_at_us = 0;
  std::int64_t seen_at_us = 0;       // when its evidence was filmed, else when it was stated
  std::optional<CaptureId> capture;  // the evidence, if it is a capture of the project
  std::optional<double> percentage;
  std::int64_t event_row = 0;  // of this view of the index alone
};

// Footage that is asked for, and what became of it.
struct RequestInfo {
  EventInfo event;                 // the request
  std::optional<DeviceId> device;  // who is asked; none: anybody of the project
  bool closed = false;
  std::vector<EventInfo> steps;  // as stated
};

// What was said or filmed, by its words: all of them must be there. Of these projects alone.
struct SearchQuery {
  std::vector<ProjectId> projects;
  std::string typed;
  SearchFilter filter;
  std::optional<std::int64_t> from_us;   // stated at or after
  std::optional<std::int64_t> until_us;  // stated before
  std::optional<EventId> after;          // cursor: `next` of the page before
  std::uint32_t limit = 20;              // 1..50
};

struct SearchHit {
  EventInfo event;
  ProjectId project;
  SearchDocument document;
  std::vector<std::pair<std::size_t, std::size_t>> marks;  // of the words, bytes of document.text
  std::optional<CaptureInfo> capture;
};

struct SearchPage {
  std::vector<SearchHit> hits;  // newest first
  // There may be more. A page may be short, or empty, and still go on: what one call looks at is
  // bounded.
  std::optional<EventId> next;
};

class IndexReader {
 public:
  // `state_dir` is the hub's. kUnavailable when there is no index yet.
  static Result<std::unique_ptr<IndexReader>> open(const std::filesystem::path& state_dir);
  virtual ~IndexReader() = default;

  virtual Result<std::vector<ProjectInfo>> projects() = 0;
  virtual Result<ProjectInfo> project(ProjectId id) = 0;
  // (project, role) of a person; the projection of member.added / member.removed.
  virtual Result<std::vector<std::pair<ProjectId, std::string>>> memberships(
      std::string_view user) = 0;
  // (user, role) of a project, by user.
  virtual Result<std::vector<std::pair<std::string, std::string>>> members(ProjectId project) = 0;

  virtual Result<std::vector<CaptureInfo>> timeline(const TimelineQuery& query) = 0;
  // Notes, progress and messages that were said of the project and of no capture.
  virtual Result<std::vector<EventInfo>> remarks(const TimelineQuery& query) = 0;
  virtual Result<CaptureInfo> capture(CaptureId id) = 0;
  virtual Result<ProjectId> project_of(CaptureId id) = 0;
  virtual Result<std::vector<TrackInfo>> tracks(CaptureId id) = 0;
  virtual Result<std::vector<EventInfo>> events(CaptureId id) = 0;

  // Newest number first.
  virtual Result<std::vector<PlanBaselineInfo>> plan_baselines(ProjectId project) = 0;
  // The plan.part events of these ids that belong to the project, in that order. kUnavailable when
  // one has not arrived yet.
  virtual Result<std::vector<EventInfo>> plan_parts(ProjectId project,
                                                    const std::vector<EventId>& parts) = 0;
  // By item, then in the order in which they were stated.
  virtual Result<std::vector<PlanStatementInfo>> plan_statements(ProjectId project) = 0;
  // The event of one of these, in the view that gave it.
  virtual Result<EventInfo> plan_event(const PlanStatementInfo& statement) = 0;

  // Those that are not closed, then (with `closed_too`) the closed ones; of each the newest first.
  virtual Result<std::vector<RequestInfo>> requests(ProjectId project, bool closed_too,
                                                    std::uint32_t limit) = 0;
  // kNotFound: the project has no such request.
  virtual Result<RequestInfo> request(ProjectId project, EventId id) = 0;
  // Pins and messages that the hub received from `from_us` on, oldest first; of more than `limit`
  // the newest.
  virtual Result<std::vector<EventInfo>> directions(ProjectId project, std::int64_t from_us,
                                                    std::uint32_t limit) = 0;

  // kInvalidArgument: `after` is no event of these projects.
  virtual Result<SearchPage> search(const SearchQuery& query) = 0;

  // Segments in media-time order that overlap [from, until) in the track's timescale.
  virtual Result<std::vector<Segment>> segments(CaptureId id, std::string_view track,
                                                std::uint64_t from, std::uint64_t until) = 0;
  virtual Result<Segment> segment(CaptureId id, std::string_view track,
                                  std::uint64_t first_sequence) = 0;
  virtual Result<Bytes> init_segment(CaptureId id, std::string_view track,
                                     std::string_view init_hash8) = 0;

  // From begin_view() to end_view() all calls see one state of the index. Use ReadView.
  virtual Status begin_view() = 0;
  virtual void end_view() = 0;
};

// One state of the index for several calls; well under 1 s, like a call. REQUIRES: the reader
// outlives it and has no other.
class ReadView {
 public:
  static Result<ReadView> of(IndexReader& reader) {
    SC_TRY(reader.begin_view());
    return ReadView(reader);
  }
  ReadView(ReadView&& other) noexcept : reader_(std::exchange(other.reader_, nullptr)) {}
  ReadView& operator=(ReadView&&) = delete;
  ~ReadView() {
    if (reader_ != nullptr) reader_->end_view();
  }

 private:
  explicit ReadView(IndexReader& reader) : reader_(&reader) {}
  IndexReader* reader_;
};

}  // namespace sitecast::hub
