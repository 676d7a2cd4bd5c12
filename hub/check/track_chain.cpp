// SPDX-License-Identifier: Apache-2.0
#include "hub/check/track_chain.h"

#include <fmt/format.h>

#include <algorithm>

namespace sitecast::hub {
namespace {

std::optional<Hash> hash_of(const v1::SignedHead& head) {
  Hash hash{};
  if (head.running_hash().size() != hash.size()) return std::nullopt;
  std::ranges::copy(as_bytes(head.running_hash()), hash.begin());
  return hash;
}

}  // namespace

void append_span(std::vector<PartSpan>& spans, std::uint64_t first, std::uint64_t end) {
  if (first >= end) return;
  if (!spans.empty() && spans.back().end() == first) {
    spans.back().count += end - first;
  } else {
    spans.push_back({first, end - first});
  }
}

std::uint64_t count_parts(const std::vector<PartSpan>& spans) {
  std::uint64_t count = 0;
  for (const PartSpan& span : spans) count += span.count;
  return count;
}

std::string format_spans(const std::vector<PartSpan>& spans) {
  constexpr std::size_t kMostShown = 20;
  std::string text;
  for (std::size_t i = 0; i < spans.size() && i < kMostShown; ++i) {
    if (i > 0) text += ", ";
    text += spans[i].count == 1 ? fmt::format("{}", spans[i].first)
                                : fmt::format("{}-{}", spans[i].first, spans[i].end() - 1);
  }
  return spans.size() > kMostShown ? text + ", …" : text;
}

TrackChain::TrackChain(CaptureId capture, std::string_view track,
                       std::optional<SigningPublicKey> key,
                       const std::vector<v1::SignedHead>& heads)
    : capture_(capture), track_(track), key_(key), running_(RunningHash(capture, track)) {
  for (const auto& head : heads) heads_.emplace(head.sequence(), head);
  running_of_contiguous_ = running_->value();
}

bool TrackChain::genuine(const v1::SignedHead& head) {
  if (verify_head(*key_, capture_, track_, head)) return true;
  problems_.push_back(
      fmt::format("part {}: the signature is not that of the device", head.sequence()));
  return false;
}

// A signed head of the last missing part says what the chain was before this one.
void TrackChain::begin_after_gap(std::uint64_t sequence) {
  append_span(missing_, next_, sequence);
  running_.reset();
  unproven_from_ = sequence;
  const auto [first, end] = heads_.equal_range(sequence - 1);
  for (auto head = first; head != end; ++head) {
    const auto hash = hash_of(head->second);
    if (hash && (!key_ || genuine(head->second))) running_.emplace(sequence, *hash);
  }
}

void TrackChain::add(std::uint64_t sequence, const Hash& part_hash) {
  if (sequence != next_) begin_after_gap(sequence);
  next_ = sequence + 1;
  if (running_) running_->add(part_hash);
  hold_against_heads(sequence);
  if (contiguous_ == sequence) {
    contiguous_ = next_;
    running_of_contiguous_ = running_->value();
  }
}

void TrackChain::hold_against_heads(std::uint64_t sequence) {
  const auto [first, end] = heads_.equal_range(sequence);
  for (auto head = first; head != end; ++head) {
    const auto hash = hash_of(head->second);
    if (!hash) continue;  // the proof's parser does not let one pass
    if (key_ && !genuine(head->second)) continue;
    if (running_ && running_->value() != *hash) {
      problems_.push_back(
          fmt::format("parts {}-{}: the device signed something else here (a part was altered, "
                      "replaced or moved)",
                      unproven_from_, sequence));
    } else if (running_ && key_) {
      append_span(proven_, unproven_from_, next_);
    }
    // From here on the device's own word is the chain again.
    running_.emplace(next_, *hash);
    unproven_from_ = next_;
  }
}

void TrackChain::finish() {
  // Heads beyond the last part: the device has signed more than is here.
  std::uint64_t signed_end = next_;
  for (auto head = heads_.lower_bound(next_); head != heads_.end(); ++head) {
    if (!key_ || genuine(head->second)) signed_end = head->first + 1;
  }
  append_span(missing_, next_, signed_end);
}

}  // namespace sitecast::hub
