// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_note.h"

#include <array>

namespace sitecast::hub {
namespace {

struct Sentence {
  PlanNoteCode code;
  PlanNoteKind kind;
  std::string_view name;
  std::string_view zh;
  std::string_view en;
};

using enum PlanNoteCode;
constexpr PlanNoteKind kNo = PlanNoteKind::kRefused;
constexpr PlanNoteKind kOut = PlanNoteKind::kLeftOut;
constexpr PlanNoteKind kIn = PlanNoteKind::kRead;

// In the order of the codes; {0} and so on are the note's values.
constexpr std::array kSentences = {
    Sentence{kFileTooLarge, kNo, "file_too_large", "文件超过 {0} MB", "the file is over {0} MB"},
    Sentence{kFileEmpty, kNo, "file_empty", "文件是空的", "the file is empty"},
    Sentence{kFileBinary, kNo, "file_binary", "不是文本，也不是认识的表格格式",
             "neither text nor a known kind of sheet"},
    Sentence{kFileOldOffice, kNo, "file_old_office",
             "旧版 Office 二进制文件（.xls 或 .mpp）：请另存为 .xlsx，或在 Project 中另存为 XML",
             "an old binary Office file (.xls or .mpp): save it as .xlsx, or from Project as XML"},
    Sentence{kFileMpx, kNo, "file_mpx", "MPX 文件：请在 Project 中另存为 XML",
             "an MPX file: save it from Project as XML"},
    Sentence{kFilePdf, kNo, "file_pdf", "PDF 文件：请提供原来的表格",
             "a PDF file: give the sheet that it was made from"},
    Sentence{kFileHtml, kNo, "file_html", "网页（HTML），不是表格：请另存为 .xlsx",
             "a web page (HTML), not a sheet: save it as .xlsx"},
    Sentence{kFileOtherXml, kNo, "file_other_xml",
             "XML 文件，但根元素是 {0}，不是 Microsoft Project 的 Project",
             "XML, but its root is {0}, not Microsoft Project's Project"},
    Sentence{kFileNotWorkbook, kNo, "file_not_workbook", "ZIP 文件，但不是 .xlsx 工作簿：{0}",
             "a ZIP file, but no .xlsx workbook: {0}"},
    Sentence{kFileEncoding, kNo, "file_encoding", "文字编码不认识：{0}",
             "the encoding of the text is not known: {0}"},
    Sentence{kFileReadFault, kNo, "file_read_fault", "读取失败：{0}", "reading failed: {0}"},
    Sentence{kXmlBroken, kNo, "xml_broken", "XML 已损坏：{0}", "the XML is broken: {0}"},
    Sentence{kXmlDoctype, kNo, "xml_doctype", "XML 含有 DOCTYPE，不予读取",
             "the XML has a DOCTYPE, which is not read"},
    Sentence{kZipBroken, kNo, "zip_broken", "ZIP 已损坏：{0}", "the ZIP file is broken: {0}"},
    Sentence{kZipTooLarge, kNo, "zip_too_large", "{0} 解压后超过 {1} MB",
             "{0} unpacks to over {1} MB"},
    Sentence{kTooManyRows, kNo, "too_many_rows", "超过 {0} 行", "over {0} rows"},
    Sentence{kTooManyCells, kNo, "too_many_cells", "内容过多：超过 {0} 个单元格",
             "too much in it: over {0} cells"},
    Sentence{kTooManyLinks, kNo, "too_many_links", "超过 {0} 个前置任务", "over {0} predecessors"},
    Sentence{kNoHeader, kNo, "no_header",
             "没有找到表头：需要任务名称一列，以及开始、完成或工期中的一列",
             "no heading row was found: it needs a column for the name and one for start, finish "
             "or duration"},
    Sentence{kNoSheetNamed, kNo, "no_sheet_named", "工作簿中没有名为 {0} 的工作表",
             "the workbook has no sheet named {0}"},
    Sentence{kNoTasks, kNo, "no_tasks", "没有任何任务", "there is no task in it"},

    Sentence{kReadAs, kIn, "read_as", "按 {0} 读取", "read as {0}"},
    Sentence{kSheetRead, kIn, "sheet_read", "读取工作表 {0}", "sheet {0} was read"},
    Sentence{kSheetsNotRead, kIn, "sheets_not_read", "未读取的工作表：{0}", "sheets not read: {0}"},
    Sentence{kHeaderRows, kIn, "header_rows", "表头在第 {0} 至 {1} 行",
             "headings in rows {0} to {1}"},
    Sentence{kDateOrder, kIn, "date_order", "日期按 {0} 读取，依据是第 {2} 行的 {1}",
             "dates are read as {0}, because of {1} in row {2}"},
    Sentence{kDateOrderAsked, kIn, "date_order_asked", "日期按要求以 {0} 读取",
             "dates are read as {0}, as asked"},
    Sentence{kDateOrderConflict, kIn, "date_order_conflict",
             "日期的先后次序不一致（{0} 与 {1}），有歧义的日期未读取",
             "dates are written in different orders ({0} and {1}); ambiguous ones are not read"},
    Sentence{kYearFromTitle, kIn, "year_from_title", "未写年份的日期按标题中的 {0} 年读取",
             "dates without a year are read as of {0}, the year in the title"},
    Sentence{kYearFromDates, kIn, "year_from_dates",
             "未写年份的日期按 {0} 年读取，其他日期均为该年",
             "dates without a year are read as of {0}, the year of all other dates"},
    Sentence{kYearAsked, kIn, "year_asked", "未写年份的日期按要求以 {0} 年读取",
             "dates without a year are read as of {0}, as asked"},
    Sentence{kDates1904, kIn, "dates_1904", "工作簿采用 1904 日期系统",
             "the workbook counts dates from 1904"},
    Sentence{kHoursPerDay, kIn, "hours_per_day", "工期按每天 {0} 小时折算",
             "durations are converted at {0} hours a day"},
    Sentence{kColumnsCut, kIn, "columns_cut", "第 {0} 列以后的内容未读取",
             "columns after the {0}th are not read"},
    Sentence{kSeveralProjects, kIn, "several_projects", "文件中有 {0} 个项目，全部列出",
             "the file holds {0} projects; all are listed"},
    Sentence{kBaselineOf, kIn, "baseline_of", "文件带有基线日期", "the file has baseline dates"},

    Sentence{kColumnUnused, kIn, "column_unused", "未使用", "not used"},
    Sentence{kColumnSecond, kIn, "column_second", "未使用：与 {0} 列的内容相同",
             "not used: column {0} says the same"},
    Sentence{kColumnFractions, kIn, "column_fractions", "小数按比例读取（0.6 即 60%）",
             "numbers are fractions (0.6 is 60%)"},
    Sentence{kColumnPercents, kIn, "column_percents", "数字按百分数读取（60 即 60%）",
             "numbers are percent (60 is 60%)"},
    Sentence{kColumnDayFirst, kIn, "column_day_first", "带点的日期按 日.月.年 读取，如 {0}",
             "dates with dots are day.month.year, such as {0}"},
    Sentence{kColumnHours, kIn, "column_hours", "小时按每天 {0} 小时折算成天",
             "hours are converted to days at {0} hours a day"},

    Sentence{kRowBlank, kOut, "row_blank", "空行", "blank"},
    Sentence{kRowTitle, kOut, "row_title", "表头之前的文字", "text above the headings"},
    Sentence{kRowHeader, kOut, "row_header", "表头", "the headings"},
    Sentence{kRowHeaderAgain, kOut, "row_header_again", "重复的表头", "the headings again"},
    Sentence{kRowSum, kOut, "row_sum", "小计或合计", "a subtotal or total"},
    Sentence{kRowSignature, kOut, "row_signature", "签字或说明", "a signature or note"},
    Sentence{kRowNoName, kOut, "row_no_name", "没有任务名称", "it has no name"},
    Sentence{kRowProject, kOut, "row_project", "整个项目的汇总",
             "the summary of the whole project"},
    Sentence{kRowOrphan, kOut, "row_orphan", "所属的 {0} 不在文件中或自成循环",
             "the {0} that it belongs to is not in the file or goes in a circle"},

    Sentence{kDateUnknown, kOut, "date_unknown", "不是日期：{0}", "not a date: {0}"},
    Sentence{kDateImpossible, kOut, "date_impossible", "没有这一天：{0}", "no such day: {0}"},
    Sentence{kDateAmbiguous, kOut, "date_ambiguous", "日期有歧义：{0} 可能是 {1} 或 {2}",
             "ambiguous date: {0} may be {1} or {2}"},
    Sentence{kDateNoYear, kOut, "date_no_year", "日期没有年份：{0}", "the date has no year: {0}"},
    Sentence{kDateMonthOnly, kOut, "date_month_only", "日期没有写到日：{0}",
             "the date names no day: {0}"},
    Sentence{kFinishBeforeStart, kOut, "finish_before_start",
             "完成日期 {1} 早于开始日期 {0}，两者均未采用",
             "the finish {1} is before the start {0}; neither is taken"},
    Sentence{kDurationUnknown, kOut, "duration_unknown", "不是工期：{0}", "not a duration: {0}"},
    Sentence{kDurationUnit, kOut, "duration_unit", "工期不是以天计，无法准确折算：{0}",
             "a duration that is not in days and cannot be converted exactly: {0}"},
    Sentence{kPercentUnknown, kOut, "percent_unknown", "不是百分比：{0}", "not a percentage: {0}"},
    Sentence{kPercentAmbiguous, kOut, "percent_ambiguous", "百分比有歧义：{0} 可能是 {1}% 或 {2}%",
             "ambiguous percentage: {0} may be {1}% or {2}%"},
    Sentence{kPercentOutside, kOut, "percent_outside", "百分比超出 0 至 100：{0}",
             "a percentage outside 0 to 100: {0}"},
    Sentence{kMilestoneUnknown, kOut, "milestone_unknown", "看不出是不是里程碑：{0}",
             "it does not say whether it is a milestone: {0}"},
    Sentence{kLinkUnknown, kOut, "link_unknown", "前置任务不在表中：{0}",
             "a predecessor that is not in the sheet: {0}"},
    Sentence{kLinkAmbiguous, kOut, "link_ambiguous", "前置任务的编号不止一个：{0}",
             "the number of a predecessor is there more than once: {0}"},
    Sentence{kLinkUnreadable, kOut, "link_unreadable", "前置任务看不懂：{0}",
             "a predecessor that is not understood: {0}"},
    Sentence{kLinkItself, kOut, "link_itself", "前置任务是它自己：{0}",
             "it is its own predecessor: {0}"},
    Sentence{kLagPercent, kOut, "lag_percent", "以百分比表示的延隔未采用：{0}",
             "a lag in percent is not taken: {0}"},
    Sentence{kWeightUnknown, kOut, "weight_unknown", "不是权重：{0}", "not a weight: {0}"},
    Sentence{kLevelUnknown, kOut, "level_unknown", "不是大纲级别：{0}",
             "not an outline level: {0}"},
    Sentence{kCellFault, kOut, "cell_fault", "单元格公式出错：{0}",
             "the cell's formula failed: {0}"},
    Sentence{kTextTooLong, kOut, "text_too_long", "文字超过 {0} 字节", "text of over {0} bytes"},

    Sentence{kNumberTwice, kIn, "number_twice", "编号 {0} 与第 {1} 行重复",
             "number {0} is in row {1} too"},
    Sentence{kFromMerge, kIn, "from_merge", "取自合并单元格（第 {0} 行）",
             "from the merged cell that begins in row {0}"},
    Sentence{kCarriedDown, kIn, "carried_down", "空白，沿用第 {0} 行",
             "empty; carried down from row {0}"},
    Sentence{kYearAdded, kIn, "year_added", "{0} 读作 {1}", "{0} is read as {1}"},
    Sentence{kNextYear, kIn, "next_year", "{0} 早于开始日期，读作次年 {1}",
             "{0} would be before the start and is read as the next year's {1}"},
    Sentence{kDateSerial, kIn, "date_serial", "序列数 {0} 读作 {1}",
             "serial number {0} is read as {1}"},
    Sentence{kPercentWord, kIn, "percent_word", "{0} 读作 {1}%", "{0} is read as {1}%"},
    Sentence{kMilestoneZeroDuration, kIn, "milestone_zero_duration", "工期为零，作为里程碑",
             "no duration, so a milestone"},
    Sentence{kMilestoneName, kIn, "milestone_name", "名称中写明是里程碑",
             "its name says that it is a milestone"},
    Sentence{kAreaGuessed, kIn, "area_guessed", "{0}，由第 {1} 行的名称推测",
             "{0}, guessed from the name in row {1}"},
    Sentence{kHiddenRow, kIn, "hidden_row", "该行在表中被隐藏", "the row is hidden in the sheet"},
    Sentence{kSectionRow, kIn, "section_row", "整行只有一个标题，作为上级任务",
             "a heading across the row, taken as a summary"},
    Sentence{kLevelJump, kIn, "level_jump", "大纲级别 {0} 越级，读作 {1}",
             "outline level {0} skips one and is read as {1}"},
    Sentence{kElapsed, kIn, "elapsed", "按日历天计", "counted in calendar days"},
};

constexpr bool is_in_order() {
  for (std::size_t index = 0; index < kSentences.size(); ++index) {
    if (static_cast<std::size_t>(kSentences[index].code) != index) return false;
  }
  return kSentences.size() == static_cast<std::size_t>(kElapsed) + 1;
}
static_assert(is_in_order());

const Sentence& sentence_of(PlanNoteCode code) {
  return kSentences[static_cast<std::size_t>(code)];
}

}  // namespace

std::string_view name_of(PlanNoteCode code) { return sentence_of(code).name; }

PlanNoteKind kind_of(PlanNoteCode code) { return sentence_of(code).kind; }

std::string text_of(const PlanNote& note, PlanLanguage language) {
  const Sentence& sentence = sentence_of(note.code);
  const std::string_view form = language == PlanLanguage::kChinese ? sentence.zh : sentence.en;
  std::string text;
  for (std::size_t at = 0; at < form.size(); ++at) {
    if (form[at] == '{' && at + 2 < form.size() && form[at + 2] == '}') {
      const auto index = static_cast<std::size_t>(form[at + 1] - '0');
      if (index < note.values.size()) text += note.values[index];
      at += 2;
    } else {
      text += form[at];
    }
  }
  return text;
}

}  // namespace sitecast::hub
