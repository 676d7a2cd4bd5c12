// SPDX-License-Identifier: Apache-2.0
// A ZIP file whose members are not compressed, so that tests reach what lies inside with any bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/base/bytes.h"

namespace sitecast::test {

inline std::uint32_t zip_crc(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0);
  }
  return ~crc;
}

inline Bytes stored_zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string file;
  std::string directory;
  const auto put = [](std::string& to, std::uint32_t value, int bytes) {
    for (int at = 0; at < bytes; ++at) to += static_cast<char>(value >> (8 * at) & 0xFFU);
  };
  for (const auto& member : members) {
    const std::string& name = member.first;  // clang 14 captures no structured binding
    const std::string& content = member.second;
    const auto offset = static_cast<std::uint32_t>(file.size());
    const auto size = static_cast<std::uint32_t>(content.size());
    const auto sizes = [&](std::string& to) {
      put(to, 0, 2);  // flags
      put(to, 0, 2);  // stored
      put(to, 0, 4);  // time, date
      put(to, zip_crc(content), 4);
      put(to, size, 4);
      put(to, size, 4);
      put(to, static_cast<std::uint32_t>(name.size()), 2);
      put(to, 0, 2);  // extra
    };
    file += "PK\x03\x04";
    put(file, 20, 2);
    sizes(file);
    file += name + content;
    directory += "PK\x01\x02";
    put(directory, 20, 2);
    put(directory, 20, 2);
    sizes(directory);
    put(directory, 0, 2);  // comment
    put(directory, 0, 4);  // disk, attributes
    put(directory, 0, 4);
    put(directory, offset, 4);
    directory += name;
  }
  const auto begin = static_cast<std::uint32_t>(file.size());
  file += directory;
  file += "PK\x05\x06";
  put(file, 0, 4);
  put(file, static_cast<std::uint32_t>(members.size()), 2);
  put(file, static_cast<std::uint32_t>(members.size()), 2);
  put(file, static_cast<std::uint32_t>(directory.size()), 4);
  put(file, begin, 4);
  put(file, 0, 2);
  const ByteView bytes = as_bytes(file);
  return {bytes.begin(), bytes.end()};
}

// A workbook of one sheet. `styles` and `strings` are the inner elements of their parts.
inline Bytes workbook_of(const std::string& sheet_xml, const std::string& strings_xml = "",
                         const std::string& styles_xml = "",
                         const std::string& workbook_properties = "") {
  const std::string relation =
      R"(http://schemas.openxmlformats.org/officeDocument/2006/relationships)";
  std::vector<std::pair<std::string, std::string>> members = {
      {"_rels/.rels", R"(<Relationships><Relationship Id="r1" Type=")" + relation +
                          R"(/officeDocument" Target="xl/workbook.xml"/></Relationships>)"},
      {"xl/workbook.xml", "<workbook xmlns:r=\"" + relation + "\">" + workbook_properties +
                              R"(<sheets><sheet name="计划" sheetId="1" r:id="r1"/></sheets>)"
                              "</workbook>"},
      {"xl/_rels/workbook.xml.rels", R"(<Relationships><Relationship Id="r1" Type=")" + relation +
                                         R"(/worksheet" Target="worksheets/sheet1.xml"/>)"
                                         "</Relationships>"},
      {"xl/worksheets/sheet1.xml", sheet_xml}};
  if (!strings_xml.empty()) members.emplace_back("xl/sharedStrings.xml", strings_xml);
  if (!styles_xml.empty()) members.emplace_back("xl/styles.xml", styles_xml);
  return stored_zip(members);
}

}  // namespace sitecast::test
