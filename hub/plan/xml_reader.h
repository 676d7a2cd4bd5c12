// SPDX-License-Identifier: Apache-2.0
// XML as a series of calls; the one user of expat. A DOCTYPE ends the reading: so no entity is ever
// declared or resolved. Owner thread: the caller's.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hub/plan/plan_note.h"
#include "proto/base/bytes.h"

namespace sitecast::hub {

struct XmlAttribute {
  std::string_view name;
  std::string_view value;
};

// Names come without their namespace prefix. Views live until the call returns.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual void open(std::string_view name, const std::vector<XmlAttribute>& attributes) = 0;
  virtual void text(std::string_view text) = 0;  // possibly in pieces
  virtual void close(std::string_view name) = 0;
  // A reason to stop; asked after every call.
  [[nodiscard]] virtual const std::optional<PlanNote>& refusal() const = 0;
};

inline constexpr std::size_t kXmlDepth = 64;

// The reason when it is not well-formed, nests deeper than kXmlDepth, or the handler stopped it.
std::optional<PlanNote> read_xml(ByteView bytes, XmlHandler& handler);

// Name of the root element, without prefix; empty when there is none.
std::string xml_root(ByteView bytes);

}  // namespace sitecast::hub
