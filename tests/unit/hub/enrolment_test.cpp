// SPDX-License-Identifier: Apache-2.0
#include "hub/enrol/enrolment.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "hub/enrol/broker_files.h"
#include "hub/enrol/dynsec.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

NewDevice new_device(ProjectId project) {
  return {"tablet 1", SigningKey::generate().public_key(), {project}};
}

class EnrolmentTest : public testing::Test {
 protected:
  Enrolment open() {
    auto opened = Enrolment::open(folder_.path() / "enrolment.db");
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }
  TempDir folder_;
  SystemClock clock_;
  ProjectId project_ = ProjectId::make();
};

TEST_F(EnrolmentTest, DeviceIsThereAfterReopeningAndKnowsItsPassword) {
  std::string password;
  DeviceId id;
  {
    auto enrolment = open();
    const auto made = enrolment.enrol(new_device(project_), clock_);
    ASSERT_TRUE(made.ok()) << made.error().message();
    password = made->password;
    id = made->record.id;
  }
  auto enrolment = open();
  const auto device = enrolment.device(id);
  ASSERT_TRUE(device.ok());
  EXPECT_EQ(device->name, "tablet 1");
  EXPECT_EQ(device->projects, std::vector{project_});
  EXPECT_TRUE(matches(device->secret, password));
  EXPECT_FALSE(matches(device->secret, password + "x"));
}

TEST_F(EnrolmentTest, ServicePasswordsStayTheSame) {
  const auto first = open().service_accounts();
  const auto second = open().service_accounts();
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_EQ(first->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(first->at(i).password, second->at(i).password);
    EXPECT_TRUE(matches(second->at(i).secret, first->at(i).password));
  }
}

TEST_F(EnrolmentTest, OneKeyIsOneDevice) {
  auto enrolment = open();
  const NewDevice device = new_device(project_);
  ASSERT_TRUE(enrolment.enrol(device, clock_).ok());
  EXPECT_EQ(enrolment.enrol(device, clock_).error().kind(), ErrorKind::kInvalidArgument);
}

TEST_F(EnrolmentTest, RemovedDeviceIsGoneAndRemovingTwiceIsAnError) {
  auto enrolment = open();
  const auto made = enrolment.enrol(new_device(project_), clock_);
  ASSERT_TRUE(made.ok());
  ASSERT_TRUE(enrolment.remove(made->record.id).ok());
  EXPECT_EQ(enrolment.devices()->size(), 0U);
  EXPECT_EQ(enrolment.remove(made->record.id).error().kind(), ErrorKind::kNotFound);
}

TEST_F(EnrolmentTest, DeviceMayOnlyUseItsOwnTopics) {
  auto enrolment = open();
  const auto made = enrolment.enrol(new_device(project_), clock_);
  ASSERT_TRUE(made.ok());
  const json file = json::parse(dynsec_file(*enrolment.service_accounts(), *enrolment.devices()));
  for (const auto& [name, allowed] : file.at("defaultACLAccess").items()) {
    EXPECT_EQ(allowed.get<bool>(), name == "unsubscribe") << name;
  }
  const std::string prefix = device_prefix(project_, made->record.id);
  std::size_t seen = 0;
  for (const auto& role : file.at("roles")) {
    if (role.at("rolename") != "role-" + made->record.id.text()) continue;
    for (const auto& acl : role.at("acls")) {
      ++seen;
      EXPECT_EQ(acl.at("topic").get<std::string>().rfind(prefix, 0), 0U) << acl.dump();
    }
  }
  EXPECT_EQ(seen, 9U);  // five to send, two to subscribe, two to receive
}

TEST_F(EnrolmentTest, OnlyTheHubMayUseTheControlTopic) {
  auto enrolment = open();
  const json file = json::parse(dynsec_file(*enrolment.service_accounts(), *enrolment.devices()));
  std::set<std::string> roles;
  for (const auto& role : file.at("roles")) {
    for (const auto& acl : role.at("acls")) {
      if (acl.at("topic").get<std::string>().rfind("$CONTROL", 0) == 0) {
        roles.insert(role.at("rolename").get<std::string>());
      }
    }
  }
  EXPECT_EQ(roles, std::set<std::string>{"role-hub"});
}

TEST_F(EnrolmentTest, DeviceFilesAreNeverOverwritten) {
  auto enrolment = open();
  const auto made = enrolment.enrol(new_device(project_), clock_);
  ASSERT_TRUE(made.ok());
  const DeviceFilesOptions options{folder_.path() / "device", "mqtt://127.0.0.1:1883", {}};
  ASSERT_TRUE(write_device_files(*made, options).ok());
  EXPECT_EQ(write_device_files(*made, options).error().kind(), ErrorKind::kFailedPrecondition);
  const auto password = read_file(options.out / "broker.password", 1000);
  ASSERT_TRUE(password.ok());
  EXPECT_EQ(to_string(*password), made->password + "\n");
}

TEST_F(EnrolmentTest, TlsByHalvesIsRefused) {
  auto enrolment = open();
  BrokerFilesOptions options;
  options.out = folder_.path() / "broker";
  options.port = 1883;
  options.tls_port = 8883;
  EXPECT_EQ(write_broker_files(enrolment, options).error().kind(), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace sitecast::hub
