// SPDX-License-Identifier: Apache-2.0
// From request to answer: route, who asks, CSRF and Origin, guard, handler. The order is the same
// for every route and is written once, here:
//   1. find_route; 2. Origin and X-Sitecast where something changes or a WebSocket opens; 3.
//   session cookie; 4. (on a read thread) the object's project from the index, memberships from the
//   index;
//   5. decide(); 6. the handler.
// Owner thread: the io thread. Reading happens on the ReadPool; answers come back on the io thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hub/archive/layout.h"
#include "proto/base/log.h"
#include "viewer/gateway/accounts/accounts.h"
#include "viewer/gateway/accounts/throttle.h"
#include "viewer/gateway/api/answer.h"
#include "viewer/gateway/api/codec_names.h"
#include "viewer/gateway/api/hls_follow.h"
#include "viewer/gateway/api/hub_door.h"
#include "viewer/gateway/api/open_sockets.h"
#include "viewer/gateway/api/plan_desk.h"
#include "viewer/gateway/api/read_pool.h"
#include "viewer/gateway/live/device_table.h"
#include "viewer/gateway/live/live_hub.h"
#include "viewer/gateway/routes.h"
#include "viewer/gateway/static_files.h"
#include "viewer/gateway/talk/talk_desk.h"

namespace sitecast::gateway {

class Service final : public RequestHandler {
 public:
  using Post = std::function<void(std::function<void()>)>;
  struct Parts {
    Accounts& accounts;
    ReadPool& pool;
    LiveHub& live;
    HlsLive& hls;
    const LiveSnapshotHolder& live_snapshot;
    const DeviceTable& devices;
    const StaticFiles& static_files;
    const Clock& clock;
    hub::Layout layout;
    PlanDesk& desk;
    HubDoor& hub;
    EventPublisher* publisher;  // null: nothing can be stated
    TalkDesk* talk;             // null: nobody can be heard
    std::string public_origin;  // empty: the Host field says where we are
    bool tunnel = false;        // the broker can be reached through us
    Post post_to_io;
  };
  explicit Service(Parts parts);

  [[nodiscard]] std::uint64_t body_limit(const Request& head) const override;
  void handle(std::shared_ptr<const Request> request, std::function<void(Answer)> done) override;

  // Reads memberships anew and closes the WebSockets whose right has ended. Call every half second
  // and when a member event has come.
  void recheck_sockets();
  void close_sockets(CloseCode code) { sockets_.close_all(code); }

 private:
  struct Call {  // one request on its way through the steps
    std::shared_ptr<const Request> request;
    const Route* route = nullptr;
    PathParams params;
    TokenHash session{};
    Subject subject;
    std::string display_name;
    std::function<void(Answer)> done;
  };

  // Each 5xx is one line in the log, with its cause and without the query.
  void log_failure(const Request& request, const Answer& answer) const;
  [[nodiscard]] bool origin_is_ours(const Request& request) const;
  void answer_public(const std::shared_ptr<Call>& call);
  [[nodiscard]] Answer tunnel(const Request& request) const;
  void answer_own_session(const std::shared_ptr<Call>& call);
  void sign_in(const std::shared_ptr<Call>& call);
  void sign_out(const std::shared_ptr<Call>& call);
  void read(const std::shared_ptr<Call>& call);
  // On a read thread. nullopt: the desk will answer.
  std::optional<Answer> guard_and_read(const std::shared_ptr<Call>& call, hub::IndexReader& reader,
                                       const LiveSnapshot& live);
  // Hands what the guard allowed to the desk; on a read thread.
  std::optional<Answer> state(const std::shared_ptr<Call>& call, hub::IndexReader& reader,
                              ProjectId project);
  // What is pointed at, said and asked goes to the hub at once, beside the desk.
  std::optional<Answer> direct(const std::shared_ptr<Call>& call, hub::IndexReader& reader,
                               ProjectId project);
  // Answers the call when the hub has it.
  void publish(const std::shared_ptr<Call>& call, ProjectId project, const v1::Event& event);
  // Asks the hub what the guard allowed; on a read thread.
  std::optional<Answer> enrol(const std::shared_ptr<Call>& call, ProjectId project);
  struct TokenTry {
    std::string enrolment;
    SignInThrottle::Try begun;
  };
  // A device that holds a token: nobody is signed in.
  void admit(const std::shared_ptr<Call>& call);
  void admitted(const std::shared_ptr<Call>& call, const TokenTry& tried,
                Result<nlohmann::json> answer);
  Result<std::optional<ProjectId>> project_of(const Call& call, hub::IndexReader& reader,
                                              const LiveSnapshot& live) const;
  Upgrade upgrade(const Call& call, ProjectId project, bool ended);

  Parts parts_;
  CodecNames codecs_;
  HlsFollow follow_;
  OpenSockets sockets_;
  SignInThrottle token_tries_;  // of enrolments, as if they were users
  bool rechecking_ = false;
  const Log log_{"gateway/api"};
};

}  // namespace sitecast::gateway
