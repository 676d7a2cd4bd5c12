// SPDX-License-Identifier: Apache-2.0
// The one guard: (subject, action, object) -> decision. Every route names its action and the kind
// of object it touches in the route table (routes.h); nothing is read out or sent before decide()
// allowed it for that very object, and lists ask it for each of their items.
//
// Rules: role `centre` of an account may do everything in every project. Everybody else has, in
// each project, the role that the project's events give them (member.added / member.removed), and
// nothing in the others. What is not theirs and what does not exist are the same answer: kNotFound.
// Thread-safe: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/id.h"

namespace sitecast::gateway {

enum class Role { kCentre, kAgent, kOwner };
std::optional<Role> parse_role(std::string_view name);  // centre | agent | owner
std::string_view name_of(Role role);

enum class Action {
  kSignIn,   // becoming somebody
  kRead,     // stored things: lists, media, files
  kWatch,    // what happens now: live media and updates
  kState,    // say something: what was seen, that a milestone is reached
  kDirect,   // point, say, ask: who watches to who films
  kDecide,   // what the centre alone does: take over a plan, let devices in and out
  kEnrol,    // a device that holds an enrolment's token becomes one of ours; the hub judges it
  kTunnel,   // a device's connection to the broker, which decides who it is and what it may
  kInspect,  // how things stand behind the scenes: each device and what it holds
};

enum class ObjectKind {
  kPublic,       // the web app's files, health, the sign-in itself
  kOwnSession,   // of who asks
  kProjectList,  // the list itself; each project in it is decided as kProject
  kProject,
  kCapture,  // and all that hangs on it: tracks, segments, file, thumbnail, sprite, live
};

struct Membership {
  ProjectId project;
  Role role;
};

// Who asks. Without an account role: nobody (not signed in).
struct Subject {
  std::string user;
  std::optional<Role> account_role;
  std::vector<Membership> memberships;
};

struct Object {
  ObjectKind kind;
  std::optional<ProjectId> project;  // of kProject and kCapture; nullopt: no such object
};

enum class Decision { kAllow, kSignInFirst, kNotFound };

// As what the subject speaks in the project; nullopt: it has no part in it.
std::optional<Role> role_in(const Subject& subject, ProjectId project);

Decision decide(const Subject& subject, Action action, const Object& object);

}  // namespace sitecast::gateway
