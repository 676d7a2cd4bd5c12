// SPDX-License-Identifier: Apache-2.0
// Playlists for players without Media Source Extensions (hls_playlist.h says what is in them).
// Which player gets which is decided by the page, by what the browser can do. Blocking: one or two
// reads of the index, like the page's own playlists.
#pragma once

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

// The renditions of a capture: of one that goes on to follow it, or with `whole=1` as a recording
// of what is here now.
Response show_hls(const ReadContext& context);
// One track. Without `follow` everything that is here now, as a recording; with `follow=1` the
// growing list of a capture that goes on.
Response show_hls_track(const ReadContext& context);

}  // namespace sitecast::gateway
