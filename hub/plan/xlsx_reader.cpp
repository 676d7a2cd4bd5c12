// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/xlsx_reader.h"

#include "hub/plan/columns.h"
#include "hub/plan/grid_plan.h"
#include "hub/plan/plain_text.h"
#include "hub/plan/xlsx_parts.h"
#include "hub/plan/zip_file.h"

namespace sitecast::hub {
namespace {

// "xl/workbook.xml" and "worksheets/sheet1.xml" to "xl/worksheets/sheet1.xml".
std::string beside(const std::string& part, const std::string& target) {
  if (target.starts_with("/")) return target.substr(1);
  const std::size_t slash = part.rfind('/');
  return slash == std::string::npos ? target : part.substr(0, slash + 1) + target;
}

std::string relations_of(const std::string& part) {
  const std::size_t slash = part.rfind('/');
  const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
  return part.substr(0, name) + "_rels/" + part.substr(name) + ".rels";
}

class Workbook {
 public:
  std::optional<PlanNote> open(ByteView file) {
    if (auto refusal = zip_.open(file)) return refusal;
    XlsxRelations package;
    if (auto refusal = read_needed("_rels/.rels", package)) return refusal;
    if (package.office_document.empty()) {
      return PlanNote{PlanNoteCode::kFileNotWorkbook, {"_rels/.rels"}};
    }
    const std::string workbook = beside("", package.office_document);
    if (auto refusal = read_needed(workbook, workbook_)) return refusal;
    XlsxRelations relations;
    if (auto refusal = read_needed(relations_of(workbook), relations)) return refusal;
    for (const auto& [id, target] : relations.targets) targets_[id] = beside(workbook, target);
    if (auto refusal = read(beside(workbook, "sharedStrings.xml"), strings_)) return refusal;
    if (auto refusal = read(beside(workbook, "styles.xml"), styles_)) return refusal;
    if (workbook_.sheets.empty()) return PlanNote{PlanNoteCode::kFileNotWorkbook, {workbook}};
    return std::nullopt;
  }

  [[nodiscard]] const std::vector<XlsxWorkbook::Sheet>& sheets() const { return workbook_.sheets; }
  [[nodiscard]] bool from_1904() const { return workbook_.from_1904; }

  std::optional<PlanNote> read_sheet(const XlsxWorkbook::Sheet& which, Grid& grid) {
    const auto target = targets_.find(which.relation);
    if (target == targets_.end()) {
      return PlanNote{PlanNoteCode::kFileNotWorkbook, {which.name}};
    }
    XlsxSheet sheet(strings_.strings, styles_.styles, workbook_.from_1904);
    if (auto refusal = read_needed(target->second, sheet)) return refusal;
    grid = sheet.take_grid();
    return sheet.refusal();
  }

 private:
  std::optional<PlanNote> read(const std::string& part, XmlHandler& handler, bool needed = false) {
    std::optional<Bytes> bytes;
    if (auto refusal = zip_.read(part, bytes)) return refusal;
    if (!bytes) {
      return needed ? std::optional(PlanNote{PlanNoteCode::kFileNotWorkbook, {part}})
                    : std::nullopt;
    }
    return read_xml(*bytes, handler);
  }
  std::optional<PlanNote> read_needed(const std::string& part, XmlHandler& handler) {
    return read(part, handler, true);
  }

  ZipFile zip_;
  XlsxWorkbook workbook_;
  XlsxStrings strings_;
  XlsxStyles styles_;
  std::map<std::string, std::string> targets_;
};

}  // namespace

std::optional<PlanNote> read_xlsx(ByteView file, const PlanReadOptions& options, PlanSheet& sheet) {
  Workbook workbook;
  if (auto refusal = workbook.open(file)) return refusal;
  sheet.format = "xlsx";
  std::optional<PlanNote> refusal = options.sheet.empty()
                                        ? PlanNote{PlanNoteCode::kNoHeader, {}}
                                        : PlanNote{PlanNoteCode::kNoSheetNamed, {options.sheet}};
  std::string others;
  for (const XlsxWorkbook::Sheet& one : workbook.sheets()) {
    const bool wanted = options.sheet.empty() ? !one.hidden : one.name == options.sheet;
    if (wanted && refusal) {
      Grid grid;
      if (auto why = workbook.read_sheet(one, grid)) return why;
      if (const auto header = find_header(grid)) {
        refusal.reset();
        sheet.notes.push_back({PlanNoteCode::kSheetRead, {one.name}});
        if (workbook.from_1904()) sheet.notes.push_back({PlanNoteCode::kDates1904, {}});
        if (auto why = read_grid(grid, *header, options, sheet)) return why;
        continue;
      }
      refusal = PlanNote{PlanNoteCode::kNoHeader, {}};
    }
    others += (others.empty() ? "" : ", ") + one.name;
  }
  if (refusal) return refusal;
  if (!others.empty()) {
    sheet.notes.push_back({PlanNoteCode::kSheetsNotRead, {std::string(beginning(others, 400))}});
  }
  return std::nullopt;
}

}  // namespace sitecast::hub
