// SPDX-License-Identifier: Apache-2.0
// What the capture side (capture, encode, vision) hands to the spool. The interface lives with its
// consumer; agent/spool implements it.
// Thread-safety: all methods may be called from any thread (GStreamer streaming threads among
// them); parts of one track arrive in order from one thread at a time. None of them blocks on a
// sync of the disk or on the network: a write into the page cache is the most that happens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

// One finished part, without identity: the spool gives it its sequence, envelope and hash.
struct NewPart {
  std::uint64_t media_time = 0;  // track's timescale; file tracks: byte offset
  std::uint32_t duration = 0;
  bool key_frame = false;
  Bytes init_segment;               // non-empty where the envelope shall carry it
  std::string init_hash8;           // 8 bytes, names the init segment that decodes this part
  std::int64_t captured_at_us = 0;  // used where the envelope carries it
  v1::FileInfo file;                // file tracks, block 0
  bool has_file = false;
  bool last = false;  // ends its track
  Bytes media;
};

// One capture being recorded. Destroying it without close() leaves the capture open; the next start
// of the agent closes it at its last synced part.
class CaptureWriter {
 public:
  virtual ~CaptureWriter() = default;
  [[nodiscard]] virtual CaptureId id() const = 0;

  // kResourceExhausted: quota or disk reached, the part was not taken and recording must stop
  // visibly.
  virtual Status append(std::string_view track, NewPart part) = 0;

  // Stores an event about this capture durably soon (same sync group as parts). Fills in event_id,
  // stated_at_us and capture_id where empty.
  virtual Status state(v1::Event event) = 0;

  // Ends every track, syncs, states capture.closed. Blocking until synced. Idempotent.
  virtual Status close(std::string_view reason, std::string_view detail) = 0;
};

// Makes captures. `opened` is stated as capture.opened before the first part can be published.
class CaptureStore {
 public:
  virtual ~CaptureStore() = default;
  virtual Result<std::unique_ptr<CaptureWriter>> open_capture(ProjectId project, std::string area,
                                                              v1::CaptureOpened opened) = 0;
};

}  // namespace sitecast::agent
