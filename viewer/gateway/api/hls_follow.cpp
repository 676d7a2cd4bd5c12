// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/hls_follow.h"

#include <limits>

#include "proto/codec/topics.h"
#include "viewer/gateway/api/hls_handlers.h"
#include "viewer/gateway/api/media_answer.h"
#include "viewer/gateway/api/media_handlers.h"
#include "viewer/gateway/http/text.h"

namespace sitecast::gateway {
namespace {

struct Directives {
  bool follow = false;
  HlsReload reload;
};

// nullopt: not what this address takes (section 6.2.5).
std::optional<Directives> directives_of(const std::string& query) {
  const auto pairs = parse_query(query);
  if (!pairs) return std::nullopt;
  Directives directives;
  for (const auto& [name, value] : *pairs) {
    if (name == "follow" && value == "1") {
      directives.follow = true;
    } else if (name == "_HLS_skip" && (value == "YES" || value == "v2")) {
      directives.reload.skip = true;
    } else if (name == "_HLS_msn" || name == "_HLS_part") {
      const auto number = parse_unsigned(value);
      if (!number) return std::nullopt;
      (name == "_HLS_msn" ? directives.reload.number : directives.reload.part) = *number;
    } else if (!name.starts_with("_HLS_")) {
      return std::nullopt;  // those of later editions are passed over
    }
  }
  if (directives.reload.part && !directives.reload.number) return std::nullopt;
  return directives;
}

Response busy() {
  auto response = error_response(503, "unavailable", "too much to do right now, try again");
  response.add("Retry-After", "1");
  response.cause = "too many captures are followed, or requests wait for a read thread";
  return response;
}

// Segments of the newest half minute: whatever the capture's length.
Result<HlsLive::Archived> archived_of(hub::IndexReader& reader, CaptureId id) {
  HlsLive::Archived archived;
  SC_TRY_ASSIGN(const auto capture, reader.capture(id));
  archived.captured_at_us = capture.captured_at_us;
  SC_TRY_ASSIGN(const auto tracks, reader.tracks(id));
  for (const auto& track : tracks) {
    if (!is_played(track)) continue;
    SC_TRY_ASSIGN(archived.tracks[track.name],
                  reader.segments(id, track.name, newest_from(track),
                                  std::numeric_limits<std::int64_t>::max()));
  }
  return archived;
}

}  // namespace

bool HlsFollow::is_about(RouteId route, const Request& request) {
  return route == RouteId::kLiveMedia || route == RouteId::kInitSegment ||
         (route == RouteId::kHlsTrack && !request.query.empty());
}

std::optional<Response> HlsFollow::answer(const ReadContext& context, Asked asked) {
  const auto route = asked.route;
  if (route == RouteId::kInitSegment) {
    auto response = send_init_segment(context);
    const bool may_be_new =
        response.status == 404 && context.live.is_live(context.project, context.params.capture);
    if (!may_be_new) return response;
  }
  const auto shared = std::make_shared<const Asked>(std::move(asked));
  if (route == RouteId::kInitSegment) {
    post_([this, shared] { init(shared); });
    return std::nullopt;
  }
  if (route == RouteId::kLiveMedia) {
    post_([this, shared] { media(shared); });
    return std::nullopt;
  }
  const auto directives = directives_of(context.request.query);
  if (!directives || !directives->follow) {
    return bad_request("the parameters are follow=1 and with it _HLS_msn, _HLS_part, _HLS_skip");
  }
  const auto capture = context.reader.capture(context.params.capture);
  if (!capture.ok()) return response_of(capture.error());
  const auto tracks = context.reader.tracks(context.params.capture);
  if (!tracks.ok()) return response_of(tracks.error());
  const auto* track = find_track(*tracks, context.params.track);
  if (track == nullptr || !is_played(*track)) return not_found_response();
  post_([this, shared, closed = capture->closed, reload = directives->reload] {
    if (!windows_.is_open(shared->project, shared->params.capture)) {
      if (!closed) return open_and_list(shared, reload);
      return read(shared, [](hub::IndexReader& reader, const Asked& ended) {
        return whole_track(reader, ended.params);
      });
    }
    if (closed) windows_.on_closed(shared->project, shared->params.capture);
    list(shared, reload);
  });
  return std::nullopt;
}

void HlsFollow::list(const Shared& asked, HlsReload reload) {
  windows_.list(asked->project, asked->params.capture, asked->params.track, reload,
                clock_.monotonic_us(), [this, asked](Response response) {
                  const auto& params = asked->params;
                  if (!windows_.has_only_archive(asked->project, params.capture, params.track)) {
                    return asked->done(std::move(response));
                  }
                  read(asked, [](hub::IndexReader& reader, const Asked& ended) {
                    return whole_track(reader, ended.params);
                  });
                });
}

void HlsFollow::open_and_list(const Shared& asked, HlsReload reload) {
  const bool taken = pool_.submit([this, asked, reload](Result<hub::IndexReader*> reader) {
    auto archived = reader.ok() ? archived_of(**reader, asked->params.capture)
                                : Result<HlsLive::Archived>(reader.error());
    auto shared = std::make_shared<Result<HlsLive::Archived>>(std::move(archived));
    post_([this, asked, reload, shared] {
      if (!shared->ok()) return asked->done(response_of(shared->error()));
      if (!windows_.open(asked->project, asked->params.capture, std::move(**shared),
                         clock_.monotonic_us())) {
        return asked->done(busy());
      }
      list(asked, reload);
    });
  });
  if (!taken) asked->done(busy());
}

void HlsFollow::media(const Shared& asked) {
  const auto& params = asked->params;
  const bool here = windows_.media(
      asked->project, params.capture, params.track, params.sequence, params.last_sequence,
      clock_.monotonic_us(), [asked](Response response) { asked->done(std::move(response)); });
  if (here) return;
  if (!params.last_sequence) return asked->done(not_found_response());
  read(asked, [this](hub::IndexReader& reader, const Asked& wanted) {
    return send_exact_segment(reader, layout_, wanted.project, wanted.params, *wanted.request);
  });
}

void HlsFollow::init(const Shared& asked) {
  const auto& params = asked->params;
  auto bytes =
      windows_.init_segment(asked->project, params.capture, params.track, params.init_hash8);
  asked->done(bytes ? init_response(params.track, std::move(*bytes)) : not_found_response());
}

void HlsFollow::read(const Shared& asked,
                     std::function<Response(hub::IndexReader&, const Asked&)> how) {
  const bool taken =
      pool_.submit([this, asked, how = std::move(how)](Result<hub::IndexReader*> reader) {
        auto response = std::make_shared<Response>(reader.ok() ? how(**reader, *asked)
                                                               : response_of(reader.error()));
        post_([asked, response] { asked->done(std::move(*response)); });
      });
  if (!taken) asked->done(busy());
}

}  // namespace sitecast::gateway
