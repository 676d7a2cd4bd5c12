// SPDX-License-Identifier: Apache-2.0
// The one route table. A route cannot be written down without its Guarded (no default constructor),
// the access tests are generated from kRoutes, and openapi.yaml is held to it. Thread-safe:
// constants and pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "proto/base/id.h"
#include "viewer/gateway/guard.h"
#include "viewer/gateway/http/message.h"

namespace sitecast::gateway {

enum class RouteId {
  kHealth,
  kSignIn,
  kWhoAmI,
  kSignOut,
  kProjects,
  kProject,
  kTimeline,
  kProjectLive,
  kDevices,
  kPlan,
  kPlanPreview,
  kPlanConfirm,
  kPlanState,
  kEnrolments,
  kEnrolmentOpen,
  kEnrolmentCancel,
  kDeviceRevoke,
  kEnrolLook,
  kEnrol,
  kRequests,
  kDirect,
  kDirectCapture,
  kSearch,
  kSearchAll,
  kUpdates,
  kCapture,
  kPlaylist,
  kHls,
  kHlsTrack,
  kFile,
  kThumbnail,
  kSprite,
  kSpriteInfo,
  kCaptureLive,
  kTunnel,
  kSegment,
  kInitSegment,
  kLiveMedia,
  kStaticFile,
};

// What a route touches; there is no way to leave it out.
struct Guarded {
  consteval Guarded(Action does, ObjectKind to) : action(does), kind(to) {}
  Action action;
  ObjectKind kind;
};

enum class Transport { kHttp, kWebSocket };

struct Route {
  RouteId id;
  Method method;
  std::string_view pattern;  // {p} project, {c} capture, {t} track, {n} sequence[.m4s], {h} init
                             // hash[.mp4], {r} sequence[-last sequence].m4s
  Transport transport;
  Guarded guarded;
};

inline constexpr std::array kRoutes = {
    Route{RouteId::kHealth,
          Method::kGet,
          "/healthz",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kPublic}},
    Route{RouteId::kSignIn,
          Method::kPost,
          "/api/v1/session",
          Transport::kHttp,
          {Action::kSignIn, ObjectKind::kPublic}},
    Route{RouteId::kWhoAmI,
          Method::kGet,
          "/api/v1/session",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kOwnSession}},
    Route{RouteId::kSignOut,
          Method::kDelete,
          "/api/v1/session",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kOwnSession}},
    Route{RouteId::kProjects,
          Method::kGet,
          "/api/v1/projects",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProjectList}},
    Route{RouteId::kProject,
          Method::kGet,
          "/api/v1/projects/{p}",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProject}},
    Route{RouteId::kTimeline,
          Method::kGet,
          "/api/v1/projects/{p}/timeline",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProject}},
    Route{RouteId::kProjectLive,
          Method::kGet,
          "/api/v1/projects/{p}/live",
          Transport::kHttp,
          {Action::kWatch, ObjectKind::kProject}},
    Route{RouteId::kDevices,
          Method::kGet,
          "/api/v1/projects/{p}/devices",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProject}},
    Route{RouteId::kEnrolments,
          Method::kGet,
          "/api/v1/projects/{p}/enrolments",
          Transport::kHttp,
          {Action::kDecide, ObjectKind::kProject}},
    Route{RouteId::kEnrolmentOpen,
          Method::kPost,
          "/api/v1/projects/{p}/enrolments",
          Transport::kHttp,
          {Action::kDecide, ObjectKind::kProject}},
    Route{RouteId::kEnrolmentCancel,
          Method::kPost,
          "/api/v1/projects/{p}/enrolments/cancel",
          Transport::kHttp,
          {Action::kDecide, ObjectKind::kProject}},
    Route{RouteId::kDeviceRevoke,
          Method::kPost,
          "/api/v1/projects/{p}/devices/revoke",
          Transport::kHttp,
          {Action::kDecide, ObjectKind::kProject}},
    Route{RouteId::kEnrolLook,
          Method::kPost,
          "/api/v1/enrolment/look",
          Transport::kHttp,
          {Action::kEnrol, ObjectKind::kPublic}},
    Route{RouteId::kEnrol,
          Method::kPost,
          "/api/v1/enrolment",
          Transport::kHttp,
          {Action::kEnrol, ObjectKind::kPublic}},
    Route{RouteId::kPlan,
          Method::kGet,
          "/api/v1/projects/{p}/plan",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProject}},
    Route{RouteId::kPlanPreview,
          Method::kPost,
          "/api/v1/projects/{p}/plan/preview",
          Transport::kHttp,
          {Action::kDecide, ObjectKind::kProject}},
    Route{RouteId::kPlanConfirm,
          Method::kPost,
          "/api/v1/projects/{p}/plan/baselines",
          Transport::kHttp,
          {Action::kDecide, ObjectKind::kProject}},
    Route{RouteId::kPlanState,
          Method::kPost,
          "/api/v1/projects/{p}/plan/statements",
          Transport::kHttp,
          {Action::kState, ObjectKind::kProject}},
    Route{RouteId::kRequests,
          Method::kGet,
          "/api/v1/projects/{p}/requests",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProject}},
    Route{RouteId::kDirect,
          Method::kPost,
          "/api/v1/projects/{p}/directions",
          Transport::kHttp,
          {Action::kDirect, ObjectKind::kProject}},
    Route{RouteId::kDirectCapture,
          Method::kPost,
          "/api/v1/captures/{c}/directions",
          Transport::kHttp,
          {Action::kDirect, ObjectKind::kCapture}},
    Route{RouteId::kSearch,
          Method::kGet,
          "/api/v1/projects/{p}/search",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProject}},
    Route{RouteId::kSearchAll,
          Method::kGet,
          "/api/v1/search",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kProjectList}},
    Route{RouteId::kUpdates,
          Method::kGet,
          "/api/v1/projects/{p}/updates",
          Transport::kWebSocket,
          {Action::kWatch, ObjectKind::kProject}},
    Route{RouteId::kCapture,
          Method::kGet,
          "/api/v1/captures/{c}",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kPlaylist,
          Method::kGet,
          "/api/v1/captures/{c}/tracks/{t}/playlist",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kHls,
          Method::kGet,
          "/api/v1/captures/{c}/hls.m3u8",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kHlsTrack,
          Method::kGet,
          "/api/v1/captures/{c}/tracks/{t}/hls.m3u8",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kFile,
          Method::kGet,
          "/api/v1/captures/{c}/file",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kThumbnail,
          Method::kGet,
          "/api/v1/captures/{c}/thumbnail",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kSprite,
          Method::kGet,
          "/api/v1/captures/{c}/sprite",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kSpriteInfo,
          Method::kGet,
          "/api/v1/captures/{c}/sprite.json",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kCaptureLive,
          Method::kGet,
          "/api/v1/captures/{c}/live",
          Transport::kWebSocket,
          {Action::kWatch, ObjectKind::kCapture}},
    Route{RouteId::kTunnel,
          Method::kGet,
          "/api/v1/mqtt",
          Transport::kWebSocket,
          {Action::kTunnel, ObjectKind::kPublic}},
    Route{RouteId::kSegment,
          Method::kGet,
          "/segments/{c}/{t}/{n}",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kInitSegment,
          Method::kGet,
          "/segments/{c}/{t}/init/{h}",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kLiveMedia,
          Method::kGet,
          "/segments/{c}/{t}/live/{r}",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kCapture}},
    Route{RouteId::kStaticFile,
          Method::kGet,
          "/*",
          Transport::kHttp,
          {Action::kRead, ObjectKind::kPublic}},
};

struct PathParams {
  ProjectId project;
  CaptureId capture;
  std::string track;  // a valid track name
  std::uint64_t sequence = 0;
  std::optional<std::uint64_t> last_sequence;
  std::string init_hash8;  // 8 raw bytes
};

struct RouteMatch {
  const Route* route;
  PathParams params;
};
struct NoSuchRoute {};  // under /api/ or /segments/, or not a GET: 404
struct WrongMethod {
  std::string allow;  // value of the Allow field
};

// An id, track name or number that is not well-formed matches nothing, like one that does not
// exist.
std::variant<RouteMatch, NoSuchRoute, WrongMethod> find_route(Method method, std::string_view path);

}  // namespace sitecast::gateway
