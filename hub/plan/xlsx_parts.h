// SPDX-License-Identifier: Apache-2.0
// The parts of a workbook, one XmlHandler each. Owner thread: one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hub/plan/grid.h"
#include "hub/plan/xml_reader.h"

namespace sitecast::hub {

std::string_view attribute(const std::vector<XmlAttribute>& attributes, std::string_view name);

// Handlers of one part: what they refuse, and text gathered for the element that is open.
class XlsxPart : public XmlHandler {
 public:
  [[nodiscard]] const std::optional<PlanNote>& refusal() const override { return refusal_; }
  void text(std::string_view text) override;

 protected:
  void gather() {
    gathering_ = true;
    gathered_.clear();
  }
  std::string gathered() {
    gathering_ = false;
    return std::move(gathered_);
  }
  void refuse(PlanNote why) { refusal_ = std::move(why); }

 private:
  std::optional<PlanNote> refusal_;
  bool gathering_ = false;
  std::string gathered_;  // cut a little over kPlanCellBytes
};

// Relationship id to the target's name, as written.
class XlsxRelations : public XlsxPart {
 public:
  void open(std::string_view name, const std::vector<XmlAttribute>& attributes) override;
  void close(std::string_view) override {}
  std::map<std::string, std::string, std::less<>> targets;
  std::string office_document;  // target of the relation of that type
};

class XlsxWorkbook : public XlsxPart {
 public:
  struct Sheet {
    std::string name;
    std::string relation;
    bool hidden = false;
  };
  void open(std::string_view name, const std::vector<XmlAttribute>& attributes) override;
  void close(std::string_view) override {}
  std::vector<Sheet> sheets;
  bool from_1904 = false;
};

class XlsxStrings : public XlsxPart {
 public:
  void open(std::string_view name, const std::vector<XmlAttribute>& attributes) override;
  void close(std::string_view name) override;
  std::vector<std::string> strings;

 private:
  std::string string_;
  bool phonetic_ = false;
};

struct XlsxStyle {
  bool date = false;
  bool percent = false;
  std::uint8_t indent = 0;
};

class XlsxStyles : public XlsxPart {
 public:
  void open(std::string_view name, const std::vector<XmlAttribute>& attributes) override;
  void close(std::string_view name) override;
  std::vector<XlsxStyle> styles;

 private:
  std::map<int, std::string> formats_;
  bool in_cell_formats_ = false;
};

// Whether a number format shows a date: "yyyy-mm-dd", "m\"月\"d\"日\"", but not "0.00" or "[Red]0".
bool is_date_format(std::string_view format);

class XlsxSheet : public XlsxPart {
 public:
  XlsxSheet(const std::vector<std::string>& strings, const std::vector<XlsxStyle>& styles,
            bool from_1904)
      : strings_(strings), styles_(styles), from_1904_(from_1904) {}
  void open(std::string_view name, const std::vector<XmlAttribute>& attributes) override;
  void close(std::string_view name) override;
  // Rows without gaps, merged cells copied down. Call once, at the end.
  Grid take_grid();

 private:
  struct Merge {
    std::uint32_t first_row, last_row;
    std::size_t column;
  };
  void open_row(const std::vector<XmlAttribute>& attributes);
  void open_cell(const std::vector<XmlAttribute>& attributes);
  void close_cell();
  void set_text(GridCell& cell, std::string text);
  void add_merge(std::string_view reference);
  void copy_merged();

  const std::vector<std::string>& strings_;
  const std::vector<XlsxStyle>& styles_;
  bool from_1904_;
  Grid grid_;
  std::vector<Merge> merges_;
  std::uint32_t row_ = 0;
  std::size_t next_column_ = 0;
  bool in_cell_ = false;
  bool phonetic_ = false;
  std::size_t column_ = 0;
  std::string type_;
  std::size_t style_ = 0;
  std::string value_;
  std::string inline_;
  std::size_t cells_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace sitecast::hub
