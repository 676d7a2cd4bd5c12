// SPDX-License-Identifier: Apache-2.0
// The broker's files in a real mosquitto: whom it lets in and what they may do.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "hub/enrol/broker_files.h"
#include "hub/enrol/enrolment.h"
#include "proto/base/file.h"
#include "proto/codec/topics.h"
#include "tests/bench/load/mqtt5.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

using bench::MqttConnection;
using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 24'811;

class BrokerRightsTest : public testing::Test {
 protected:
  void SetUp() override {
    enrolment_.emplace(std::move(Enrolment::open(folder_.path() / "enrolment.db")).value());
    mine_ = *enrolment_->enrol({"mine", SigningKey::generate().public_key(), {project_}}, clock_);
    other_ = *enrolment_->enrol({"other", SigningKey::generate().public_key(), {project_}}, clock_);
    ASSERT_TRUE(write_broker_files(*enrolment_, {broker_, kPort, 0, {}, {}}).ok());
  }
  void TearDown() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  void start_broker() {
    // As a user who may read the folder: who runs it in production is the service's own user.
    auto conf = to_string(*read_file(broker_ / "mosquitto.conf", 1 << 20));
    if (::geteuid() == 0) conf += "user root\n";
    ASSERT_TRUE(write_file_durably(broker_ / "mosquitto.conf", as_bytes(conf)).ok());
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::chdir(broker_.c_str()) != 0) ::_exit(126);
      ::execlp("mosquitto", "mosquitto", "-c", "mosquitto.conf", nullptr);
      ::execl("/usr/sbin/mosquitto", "mosquitto", "-c", "mosquitto.conf", nullptr);
      ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (true) {
      const auto tried = MqttConnection::connect({"127.0.0.1", kPort}, "nobody", "x");
      if (tried.ok() || tried.error().kind() == ErrorKind::kPermissionDenied) return;
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << tried.error().message();
      std::this_thread::sleep_for(20ms);
    }
  }

  static Result<MqttConnection> connect(std::string_view user, std::string_view password) {
    return MqttConnection::connect({"127.0.0.1", kPort}, user, password);
  }
  static Result<MqttConnection> connect(const EnrolledDevice& device) {
    return connect(device.record.id.text(), device.password);
  }

  // Pumps until the broker has answered once more; whether it allowed what was asked. mosquitto
  // closes the connection over some refusals, so each question has a connection of its own.
  static bool allowed(MqttConnection& connection) {
    const auto answers = [&] {
      return connection.acknowledged() + connection.acknowledged_subscriptions();
    };
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    while (answers() == 0) {
      if (!connection.pump([](std::string_view, ByteView) {}).ok()) return false;
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "the broker does not answer";
        return false;
      }
      pollfd waiting{connection.descriptor(), POLLIN, 0};
      ::poll(&waiting, 1, 50);
    }
    return connection.refused() == 0;
  }
  static bool may_subscribe(const EnrolledDevice& device, const std::string& filter) {
    auto connection = connect(device);
    if (!connection.ok()) return ADD_FAILURE() << connection.error().message(), false;
    connection->subscribe(filter);
    return allowed(*connection);
  }
  static bool may_publish(const EnrolledDevice& device, const std::string& topic) {
    auto connection = connect(device);
    if (!connection.ok()) return ADD_FAILURE() << connection.error().message(), false;
    static const Bytes payload{1};
    connection->publish(topic, payload, 1);
    return allowed(*connection);
  }

  TempDir folder_;
  std::filesystem::path broker_ = folder_.path() / "broker";
  SystemClock clock_;
  ProjectId project_ = ProjectId::make();
  std::optional<Enrolment> enrolment_;
  EnrolledDevice mine_;
  EnrolledDevice other_;
  pid_t pid_ = -1;
};

TEST_F(BrokerRightsTest, OnlyRightCredentialsGetIn) {
  start_broker();
  EXPECT_TRUE(connect(mine_).ok());
  EXPECT_EQ(connect(mine_.record.id.text(), other_.password).error().kind(),
            ErrorKind::kPermissionDenied);
  EXPECT_EQ(connect("", "").error().kind(), ErrorKind::kPermissionDenied);
  const auto services = enrolment_->service_accounts();
  ASSERT_TRUE(services.ok());
  for (const auto& service : *services) {
    EXPECT_TRUE(connect(service.username, service.password).ok()) << service.username;
  }
}

TEST_F(BrokerRightsTest, ADeviceReachesOnlyItsOwnTopics) {
  start_broker();
  const std::string own = device_prefix(project_, mine_.record.id);
  const std::string foreign = device_prefix(project_, other_.record.id);
  EXPECT_TRUE(may_subscribe(mine_, own + "receipt"));
  for (const std::string& filter :
       {std::string("#"), foreign + "receipt", std::string("sitecast/1/+/+/live/#"),
        "$share/g/" + foreign + "receipt", std::string("$CONTROL/dynamic-security/v1/response")}) {
    EXPECT_FALSE(may_subscribe(mine_, filter)) << filter;
  }
  // Nobody subscribes, so the broker says 0x10 for what is allowed; what counts is that it is not
  // 0x87.
  const std::string capture = CaptureId::make().text();
  for (const std::string& topic :
       {foreign + "event", foreign + "live/" + capture + "/video", own + "receipt",
        "sitecast/1/" + project_.text() + "/feed", std::string("$CONTROL/dynamic-security/v1")}) {
    EXPECT_FALSE(may_publish(mine_, topic)) << topic;
  }
}

TEST_F(BrokerRightsTest, WhatADeviceMaySendReachesTheHubAndOnlyThat) {
  start_broker();
  const auto services = *enrolment_->service_accounts();
  std::string hub_password;
  for (const auto& service : services) {
    if (service.username == kHubUser) hub_password = service.password;
  }
  auto hub = connect(kHubUser, hub_password);
  ASSERT_TRUE(hub.ok());
  hub->subscribe("sitecast/1/+/+/event");
  ASSERT_TRUE(allowed(*hub));
  EXPECT_TRUE(may_publish(mine_, device_prefix(project_, mine_.record.id) + "event"));
  EXPECT_FALSE(may_publish(mine_, device_prefix(project_, other_.record.id) + "event"));
}

TEST_F(BrokerRightsTest, ADeviceThatCallsItselfHubDoesNotTakeItsSession) {
  start_broker();
  // The client id is the user name, whatever a client asks for, and nobody else has the hub's
  // password.
  EXPECT_EQ(connect(kHubUser, mine_.password).error().kind(), ErrorKind::kPermissionDenied);
}

TEST_F(BrokerRightsTest, AnEmptiedRightsFileLetsNobodyInUntilItIsWrittenAnew) {
  ASSERT_TRUE(write_file_durably(broker_ / "dynamic-security.json", {}, 0600).ok());
  start_broker();
  EXPECT_FALSE(connect(mine_).ok());
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  ASSERT_TRUE(write_broker_files(*enrolment_, {broker_, kPort, 0, {}, {}}).ok());
  start_broker();
  EXPECT_TRUE(connect(mine_).ok());
}

}  // namespace
}  // namespace sitecast::hub
