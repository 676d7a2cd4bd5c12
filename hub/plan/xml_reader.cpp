// SPDX-License-Identifier: Apache-2.0
#include "hub/plan/xml_reader.h"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>

namespace sitecast::hub {
namespace {

std::string_view without_prefix(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using Parser = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

struct Reading {
  XML_Parser parser;
  XmlHandler& handler;
  std::size_t depth = 0;
  std::optional<PlanNote> refusal;
  std::vector<XmlAttribute> attributes;

  void stop(PlanNote why) {
    if (!refusal) refusal = std::move(why);
    XML_StopParser(parser, XML_FALSE);
  }
  void check() {
    if (handler.refusal()) stop(*handler.refusal());
  }
};

// Expat is C: nothing may be thrown through it.
template <typename Call>
void guarded(void* data, Call call) noexcept {
  auto& reading = *static_cast<Reading*>(data);
  if (reading.refusal) return;
  try {
    call(reading);
  } catch (const std::exception& error) {
    reading.refusal = PlanNote{PlanNoteCode::kFileReadFault, {error.what()}};
    XML_StopParser(reading.parser, XML_FALSE);
  }
}

void XMLCALL on_open(void* data, const XML_Char* name, const XML_Char** attributes) {
  guarded(data, [&](Reading& reading) {
    if (++reading.depth > kXmlDepth) {
      return reading.stop(
          {PlanNoteCode::kXmlBroken, {fmt::format("nested over {} deep", kXmlDepth)}});
    }
    reading.attributes.clear();
    for (const XML_Char** at = attributes; *at != nullptr; at += 2) {
      reading.attributes.push_back({without_prefix(at[0]), at[1]});
    }
    reading.handler.open(without_prefix(name), reading.attributes);
    reading.check();
  });
}

void XMLCALL on_close(void* data, const XML_Char* name) {
  guarded(data, [&](Reading& reading) {
    --reading.depth;
    reading.handler.close(without_prefix(name));
    reading.check();
  });
}

void XMLCALL on_text(void* data, const XML_Char* text, int size) {
  guarded(data, [&](Reading& reading) {
    reading.handler.text({text, static_cast<std::size_t>(size)});
    reading.check();
  });
}

void XMLCALL on_doctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  guarded(data, [](Reading& reading) { reading.stop({PlanNoteCode::kXmlDoctype, {}}); });
}

class RootName : public XmlHandler {
 public:
  void open(std::string_view name, const std::vector<XmlAttribute>&) override {
    name_ = std::string(name);
    refusal_ = PlanNote{PlanNoteCode::kNoTasks, {}};  // enough
  }
  void text(std::string_view) override {}
  void close(std::string_view) override {}
  [[nodiscard]] const std::optional<PlanNote>& refusal() const override { return refusal_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::optional<PlanNote> refusal_;
};

}  // namespace

std::optional<PlanNote> read_xml(ByteView bytes, XmlHandler& handler) {
  const Parser parser(XML_ParserCreate(nullptr));
  if (!parser) return PlanNote{PlanNoteCode::kFileReadFault, {"out of memory"}};
  Reading reading{parser.get(), handler, 0, {}, {}};
  XML_SetUserData(parser.get(), &reading);
  XML_SetElementHandler(parser.get(), on_open, on_close);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  constexpr std::size_t kSlice = 65536;
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += kSlice) {
    const std::string_view slice = as_text(bytes.subspan(at, std::min(kSlice, bytes.size() - at)));
    const bool last = at + kSlice >= bytes.size();
    const auto status =
        XML_Parse(parser.get(), slice.data(), static_cast<int>(slice.size()), last ? 1 : 0);
    if (reading.refusal) return reading.refusal;
    if (status != XML_STATUS_OK) {
      return PlanNote{PlanNoteCode::kXmlBroken,
                      {fmt::format("{}:{}: {}", XML_GetCurrentLineNumber(parser.get()),
                                   XML_GetCurrentColumnNumber(parser.get()),
                                   XML_ErrorString(XML_GetErrorCode(parser.get())))}};
    }
  }
  return std::nullopt;
}

std::string xml_root(ByteView bytes) {
  RootName root;
  if (read_xml(bytes, root)) return root.name();
  return root.name();
}

}  // namespace sitecast::hub
