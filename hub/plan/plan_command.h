// SPDX-License-Identifier: Apache-2.0
// `sitecast-hub plan preview FILE`. Needs no configuration and stores nothing. Owner thread: the
// caller's; blocking for some seconds at most.
#pragma once

#include <filesystem>
#include <iosfwd>

#include "hub/plan/plan_sheet.h"

namespace sitecast::hub {

struct PlanPreviewOptions {
  std::filesystem::path file;
  bool json = false;
  PlanLanguage language = PlanLanguage::kChinese;
  PlanReadOptions read;
};

// Exit code: 0 the sheet was understood, 1 it was refused or could not be read.
int plan_preview_command(const PlanPreviewOptions& options, std::ostream& out, std::ostream& err);

}  // namespace sitecast::hub
