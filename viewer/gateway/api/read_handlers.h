// SPDX-License-Identifier: Apache-2.0
// Answers that are read from the index and the archive. They run on a thread of the ReadPool and
// may block on the disk; the guard has allowed the request's object before any of them is called,
// except for the project list, which asks it for each project itself.
#pragma once

#include "hub/archive/layout.h"
#include "hub/index/reader.h"
#include "proto/base/clock.h"
#include "viewer/gateway/api/codec_names.h"
#include "viewer/gateway/guard.h"
#include "viewer/gateway/http/message.h"
#include "viewer/gateway/live/device_table.h"
#include "viewer/gateway/live/snapshot.h"
#include "viewer/gateway/routes.h"

namespace sitecast::gateway {

struct ReadContext {
  hub::IndexReader& reader;
  const hub::Layout& layout;
  const LiveSnapshot& live;
  const DeviceTable& devices;
  CodecNames& codecs;
  const Subject& subject;
  const Request& request;
  const PathParams& params;
  const Clock& clock;
  ProjectId project;  // of the object, as the guard saw it; nil for the project list
};

Response answer_read(RouteId route, const ReadContext& context);

// 404 whatever the reason it may not be seen; the same bytes for unknown, foreign and malformed.
Response not_found_response();
// An Error of the index or the disk as a response.
Response response_of(const Error& error);

}  // namespace sitecast::gateway
