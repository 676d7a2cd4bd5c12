// SPDX-License-Identifier: Apache-2.0
// Schedule sheets. Whatever is accepted holds the invariants of a sheet and can be shown; whatever
// is refused leaves nothing behind. Input that begins with a digit and a line end is one part of a
// workbook that is otherwise whole: 1 its sheet, 2 its strings, 3 its styles.
#include <array>
#include <string>

#include "hub/plan/preview.h"
#include "hub/plan/read_plan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/plan_invariants.h"
#include "tests/support/stored_zip.h"

namespace sitecast {
namespace {

Bytes workbook_with(ByteView input) {
  std::array<std::string, 3> parts = {
      "<worksheet><sheetData><row><c t='str'><v>任务名称</v></c><c "
      "t='str'><v>开始</v></c></row><row>"
      "<c t='s'><v>0</v></c><c s='1'><v>46086</v></c></row></sheetData></worksheet>",
      "<sst><si><t>甲</t></si></sst>",
      "<styleSheet><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/></cellXfs></styleSheet>"};
  parts[static_cast<std::size_t>(input[0] - '1')] = to_string(input.subspan(2));
  return test::workbook_of(parts[0], parts[1], parts[2]);
}

}  // namespace

void fuzz_one(ByteView input) {
  hub::PlanSheet sheet;
  const bool part = input.size() > 2 && input[0] >= '1' && input[0] <= '3' && input[1] == '\n';
  const auto refusal =
      part ? hub::read_plan(workbook_with(input), {}, sheet) : hub::read_plan(input, {}, sheet);
  if (refusal) {
    FUZZ_REQUIRE(sheet.items.empty() && sheet.skipped.empty() && sheet.format.empty());
    FUZZ_REQUIRE(hub::kind_of(refusal->code) == hub::PlanNoteKind::kRefused);
    return;
  }
  const std::string broken = test::broken_plan_invariant(sheet);
  if (!broken.empty()) std::fprintf(stderr, "%s\n", broken.c_str());
  FUZZ_REQUIRE(broken.empty());
  FUZZ_REQUIRE(hub::is_utf8(hub::preview_text(sheet, hub::PlanLanguage::kChinese)));
  FUZZ_REQUIRE(!hub::preview_json(sheet, "f").empty());
}

}  // namespace sitecast
