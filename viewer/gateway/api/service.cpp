// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/api/service.h"

#include <algorithm>
#include <map>
#include <variant>

#include "viewer/gateway/api/direction_orders.h"
#include "viewer/gateway/api/enrolment_handlers.h"
#include "viewer/gateway/api/memberships.h"
#include "viewer/gateway/api/plan_orders.h"
#include "viewer/gateway/api/read_handlers.h"
#include "viewer/gateway/api/session_handlers.h"

namespace sitecast::gateway {
namespace {

Response sign_in_first() {
  return error_response(401, "sign_in", "sign in first: POST /api/v1/session");
}

Response websocket_only() {
  auto response = error_response(426, "websocket", "this address speaks WebSocket");
  response.add("Upgrade", "websocket");
  return response;
}

Response busy() {
  auto response = error_response(503, "unavailable", "too much to do right now, try again");
  response.add("Retry-After", "1");
  response.cause = "too many requests wait for a read thread";
  return response;
}

}  // namespace

Service::Service(Parts parts)
    : parts_(std::move(parts)),
      follow_(parts_.hls, parts_.pool, parts_.layout, parts_.clock, parts_.post_to_io) {
  parts_.accounts.on_ended([this](const TokenHash& session) { sockets_.close_session(session); });
}

void Service::log_failure(const Request& request, const Answer& answer) const {
  const auto* response = std::get_if<Response>(&answer);
  if (response == nullptr || response->status < 500) return;
  if (response->status == 503) {
    log_.warn("{} {} answered 503: {}", name_of(request.method), request.path, response->cause);
  } else {
    log_.error("{} {} answered {}: {}", name_of(request.method), request.path, response->status,
               response->cause);
  }
}

bool Service::origin_is_ours(const Request& request) const {
  // Browsers always send Origin with WebSockets and with what changes something; other programs
  // have no cookie of a person that a foreign page could ride on.
  if (request.origin.empty()) return true;
  if (!parts_.public_origin.empty()) return request.origin == parts_.public_origin;
  return request.origin == (request.secure ? "https://" : "http://") + request.host;
}

std::uint64_t Service::body_limit(const Request& head) const {
  const auto found = find_route(head.method, head.path);
  const auto* match = std::get_if<RouteMatch>(&found);
  const bool takes_file = match != nullptr && (match->route->id == RouteId::kPlanPreview ||
                                               match->route->id == RouteId::kPlanConfirm);
  if (!takes_file || head.csrf != "1" || !origin_is_ours(head)) return kSmallBodyBytes;
  const auto session = session_of(head);
  const auto* account = session ? parts_.accounts.authenticate(*session) : nullptr;
  // Only those who may import at all: nobody else makes us hold twenty megabytes.
  return account != nullptr && account->role == Role::kCentre ? hub::kPlanFileBytes
                                                              : kSmallBodyBytes;
}

void Service::handle(std::shared_ptr<const Request> request, std::function<void(Answer)> done) {
  auto found = find_route(request->method, request->path);
  if (std::holds_alternative<NoSuchRoute>(found)) return done(not_found_response());
  if (const auto* wrong = std::get_if<WrongMethod>(&found)) {
    auto response = error_response(405, "method", "this address does not take that method");
    response.add("Allow", wrong->allow);
    return done(std::move(response));
  }
  auto& match = std::get<RouteMatch>(found);
  auto call = std::make_shared<Call>();
  call->request = std::move(request);
  call->route = match.route;
  call->params = std::move(match.params);
  call->done = [this, request = call->request, done = std::move(done)](Answer answer) {
    log_failure(*request, answer);
    done(std::move(answer));
  };

  const bool is_websocket = call->route->transport == Transport::kWebSocket;
  const bool changes_something = call->route->method != Method::kGet;
  if (changes_something && call->request->csrf != "1") {
    return call->done(error_response(403, "csrf", "send the header X-Sitecast: 1"));
  }
  if ((changes_something || is_websocket) && !origin_is_ours(*call->request)) {
    return call->done(error_response(403, "origin", "this page belongs to another site"));
  }
  if (const auto session = session_of(*call->request)) {
    if (const auto* account = parts_.accounts.authenticate(*session)) {
      call->session = *session;
      call->subject.user = account->user;
      call->subject.account_role = account->role;
      call->display_name = account->display_name;
    }
  }
  const auto kind = call->route->guarded.kind;
  if (kind == ObjectKind::kPublic) return answer_public(call);
  // Nobody learns more than this, whatever they ask for.
  if (!call->subject.account_role) return call->done(sign_in_first());
  if (is_websocket && !call->request->upgrade_websocket) {
    return call->done(websocket_only());
  }
  if (kind == ObjectKind::kOwnSession) return answer_own_session(call);
  read(call);
}

Answer Service::tunnel(const Request& request) const {
  if (!request.upgrade_websocket) return websocket_only();
  if (parts_.tunnel) return Tunnel{};
  auto response = error_response(503, "unavailable", "devices connect to the broker itself here");
  response.cause = "broker.url is mqtts://: no tunnel to it";
  return response;
}

void Service::answer_public(const std::shared_ptr<Call>& call) {
  switch (call->route->id) {
    case RouteId::kHealth: return call->done(json_response(R"({"status":"ok"})"));
    case RouteId::kSignIn: return sign_in(call);
    case RouteId::kEnrolLook:
    case RouteId::kEnrol: return admit(call);
    case RouteId::kTunnel: return call->done(tunnel(*call->request));
    default: return call->done(parts_.static_files.answer(*call->request));
  }
}

void Service::sign_in(const std::shared_ptr<Call>& call) {
  auto credentials = parse_credentials(call->request->body);
  if (!credentials) {
    return call->done(bad_request(R"(send {"user":"…","password":"…"} as JSON)"));
  }
  parts_.accounts.sign_in(std::move(credentials->user), std::move(credentials->password),
                          call->request->address, [call](const SignInAnswer& answer) {
                            call->done(sign_in_response(answer, call->request->secure));
                          });
}

void Service::answer_own_session(const std::shared_ptr<Call>& call) {
  if (call->route->id == RouteId::kSignOut) return sign_out(call);
  const auto* account = parts_.accounts.authenticate(call->session);
  call->done(account != nullptr ? account_response(*account) : sign_in_first());
}

void Service::sign_out(const std::shared_ptr<Call>& call) {
  parts_.accounts.sign_out(call->session, [call](const Status& status) {
    call->done(status.ok() ? signed_out_response(call->request->secure)
                           : response_of(status.error()));
  });
}

void Service::read(const std::shared_ptr<Call>& call) {
  const bool taken = parts_.pool.submit([this, call](Result<hub::IndexReader*> reader) {
    std::optional<Answer> answer =
        Answer(response_of(reader.ok() ? internal_error("no answer") : reader.error()));
    if (reader.ok()) answer = guard_and_read(call, **reader, *parts_.live_snapshot.get());
    if (!answer) return;
    auto shared = std::make_shared<Answer>(std::move(*answer));
    parts_.post_to_io([call, shared] { call->done(std::move(*shared)); });
  });
  if (!taken) call->done(busy());
}

Result<std::optional<ProjectId>> Service::project_of(const Call& call, hub::IndexReader& reader,
                                                     const LiveSnapshot& live) const {
  switch (call.route->guarded.kind) {
    case ObjectKind::kProject: {
      const auto project = reader.project(call.params.project);
      if (project.ok()) return std::optional(project->id);
      if (project.error().kind() != ErrorKind::kNotFound) return project.error();
      return std::optional<ProjectId>();
    }
    case ObjectKind::kCapture: {
      const auto project = reader.project_of(call.params.capture);
      if (project.ok()) return std::optional(*project);
      if (project.error().kind() != ErrorKind::kNotFound) return project.error();
      // What is being filmed can be watched before the hub's first commit of it.
      if (call.route->id == RouteId::kCaptureLive) return live.project_of(call.params.capture);
      return std::optional<ProjectId>();
    }
    default: return std::optional<ProjectId>();
  }
}

std::optional<Answer> Service::state(const std::shared_ptr<Call>& call, hub::IndexReader& reader,
                                     ProjectId project) {
  auto order = plan_order(call->route->id, reader, project, *call->request,
                          {call->subject.user, call->display_name,
                           role_in(call->subject, project).value_or(Role::kOwner)});
  if (auto* refused = std::get_if<Response>(&order)) return Answer(std::move(*refused));
  const bool taken = parts_.desk.submit(
      [this, call, work = std::move(std::get<PlanOrder>(order))](PlanOffice& office) {
        auto shared = std::make_shared<Answer>(work(office));
        parts_.post_to_io([call, shared] { call->done(std::move(*shared)); });
      });
  if (!taken) return Answer(busy());
  return std::nullopt;
}

std::optional<Answer> Service::direct(const std::shared_ptr<Call>& call, hub::IndexReader& reader,
                                      ProjectId project) {
  auto event = direction_event(reader, project, call->params.capture, *call->request,
                               {call->subject.user, call->display_name,
                                role_in(call->subject, project).value_or(Role::kOwner)},
                               parts_.clock.wall_us());
  if (auto* refused = std::get_if<Response>(&event)) return Answer(std::move(*refused));
  if (parts_.publisher == nullptr) {
    return not_stated(unavailable("broker.publisher_password_file is not configured"));
  }
  v1::Event& stating = std::get<v1::Event>(event);
  // Who is asked must be there to be asked. What is stored already is only said again.
  const auto id = EventId::from_bytes(stating.event_id());
  const auto asked = DeviceId::from_bytes(stating.request().device_id());
  if (!asked || (id && reader.request(project, *id).ok())) {
    publish(call, project, stating);
    return std::nullopt;
  }
  const bool taken = parts_.hub.ask(
      enrolled_question(project), [this, call, project, asked = *asked,
                                   stating = std::move(stating)](Result<nlohmann::json> said) {
        if (said.ok() && is_enrolled(*said, asked)) return publish(call, project, stating);
        auto answer = std::make_shared<Answer>(
            said.ok() ? error_response(409, "no_device", "no such device is enrolled here")
                      : hub_refusal(said.error()));
        parts_.post_to_io([call, answer] { call->done(std::move(*answer)); });
      });
  if (!taken) return Answer(busy());
  return std::nullopt;
}

void Service::publish(const std::shared_ptr<Call>& call, ProjectId project,
                      const v1::Event& event) {
  parts_.publisher->state(
      project, {event}, [this, call, id = event.event_id()](const Status& done) {
        auto answer = std::make_shared<Answer>(done.ok() ? stated(id) : not_stated(done.error()));
        parts_.post_to_io([call, answer] { call->done(std::move(*answer)); });
      });
}

std::optional<Answer> Service::enrol(const std::shared_ptr<Call>& call, ProjectId project) {
  auto asked = enrolment_question(call->route->id, *call->request, call->subject, project,
                                  parts_.devices, parts_.tunnel);
  if (auto* refused = std::get_if<Response>(&asked)) return Answer(std::move(*refused));
  auto& question = std::get<HubQuestion>(asked);
  const bool taken = parts_.hub.ask(
      std::move(question.text),
      [this, call, shape = std::move(question.answer)](const Result<nlohmann::json>& said) {
        auto answer =
            std::make_shared<Answer>(said.ok() ? shape(*said) : hub_refusal(said.error()));
        parts_.post_to_io([call, answer] { call->done(std::move(*answer)); });
      });
  if (!taken) return Answer(busy());
  return std::nullopt;
}

// Tokens cannot be guessed; who tries all the same waits longer and longer, for the enrolment that
// was tried. Others behind the same address are not in their way until the address as a whole is.
void Service::admit(const std::shared_ptr<Call>& call) {
  const std::string& address = call->request->address;
  auto question = newcomer_question(call->route->id, call->request->body);
  if (!question)
    return call->done(bad_request("send what the link of the enrolment says, as JSON"));
  const std::string enrolment = question->at("id").get<std::string>();
  const std::int64_t now_us = parts_.clock.monotonic_us();
  if (const auto wait_s = token_tries_.wait_seconds(enrolment, address, now_us)) {
    auto response = error_response(429, "throttled", "too many tries: wait a moment");
    response.add("Retry-After", std::to_string(*wait_s));
    return call->done(std::move(response));
  }
  const TokenTry tried{enrolment, token_tries_.begin(enrolment, address, now_us)};
  const bool taken =
      parts_.hub.ask(std::move(*question), [this, call, tried](Result<nlohmann::json> said) {
        auto answer = std::make_shared<Result<nlohmann::json>>(std::move(said));
        parts_.post_to_io([this, call, tried, answer] { admitted(call, tried, *answer); });
      });
  if (taken) return;
  token_tries_.withdrawn(enrolment, address, tried.begun);
  call->done(busy());
}

void Service::admitted(const std::shared_ptr<Call>& call, const TokenTry& tried,
                       Result<nlohmann::json> answer) {
  const std::string& address = call->request->address;
  if (!answer.ok()) {
    const bool judged = answer.error().kind() == ErrorKind::kInvalidArgument;
    if (!judged) token_tries_.withdrawn(tried.enrolment, address, tried.begun);
    return call->done(hub_refusal(answer.error()));
  }
  if (is_of_us(*answer)) {
    token_tries_.succeeded(tried.enrolment, address, parts_.clock.monotonic_us());
  }
  const bool taken = parts_.pool.submit([this, call, said = std::move(*answer)](
                                            const Result<hub::IndexReader*>& reader) {
    auto response =
        std::make_shared<Answer>(reader.ok() ? newcomer_response(call->route->id, said, **reader)
                                             : response_of(reader.error()));
    parts_.post_to_io([call, response] { call->done(std::move(*response)); });
  });
  if (!taken) call->done(busy());
}

std::optional<Answer> Service::guard_and_read(const std::shared_ptr<Call>& shared_call,
                                              hub::IndexReader& reader, const LiveSnapshot& live) {
  Call& call = *shared_call;
  // What the guard saw is what the handler reads.
  const auto view = hub::ReadView::of(reader);
  if (!view.ok()) return response_of(view.error());
  const auto project = project_of(call, reader, live);
  if (!project.ok()) return response_of(project.error());
  if (call.subject.account_role != Role::kCentre) {
    auto memberships = read_memberships(reader, call.subject.user);
    if (!memberships.ok()) return response_of(memberships.error());
    call.subject.memberships = std::move(*memberships);
  }
  const Object object{call.route->guarded.kind, *project};
  switch (decide(call.subject, call.route->guarded.action, object)) {
    case Decision::kAllow: break;
    case Decision::kSignInFirst: return sign_in_first();
    case Decision::kNotFound: return not_found_response();
  }
  const ProjectId allowed = project->value_or(ProjectId());
  if (is_enrolment(call.route->id)) return enrol(shared_call, allowed);
  if (is_direction(call.route->id)) return direct(shared_call, reader, allowed);
  if (call.route->method != Method::kGet) return state(shared_call, reader, allowed);
  if (call.route->id == RouteId::kUpdates) return upgrade(call, allowed, false);
  if (call.route->id == RouteId::kCaptureLive) {
    const auto capture = reader.capture(call.params.capture);
    return upgrade(call, allowed, capture.ok() && capture->closed);
  }
  const ReadContext context{reader,       parts_.layout, live,        parts_.devices, codecs_,
                            call.subject, *call.request, call.params, parts_.clock,   allowed};
  if (!HlsFollow::is_about(call.route->id, *call.request)) {
    return answer_read(call.route->id, context);
  }
  return follow_.answer(context, {call.request, call.route->id, call.params, allowed, call.done});
}

Upgrade Service::upgrade(const Call& call, ProjectId project, bool ended) {
  OpenSockets::Right right{call.session, call.subject, project};
  const bool updates = call.route->id == RouteId::kUpdates;
  const bool may_talk =
      decide(call.subject, Action::kDirect, {ObjectKind::kProject, project}) == Decision::kAllow;
  const TalkDesk::Person person{call.display_name.empty() ? call.subject.user : call.display_name,
                                role_in(call.subject, project) == Role::kCentre};
  return {[this, right, updates, ended, may_talk, person,
           capture = call.params.capture](const std::shared_ptr<PushChannel>& channel) {
    // The session may have ended while the handshake was under way.
    if (!parts_.accounts.is_valid(right.session)) {
      return channel->close(CloseCode::kPolicyViolation);
    }
    sockets_.add(channel, right);
    if (updates) {
      parts_.live.watch_project(right.project, channel);
    } else {
      parts_.live.watch_capture(right.project, capture, ended, channel,
                                parts_.clock.monotonic_us());
      if (parts_.talk != nullptr && may_talk && !ended) {
        parts_.talk->admit(right.project, capture, person, channel);
      }
    }
  }};
}

void Service::recheck_sockets() {
  sockets_.close_unless(
      [this](const OpenSockets::Right& right) { return parts_.accounts.is_valid(right.session); });
  const auto users = sockets_.users();
  if (users.empty() || rechecking_) return;
  rechecking_ = parts_.pool.submit([this, users](Result<hub::IndexReader*> reader) {
    auto fresh = std::make_shared<std::map<std::string, std::vector<Membership>>>();
    for (const auto& user : users) {
      if (!reader.ok()) break;
      auto memberships = read_memberships(**reader, user);
      // Not readable at this moment is not revoked; the next round comes in half a second.
      if (memberships.ok()) (*fresh)[user] = std::move(*memberships);
    }
    parts_.post_to_io([this, fresh] {
      rechecking_ = false;
      sockets_.close_unless([&](const OpenSockets::Right& right) {
        const auto found = fresh->find(right.subject.user);
        if (found == fresh->end()) return true;
        Subject subject = right.subject;
        subject.memberships = found->second;
        return decide(subject, Action::kWatch, {ObjectKind::kProject, right.project}) ==
               Decision::kAllow;
      });
    });
  });
}

}  // namespace sitecast::gateway
