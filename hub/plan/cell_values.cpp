// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/cell_values.h"

#include <algorithm>
#include <cmath>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_letter(char letter) { return letter >= 'a' && letter <= 'z'; }

// Whole numbers, runs of ASCII letters and everything else between them.
struct Token {
  enum class Kind { kNumber, kWord, kMark } kind;
  std::string_view text;
  int number = 0;
};

constexpr std::size_t kTokens = 24;

std::vector<Token> tokens_of(std::string_view text) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < text.size() && tokens.size() < kTokens;) {
    std::size_t end = at;
    if (is_digit(text[at])) {
      while (end < text.size() && is_digit(text[end])) ++end;
      const std::string_view digits = text.substr(at, end - at);
      int number = -1;  // more digits than a date has
      if (digits.size() <= 8) {
        number = 0;
        for (const char digit : digits) number = number * 10 + (digit - '0');
      }
      tokens.push_back({Token::Kind::kNumber, digits, number});
    } else if (is_letter(text[at])) {
      while (end < text.size() && is_letter(text[end])) ++end;
      tokens.push_back({Token::Kind::kWord, text.substr(at, end - at)});
    } else {
      while (end < text.size() && !is_digit(text[end]) && !is_letter(text[end])) ++end;
      tokens.push_back({Token::Kind::kMark, text.substr(at, end - at)});
    }
    at = end;
  }
  return tokens;
}

int month_named(std::string_view word) {
  constexpr std::array<std::string_view, 12> kMonths = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  if (word.size() < 3) return 0;
  for (std::size_t month = 0; month < kMonths.size(); ++month) {
    if (kMonths[month].starts_with(word) || (month == 8 && word == "sept")) {
      return static_cast<int>(month) + 1;
    }
  }
  return 0;
}

bool is_weekday(std::string_view word) {
  constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                     "friday", "saturday", "sunday"};
  return word.size() >= 3 && std::any_of(kDays.begin(), kDays.end(), [&](std::string_view day) {
           return day.starts_with(word);
         });
}

// A year of two digits is of this century.
int full_year(int year, std::size_t digits) { return digits <= 2 ? 2000 + year : year; }

// Cuts a day of the week at either end and a time of day at the end.
std::string without_time_and_weekday(std::string_view text) {
  std::string date = plain(text);
  for (const std::string_view mark : {"(", "星期", "周"}) {
    const std::size_t at = date.find(mark);
    if (at != std::string::npos && at > 0) date.resize(at);
  }
  std::size_t word = 0;
  while (word < date.size() && is_letter(date[word])) ++word;
  if (word > 0 && is_weekday(std::string_view(date).substr(0, word))) {
    date.erase(0, word);
    while (!date.empty() && (date[0] == ' ' || date[0] == ',' || date[0] == '.')) date.erase(0, 1);
  }
  const std::size_t colon = date.find(':');
  if (colon != std::string::npos) {
    const std::size_t space = date.find_last_of(" t", colon);
    // "t" only between digits, or "oct 5" would lose its month
    if (space != std::string::npos && space > 0 &&
        (date[space] == ' ' || is_digit(date[space - 1]))) {
      date.resize(space);
    }
  }
  return std::string(trimmed(date));
}

bool is_separator(std::string_view mark) {
  const std::string_view only = trimmed(mark);
  return is_any(only, {"/", "-", ".", "\\", "—", "–", "·", ","}) || only.empty();
}

DateText full(int year, int month, int day) {
  DateText result;
  result.kind = DateText::Kind::kFull;
  result.date = plan_date(year, month, day);
  return result;
}

DateText no_year(int month, int day) {
  if (!plan_date(2000, month, day)) return full(0, 0, 0);
  DateText result;
  result.kind = DateText::Kind::kNoYear;
  result.month = month;
  result.day = day;
  return result;
}

// 2026年3月5日, 3月5日, 2026年3月
DateText read_chinese(const std::vector<Token>& tokens) {
  int year = -1;
  int month = -1;
  int day = -1;
  for (std::size_t at = 0; at < tokens.size(); at += 2) {  // a number, its unit
    if (tokens[at].kind != Token::Kind::kNumber || tokens[at].number < 0) return {};
    const std::string_view unit =
        at + 1 < tokens.size() ? trimmed(tokens[at + 1].text) : std::string_view();
    if (is_any(unit, {"年"}) && year < 0 && tokens[at].text.size() != 3) {
      year = full_year(tokens[at].number, tokens[at].text.size());
    } else if (is_any(unit, {"月", "月份"}) && month < 0) {
      month = tokens[at].number;
    } else if ((is_any(unit, {"日", "号"}) || unit.empty()) && month >= 0 && day < 0) {
      day = tokens[at].number;
    } else {
      return {};
    }
  }
  if (month < 0) return {};
  if (day < 0) {
    DateText result;
    result.kind = DateText::Kind::kMonthOnly;
    return result;
  }
  return year < 0 ? no_year(month, day) : full(year, month, day);
}

// 5-Mar-26, 5 March 2026, Mar 5, 2026
DateText read_named_month(const std::vector<Token>& tokens) {
  int month = 0;
  std::vector<const Token*> numbers;
  bool month_first = false;
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::kWord) {
      if (is_any(token.text, {"st", "nd", "rd", "th"}) && !numbers.empty()) continue;
      if (month != 0 || month_named(token.text) == 0) return {};
      month = month_named(token.text);
      month_first = numbers.empty();
    } else if (token.kind == Token::Kind::kNumber) {
      if (token.number < 0) return {};
      numbers.push_back(&token);
    } else if (!is_separator(token.text) && trimmed(token.text) != "'") {
      return {};
    }
  }
  if (month == 0 || numbers.empty() || numbers.size() > 2) return {};
  if (numbers.size() == 1) {
    if (numbers[0]->text.size() > 2) {
      DateText result;
      result.kind = DateText::Kind::kMonthOnly;
      return result;
    }
    return no_year(month, numbers[0]->number);
  }
  if (numbers[0]->text.size() == 4 && !month_first) {  // 2026-Mar-05
    return full(numbers[0]->number, month, numbers[1]->number);
  }
  if (numbers[0]->text.size() > 2 || numbers[1]->text.size() == 3 || numbers[1]->text.size() > 4) {
    return {};
  }
  return full(full_year(numbers[1]->number, numbers[1]->text.size()), month, numbers[0]->number);
}

// A leading two-digit year is considered from here on: 05/03/26 is not of the year 2005.
constexpr int kFirstShortYear = 13;

DateText read_three_numbers(const Token& a, const Token& b, const Token& c, std::string_view mark) {
  if (a.text.size() == 4) {
    DateText result = full(a.number, b.number, c.number);
    result.year_first = true;
    return result;
  }
  if (a.text.size() > 2 || b.text.size() > 2) return {};
  if (c.text.size() == 4 && trimmed(mark) == ".") {
    DateText result = full(c.number, b.number, a.number);
    result.day_first = true;
    return result;
  }
  DateText result;
  result.kind = DateText::Kind::kShort;
  if (c.text.size() == 4 || c.text.size() == 2) {
    const int year = full_year(c.number, c.text.size());
    result.by_order[1] = plan_date(year, b.number, a.number);
    result.by_order[2] = plan_date(year, a.number, b.number);
  }
  if (c.text.size() <= 2 && a.text.size() == 2 && a.number >= kFirstShortYear) {
    result.by_order[0] = plan_date(full_year(a.number, 2), b.number, c.number);
  }
  const auto& by = result.by_order;
  if (!by[0] && !by[1] && !by[2]) return full(0, 0, 0);
  return result;
}

DateText read_numbers(const std::vector<Token>& tokens) {
  std::vector<const Token*> numbers;
  std::string_view mark;
  for (const Token& token : tokens) {
    if (token.kind == Token::Kind::kNumber) {
      if (token.number < 0) return {};
      numbers.push_back(&token);
    } else if (numbers.empty() || !is_separator(token.text)) {
      return {};
    } else {
      mark = token.text;
    }
  }
  if (tokens.empty() || tokens.back().kind != Token::Kind::kNumber) return {};
  if (numbers.size() == 3) return read_three_numbers(*numbers[0], *numbers[1], *numbers[2], mark);
  if (numbers.size() == 2 && trimmed(mark).size() == 1) {
    if (numbers[0]->text.size() == 4) {  // 2026-03
      DateText result;
      if (numbers[1]->number >= 1 && numbers[1]->number <= 12) {
        result.kind = DateText::Kind::kMonthOnly;
      }
      return result;
    }
    if (numbers[0]->text.size() > 2 || numbers[1]->text.size() > 2) return {};
    // 3/15: the number that can be a month only in one place decides.
    const bool month_first = plan_date(2000, numbers[0]->number, numbers[1]->number).has_value();
    const bool day_first = plan_date(2000, numbers[1]->number, numbers[0]->number).has_value();
    DateText result = month_first ? no_year(numbers[0]->number, numbers[1]->number)
                                  : no_year(numbers[1]->number, numbers[0]->number);
    result.either_order = month_first && day_first && numbers[0]->number != numbers[1]->number;
    return result;
  }
  if (numbers.size() == 1 && numbers[0]->text.size() == 8) {
    const int digits = numbers[0]->number;
    return full(digits / 10000, digits / 100 % 100, digits % 100);
  }
  return {};
}

constexpr double kFirstSerial = 20'000;  // 1954
constexpr double kLastSerial = 90'000;   // 2146

}  // namespace

std::string_view name_of(DateOrder order) {
  constexpr std::array<std::string_view, kDateOrders.size()> kNames = {"Y/M/D", "D/M/Y", "M/D/Y"};
  return kNames[static_cast<std::size_t>(order)];
}

DateText read_date_text(std::string_view text) {
  if (text.size() > 64) return {};
  const std::string date = without_time_and_weekday(text);
  if (const auto serial = number_in(date);
      serial && !has(date, ",") && *serial >= kFirstSerial && *serial <= kLastSerial) {
    DateText result;
    result.kind = DateText::Kind::kFull;
    result.date = date_of_serial(*serial, false);
    result.serial = true;
    return result;
  }
  const std::vector<Token> tokens = tokens_of(date);
  if (tokens.empty() || tokens.size() >= kTokens) return {};
  if (has_any(date, {"年", "月"})) return read_chinese(tokens);
  const bool words = std::any_of(tokens.begin(), tokens.end(), [](const Token& token) {
    return token.kind == Token::Kind::kWord;
  });
  return words ? read_named_month(tokens) : read_numbers(tokens);
}

std::optional<PlanDate> date_of_serial(double serial, bool from_1904) {
  if (!(serial >= 1) || serial > 200'000) return std::nullopt;
  const auto whole = std::chrono::days(static_cast<int>(std::floor(serial)));
  using namespace std::chrono;  // NOLINT(*using-namespace*): literals of dates read better
  PlanDate date;
  if (from_1904) {
    date = PlanDate(year{1904} / January / 1) + whole;
  } else {
    // The 1900 system counts a 29th of February 1900, its day 60, that never was.
    if (whole.count() == 60) return std::nullopt;
    date = PlanDate(year{1899} / December / (whole.count() < 60 ? 31 : 30)) + whole;
  }
  const year_month_day parts(date);
  return plan_date(static_cast<int>(parts.year()),
                   static_cast<int>(static_cast<unsigned>(parts.month())),
                   static_cast<int>(static_cast<unsigned>(parts.day())));
}

DurationText read_duration_text(std::string_view text) {
  DurationText result;
  std::string duration = squeezed(text);
  while (!duration.empty() && duration.back() == '?') duration.pop_back();  // Project: estimated
  if (duration.empty() || duration.size() > 64) return result;
  double days = 0;
  std::size_t at = 0;
  bool any = false;
  while (at < duration.size()) {
    std::size_t end = at;
    while (end < duration.size() && (is_digit(duration[end]) || duration[end] == '.')) ++end;
    const auto amount = number_in(std::string_view(duration).substr(at, end - at));
    if (!amount || *amount < 0) return {};
    at = end;
    while (end < duration.size() && !is_digit(duration[end])) ++end;
    const std::string_view unit = std::string_view(duration).substr(at, end - at);
    at = end;
    if (is_any(unit, {"", "d", "day", "days", "天", "日", "工作日", "个工作日", "日历天"})) {
      if (unit.empty() && any) return {};
      days += *amount;
    } else if (is_any(unit, {"h", "hr", "hrs", "hour", "hours", "小时", "个小时", "时"})) {
      days += *amount / kHoursPerDay;
      result.hours = true;
    } else if (is_any(unit,
                      {"w", "wk", "wks", "week", "weeks", "周", "星期", "个星期", "mo", "mon",
                       "mons", "month", "months", "月", "个月", "y", "year", "years", "年"})) {
      result.other_unit = true;
      return result;
    } else {
      return {};
    }
    any = true;
  }
  result.days = days;
  return result;
}

PercentText read_percent_text(std::string_view text) {
  PercentText result;
  std::string percent = squeezed(text);
  if (is_any(percent, {"已完成", "完成", "完工", "已完工", "done", "complete", "completed"})) {
    return {100, true, true};
  }
  if (is_any(percent, {"未开始", "未开工", "未施工", "notstarted"})) return {0, true, true};
  if (!percent.empty() && percent.back() == '%') {
    percent.pop_back();
    result.sign = true;
  }
  result.number = number_in(percent);
  return result;
}

std::optional<bool> read_yes_no(std::string_view text) {
  const std::string word = squeezed(text);
  if (is_any(word, {"是", "√", "✓", "✔", "y", "yes", "true", "1", "1.0", "★", "☆", "●", "◆", "▲",
                    "里程碑", "milestone"})) {
    return true;
  }
  if (is_any(word, {"", "否", "n", "no", "false", "0", "0.0", "×", "-", "—", "/"})) return false;
  return std::nullopt;
}

namespace {

std::string_view link_type(std::string_view text) {
  for (const std::string_view type : {"FS", "SS", "FF", "SF"}) {
    if (text.size() == 2 && (text[0] | 0x20) == (type[0] | 0x20) &&
        (text[1] | 0x20) == (type[1] | 0x20)) {
      return type;
    }
  }
  if (text == "完成-开始") return "FS";
  if (text == "开始-开始") return "SS";
  if (text == "完成-完成") return "FF";
  if (text == "开始-完成") return "SF";
  return {};
}

// The lag at the end of `link`, cut off there: +2d, -3天, +50%.
void take_lag(std::string& link, LinkText& result) {
  const std::size_t sign = link.find_last_of("+-");
  if (sign == std::string::npos || sign == 0) return;
  std::string lag = link.substr(sign + 1);
  if (lag.empty() || !is_digit(lag[0])) return;
  if (lag.back() == '%' && number_in(lag.substr(0, lag.size() - 1))) {
    result.lag_percent = true;
  } else {
    const DurationText duration = read_duration_text(lag);
    if (!duration.days) return;
    // "A-10" is a name, "3-10" without a type or unit as well; "3FS-10" and "3-10d" have a lag.
    const std::string_view before = std::string_view(link).substr(0, sign);
    const bool typed = before.size() > 2 && !link_type(before.substr(before.size() - 2)).empty();
    if (link[sign] == '-' && !typed && is_digit(lag.back())) return;
    result.lag_days = link[sign] == '-' ? -*duration.days : *duration.days;
  }
  link.resize(sign);
}

LinkText read_link(std::string whole) {
  LinkText result;
  std::string link = half_width(whole);
  std::erase(link, ' ');
  result.whole = std::move(whole);
  take_lag(link, result);
  for (const std::string_view words : {"完成-开始", "开始-开始", "完成-完成", "开始-完成"}) {
    if (link.size() > words.size() && link.ends_with(words)) {
      result.type = std::string(link_type(words));
      result.predecessor = link.substr(0, link.size() - words.size());
      return result;
    }
  }
  // The last FS, SS, FF or SF that follows a digit and ends the text or is followed by a digit.
  for (std::size_t at = link.size() < 3 ? 0 : link.size() - 2; at > 0; --at) {
    const std::string_view type = link_type(std::string_view(link).substr(at, 2));
    if (type.empty() || !is_digit(link[at - 1])) continue;
    const std::string rest = link.substr(at + 2);
    if (!rest.empty() && !std::all_of(rest.begin(), rest.end(), [](char letter) {
          return is_digit(letter) || letter == '.';
        })) {
      continue;
    }
    result.type = std::string(type);
    result.predecessor = link.substr(0, at);
    result.successor = rest;
    return result;
  }
  result.predecessor = link;
  return result;
}

}  // namespace

std::vector<LinkText> read_links(std::string_view text) {
  std::string marked;
  while (!text.empty()) {
    std::size_t taken = 0;
    for (const std::string_view mark : {"、", "，", "；", "\n", ";"}) {
      if (text.starts_with(mark)) taken = mark.size();
    }
    marked += taken > 0 ? ',' : text.front();
    text.remove_prefix(std::max<std::size_t>(taken, 1));
  }
  std::vector<LinkText> links;
  for (std::size_t at = 0; at <= marked.size();) {
    const std::size_t end = std::min(marked.find(',', at), marked.size());
    const std::string_view one = trimmed(std::string_view(marked).substr(at, end - at));
    if (!one.empty() && !is_any(one, {"-", "/", "无"}))
      links.push_back(read_link(std::string(one)));
    at = end + 1;
  }
  return links;
}

}  // namespace sitecast::hub
