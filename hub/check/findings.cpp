// SPDX-License-Identifier: Apache-2.0
#include "hub/check/findings.h"

namespace sitecast::hub {

bool is_problem(Finding finding) { return finding < Finding::kTornEnd; }

std::string_view what_to_do(Finding finding) {
  switch (finding) {
    case Finding::kNoArchive:
      return "correct state_dir in hub.toml, or restore the archive from a backup";
    case Finding::kUnreadable:
      return "look at the file's owner and rights, and at the kernel's log for errors of the disk; "
             "then check again";
    case Finding::kStrangeFile: return "move it out of the archive; the hub has no use for it";
    case Finding::kHalfOfPair:
      return "restore the other half from a backup under its own name; without it nothing of this "
             "track can be read";
    case Finding::kJournalDamaged:
      return "stop the hub and copy the file before anything else; then restore it from a backup; "
             "what lies before the damage stays readable meanwhile";
    case Finding::kJournalCut:
      return "restore the file from a backup, and do not rebuild the index before: it may hold the "
             "last copy of what was lost";
    case Finding::kRecordDamaged:
      return "nothing reads this record; restore the file from a backup, or report it with the "
             "hub's version, because the hub should not have written it";
    case Finding::kPartDamaged:
      return "restore the media file from a backup; until then exports leave these parts out and "
             "say so";
    case Finding::kPartTwice:
      return "nothing is lost, readers take the first record; report it with the track's two "
             "files, because the hub should not have written the second";
    case Finding::kPartsOverlap:
      return "run `check --read-data` to see which of the parts is whole; restore both of the "
             "track's files from a backup";
    case Finding::kMediaWithoutRecords:
      return "the sidecar has lost its end, or somebody else wrote to the media file: restore the "
             "sidecar from a backup";
    case Finding::kSignature:
      return "compare the track with a backup; do not use it as evidence before this is explained";
    case Finding::kEventTwice:
      return "nothing is shown or counted twice, the first record counts; leave the log as it is "
             "and report it, because the hub should not have written the second";
    case Finding::kEventContradicted:
      return "the first record counts, here and in the index; read both and settle between the "
             "people concerned which one is meant, with a new event";
    case Finding::kEventRefused:
      return "all else is shown, and the log keeps these; `sitecast-hub rebuild-index` names each "
             "by its log and byte: report them with the hub's version";
    case Finding::kIndexDiffers:
      return "run `sitecast-hub rebuild-index`; no file is touched by it";
    case Finding::kIndexHasMore:
      return "restore what the files have lost from a backup first: the index may hold its last "
             "copy; then run `sitecast-hub rebuild-index`";
    case Finding::kTornEnd:
      return "nothing: the hub's next start cuts it off; no receipt was given for it";
    case Finding::kLeftover: return "nothing; it may be deleted while no hub runs";
    case Finding::kQuarantined:
      return "compare it with the archived part of the same sequence and find out why the device "
             "sent both; then move it away";
    case Finding::kHubRuns: return "stop the hub and check again to have everything looked at";
    case Finding::kNoKeys:
      return "restore STATE/enrolment.db from a backup to have signatures judged";
  }
  return "";
}

void FindingReport::add(Finding finding, std::string_view where, std::string_view text) {
  const bool problem = is_problem(finding);
  if (problem) ++problems_;
  *out_ << (problem ? "problem: " : "notice: ") << where << ": " << text
        << "\n  to do: " << what_to_do(finding) << "\n";
}

}  // namespace sitecast::hub
