// SPDX-License-Identifier: Apache-2.0
// The media side of read_handlers.h: playlists, segments, originals, derived pictures. Media bytes
// are never read here: the answers name file ranges, which the server sends (sendfile where it
// can).
#pragma once

#include <string_view>

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

Response show_playlist(const ReadContext& context);
Response send_segment(const ReadContext& context);
Response send_init_segment(const ReadContext& context);
Response init_response(std::string_view track, std::string bytes);
// The segment of exactly the parts from `sequence` to `last_sequence`, if that is what is here.
Response send_exact_segment(hub::IndexReader& reader, const hub::Layout& layout, ProjectId project,
                            const PathParams& params, const Request& request);
// The photo or document as the device had it, once all of it is here.
Response send_original(const ReadContext& context);
Response send_derived(const ReadContext& context, std::string_view file_name,
                      std::string_view media_type);

}  // namespace sitecast::gateway
