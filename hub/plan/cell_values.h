// SPDX-License-Identifier: Apache-2.0
// Dates, durations, percentages and links as people write them. What has two meanings is returned
// as such; the caller decides from the rest of the sheet or names it. Thread-safe: pure functions.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hub/plan/plan_sheet.h"

namespace sitecast::hub {

enum class DateOrder { kYmd, kDmy, kMdy };
inline constexpr std::array kDateOrders = {DateOrder::kYmd, DateOrder::kDmy, DateOrder::kMdy};
std::string_view name_of(DateOrder order);  // "D/M/Y"

struct DateText {
  enum class Kind {
    kUnknown,    // not a date
    kFull,       // `date`, or nothing when there is no such day
    kShort,      // three numbers whose order is not certain: by_order
    kNoYear,     // `month` and `day` only
    kMonthOnly,  // a year and a month
  };
  Kind kind = Kind::kUnknown;
  std::optional<PlanDate> date;
  std::array<std::optional<PlanDate>, kDateOrders.size()> by_order;  // of kShort
  int month = 0;
  int day = 0;
  bool either_order = false;  // of kNoYear: month and day may be the other way round
  bool year_first = false;    // of kFull: 2026-03-05
  bool serial = false;        // a spreadsheet's number of a day
  bool day_first = false;     // 5.3.2026: dots with the year last
};

// A time of day and a day of the week beside the date are passed over.
DateText read_date_text(std::string_view text);
// Serial number of a spreadsheet's 1900 or 1904 system; a time of day is cut off. Nothing for the
// 29th of February 1900 that the 1900 system invents, and outside plan_date's range.
std::optional<PlanDate> date_of_serial(double serial, bool from_1904);

struct DurationText {
  std::optional<double> days;
  bool hours = false;       // some of it was given in hours, counted at kHoursPerDay
  bool other_unit = false;  // weeks, months: not converted
};
inline constexpr double kHoursPerDay = 8;
DurationText read_duration_text(std::string_view text);

struct PercentText {
  std::optional<double> number;
  bool sign = false;  // it has its % sign
  bool word = false;  // 已完成, "done": 100
};
PercentText read_percent_text(std::string_view text);

std::optional<bool> read_yes_no(std::string_view text);

// One reference to a predecessor: "3FS+2天", "A1010", "111FS112".
struct LinkText {
  std::string whole;
  std::string predecessor;
  std::string successor;  // only where the text names it
  std::string type = "FS";
  double lag_days = 0;
  bool lag_percent = false;
};
// Split at commas, semicolons and the Chinese 、. What is not understood has no predecessor.
std::vector<LinkText> read_links(std::string_view text);

}  // namespace sitecast::hub
