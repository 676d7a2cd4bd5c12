// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_command.h"

#include <ostream>
#include <utility>

#include "hub/plan/plan_changes.h"
#include "hub/plan/preview.h"
#include "hub/plan/read_plan.h"
#include "proto/base/file.h"

namespace sitecast::hub {

namespace {

std::optional<PlanNote> read_plan_file(const std::filesystem::path& file,
                                       const PlanReadOptions& options, PlanSheet& sheet) {
  const auto bytes = read_file(file, kPlanFileBytes);
  if (bytes.ok()) return read_plan(*bytes, options, sheet);
  if (bytes.error().kind() == ErrorKind::kResourceExhausted) {
    return PlanNote{PlanNoteCode::kFileTooLarge, {std::to_string(kPlanFileBytes >> 20U)}};
  }
  return PlanNote{PlanNoteCode::kFileReadFault, {bytes.error().message()}};
}

void tell(std::ostream& err, const std::filesystem::path& file, const PlanNote& refusal,
          PlanLanguage language) {
  err << "sitecast-hub: " << file.filename().string() << ": " << text_of(refusal, language) << "\n";
}

}  // namespace

int plan_preview_command(const PlanPreviewOptions& options, std::ostream& out, std::ostream& err) {
  PlanSheet sheet;
  const auto refusal = read_plan_file(options.file, options.read, sheet);
  const std::string name = options.file.filename().string();
  if (options.json) {
    out << (refusal ? refusal_json(*refusal, name) : preview_json(sheet, name)) << "\n";
  } else if (!refusal) {
    out << preview_text(sheet, options.language);
  }
  if (refusal) tell(err, options.file, *refusal, options.language);
  return refusal ? 1 : 0;
}

int plan_compare_command(const PlanPreviewOptions& options, const std::filesystem::path& older,
                         std::ostream& out, std::ostream& err) {
  PlanSheet before;
  PlanSheet after;
  for (const auto& [file, sheet] : {std::pair(&older, &before), std::pair(&options.file, &after)}) {
    const auto refusal = read_plan_file(*file, options.read, *sheet);
    if (!refusal) continue;
    if (options.json) out << refusal_json(*refusal, file->filename().string()) << "\n";
    tell(err, *file, *refusal, options.language);
    return 1;
  }
  const PlanChanges changes = compare_plans(before, after);
  out << (options.json ? changes_json(changes, before, after) + "\n"
                       : changes_text(changes, before, after, options.language));
  return 0;
}

}  // namespace sitecast::hub
