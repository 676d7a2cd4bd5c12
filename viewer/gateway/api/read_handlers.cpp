// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/read_handlers.h"

#include <algorithm>
#include <tuple>

#include "viewer/gateway/api/device_handlers.h"
#include "viewer/gateway/api/hls_handlers.h"
#include "viewer/gateway/api/media_handlers.h"
#include "viewer/gateway/api/plan_handlers.h"
#include "viewer/gateway/api/request_handlers.h"
#include "viewer/gateway/api/search_handlers.h"
#include "viewer/gateway/http/cursor.h"
#include "viewer/gateway/http/text.h"
#include "viewer/gateway/objects.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint32_t kDefaultPage = 50;
constexpr std::uint32_t kLargestPage = 200;
constexpr std::string_view kRemark = "remark";  // ?kind= of what is said of no capture

Response list_projects(const ReadContext& context) {
  const auto projects = context.reader.projects();
  if (!projects.ok()) return response_of(projects.error());
  JsonWriter json;
  json.begin_object().key("projects").begin_array();
  for (const auto& project : *projects) {
    const Object object{ObjectKind::kProject, project.id};
    if (decide(context.subject, Action::kRead, object) != Decision::kAllow) continue;
    write_project(json, project, context.live.of(project.id));
  }
  json.end_array().end_object();
  return json_response(std::move(json).take());
}

Response show_project(const ReadContext& context) {
  const auto project = context.reader.project(context.project);
  if (!project.ok()) return response_of(project.error());
  JsonWriter json;
  write_project(json, *project, context.live.of(project->id));
  return json_response(std::move(json).take());
}

// Reads ?limit&before&area&kind&from_us&until_us; an Error says which is wrong.
Result<hub::TimelineQuery> timeline_query(const ReadContext& context) {
  const auto pairs = parse_query(context.request.query);
  if (!pairs) return invalid_argument("the query is malformed");
  hub::TimelineQuery query;
  query.project = context.project;
  query.limit = kDefaultPage;
  std::optional<std::int64_t> until_us;
  for (const auto& [name, value] : *pairs) {
    if (name == "limit") {
      const auto limit = parse_unsigned(value);
      if (!limit || *limit < 1 || *limit > kLargestPage) {
        return invalid_argument("limit is a number from 1 to 200");
      }
      query.limit = static_cast<std::uint32_t>(*limit);
    } else if (name == "before") {
      const auto cursor = decode_cursor(value);
      if (!cursor) return invalid_argument("before is a cursor from the `next` of an earlier page");
      query.before_us = cursor->captured_at_us;
      query.before_capture = cursor->capture;
    } else if (name == "from_us") {
      query.from_us = parse_signed(value);
      if (!query.from_us) return invalid_argument("from_us is a time in unix microseconds");
    } else if (name == "until_us") {
      until_us = parse_signed(value);
      if (!until_us) return invalid_argument("until_us is a time in unix microseconds");
    } else if (name == "area") {
      query.area = value;
    } else if (name == "kind") {
      query.capture_kind = value;
    } else {
      return invalid_argument("unknown parameter: " + name);
    }
  }
  // The nil id is the smallest: strictly before (until_us, nil) is captured_at_us < until_us.
  if (until_us && (!query.before_us || *until_us <= *query.before_us)) {
    query.before_us = until_us;
    query.before_capture = CaptureId();
  }
  return query;
}

Cursor cursor_of(const hub::CaptureInfo& capture) { return {capture.captured_at_us, capture.id}; }
Cursor cursor_of(const hub::EventInfo& remark) {
  return {remark.stated_at_us, CaptureId::from_bytes(remark.id.raw()).value_or(CaptureId())};
}
bool is_newer(const Cursor& a, const Cursor& b) {
  return std::tie(a.captured_at_us, a.capture) > std::tie(b.captured_at_us, b.capture);
}

struct TimelinePage {
  std::vector<hub::CaptureInfo> captures;
  std::vector<hub::EventInfo> remarks;
  std::optional<Cursor> next;
};

// Both in one order, newest first, cut at `asked`. Each list holds as many as were asked for, if
// there are, so nothing can be missing between two pages.
TimelinePage cut_page(std::vector<hub::CaptureInfo> captures, std::vector<hub::EventInfo> remarks,
                      std::size_t asked) {
  const std::size_t found = captures.size() + remarks.size();
  std::size_t from_captures = 0;
  std::size_t from_remarks = 0;
  TimelinePage page;
  std::optional<Cursor> last;
  while (from_captures + from_remarks < std::min(found, asked)) {
    const bool take_capture =
        from_remarks == remarks.size() ||
        (from_captures < captures.size() &&
         is_newer(cursor_of(captures[from_captures]), cursor_of(remarks[from_remarks])));
    last = take_capture ? cursor_of(captures[from_captures++]) : cursor_of(remarks[from_remarks++]);
  }
  // A full largest page cannot be asked for one more: there may be a next one.
  const bool may_go_on = found > asked || from_captures + from_remarks == kLargestPage;
  if (may_go_on) page.next = last;
  captures.resize(from_captures);
  remarks.resize(from_remarks);
  page.captures = std::move(captures);
  page.remarks = std::move(remarks);
  return page;
}

Response show_timeline(const ReadContext& context) {
  auto query = timeline_query(context);
  if (!query.ok()) return bad_request(query.error().message());
  const std::uint32_t asked = query->limit;
  query->limit = std::min(asked + 1, kLargestPage);  // one more tells whether there is a next page
  const bool only_remarks = query->capture_kind == kRemark;
  std::vector<hub::CaptureInfo> captures;
  if (!only_remarks) {
    auto read = context.reader.timeline(*query);
    if (!read.ok()) return response_of(read.error());
    captures = std::move(*read);
  }
  std::vector<hub::EventInfo> remarks;
  if (only_remarks || query->capture_kind.empty()) {
    // Nothing older than the last of a full list of captures can be on the page.
    if (captures.size() == query->limit) {
      query->from_us = std::max(query->from_us.value_or(captures.back().captured_at_us),
                                captures.back().captured_at_us);
    }
    auto read = context.reader.remarks(*query);
    if (!read.ok()) return response_of(read.error());
    remarks = std::move(*read);
  }
  const auto page = cut_page(std::move(captures), std::move(remarks), asked);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const auto& capture : page.captures) {
    write_capture(json, capture, context.live.is_live(capture.project, capture.id));
  }
  json.end_array().key("remarks").begin_array();
  for (const auto& remark : page.remarks) write_event(json, remark);
  json.end_array().key("next");
  if (page.next) {
    json.value(encode_cursor(*page.next));
  } else {
    json.value(nullptr);
  }
  json.end_object();
  return json_response(std::move(json).take());
}

Response show_live_captures(const ReadContext& context) {
  JsonWriter json;
  json.begin_object().key("captures").begin_array();
  if (const auto* ids = context.live.of(context.project)) {
    for (const auto& id : *ids) {
      const auto capture = context.reader.capture(id);
      // Live before the hub has committed its first part: in the next answer.
      if (!capture.ok() && capture.error().kind() == ErrorKind::kNotFound) continue;
      if (!capture.ok()) return response_of(capture.error());
      if (capture->project == context.project) write_capture(json, *capture, true);
    }
  }
  json.end_array().end_object();
  return json_response(std::move(json).take());
}

Response show_capture(const ReadContext& context) {
  const auto capture = context.reader.capture(context.params.capture);
  if (!capture.ok()) return response_of(capture.error());
  const auto tracks = context.reader.tracks(context.params.capture);
  if (!tracks.ok()) return response_of(tracks.error());
  const auto events = context.reader.events(context.params.capture);
  if (!events.ok()) return response_of(events.error());

  JsonWriter json;
  json.begin_object();
  write_capture_members(json, *capture, context.live.is_live(capture->project, capture->id));
  json.key("track_infos").begin_array();
  for (const auto& track : *tracks) write_track(json, track);
  json.end_array().key("events").begin_array();
  for (const auto& event : *events) write_event(json, event);
  json.end_array().end_object();
  return json_response(std::move(json).take());
}

}  // namespace

Response not_found_response() {
  return error_response(404, "not_found", "there is no such thing, or it is not yours to see");
}

Response response_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::kNotFound:
    case ErrorKind::kPermissionDenied: return not_found_response();
    case ErrorKind::kUnavailable: {
      auto response =
          error_response(503, "unavailable", "the archive cannot be read right now, try again");
      response.add("Retry-After", "1");
      response.cause = error.message();
      return response;
    }
    case ErrorKind::kDataLoss: {
      auto response = error_response(500, "data_loss", "this part of the archive is damaged");
      response.cause = error.message();
      return response;
    }
    default: {
      auto response = error_response(500, "internal", "an error of the gateway; its log says more");
      response.cause = error.message();
      return response;
    }
  }
}

Response answer_read(RouteId route, const ReadContext& context) {
  switch (route) {
    case RouteId::kProjects: return list_projects(context);
    case RouteId::kProject: return show_project(context);
    case RouteId::kTimeline: return show_timeline(context);
    case RouteId::kProjectLive: return show_live_captures(context);
    case RouteId::kDevices: return show_devices(context);
    case RouteId::kPlan: return show_plan(context);
    case RouteId::kRequests: return show_requests(context);
    case RouteId::kSearch: return search_project(context);
    case RouteId::kSearchAll: return search_all(context);
    case RouteId::kCapture: return show_capture(context);
    case RouteId::kPlaylist: return show_playlist(context);
    case RouteId::kHls: return show_hls(context);
    case RouteId::kHlsTrack: return show_hls_track(context);
    case RouteId::kFile: return send_original(context);
    case RouteId::kThumbnail: return send_derived(context, "thumbnail.jpg", "image/jpeg");
    case RouteId::kSprite: return send_derived(context, "sprite.jpg", "image/jpeg");
    case RouteId::kSpriteInfo: return send_derived(context, "sprite.json", "application/json");
    case RouteId::kSegment: return send_segment(context);
    case RouteId::kInitSegment: return send_init_segment(context);
    case RouteId::kHealth:
    case RouteId::kSignIn:
    case RouteId::kWhoAmI:
    case RouteId::kSignOut:
    case RouteId::kEnrolments:
    case RouteId::kEnrolmentOpen:
    case RouteId::kEnrolmentCancel:
    case RouteId::kDeviceRevoke:
    case RouteId::kEnrolLook:
    case RouteId::kEnrol:
    case RouteId::kPlanPreview:
    case RouteId::kPlanConfirm:
    case RouteId::kPlanState:
    case RouteId::kDirect:
    case RouteId::kDirectCapture:
    case RouteId::kUpdates:
    case RouteId::kTunnel:
    case RouteId::kCaptureLive:
    case RouteId::kLiveMedia:
    case RouteId::kStaticFile: break;  // never come here: api/service.cpp answers them
  }
  return not_found_response();
}

}  // namespace sitecast::gateway
