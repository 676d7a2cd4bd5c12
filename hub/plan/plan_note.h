// SPDX-License-Identifier: Apache-2.0
// What the readers of schedule sheets say about a file, a column, a row or a value, in Chinese and
// English. A note is a code and the values of its sentence; the sentences are one table in
// plan_note.cpp. Thread-safe: value types and pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sitecast::hub {

enum class PlanNoteCode {
  // The file is refused.
  kFileTooLarge,
  kFileEmpty,
  kFileBinary,
  kFileOldOffice,
  kFileMpx,
  kFilePdf,
  kFileHtml,
  kFileOtherXml,
  kFileNotWorkbook,
  kFileEncoding,
  kFileReadFault,
  kXmlBroken,
  kXmlDoctype,
  kZipBroken,
  kZipTooLarge,
  kTooManyRows,
  kTooManyCells,
  kTooManyLinks,
  kNoHeader,
  kNoSheetNamed,
  kNoTasks,
  // About the whole sheet.
  kReadAs,
  kSheetRead,
  kSheetsNotRead,
  kHeaderRows,
  kDateOrder,
  kDateOrderAsked,
  kDateOrderConflict,
  kYearFromTitle,
  kYearFromDates,
  kYearAsked,
  kDates1904,
  kHoursPerDay,
  kColumnsCut,
  kSeveralProjects,
  kBaselineOf,
  // How a column was understood.
  kColumnUnused,
  kColumnSecond,
  kColumnFractions,
  kColumnPercents,
  kColumnDayFirst,
  kColumnHours,
  // Why a row is not an item.
  kRowBlank,
  kRowTitle,
  kRowHeader,
  kRowHeaderAgain,
  kRowSum,
  kRowSignature,
  kRowNoName,
  kRowProject,
  kRowOrphan,
  // A value was left out.
  kDateUnknown,
  kDateImpossible,
  kDateAmbiguous,
  kDateNoYear,
  kDateMonthOnly,
  kFinishBeforeStart,
  kDurationUnknown,
  kDurationUnit,
  kPercentUnknown,
  kPercentAmbiguous,
  kPercentOutside,
  kMilestoneUnknown,
  kLinkUnknown,
  kLinkAmbiguous,
  kLinkUnreadable,
  kLinkItself,
  kLagPercent,
  kWeightUnknown,
  kLevelUnknown,
  kCellFault,
  kTextTooLong,
  // A value was read in a way that people should see.
  kNumberTwice,
  kFromMerge,
  kCarriedDown,
  kYearAdded,
  kNextYear,
  kDateSerial,
  kPercentWord,
  kMilestoneZeroDuration,
  kMilestoneName,
  kAreaGuessed,
  kHiddenRow,
  kSectionRow,
  kLevelJump,
  kElapsed,
};

enum class PlanNoteKind {
  kRefused,  // nothing of the file is read
  kLeftOut,  // a row or a value is missing from the result, for the reason named
  kRead,     // it is in the result; this is how it was read
};

struct PlanNote {
  PlanNoteCode code;
  std::vector<std::string> values;
};

enum class PlanLanguage { kChinese, kEnglish };

std::string_view name_of(PlanNoteCode code);
PlanNoteKind kind_of(PlanNoteCode code);
std::string text_of(const PlanNote& note, PlanLanguage language);

}  // namespace sitecast::hub
