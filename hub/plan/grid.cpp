// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/grid.h"

#include <algorithm>

namespace sitecast::hub {

const GridCell& GridRow::cell(std::size_t column) const {
  static const GridCell kNothing;
  return column < cells.size() ? cells[column] : kNothing;
}

bool GridRow::is_empty() const {
  return std::all_of(cells.begin(), cells.end(),
                     [](const GridCell& cell) { return cell.is_empty() || cell.merged_from != 0; });
}

std::string column_letters(std::size_t column) {
  std::string letters;
  for (++column; column > 0; column = (column - 1) / 26) {
    letters.insert(letters.begin(), static_cast<char>('A' + (column - 1) % 26));
  }
  return letters;
}

}  // namespace sitecast::hub
