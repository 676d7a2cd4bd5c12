// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/plan_command.h"

#include <ostream>

#include "hub/plan/preview.h"
#include "hub/plan/read_plan.h"
#include "proto/base/file.h"

namespace sitecast::hub {

int plan_preview_command(const PlanPreviewOptions& options, std::ostream& out, std::ostream& err) {
  std::optional<PlanNote> refusal;
  PlanSheet sheet;
  const auto bytes = read_file(options.file, kPlanFileBytes);
  if (bytes.ok()) {
    refusal = read_plan(*bytes, options.read, sheet);
  } else if (bytes.error().kind() == ErrorKind::kResourceExhausted) {
    refusal = PlanNote{PlanNoteCode::kFileTooLarge, {std::to_string(kPlanFileBytes >> 20U)}};
  } else {
    refusal = PlanNote{PlanNoteCode::kFileReadFault, {bytes.error().message()}};
  }
  const std::string name = options.file.filename().string();
  if (options.json) {
    out << (refusal ? refusal_json(*refusal, name) : preview_json(sheet, name)) << "\n";
  } else if (!refusal) {
    out << preview_text(sheet, options.language);
  }
  if (refusal)
    err << "sitecast-hub: " << name << ": " << text_of(*refusal, options.language) << "\n";
  return refusal ? 1 : 0;
}

}  // namespace sitecast::hub
