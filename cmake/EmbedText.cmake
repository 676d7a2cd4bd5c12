# SPDX-License-Identifier: Apache-2.0
# sitecast_embed_text(INPUT OUTPUT NAME): a header with the file's text as a constant of namespace
# sitecast::hub, so that schema.sql stays a document of its own.
function(sitecast_embed_text input output name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${input})
  file(READ ${input} text)
  file(GENERATE OUTPUT ${output} CONTENT
"#pragma once
#include <string>
namespace sitecast::hub {
inline const std::string ${name} = R\"~~~(${text})~~~\";
}
")
endfunction()
