// SPDX-License-Identifier: Apache-2.0
// Playlists for players without Media Source Extensions (hls_playlist.h says what is in them), and
// what following shares with them (hls_follow.h). Which player gets which is decided by the page,
// by what the browser can do. Blocking: one or two reads of the index, like the page's own
// playlists.
#pragma once

#include "viewer/gateway/api/read_handlers.h"

namespace sitecast::gateway {

// The renditions of a capture: of one that goes on to follow it, or with `whole=1` as a recording
// of what is here now. `sound=none`: pictures alone, where there are any, for a player that refuses
// the sound and with it the whole list.
Response show_hls(const ReadContext& context);
// Everything of one track that is here now, as a recording.
Response show_hls_track(const ReadContext& context);
Response whole_track(hub::IndexReader& reader, const PathParams& params);

bool is_played(const hub::TrackInfo& track);
// Where the newest half minute of a track begins: what a list that is followed is opened with.
std::uint64_t newest_from(const hub::TrackInfo& track);

}  // namespace sitecast::gateway
