// SPDX-License-Identifier: Apache-2.0
// How far a device's signatures reach over the parts that are here. A signed head names, by the
// running hash, every part up to its own (proto/codec/running_hash.h). Where a part is missing the
// running hash is lost, but the next signed head brings it back: parts between two signed heads are
// proven again, those between the gap and the first head after it are not. Owner thread: one. Pure;
// cost: one hash per part, one signature check per head.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/id.h"
#include "proto/codec/running_hash.h"

namespace sitecast::hub {

// Sequences [first, first + count).
struct PartSpan {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  [[nodiscard]] std::uint64_t end() const { return first + count; }
  bool operator==(const PartSpan&) const = default;
};
// Appends [first, end) to `spans`, joined to the last one where they touch.
void append_span(std::vector<PartSpan>& spans, std::uint64_t first, std::uint64_t end);
std::uint64_t count_parts(const std::vector<PartSpan>& spans);
std::string format_spans(const std::vector<PartSpan>& spans);  // "0-4, 9"

class TrackChain {
 public:
  // `key`: the device's; nullopt when it is not known, then heads are only held against the chain.
  TrackChain(CaptureId capture, std::string_view track, std::optional<SigningPublicKey> key,
             const std::vector<v1::SignedHead>& heads);

  // Parts in sequence order, each once.
  void add(std::uint64_t sequence, const Hash& part_hash);
  // After the last part.
  void finish();

  // Each a sentence that names the parts.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  [[nodiscard]] const std::vector<PartSpan>& proven() const { return proven_; }
  [[nodiscard]] const std::vector<PartSpan>& missing() const { return missing_; }
  // Parts [0, contiguous) are here; `running` is over them.
  [[nodiscard]] std::uint64_t contiguous() const { return contiguous_; }
  [[nodiscard]] const Hash& running() const { return running_of_contiguous_; }

 private:
  // REQUIRES: key_. A head that is not genuine is a problem, and says nothing about parts.
  [[nodiscard]] bool genuine(const v1::SignedHead& head);
  void begin_after_gap(std::uint64_t sequence);
  void hold_against_heads(std::uint64_t sequence);

  CaptureId capture_;
  std::string track_;
  std::optional<SigningPublicKey> key_;
  std::multimap<std::uint64_t, v1::SignedHead> heads_;
  std::optional<RunningHash> running_;  // nullopt: lost in a gap
  std::uint64_t next_ = 0;              // the sequence that would follow without a gap
  std::uint64_t unproven_from_ = 0;     // parts from here on await a head
  std::uint64_t contiguous_ = 0;
  Hash running_of_contiguous_{};
  std::vector<std::string> problems_;
  std::vector<PartSpan> proven_;
  std::vector<PartSpan> missing_;
};

}  // namespace sitecast::hub
