// SPDX-License-Identifier: Apache-2.0
// Every limit of the wire and of files, in one place; proto/README.md explains each. Decoders check
// them before they allocate.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sitecast::limits {

inline constexpr std::size_t kKiB = 1024;

inline constexpr std::size_t kPartBytes = 4096 * kKiB;     // media of one part
inline constexpr std::size_t kFileBlockBytes = 64 * kKiB;  // one part of a file track
inline constexpr std::size_t kEnvelopeBytes = 2048;        // with init segment and file info
inline constexpr std::size_t kProofBytes = 256;
inline constexpr std::size_t kInitSegmentBytes = 1024;
inline constexpr std::size_t kOverheadBytes = 160;  // topic + frame of an ordinary part
inline constexpr std::size_t kEventBytes = 64 * kKiB;
inline constexpr std::size_t kControlBytes = 256 * kKiB;  // hello, receipt, status
inline constexpr std::size_t kOpusPacketBytes = 1275;     // RFC 6716 section 3.4
inline constexpr std::size_t kTalkBytes = 2 * kKiB;
inline constexpr std::size_t kMqttPacketBytes = kPartBytes + 8 * kKiB;
inline constexpr std::size_t kTrackNameBytes = 16;
inline constexpr std::size_t kTracksPerCapture = 16;
inline constexpr std::size_t kHeldItems = 64;           // of a status
inline constexpr std::size_t kTextBytes = 8 * kKiB;     // a note
inline constexpr std::size_t kMessageBytes = 2 * kKiB;  // pin, message, request
inline constexpr std::size_t kShots = 32;               // of a request
inline constexpr std::size_t kNameBytes = 256;          // area, stage, title, file name
inline constexpr std::size_t kMediaTypeBytes = 128;
inline constexpr std::size_t kWordBytes = 64;     // kind of an event, cause, reason
inline constexpr std::size_t kListEntries = 256;  // areas or stages of a project
inline constexpr std::uint32_t kPlanLines = 20'000;
inline constexpr std::size_t kPlanParts = 1024;
inline constexpr std::uint32_t kPlanLevels = 32;
inline constexpr std::uint32_t kPlanBaselines = 10'000;
inline constexpr std::size_t kSignatureBytes = 64;
inline constexpr std::uint64_t kFileBytes = 2ULL * 1024 * 1024 * 1024;
inline constexpr std::uint64_t kSequence = 1ULL << 40;
inline constexpr std::uint64_t kMediaTime = 1ULL << 53;  // exact in a JavaScript number
inline constexpr std::int64_t kLatestTimeUs = 253'402'300'799'999'999;  // end of the year 9999
inline constexpr std::uint32_t kTimescale = 192'000;    // finest clock of a track, Hz
inline constexpr std::uint32_t kPartDurationMs = 2000;  // longest part accepted
inline constexpr std::uint32_t kKeyFrameIntervalMs = 2000;
inline constexpr std::uint32_t kSamplesPerPart = 4096;

}  // namespace sitecast::limits
