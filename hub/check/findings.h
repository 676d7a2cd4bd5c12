// SPDX-License-Identifier: Apache-2.0
// What `check` can find, and what to do about each: one table (findings.cpp), so that no finding is
// told without its remedy. A problem makes the exit code 1, a notice does not. Owner thread: one.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace sitecast::hub {

enum class Finding {
  kNoArchive,
  kUnreadable,           // the file system refuses
  kStrangeFile,          // none of the archive's
  kHalfOfPair,           // a sidecar without media or the other way round
  kJournalDamaged,       // not only at its end; or at its end without a crash that explains it
  kJournalCut,           // shorter than it was once
  kRecordDamaged,        // whole by its checksum, and no part or event
  kPartDamaged,          // its bytes are not those that were archived, or are gone
  kPartTwice,            // one sequence, two records
  kPartsOverlap,         // two parts claim the same bytes
  kMediaWithoutRecords,  // bytes at the end of a media file that belong to no part
  kSignature,            // what lies here is not what the device signed
  kEventTwice,           // one id, two records
  kEventContradicted,    // one id, two records that say different things
  kEventRefused,         // the index's tables have no place for it
  kIndexDiffers,         // from one made from the files
  kIndexHasMore,         // rows that the files do not give, or the files are damaged
  // Notices.
  kTornEnd,      // what a crash leaves and the hub's next start cuts off
  kLeftover,     // of a file that was being replaced when the hub was killed
  kQuarantined,  // an arrival that contradicts an archived part
  kHubRuns,      // so that not everything could be looked at
  kNoKeys,       // so that no signature could be judged
};

bool is_problem(Finding finding);
std::string_view what_to_do(Finding finding);  // one English sentence

// Prints findings as they come, each with what to do.
class FindingReport {
 public:
  explicit FindingReport(std::ostream& out) : out_(&out) {}
  // `where`: a file, usually; `text` says what is there.
  void add(Finding finding, std::string_view where, std::string_view text);
  [[nodiscard]] std::uint64_t problems() const { return problems_; }

 private:
  std::ostream* out_;
  std::uint64_t problems_ = 0;
};

}  // namespace sitecast::hub
