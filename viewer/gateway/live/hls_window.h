// SPDX-License-Identifier: Apache-2.0
// The newest half minute of one track as Low-Latency HLS (RFC 8216bis): segments, and partial
// segments (`hls_part`) of 200 to 400 ms that group our parts. The bytes are the parts as they
// came; what was there before the window was opened is named from the index. The list is a sliding
// one, so its cost does not depend on how long the capture lasts.
//
// Rules kept here, whatever arrives: media time never goes back; a segment begins with a part that
// can be decoded alone (one that would last longer than the target goes on in another that does
// not); after a lost part of a picture track nothing is named until the next key frame; what is
// missing is a gap (EXT-X-GAP), so that the list's clock stays the capture's and no discontinuity
// is needed. What was announced is never changed. Owner thread: the io thread. Pure: no clock, no
// I/O. Times: track's timescale unless named otherwise.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/index/segment.h"
#include "proto/base/id.h"
#include "viewer/gateway/live/part.h"

namespace sitecast::gateway {

class HlsWindow {
 public:
  static constexpr std::uint64_t kTargetS = 2;       // EXT-X-TARGETDURATION: our key frames
  static constexpr std::uint64_t kWindowS = 24;      // what the list holds
  static constexpr std::uint64_t kSkipUntilS = 12;   // CAN-SKIP-UNTIL: six target durations
  static constexpr std::uint64_t kPartsListedS = 6;  // partial segments are named that far back
  // Parts that are kept, and how many segments; over it the list gets shorter. What a device says
  // of times bounds nothing: a segment that has its share of the bytes is closed, and of pictures
  // nothing more is taken until the next key frame.
  static constexpr std::size_t kKeptBytes = 48U * 1024 * 1024;
  static constexpr std::size_t kSegmentBytes = kKeptBytes / 2;  // the newest and the one that grows
  static constexpr std::size_t kSegments = 512;

  // A part as it came, and how much longer than it says its last picture lasts: until the next was
  // filmed. Browsers take more than twice the last duration for a break and drop pictures up to the
  // next key frame.
  struct Kept {
    std::shared_ptr<const LivePart> part;
    std::uint32_t pause = 0;  // 0: as it says
  };
  using Parts = std::vector<Kept>;

  // `captured_at_us`: when media time was 0. `pictures`: parts depend on those before them.
  HlsWindow(CaptureId capture, std::string track, std::int64_t captured_at_us, bool pictures)
      : capture_(capture),
        track_(std::move(track)),
        captured_at_us_(captured_at_us),
        pictures_(pictures) {}

  // What the archive has of the time before the first part, in media-time order. Before add().
  void begin_with(std::vector<hub::Segment> archived) { archived_ = std::move(archived); }
  // True: the list has more than before. Parts that come late or twice change nothing.
  bool add(const std::shared_ptr<const LivePart>& part);
  // Nothing will follow.
  void end();

  // Whether the list has what a request waits for (section 6.2.5.2): segment `number`, or its
  // partial segment `index`; an index behind the segment's last means the next segment's first.
  [[nodiscard]] bool has(std::uint64_t number, std::optional<std::uint64_t> index) const;
  // So far ahead of the list that the request is wrong.
  [[nodiscard]] bool is_beyond(std::uint64_t number, std::optional<std::uint64_t> index) const;
  // Enough to begin playing: a segment is whole, or all is over (and something was here).
  [[nodiscard]] bool is_playable() const;
  // A part has come. Before that the list has no durations and cannot be written down.
  [[nodiscard]] bool has_begun() const { return part_target_ != 0; }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::size_t kept_bytes() const { return kept_bytes_; }

  // Partial segment that begins with `sequence`; nullptr: not (or no more) here.
  [[nodiscard]] const Parts* hls_part(std::uint64_t sequence) const;
  // The next that will be announced, if nothing is lost; nullopt: none.
  [[nodiscard]] std::optional<std::uint64_t> next_part() const;
  // The segment of exactly these parts; empty: its bytes are not (or no more) here.
  [[nodiscard]] Parts segment(std::uint64_t first, std::uint64_t last) const;
  // nullptr: unknown here.
  [[nodiscard]] const std::string* init_segment(std::string_view init_hash8) const;

  struct Position {
    std::uint64_t number = 0;
    std::uint64_t part = 0;
  };
  // Of the last partial segment; nullopt: there is none.
  [[nodiscard]] std::optional<Position> last_part() const;
  [[nodiscard]] const std::string& track() const { return track_; }

  // The list; `skip`: without what lies behind the skip boundary. `others`: windows of the
  // capture's other tracks, for their reports.
  [[nodiscard]] std::string text(bool skip, const std::vector<const HlsWindow*>& others) const;

 private:
  struct HlsPart {
    std::uint64_t first_sequence = 0;
    std::uint64_t media_time = 0;
    std::uint64_t duration = 0;
    bool independent = false;
    Parts parts;
  };
  struct Segment {
    std::uint64_t number = 0;
    bool gap = false;
    std::uint64_t first_sequence = 0;
    std::uint64_t last_sequence = 0;
    std::uint64_t media_time = 0;
    std::uint64_t duration = 0;
    std::string init_hash8;
    std::vector<HlsPart> hls_parts;  // empty: named from the index
  };

  [[nodiscard]] std::uint64_t ticks(double seconds) const;
  [[nodiscard]] double seconds(std::uint64_t duration) const;
  [[nodiscard]] std::uint64_t end_of_list() const;
  [[nodiscard]] std::uint64_t next_number() const;
  bool start(const LivePart& first);
  void take_archived(const LivePart& first);
  bool open_segment(const LivePart& part);
  void note_pause(std::uint64_t next);
  void add_to_segment(const std::shared_ptr<const LivePart>& part);
  [[nodiscard]] std::uint64_t end_before(const LivePart& next) const;
  [[nodiscard]] bool would_be_short(const LivePart& next) const;
  [[nodiscard]] bool is_short(std::uint64_t end) const;
  bool close_hls_part(std::uint64_t at);
  void close_segment(std::uint64_t at);
  void append_gap(std::uint64_t from, std::uint64_t until);
  void trim(std::size_t coming = 0);
  [[nodiscard]] std::size_t skipped() const;
  void write_segment(std::string& text, const Segment& segment, bool with_parts,
                     const std::string*& init) const;
  void write_hls_parts(std::string& text, const Segment& segment) const;

  const CaptureId capture_;
  const std::string track_;
  const std::int64_t captured_at_us_;
  const bool pictures_;
  std::uint32_t timescale_ = 0;  // 0: nothing yet
  std::uint64_t part_target_ = 0;
  std::vector<hub::Segment> archived_;
  std::deque<Segment> segments_;     // whole, oldest first
  std::optional<Segment> open_;      // the one that grows
  std::optional<HlsPart> filling_;   // not announced yet
  std::uint64_t end_ = 0;            // of the last part in open_
  std::uint64_t next_sequence_ = 0;  // expected
  bool until_key_ = false;
  bool ended_ = false;
  std::size_t kept_bytes_ = 0;
  std::size_t open_bytes_ = 0;                             // of them, in open_
  std::map<std::string, std::string, std::less<>> inits_;  // by init_hash8
};

}  // namespace sitecast::gateway
