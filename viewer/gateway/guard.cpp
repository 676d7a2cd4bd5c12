// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/guard.h"

#include <algorithm>

namespace sitecast::gateway {
namespace {

// What a role may do inside a project that is its own. One line per action, so that a new action
// has to be thought about for each role.
bool role_may(Role role, Action action) {
  switch (action) {
    case Action::kRead:
    case Action::kWatch:
    case Action::kDirect:
      return role == Role::kCentre || role == Role::kAgent || role == Role::kOwner;
    case Action::kState:
    case Action::kInspect: return role == Role::kCentre || role == Role::kAgent;
    case Action::kDecide: return role == Role::kCentre;
    case Action::kSignIn:  // these are not done to a project
    case Action::kEnrol:
    case Action::kTunnel: return false;
  }
  return false;
}

bool may_in_project(const Subject& subject, Action action, ProjectId project) {
  if (subject.account_role == Role::kCentre) return role_may(Role::kCentre, action);
  return std::any_of(subject.memberships.begin(), subject.memberships.end(),
                     [&](const auto& member) {
                       return member.project == project && role_may(member.role, action);
                     });
}

}  // namespace

std::optional<Role> parse_role(std::string_view name) {
  for (const Role role : {Role::kCentre, Role::kAgent, Role::kOwner}) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::kCentre: return "centre";
    case Role::kAgent: return "agent";
    case Role::kOwner: return "owner";
  }
  return "";
}

std::optional<Role> role_in(const Subject& subject, ProjectId project) {
  if (subject.account_role == Role::kCentre) return Role::kCentre;
  for (const Membership& member : subject.memberships) {
    if (member.project == project) return member.role;
  }
  return std::nullopt;
}

Decision decide(const Subject& subject, Action action, const Object& object) {
  if (object.kind == ObjectKind::kPublic) return Decision::kAllow;
  if (!subject.account_role) return Decision::kSignInFirst;
  switch (object.kind) {
    case ObjectKind::kPublic:
    case ObjectKind::kOwnSession:
    case ObjectKind::kProjectList: return Decision::kAllow;
    case ObjectKind::kProject:
    case ObjectKind::kCapture: break;
  }
  const bool allowed = object.project && may_in_project(subject, action, *object.project);
  return allowed ? Decision::kAllow : Decision::kNotFound;
}

}  // namespace sitecast::gateway
