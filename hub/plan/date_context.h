// SPDX-License-Identifier: Apache-2.0
// What a sheet as a whole says about its dates: in which order short ones are written and of which
// year those without one are. Nothing is assumed that the sheet or the options do not say.
// Owner thread: one.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hub/plan/cell_values.h"

namespace sitecast::hub {

class DateContext {
 public:
  // First every date of the sheet, in the order of its rows, then settle(), then resolve().
  void add(const DateText& date, std::string_view text, std::uint32_t row);
  void add_item(const DateText& start, const DateText& finish);
  // Notes say what was settled and from what. `title`: the text above the headings.
  void settle(const PlanReadOptions& options, std::string_view title, std::vector<PlanNote>& notes);
  // `start`: the start of the same item, when this is its finish and the start is known.
  std::optional<PlanDate> resolve(const DateText& date, std::string_view text, PlanField field,
                                  std::optional<PlanDate> start,
                                  std::vector<CellNote>& notes) const;

 private:
  std::optional<PlanDate> resolve_short(const DateText& date, std::string_view text,
                                        PlanField field, std::vector<CellNote>& notes) const;
  std::optional<PlanDate> resolve_no_year(const DateText& date, std::string_view text,
                                          PlanField field, std::optional<PlanDate> start,
                                          std::vector<CellNote>& notes) const;
  void settle_order(const PlanReadOptions& options, std::vector<PlanNote>& notes);
  void settle_year(const PlanReadOptions& options, std::string_view title,
                   std::vector<PlanNote>& notes);

  struct Evidence {
    std::string text;
    std::uint32_t row = 0;
  };
  std::array<std::optional<Evidence>, kDateOrders.size()>
      only_;  // a date that only this order fits
  bool any_short_ = false;
  bool any_no_year_ = false;
  bool any_year_first_ = false;
  bool over_new_year_ = false;    // a finish without a year lies before its start
  std::optional<int> first_day_;  // month * 100 + day of the first start without a year
  std::optional<int> first_year_, last_year_;
  std::optional<DateOrder> order_;
  std::optional<int> year_;
};

}  // namespace sitecast::hub
