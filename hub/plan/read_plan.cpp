// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/read_plan.h"

#include <algorithm>
#include <exception>

#include "hub/plan/columns.h"
#include "hub/plan/csv_reader.h"
#include "hub/plan/grid_plan.h"
#include "hub/plan/mspdi_reader.h"
#include "hub/plan/plain_text.h"
#include "hub/plan/text_encoding.h"
#include "hub/plan/xer_reader.h"
#include "hub/plan/xlsx_reader.h"
#include "hub/plan/xml_reader.h"

namespace sitecast::hub {
namespace {

bool begins_with(ByteView file, std::string_view head) {
  return as_text(file.subspan(0, std::min(file.size(), head.size()))) == head;
}

std::optional<PlanNote> read_xml_file(ByteView file, PlanSheet& sheet) {
  const std::string root = xml_root(file);
  if (root == "Project") return read_mspdi(file, sheet);
  if (is_any(plain(root), {"html", "table", "body"})) return PlanNote{PlanNoteCode::kFileHtml, {}};
  if (!root.empty())
    return PlanNote{PlanNoteCode::kFileOtherXml, {std::string(beginning(root, 60))}};
  return read_mspdi(file, sheet);  // it says what is wrong with the XML
}

std::optional<PlanNote> read_csv_text(std::string_view text, const PlanReadOptions& options,
                                      PlanSheet& sheet) {
  const char delimiter = csv_delimiter(text);
  sheet.format = "csv";
  sheet.notes.push_back({PlanNoteCode::kReadAs,
                         {sheet.encoding + ", " +
                          (delimiter == '\t' ? std::string("TAB") : std::string(1, delimiter))}});
  Grid grid;
  if (auto refusal = read_csv(text, delimiter, grid)) return refusal;
  const auto header = find_header(grid);
  if (!header) return PlanNote{PlanNoteCode::kNoHeader, {}};
  return read_grid(grid, *header, options, sheet);
}

std::optional<PlanNote> read_text(ByteView file, const PlanReadOptions& options, PlanSheet& sheet) {
  DecodedText decoded;
  if (auto refusal = decode_text(file, decoded)) return refusal;
  const std::string_view text = decoded.text;
  sheet.encoding = decoded.encoding;
  const std::string_view start = trimmed(text.substr(0, std::min<std::size_t>(text.size(), 256)));
  if (start.empty()) return PlanNote{PlanNoteCode::kFileEmpty, {}};
  if (start.starts_with("ERMHDR\t")) {
    sheet.notes.push_back({PlanNoteCode::kReadAs, {sheet.encoding}});
    return read_xer(text, sheet);
  }
  if (start.starts_with("MPX,") || start.starts_with("MPX;")) {
    return PlanNote{PlanNoteCode::kFileMpx, {}};
  }
  if (start.starts_with("<")) {
    const std::string head = plain(start);
    if (has_any(head, {"<html", "<!doctype html", "<table", "<meta"})) {
      return PlanNote{PlanNoteCode::kFileHtml, {}};
    }
    return read_xml_file(file, sheet);
  }
  return read_csv_text(text, options, sheet);
}

std::optional<PlanNote> read_any(ByteView file, const PlanReadOptions& options, PlanSheet& sheet) {
  if (file.empty()) return PlanNote{PlanNoteCode::kFileEmpty, {}};
  if (file.size() > kPlanFileBytes) {
    return PlanNote{PlanNoteCode::kFileTooLarge, {std::to_string(kPlanFileBytes >> 20U)}};
  }
  if (begins_with(file, "PK\x03\x04")) return read_xlsx(file, options, sheet);
  if (begins_with(file, "\xD0\xCF\x11\xE0")) return PlanNote{PlanNoteCode::kFileOldOffice, {}};
  if (begins_with(file, "%PDF")) return PlanNote{PlanNoteCode::kFilePdf, {}};
  return read_text(file, options, sheet);
}

}  // namespace

std::optional<PlanNote> read_plan(ByteView file, const PlanReadOptions& options,
                                  PlanSheet& sheet) noexcept {
  sheet = PlanSheet();
  std::optional<PlanNote> refusal;
  try {
    refusal = read_any(file, options, sheet);
    if (!refusal && sheet.items.empty()) refusal = PlanNote{PlanNoteCode::kNoTasks, {}};
    if (refusal) sheet = PlanSheet();
  } catch (const std::exception& error) {
    sheet = PlanSheet();
    refusal = PlanNote{PlanNoteCode::kFileReadFault, {error.what()}};
  }
  return refusal;
}

}  // namespace sitecast::hub
