// SPDX-License-Identifier: Apache-2.0
#include "hub/check/track_audit.h"

#include <fmt/format.h>

#include <algorithm>

#include "hub/archive/journal_rest.h"
#include "hub/archive/sidecar.h"
#include "hub/archive/track_file.h"
#include "proto/codec/part_frame.h"

namespace sitecast::hub {
namespace {

// Empty when the part's bytes are there and have its hash.
std::string media_fault(const SidecarRecord& record, const File& media, Bytes& buffer) {
  if (record.media_size_bytes > limits::kPartBytes) return "claims more bytes than a part may have";
  buffer.resize(record.media_size_bytes);
  if (!media.read_at(record.media_offset, buffer).ok()) return "its media is missing";
  if (part_hash(record.envelope_bytes, buffer) == record.part_hash) return {};
  return fmt::format("its bytes (at byte {} of the media file) are not what was archived",
                     record.media_offset);
}

// `size`: of the sidecar before it is read, since a running hub appends to it.
void read_records(const File& sidecar, std::uint64_t size, const File& media,
                  std::uint64_t media_size, bool read_data, TrackAudit& audit) {
  audit.sidecar_bytes = size;
  Bytes buffer;
  const auto visit = [&](const SidecarRecord& record, std::uint64_t offset) {
    const auto envelope = parse_envelope(record.envelope_bytes);
    if (!envelope.ok()) {
      audit.problems.push_back(
          {Finding::kRecordDamaged,
           fmt::format("record at byte {}: {}", offset, envelope.error().message()), offset});
      return true;
    }
    const std::uint64_t sequence = envelope->sequence();
    PartRecord part{sequence,
                    record.media_offset,
                    offset,
                    record.media_size_bytes,
                    envelope->last(),
                    false,
                    init_key(envelope->init_hash8()),
                    record.part_hash};
    const std::string fault = read_data ? media_fault(record, media, buffer) : std::string();
    const bool beyond = record.media_offset > media_size ||
                        record.media_size_bytes > media_size - record.media_offset;
    part.damaged = !fault.empty() || beyond;
    if (!fault.empty()) {
      audit.problems.push_back(
          {Finding::kPartDamaged, fmt::format("part {}: {}", sequence, fault), offset});
    }
    audit.parts.push_back(part);
    const auto proof = parse_proof(record.proof_bytes);
    if (!proof.ok()) {
      audit.problems.push_back({Finding::kRecordDamaged,
                                fmt::format("part {}: {}", sequence, proof.error().message()),
                                offset});
    } else if (proof->has_head()) {
      audit.heads.push_back(proof->head());
    }
    if (!part.damaged) {
      audit.intact_sidecar_bytes = offset + sidecar_record_bytes(record);
      audit.intact_media_bytes =
          std::max(audit.intact_media_bytes, record.media_offset + record.media_size_bytes);
    }
    return true;
  };
  const auto read = read_sidecar(sidecar, 0, visit, size);
  if (!read.ok()) {
    audit.problems.push_back({Finding::kUnreadable, read.error().message()});
    return;
  }
  audit.sidecar_bytes = *read;
  audit.torn_sidecar_bytes = size - *read;
  if (audit.torn_sidecar_bytes == 0) return;
  const auto rest = sidecar_rest(sidecar, *read, size);
  if (rest.ok()) {
    audit.whole_records_behind = rest->whole_records;
    audit.damaged_before_whole = !may_be_torn(*rest, size);
  } else {
    audit.problems.push_back({Finding::kUnreadable, rest.error().message()});
  }
}

void find_overlaps(std::uint64_t media_size, TrackAudit& audit) {
  std::vector<const PartRecord*> by_offset;
  by_offset.reserve(audit.parts.size());
  for (const auto& part : audit.parts) by_offset.push_back(&part);
  std::ranges::sort(by_offset, {}, &PartRecord::media_offset);
  std::uint64_t end = 0;
  std::uint64_t first_cut = TrackProblem::kNowhere;
  for (const PartRecord* part : by_offset) {
    if (part->media_offset < end) {
      audit.problems.push_back(
          {Finding::kPartsOverlap,
           fmt::format("part {}: its media overlaps another part's", part->sequence)});
    }
    const std::uint64_t part_end = part->media_offset + part->media_size_bytes;
    if (part_end > media_size) first_cut = std::min(first_cut, part->record_offset);
    end = std::max(end, part_end);
  }
  if (end > media_size) {
    audit.problems.push_back(
        {Finding::kPartDamaged, "the media file ends before its last part", first_cut});
  } else {
    audit.unreferenced_media_bytes = media_size - end;
  }
  audit.media_bytes = end;
}

void drop_duplicates(TrackAudit& audit) {
  std::ranges::stable_sort(audit.parts, {}, &PartRecord::sequence);
  const auto same = [](const PartRecord& a, const PartRecord& b) {
    return a.sequence == b.sequence;
  };
  for (auto at = audit.parts.begin();
       (at = std::adjacent_find(at, audit.parts.end(), same)) != audit.parts.end(); ++at) {
    audit.problems.push_back(
        {Finding::kPartTwice, fmt::format("part {} is stored twice", at->sequence)});
  }
  audit.parts.erase(std::unique(audit.parts.begin(), audit.parts.end(), same), audit.parts.end());
}

void walk_chain(const TrackFiles& files, const std::optional<SigningPublicKey>& key,
                TrackAudit& audit) {
  TrackChain chain(files.capture, files.track, key, audit.heads);
  for (const auto& part : audit.parts) chain.add(part.sequence, part.hash);
  chain.finish();
  for (const auto& text : chain.problems()) audit.problems.push_back({Finding::kSignature, text});
  audit.contiguous = chain.contiguous();
  audit.running = chain.running();
  audit.missing = chain.missing();
  audit.proven = chain.proven();
}

}  // namespace

bool is_torn_end(const TrackAudit& audit, std::uint64_t once_read) {
  const std::uint64_t sidecar_rest =
      audit.sidecar_bytes + audit.torn_sidecar_bytes - audit.intact_sidecar_bytes;
  const std::uint64_t media_rest =
      audit.media_bytes + audit.unreferenced_media_bytes - audit.intact_media_bytes;
  return audit.intact_sidecar_bytes >= once_read && !audit.damaged_before_whole &&
         sidecar_rest <= kGroupSidecarBytes + limits::kPartBytes &&
         media_rest <= kGroupMediaBytes + limits::kPartBytes;
}

std::uint64_t init_key(std::string_view init_hash8) {
  std::uint64_t key = 0;
  for (const char c : init_hash8) key = key << 8 | static_cast<std::uint8_t>(c);
  return key;
}

Result<TrackAudit> audit_track(const TrackFiles& files, bool read_data,
                               const std::optional<SigningPublicKey>& key,
                               const std::optional<v1::SignedHead>& closing) {
  SC_TRY_ASSIGN(const File sidecar, File::open_for_reading(files.sidecar));
  SC_TRY_ASSIGN(const File media, File::open_for_reading(files.media));
  SC_TRY_ASSIGN(const std::uint64_t sidecar_size, sidecar.size_bytes());
  SC_TRY_ASSIGN(const std::uint64_t media_size, media.size_bytes());
  TrackAudit audit;
  SC_TRY_ASSIGN(audit.device, read_sidecar_header(sidecar));
  audit.intact_sidecar_bytes = kSidecarHeaderBytes;
  read_records(sidecar, sidecar_size, media, media_size, read_data, audit);
  find_overlaps(media_size, audit);
  drop_duplicates(audit);
  if (closing) audit.heads.push_back(*closing);
  walk_chain(files, key, audit);
  return audit;
}

}  // namespace sitecast::hub
