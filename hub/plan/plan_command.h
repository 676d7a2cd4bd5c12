// SPDX-License-Identifier: Apache-2.0
// `sitecast-hub plan preview FILE` and `plan compare OLD NEW`. They need no configuration and store
// nothing. Owner thread: the caller's; blocking for some seconds at most.
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

// What `options.file` changes against `older`; both are read with the same options. Exit code: 0
// both were understood.
int plan_compare_command(const PlanPreviewOptions& options, const std::filesystem::path& older,
                         std::ostream& out, std::ostream& err);

}  // namespace sitecast::hub
