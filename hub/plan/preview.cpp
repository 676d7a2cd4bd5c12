// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/preview.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hub/plan/plain_text.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

std::string_view kind_name(PlanNoteKind kind) {
  switch (kind) {
    case PlanNoteKind::kRefused: return "refused";
    case PlanNoteKind::kLeftOut: return "left_out";
    case PlanNoteKind::kRead: return "read";
  }
  return "";
}

json note_json(const PlanNote& note) {
  return {{"code", name_of(note.code)},
          {"kind", kind_name(kind_of(note.code))},
          {"zh", text_of(note, PlanLanguage::kChinese)},
          {"en", text_of(note, PlanLanguage::kEnglish)}};
}

json notes_json(const std::vector<PlanNote>& notes) {
  json all = json::array();
  for (const PlanNote& note : notes) all.push_back(note_json(note));
  return all;
}

json item_json(const PlanSheet& sheet, const PlanItem& item) {
  json object = {{"row", item.source_row}, {"level", item.level}, {"name", item.name}};
  const auto add_text = [&](const char* key, const std::string& text) {
    if (!text.empty()) object[key] = text;
  };
  const auto add_date = [&](const char* key, const std::optional<PlanDate>& date) {
    if (date) object[key] = text_of(*date);
  };
  const auto add_number = [&](const char* key, const std::optional<double>& number) {
    if (number) object[key] = *number;
  };
  add_text("number", item.number);
  add_text("wbs", item.wbs);
  add_text("area", item.area);
  if (item.area_guessed) object["area_guessed"] = true;
  if (item.milestone) object["milestone"] = true;
  if (item.summary) object["summary"] = true;
  add_date("planned_start", item.start);
  add_date("planned_finish", item.finish);
  add_date("baseline_start", item.baseline_start);
  add_date("baseline_finish", item.baseline_finish);
  add_date("actual_start", item.actual_start);
  add_date("actual_finish", item.actual_finish);
  add_number("duration_days", item.duration_days);
  add_number("percent", item.percent);
  add_number("weight", item.weight);
  add_text("responsible", item.responsible);
  add_text("remark", item.remark);
  for (const PlanLink& link : item.predecessors) {
    object["predecessors"].push_back({{"row", sheet.items[link.item].source_row},
                                      {"text", link.text},
                                      {"type", link.type},
                                      {"lag_days", link.lag_days}});
  }
  for (const CellNote& note : item.notes) {
    json one = note_json(note.note);
    one["field"] = name_of(note.field);
    object["notes"].push_back(std::move(one));
  }
  return object;
}

// Text of a sheet need not be UTF-8 in every corner; JSON is.
std::string dumped(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

// Nothing that a terminal obeys.
std::string shown(std::string_view text) {
  std::string line = half_width(text);
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::string date_or_dash(const std::optional<PlanDate>& date) {
  return date ? text_of(*date) : std::string("-");
}

std::string links_text(const PlanSheet& sheet, const PlanItem& item) {
  std::string text;
  for (const PlanLink& link : item.predecessors) {
    text += text.empty() ? "  ← " : ", ";
    const PlanItem& before = sheet.items[link.item];
    text += before.number.empty() ? shown(before.name) : shown(before.number);
    text += " " + link.type;
    if (link.lag_days != 0) {
      text += (link.lag_days > 0 ? "+" : "") + number_text(link.lag_days);
    }
  }
  return text;
}

void append_item(std::string& text, const PlanSheet& sheet, const PlanItem& item,
                 PlanLanguage language) {
  const bool zh = language == PlanLanguage::kChinese;
  std::string mark;
  if (item.milestone) mark = zh ? " 里程碑" : " milestone";
  text += fmt::format(
      "{:>6}  {}{}{}{}  {} → {}  {}  {}{}\n", item.source_row,
      std::string(2 * std::size_t{item.level - 1}, ' '),
      item.number.empty() ? std::string() : shown(item.number) + " ", shown(item.name), mark,
      date_or_dash(item.start), date_or_dash(item.finish),
      item.duration_days ? number_text(*item.duration_days) + (zh ? "天" : "d") : std::string("-"),
      item.percent ? number_text(*item.percent) + "%" : std::string("-"), links_text(sheet, item));
  for (const CellNote& note : item.notes) {
    const bool lost = kind_of(note.note.code) == PlanNoteKind::kLeftOut;
    const std::string_view field = text_of(note.field, language);
    text += fmt::format("        {} {}{}{}\n", lost ? "!" : "·", field, field.empty() ? "" : ": ",
                        shown(text_of(note.note, language)));
  }
}

void append_columns(std::string& text, const PlanSheet& sheet, PlanLanguage language) {
  for (const PlanColumn& column : sheet.columns) {
    if (column.header.empty() && column.field == PlanField::kNone) continue;
    std::string how(text_of(column.field, language));
    for (const PlanNote& note : column.notes) {
      how += (how.empty() ? "" : "; ") + text_of(note, language);
    }
    text += fmt::format("  {:<4} {} → {}\n", column.place, shown(column.header), shown(how));
  }
}

}  // namespace

std::string preview_json(const PlanSheet& sheet, std::string_view file) {
  json columns = json::array();
  for (const PlanColumn& column : sheet.columns) {
    json one = {{"place", column.place},
                {"header", column.header},
                {"field", column.field == PlanField::kNone ? json() : json(name_of(column.field))},
                {"field_zh", text_of(column.field, PlanLanguage::kChinese)},
                {"field_en", text_of(column.field, PlanLanguage::kEnglish)},
                {"notes", notes_json(column.notes)}};
    columns.push_back(std::move(one));
  }
  json items = json::array();
  std::size_t left_out = 0;
  for (const PlanItem& item : sheet.items) {
    items.push_back(item_json(sheet, item));
    for (const CellNote& note : item.notes) {
      if (kind_of(note.note.code) == PlanNoteKind::kLeftOut) ++left_out;
    }
  }
  json skipped = json::array();
  for (const SkippedRow& row : sheet.skipped) {
    skipped.push_back(
        {{"row", row.source_row}, {"reason", note_json(row.reason)}, {"text", row.text}});
  }
  return dumped({{"file", file},
                 {"format", sheet.format},
                 {"encoding", sheet.encoding},
                 {"title", sheet.title},
                 {"notes", notes_json(sheet.notes)},
                 {"columns", std::move(columns)},
                 {"items", std::move(items)},
                 {"skipped", std::move(skipped)},
                 {"values_left_out", left_out}});
}

std::string refusal_json(const PlanNote& refusal, std::string_view file) {
  return dumped({{"file", file}, {"refused", note_json(refusal)}});
}

std::string preview_text(const PlanSheet& sheet, PlanLanguage language) {
  const bool zh = language == PlanLanguage::kChinese;
  std::string text = fmt::format("{} {}\n", zh ? "格式：" : "Format:", sheet.format);
  if (!sheet.title.empty()) {
    text += fmt::format("{} {}\n", zh ? "标题：" : "Title:", shown(sheet.title));
  }
  for (const PlanNote& note : sheet.notes) {
    text += fmt::format("· {}\n", shown(text_of(note, language)));
  }
  text += zh ? "\n各列的含义\n" : "\nHow the columns were understood\n";
  append_columns(text, sheet, language);
  text += zh ? "\n计划项（行号 名称 开始 → 完成 工期 完成百分比）\n"
             : "\nPlan items (row, name, start → finish, duration, percent)\n";
  std::size_t lost = 0;
  for (const PlanItem& item : sheet.items) {
    append_item(text, sheet, item, language);
    lost += static_cast<std::size_t>(std::count_if(
        item.notes.begin(), item.notes.end(),
        [](const CellNote& note) { return kind_of(note.note.code) == PlanNoteKind::kLeftOut; }));
  }
  text += zh ? "\n不是计划项的行\n" : "\nRows that are no plan items\n";
  for (const SkippedRow& row : sheet.skipped) {
    text += fmt::format("{:>6}  {}: {}\n", row.source_row, text_of(row.reason, language),
                        shown(row.text));
  }
  text +=
      zh ? fmt::format(
               "\n共 {} 个计划项；{} 个数值未采用（标有 !）；{} 行不是计划项。未保存任何内容。\n",
               sheet.items.size(), lost, sheet.skipped.size())
         : fmt::format(
               "\n{} plan items; {} values left out (marked !); {} rows are no items. "
               "Nothing was stored.\n",
               sheet.items.size(), lost, sheet.skipped.size());
  return text;
}

namespace {

std::string_view change_name(PlanChange::Kind kind) {
  switch (kind) {
    case PlanChange::Kind::kAdded: return "added";
    case PlanChange::Kind::kRemoved: return "removed";
    case PlanChange::Kind::kMoved: return "moved";
    case PlanChange::Kind::kRenamed: return "renamed";
  }
  return "";
}

std::string_view change_text(PlanChange::Kind kind, bool zh) {
  switch (kind) {
    case PlanChange::Kind::kAdded: return zh ? "新增" : "added";
    case PlanChange::Kind::kRemoved: return zh ? "取消" : "removed";
    case PlanChange::Kind::kMoved: return zh ? "改期" : "moved";
    case PlanChange::Kind::kRenamed: return zh ? "改名" : "renamed";
  }
  return "";
}

json dates_json(const PlanItem& item) {
  json object = {{"row", item.source_row}, {"name", item.name}};
  if (!item.area.empty()) object["area"] = item.area;
  if (item.start) object["planned_start"] = text_of(*item.start);
  if (item.finish) object["planned_finish"] = text_of(*item.finish);
  return object;
}

std::string dates_text(const PlanItem& item) {
  return date_or_dash(item.start) + " → " + date_or_dash(item.finish);
}

std::string days_text(const std::optional<int>& days) {
  return days ? fmt::format("{:+}", *days) : std::string("?");
}

}  // namespace

std::string changes_json(const PlanChanges& changes, const PlanSheet& before,
                         const PlanSheet& after) {
  json listed = json::array();
  for (const PlanChange& change : changes.changes) {
    json one = {{"change", change_name(change.kind)}};
    if (change.before) one["before"] = dates_json(before.items[*change.before]);
    if (change.after) one["after"] = dates_json(after.items[*change.after]);
    if (change.start_days) one["start_days"] = *change.start_days;
    if (change.finish_days) one["finish_days"] = *change.finish_days;
    listed.push_back(std::move(one));
  }
  return dumped({{"changes", std::move(listed)},
                 {"unchanged", changes.unchanged},
                 {"ambiguous", changes.ambiguous}});
}

std::string changes_text(const PlanChanges& changes, const PlanSheet& before,
                         const PlanSheet& after, PlanLanguage language) {
  const bool zh = language == PlanLanguage::kChinese;
  std::string text;
  for (const PlanChange& change : changes.changes) {
    const PlanItem& item = change.after ? after.items[*change.after] : before.items[*change.before];
    text += fmt::format("{:>6}  {} {}: ", item.source_row, change_text(change.kind, zh),
                        shown(item.name));
    if (change.kind == PlanChange::Kind::kMoved) {
      text += fmt::format("{} ⇒ {} ({} / {} {})", dates_text(before.items[*change.before]),
                          dates_text(item), days_text(change.start_days),
                          days_text(change.finish_days), zh ? "天" : "days");
    } else if (change.kind == PlanChange::Kind::kRenamed) {
      text += shown(before.items[*change.before].name) + " ⇒ " + shown(item.name);
    } else {
      text += dates_text(item);
    }
    text += "\n";
  }
  text += zh ? fmt::format("\n{} 项变化，{} 项未变", changes.changes.size(), changes.unchanged)
             : fmt::format("\n{} changes, {} items unchanged", changes.changes.size(),
                           changes.unchanged);
  if (changes.ambiguous > 0) {
    text += zh ? fmt::format("；{} 项在旧表中有多个同名项，按新增计", changes.ambiguous)
               : fmt::format(
                     "; {} items have several of their name in the older sheet and are "
                     "counted as added",
                     changes.ambiguous);
  }
  text += zh ? "。未保存任何内容。\n" : ". Nothing was stored.\n";
  return text;
}

}  // namespace sitecast::hub
