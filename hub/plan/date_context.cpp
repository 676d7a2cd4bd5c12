// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/date_context.h"

#include <algorithm>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

int year_of(PlanDate date) { return static_cast<int>(std::chrono::year_month_day(date).year()); }

// The years named in a title: four digits, 1950 to 2149.
std::vector<int> years_in(std::string_view title) {
  std::vector<int> years;
  const std::string text = half_width(title);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end - at == 4) {
      const int year = std::atoi(text.substr(at, 4).c_str());
      if (plan_date(year, 1, 1) && std::find(years.begin(), years.end(), year) == years.end()) {
        years.push_back(year);
      }
    }
    at = std::max(end, at + 1);
  }
  return years;
}

// A finish before its start is of the next year when that is within half a year; else it is a
// mistake.
constexpr std::chrono::days kOverNewYear{183};

PlanNote ambiguous(std::string_view text, std::string first, std::string second) {
  return {PlanNoteCode::kDateAmbiguous, {std::string(text), std::move(first), std::move(second)}};
}

}  // namespace

void DateContext::add(const DateText& date, std::string_view text, std::uint32_t row) {
  if (date.kind == DateText::Kind::kFull && date.date) {
    const int year = year_of(*date.date);
    first_year_ = std::min(first_year_.value_or(year), year);
    last_year_ = std::max(last_year_.value_or(year), year);
    any_year_first_ = any_year_first_ || date.year_first;
  }
  any_no_year_ = any_no_year_ || date.kind == DateText::Kind::kNoYear;
  if (date.kind != DateText::Kind::kShort) return;
  any_short_ = true;
  for (std::size_t order = 0; order < kDateOrders.size(); ++order) {
    bool only = date.by_order[order].has_value();
    for (std::size_t other = 0; other < kDateOrders.size(); ++other) {
      only = only && (other == order || !date.by_order[other]);
    }
    if (only && !only_[order]) only_[order] = Evidence{std::string(text), row};
  }
}

void DateContext::add_item(const DateText& start, const DateText& finish) {
  if (start.kind != DateText::Kind::kNoYear) return;
  const int day = start.month * 100 + start.day;
  if (!first_day_) first_day_ = day;
  if (finish.kind != DateText::Kind::kNoYear || finish.month * 100 + finish.day >= day) return;
  const auto from = plan_date(2001, start.month, start.day);
  const auto to = plan_date(2002, finish.month, finish.day);
  if (from && to && *to - *from <= kOverNewYear) over_new_year_ = true;
}

void DateContext::settle_order(const PlanReadOptions& options, std::vector<PlanNote>& notes) {
  for (const DateOrder order : kDateOrders) {
    constexpr std::array<std::string_view, kDateOrders.size()> kAsked = {"ymd", "dmy", "mdy"};
    if (options.date_order != kAsked[static_cast<std::size_t>(order)]) continue;
    order_ = order;
    if (any_short_) {
      notes.push_back({PlanNoteCode::kDateOrderAsked, {std::string(name_of(order))}});
    }
    return;
  }
  std::vector<DateOrder> shown;
  for (const DateOrder order : kDateOrders) {
    if (only_[static_cast<std::size_t>(order)]) shown.push_back(order);
  }
  if (shown.size() > 1) {
    notes.push_back({PlanNoteCode::kDateOrderConflict,
                     {std::string(name_of(shown[0])), std::string(name_of(shown[1]))}});
  }
  if (shown.size() != 1) return;
  order_ = shown[0];
  const Evidence& evidence = *only_[static_cast<std::size_t>(*order_)];
  notes.push_back({PlanNoteCode::kDateOrder,
                   {std::string(name_of(*order_)), evidence.text, std::to_string(evidence.row)}});
}

void DateContext::settle_year(const PlanReadOptions& options, std::string_view title,
                              std::vector<PlanNote>& notes) {
  if (!any_no_year_) return;
  const std::vector<int> years = years_in(title);
  PlanNoteCode from = PlanNoteCode::kYearAsked;
  if (options.year) {
    year_ = options.year;
  } else if (years.size() == 1) {
    year_ = years[0];
    from = PlanNoteCode::kYearFromTitle;
  } else if (years.empty() && first_year_ && first_year_ == last_year_) {
    year_ = first_year_;
    from = PlanNoteCode::kYearFromDates;
  }
  if (year_) notes.push_back({from, {std::to_string(*year_)}});
}

void DateContext::settle(const PlanReadOptions& options, std::string_view title,
                         std::vector<PlanNote>& notes) {
  settle_order(options, notes);
  settle_year(options, title, notes);
}

std::optional<PlanDate> DateContext::resolve_short(const DateText& date, std::string_view text,
                                                   PlanField field,
                                                   std::vector<CellNote>& notes) const {
  if (order_ && date.by_order[static_cast<std::size_t>(*order_)]) {
    return date.by_order[static_cast<std::size_t>(*order_)];
  }
  std::vector<PlanDate> meant;
  for (const auto& one : date.by_order) {
    if (one && std::find(meant.begin(), meant.end(), *one) == meant.end()) meant.push_back(*one);
  }
  if (meant.size() == 1) return meant[0];
  notes.push_back({field, ambiguous(text, text_of(meant[0]), text_of(meant[1]))});
  return std::nullopt;
}

std::optional<PlanDate> DateContext::resolve_no_year(const DateText& date, std::string_view text,
                                                     PlanField field, std::optional<PlanDate> start,
                                                     std::vector<CellNote>& notes) const {
  const std::optional<int> year = start ? std::optional(year_of(*start)) : year_;
  if (!year) {
    notes.push_back({field, {PlanNoteCode::kDateNoYear, {std::string(text)}}});
    return std::nullopt;
  }
  int month = date.month;
  int day = date.day;
  if (date.either_order && order_ == DateOrder::kDmy) std::swap(month, day);
  const auto this_year = plan_date(*year, month, day);
  const auto next_year = plan_date(*year + 1, month, day);
  if (date.either_order && !order_ && !any_year_first_) {
    const auto other = plan_date(*year, day, month);
    notes.push_back({field, ambiguous(text, this_year ? text_of(*this_year) : "",
                                      other ? text_of(*other) : "")});
    return std::nullopt;
  }
  if (start && this_year && *this_year < *start && next_year &&
      *next_year - *start <= kOverNewYear) {
    notes.push_back({field, {PlanNoteCode::kNextYear, {std::string(text), text_of(*next_year)}}});
    return next_year;
  }
  // The sheet runs past the turn of a year: a day before its first start may be of either year.
  if (!start && over_new_year_ && first_day_ && month * 100 + day < *first_day_ && this_year &&
      next_year) {
    notes.push_back({field, ambiguous(text, text_of(*this_year), text_of(*next_year))});
    return std::nullopt;
  }
  if (!this_year) {
    notes.push_back({field, {PlanNoteCode::kDateImpossible, {std::string(text)}}});
    return std::nullopt;
  }
  notes.push_back({field, {PlanNoteCode::kYearAdded, {std::string(text), text_of(*this_year)}}});
  return this_year;
}

std::optional<PlanDate> DateContext::resolve(const DateText& date, std::string_view text,
                                             PlanField field, std::optional<PlanDate> start,
                                             std::vector<CellNote>& notes) const {
  switch (date.kind) {
    case DateText::Kind::kFull:
      if (!date.date) {
        notes.push_back({field, {PlanNoteCode::kDateImpossible, {std::string(text)}}});
      } else if (date.serial) {
        notes.push_back(
            {field, {PlanNoteCode::kDateSerial, {std::string(text), text_of(*date.date)}}});
      }
      return date.date;
    case DateText::Kind::kShort: return resolve_short(date, text, field, notes);
    case DateText::Kind::kNoYear: return resolve_no_year(date, text, field, start, notes);
    case DateText::Kind::kMonthOnly:
      notes.push_back({field, {PlanNoteCode::kDateMonthOnly, {std::string(text)}}});
      return std::nullopt;
    case DateText::Kind::kUnknown:
      notes.push_back({field, {PlanNoteCode::kDateUnknown, {std::string(text)}}});
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sitecast::hub
