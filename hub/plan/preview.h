// SPDX-License-Identifier: Apache-2.0
// What a person sees of a sheet before anything is stored: how each column was understood, the
// items, and which rows and values were left out, with the reason. Thread-safe: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "hub/plan/plan_changes.h"
#include "hub/plan/plan_sheet.h"

namespace sitecast::hub {

// One JSON document; every note has its code and its text in Chinese and English.
std::string preview_json(const PlanSheet& sheet, std::string_view file);
std::string refusal_json(const PlanNote& refusal, std::string_view file);

// What the newer sheet changes against the older one.
std::string changes_json(const PlanChanges& changes, const PlanSheet& before,
                         const PlanSheet& after);
std::string changes_text(const PlanChanges& changes, const PlanSheet& before,
                         const PlanSheet& after, PlanLanguage language);

std::string preview_text(const PlanSheet& sheet, PlanLanguage language);

}  // namespace sitecast::hub
