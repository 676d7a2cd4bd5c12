// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/guard.h"

#include <gtest/gtest.h>

namespace sitecast::gateway {
namespace {

const ProjectId kMine = ProjectId::make();
const ProjectId kForeign = ProjectId::make();

Subject member(Role account, std::optional<Role> in_project) {
  Subject subject{"ana", account, {}};
  if (in_project) subject.memberships.push_back({kMine, *in_project});
  return subject;
}

TEST(GuardTest, NobodyGetsOnlyWhatIsPublic) {
  const Subject nobody;
  EXPECT_EQ(decide(nobody, Action::kSignIn, {ObjectKind::kPublic, {}}), Decision::kAllow);
  for (const auto kind : {ObjectKind::kOwnSession, ObjectKind::kProjectList, ObjectKind::kProject,
                          ObjectKind::kCapture}) {
    EXPECT_EQ(decide(nobody, Action::kRead, {kind, kMine}), Decision::kSignInFirst);
  }
}

TEST(GuardTest, CentreSeesEveryProjectAndOthersOnlyTheirOwn) {
  for (const auto kind : {ObjectKind::kProject, ObjectKind::kCapture}) {
    for (const auto action : {Action::kRead, Action::kWatch}) {
      EXPECT_EQ(decide(member(Role::kCentre, {}), action, {kind, kForeign}), Decision::kAllow);
      for (const auto role : {Role::kAgent, Role::kOwner}) {
        EXPECT_EQ(decide(member(role, role), action, {kind, kMine}), Decision::kAllow);
        EXPECT_EQ(decide(member(role, role), action, {kind, kForeign}), Decision::kNotFound);
        EXPECT_EQ(decide(member(role, {}), action, {kind, kMine}), Decision::kNotFound);
      }
    }
  }
}

TEST(GuardTest, OwnersDoNotSeeBehindTheScenes) {
  const Object mine{ObjectKind::kProject, kMine};
  EXPECT_EQ(decide(member(Role::kCentre, {}), Action::kInspect, mine), Decision::kAllow);
  EXPECT_EQ(decide(member(Role::kAgent, Role::kAgent), Action::kInspect, mine), Decision::kAllow);
  // What counts is the role in this project.
  EXPECT_EQ(decide(member(Role::kAgent, Role::kOwner), Action::kInspect, mine),
            Decision::kNotFound);
  EXPECT_EQ(decide(member(Role::kAgent, {}), Action::kInspect, mine), Decision::kNotFound);
}

TEST(GuardTest, OnlyTheCentreDecidesAndOwnersStateNothing) {
  const Object mine{ObjectKind::kProject, kMine};
  EXPECT_EQ(decide(member(Role::kCentre, {}), Action::kDecide, mine), Decision::kAllow);
  EXPECT_EQ(decide(member(Role::kAgent, Role::kAgent), Action::kDecide, mine), Decision::kNotFound);
  EXPECT_EQ(decide(member(Role::kOwner, Role::kOwner), Action::kDecide, mine), Decision::kNotFound);
  EXPECT_EQ(decide(member(Role::kAgent, Role::kAgent), Action::kState, mine), Decision::kAllow);
  EXPECT_EQ(decide(member(Role::kOwner, Role::kOwner), Action::kState, mine), Decision::kNotFound);
  EXPECT_EQ(role_in(member(Role::kAgent, Role::kOwner), kMine), Role::kOwner);
  EXPECT_EQ(role_in(member(Role::kAgent, {}), kMine), std::nullopt);
}

TEST(GuardTest, WhoTakesPartDirects) {
  const Object mine{ObjectKind::kCapture, kMine};
  const Object foreign{ObjectKind::kCapture, kForeign};
  for (const Role role : {Role::kCentre, Role::kAgent, Role::kOwner}) {
    EXPECT_EQ(decide(member(Role::kAgent, role), Action::kDirect, mine), Decision::kAllow);
    EXPECT_EQ(decide(member(Role::kAgent, role), Action::kDirect, foreign), Decision::kNotFound);
  }
  EXPECT_EQ(decide(member(Role::kOwner, {}), Action::kDirect, mine), Decision::kNotFound);
}

TEST(GuardTest, BeingCentreOfOneProjectOpensNoOther) {
  const auto subject = member(Role::kOwner, Role::kCentre);
  EXPECT_EQ(decide(subject, Action::kRead, {ObjectKind::kProject, kForeign}), Decision::kNotFound);
}

TEST(GuardTest, WhatDoesNotExistIsNotFoundForEverybody) {
  EXPECT_EQ(decide(member(Role::kCentre, {}), Action::kRead, {ObjectKind::kCapture, {}}),
            Decision::kNotFound);
}

}  // namespace
}  // namespace sitecast::gateway
