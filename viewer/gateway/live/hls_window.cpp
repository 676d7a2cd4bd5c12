// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/live/hls_window.h"

#include <algorithm>
#include <cmath>

#include "proto/codec/box_reader.h"
#include "proto/codec/part_frame.h"

namespace sitecast::gateway {
namespace {

// A pause this long is a gap; below it is rounding and frame rate. As in hls_playlist.cpp.
constexpr double kGapToleranceS = 0.3;
// Rounded it is still the target duration (section 4.4.3.1).
constexpr double kLongestS = HlsWindow::kTargetS + 0.45;
constexpr double kPartS = 0.3;
constexpr double kShortPartS = 0.045;  // at least 85 % of kPartS is there however they fall
constexpr double kLeastPartS = 0.2;
constexpr double kWobble = 1.1;  // room for a camera that is not as even as it says
// The first number of a list that is opened again is above all that were given before: no list
// gains ten segments a second.
constexpr double kNumbersPerS = 10;
constexpr double kLeastOfTarget = 0.85;
constexpr std::size_t kInits = 64;
// What a part costs beside its bytes, so that many small ones are bounded as well.
constexpr std::size_t kPerPart = 256;

std::size_t weight_of(const LivePart& part) { return part.size_bytes() + kPerPart; }

}  // namespace

std::uint64_t HlsWindow::ticks(double seconds) const {
  return static_cast<std::uint64_t>(seconds * timescale_);
}

double HlsWindow::seconds(std::uint64_t duration) const {
  return static_cast<double>(duration) / timescale_;
}

std::uint64_t HlsWindow::end_of_list() const {
  return segments_.empty() ? 0 : segments_.back().media_time + segments_.back().duration;
}

std::uint64_t HlsWindow::next_number() const {
  return segments_.empty() ? 0 : segments_.back().number + 1;
}

bool HlsWindow::add(const std::shared_ptr<const LivePart>& part) {
  if (ended_ || part->duration == 0) return false;
  if (part->starts_group) {
    const auto split = split_part_frame(part->frame);
    if (!split.ok()) return false;
    const auto envelope = parse_envelope(split->envelope_bytes);
    if (!envelope.ok()) return false;
    const auto info = read_init(as_bytes(envelope->init_segment()));
    if (!info.ok() || info->timescale == 0) return false;
    if (timescale_ != 0 && info->timescale != timescale_) return false;
    if (inits_.size() >= kInits && !inits_.contains(part->init_hash8)) inits_.clear();
    inits_.insert_or_assign(part->init_hash8, envelope->init_segment());
    timescale_ = info->timescale;
  }
  if (timescale_ == 0 || part->sequence < next_sequence_) return false;
  if (seconds(part->duration) > kTargetS) return false;
  if (part_target_ == 0 && !start(*part)) return false;

  const std::uint64_t from = part->media_time;
  const std::uint64_t reached = open_ ? end_ : end_of_list();
  const std::uint64_t tolerance = ticks(kGapToleranceS);
  if (from + tolerance < reached) return false;  // a clock that went back
  const bool lost = next_sequence_ != 0 && part->sequence > next_sequence_;
  next_sequence_ = part->sequence + 1;
  const bool hole = from > reached + tolerance;
  const bool broken = hole || (lost && pictures_);
  bool grown = false;
  if (pictures_ && broken && !part->starts_group) until_key_ = true;
  if (pictures_ && !broken && filling_) note_pause(from);
  if (open_) {
    const std::uint64_t so_far = from - std::min(from, open_->media_time);
    const bool long_enough = seconds(so_far + part->duration) > kLongestS;
    if (broken || part->starts_group || long_enough || would_be_short(*part)) {
      // Where the next follows at once, durations add up to media times.
      const bool follows = !hole && (part->starts_group || !broken);
      close_segment(follows && so_far > 0 && seconds(so_far) <= kLongestS ? from : end_);
      grown = true;
    }
  }
  // Whatever media times a device claims, what is kept is bounded in bytes.
  if (open_ && open_bytes_ + weight_of(*part) > kSegmentBytes) {
    close_segment(end_);
    until_key_ = pictures_;
    grown = true;
  }
  if (!open_) {
    if (part->starts_group) until_key_ = false;
    if (until_key_) return grown;
    if (!open_segment(*part)) return grown;
  }
  trim(weight_of(*part));
  const std::size_t before = open_->hls_parts.size();
  add_to_segment(part);
  return grown || open_->hls_parts.size() > before;
}

void HlsWindow::note_pause(std::uint64_t next) {
  auto& last = filling_->parts.back();
  const std::uint64_t end = last.part->media_time + last.part->duration;
  // A part holds at most a few pictures; shorter pauses are nothing to a browser.
  if (next > end + last.part->duration / 4) last.pause = static_cast<std::uint32_t>(next - end);
}

// Where the part that is being filled ends if `next` is not taken into it.
std::uint64_t HlsWindow::end_before(const LivePart& next) const {
  // A pause within it: the time up to the next is still its own, as far as it may last.
  return std::max(end_, std::min(next.media_time, filling_->media_time + part_target_));
}

// Only the last of a segment may be shorter than 85 % of the target (section 4.4.4.9).
bool HlsWindow::would_be_short(const LivePart& next) const {
  if (!filling_) return false;
  if (next.media_time + next.duration <= filling_->media_time + part_target_) return false;
  return is_short(end_before(next));
}

bool HlsWindow::is_short(std::uint64_t end) const {
  return !filling_->independent && static_cast<double>(end - filling_->media_time) <
                                       kLeastOfTarget * static_cast<double>(part_target_);
}

// Takes the durations of the list from its first part.
bool HlsWindow::start(const LivePart& first) {
  if (!first.starts_group) return false;
  const double part_s = seconds(first.duration);
  if (part_s <= kShortPartS) {
    part_target_ = ticks(kPartS);
  } else {
    // As many whole parts as come nearest, so that no partial segment is much shorter than others.
    const double count =
        std::max({1.0, std::round(kPartS / part_s), std::ceil(kLeastPartS / part_s - 1e-6)});
    part_target_ = ticks(count * part_s * kWobble);
  }
  take_archived(first);
  return true;
}

void HlsWindow::take_archived(const LivePart& first) {
  std::uint64_t next_sequence = first.sequence;
  std::uint64_t next_time = first.media_time;
  std::vector<Segment> backwards;
  for (auto at = archived_.rbegin(); at != archived_.rend(); ++at) {
    if (at->first_sequence >= first.sequence) continue;
    const bool whole = at->parts_missing == 0 && at->part_count > 0 && at->size_bytes() > 0 &&
                       at->first_sequence + at->part_count == next_sequence;
    if (!whole || at->media_time >= next_time) break;
    if (seconds(next_time - at->media_time) > kLongestS) break;
    if (first.media_time - at->media_time > ticks(kWindowS)) break;
    Segment segment;
    segment.first_sequence = at->first_sequence;
    segment.last_sequence = next_sequence - 1;
    segment.media_time = at->media_time;
    segment.duration = next_time - at->media_time;
    segment.init_hash8 = at->init_hash8;
    next_sequence = at->first_sequence;
    next_time = at->media_time;
    backwards.push_back(std::move(segment));
  }
  archived_.clear();
  auto number = static_cast<std::uint64_t>(seconds(next_time) * kNumbersPerS);
  for (auto at = backwards.rbegin(); at != backwards.rend(); ++at) {
    at->number = number++;
    segments_.push_back(std::move(*at));
  }
}

bool HlsWindow::open_segment(const LivePart& part) {
  // Who has another init is not decoded with the one that is here.
  if (!inits_.contains(part.init_hash8)) return false;
  const std::uint64_t end = end_of_list();
  if (!segments_.empty()) {
    if (part.media_time + ticks(kGapToleranceS) < end) return false;
    if (part.media_time > end + ticks(kGapToleranceS)) append_gap(end, part.media_time);
  }
  open_.emplace();
  open_->number = segments_.empty()
                      ? static_cast<std::uint64_t>(seconds(part.media_time) * kNumbersPerS)
                      : next_number();
  open_->first_sequence = part.sequence;
  open_->media_time = part.media_time;
  open_->init_hash8 = part.init_hash8;
  end_ = part.media_time;
  open_bytes_ = 0;
  return true;
}

void HlsWindow::append_gap(std::uint64_t from, std::uint64_t until) {
  const std::uint64_t longest = kTargetS * timescale_;
  // What the list would have let go of already is only counted.
  const std::uint64_t kept = (kWindowS / kTargetS + 1) * longest;
  std::uint64_t number = next_number();
  if (until - from > kept) {
    const std::uint64_t over = (until - from - kept) / longest;
    number += over;
    from += over * longest;
    segments_.clear();
    kept_bytes_ = 0;
  }
  while (from < until) {
    Segment gap;
    gap.gap = true;
    gap.number = number++;
    gap.media_time = from;
    gap.duration = std::min(longest, until - from);
    from += gap.duration;
    segments_.push_back(std::move(gap));
  }
  trim();
}

void HlsWindow::add_to_segment(const std::shared_ptr<const LivePart>& part) {
  const std::uint64_t end = part->media_time + part->duration;
  if (filling_ && end > filling_->media_time + part_target_) {
    close_hls_part(end_before(*part));
  }
  if (!filling_) {
    filling_.emplace();
    filling_->first_sequence = part->sequence;
    filling_->media_time = part->media_time;
    filling_->independent = part->starts_group || !pictures_;
  }
  filling_->parts.push_back({part});
  kept_bytes_ += weight_of(*part);
  open_bytes_ += weight_of(*part);
  open_->last_sequence = part->sequence;
  end_ = std::max(end_, end);
}

bool HlsWindow::close_hls_part(std::uint64_t at) {
  if (!filling_) return false;
  filling_->duration =
      std::min(std::max<std::uint64_t>(at - std::min(at, filling_->media_time), 1), part_target_);
  open_->hls_parts.push_back(std::move(*filling_));
  filling_.reset();
  return true;
}

void HlsWindow::close_segment(std::uint64_t at) {
  if (!open_) return;
  close_hls_part(at);
  open_->duration = std::max<std::uint64_t>(at - std::min(at, open_->media_time), 1);
  segments_.push_back(std::move(*open_));
  open_.reset();
  trim();
}

void HlsWindow::end() {
  if (ended_) return;
  ended_ = true;
  close_segment(end_);
}

// `coming`: bytes for which there must be room. The newest segment always stays.
void HlsWindow::trim(std::size_t coming) {
  const auto bytes_of = [](const Segment& segment) {
    std::size_t sum = 0;
    for (const auto& hls_part : segment.hls_parts) {
      for (const auto& kept : hls_part.parts) sum += weight_of(*kept.part);
    }
    return sum;
  };
  while (segments_.size() > 1) {
    const auto& oldest = segments_.front();
    const std::uint64_t without = end_of_list() - oldest.media_time - oldest.duration;
    // Nobody films so much in three target durations (the shortest list, section 6.2.2) that it
    // would be too much here.
    const bool too_much = kept_bytes_ + coming > kKeptBytes || segments_.size() > kSegments;
    if (without < kWindowS * timescale_ && !too_much) break;
    kept_bytes_ -= bytes_of(oldest);
    segments_.pop_front();
  }
}

bool HlsWindow::has(std::uint64_t number, std::optional<std::uint64_t> index) const {
  if (ended_) return true;
  if (!segments_.empty() && segments_.back().number > number) return true;
  if (!segments_.empty() && segments_.back().number == number) {
    if (!index || *index < segments_.back().hls_parts.size()) return true;
    return open_ && !open_->hls_parts.empty();  // the next segment's first
  }
  return index && open_ && open_->number == number && *index < open_->hls_parts.size();
}

bool HlsWindow::is_beyond(std::uint64_t number, std::optional<std::uint64_t> index) const {
  if (segments_.empty() && !open_) return false;
  const std::uint64_t last = segments_.empty()
                                 ? open_->number - std::min<std::uint64_t>(1, open_->number)
                                 : segments_.back().number;
  if (number > last + 2) return true;
  if (!index || !open_ || number < open_->number) return false;
  // Advance Part Limit: three seconds of them below a second each (section 6.2.5.2).
  const auto limit = static_cast<std::uint64_t>(std::ceil(3 / seconds(part_target_)));
  return *index > (number == open_->number ? open_->hls_parts.size() : 0) + limit;
}

bool HlsWindow::is_playable() const {
  if (ended_) return has_begun();
  return std::any_of(segments_.begin(), segments_.end(), [](const auto& s) { return !s.gap; });
}

std::optional<HlsWindow::Position> HlsWindow::last_part() const {
  if (open_ && !open_->hls_parts.empty()) {
    return Position{open_->number, open_->hls_parts.size() - 1};
  }
  if (segments_.empty() || segments_.back().hls_parts.empty()) return std::nullopt;
  return Position{segments_.back().number, segments_.back().hls_parts.size() - 1};
}

const HlsWindow::Parts* HlsWindow::hls_part(std::uint64_t sequence) const {
  const auto in = [&](const Segment& segment) -> const Parts* {
    for (const auto& hls_part : segment.hls_parts) {
      if (hls_part.first_sequence == sequence) return &hls_part.parts;
    }
    return nullptr;
  };
  if (open_ && sequence >= open_->first_sequence) return in(*open_);
  for (auto at = segments_.rbegin(); at != segments_.rend(); ++at) {
    if (!at->gap && at->first_sequence <= sequence) return in(*at);
  }
  return nullptr;
}

std::optional<std::uint64_t> HlsWindow::next_part() const {
  if (ended_ || part_target_ == 0) return std::nullopt;
  return filling_ ? filling_->first_sequence : next_sequence_;
}

HlsWindow::Parts HlsWindow::segment(std::uint64_t first, std::uint64_t last) const {
  Parts parts;
  for (const auto& segment : segments_) {
    if (segment.gap || segment.first_sequence != first || segment.last_sequence != last) continue;
    for (const auto& hls_part : segment.hls_parts) {
      parts.insert(parts.end(), hls_part.parts.begin(), hls_part.parts.end());
    }
  }
  return parts;
}

const std::string* HlsWindow::init_segment(std::string_view init_hash8) const {
  const auto found = inits_.find(init_hash8);
  return found == inits_.end() ? nullptr : &found->second;
}

}  // namespace sitecast::gateway
