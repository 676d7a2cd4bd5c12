// SPDX-License-Identifier: Apache-2.0
// JSON forms of what the index holds (openapi.yaml, components/schemas). Thread-safe: pure
// functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hub/index/reader.h"
#include "viewer/gateway/http/json_writer.h"

namespace sitecast::gateway {

// `live`: its captures that are live now; may be null.
void write_project(JsonWriter& json, const hub::ProjectInfo& project,
                   const std::vector<CaptureId>* live);

// Writes the members of a Capture without the braces, so that the detail view can add to them.
void write_capture_members(JsonWriter& json, const hub::CaptureInfo& capture, bool is_live);
void write_capture(JsonWriter& json, const hub::CaptureInfo& capture, bool is_live);

void write_track(JsonWriter& json, const hub::TrackInfo& track);

// An event whose bytes are not an Event (a newer program's log) is written with an empty body.
void write_event(JsonWriter& json, const hub::EventInfo& event);

// `codecs`: RFC 6381 codec by init hash (16 hex digits).
void write_playlist(JsonWriter& json, const hub::TrackInfo& track, bool complete,
                    const std::vector<hub::Segment>& segments,
                    const std::map<std::string, std::string>& codecs);

// Hex text of the 8 raw bytes of an init hash.
std::string init_hash_text(std::string_view init_hash8);

}  // namespace sitecast::gateway
