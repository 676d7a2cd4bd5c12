// SPDX-License-Identifier: Apache-2.0
// Devices that enrol themselves: what a token is good for, and for whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "hub/broker/rights.h"
#include "hub/control_socket.h"
#include "hub/enrolment_desk.h"
#include "proto/base/file.h"
#include "proto/sqlite/database.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

constexpr const char* kToken = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

struct Newcomer {
  SigningKey key = SigningKey::generate();
  std::string password = make_broker_secret().password;
};

class EnrolmentDeskTest : public testing::Test {
 protected:
  EnrolmentDeskTest() {
    EXPECT_TRUE(records_->add_project(project_).ok());
    EXPECT_TRUE(records_->add_project(other_).ok());
  }
  // A broker that is there and does as it is told.
  bool tell_broker(std::string_view command) {
    if (!broker_there_) return false;
    const json told = json::parse(command);
    json responses = json::array();
    for (const json& one : told["commands"]) {
      broker_told_.push_back(one["command"].get<std::string>());
      json response{{"command", one["command"]}, {"correlationData", one["correlationData"]}};
      if (!broker_says_.empty()) response["error"] = broker_says_;
      responses.push_back(std::move(response));
    }
    broker_.on_response(json{{"responses", responses}}.dump());
    return true;
  }
  std::string open(std::vector<std::string> projects, std::int64_t lifetime_s = 1800) {
    const std::string id = EventId::make().text();
    const auto opened =
        desk_.handle({{"command", "enrolment open"},
                      {"id", id},
                      {"name", "小李的手机"},
                      {"user", "carl"},
                      {"projects", projects},
                      {"token_hash", base64url_encode(sha256(as_bytes(std::string(kToken))))},
                      {"lifetime_s", lifetime_s}});
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    return id;
  }
  std::string open() { return open({project_.text()}); }
  static json claim_of(const std::string& id, const Newcomer& who, const std::string& token) {
    const std::string key = base64url_encode(who.key.public_key());
    const std::string text = enrolment_signing_text(id, token, key, who.password);
    return {{"command", "enrolment claim"},
            {"id", id},
            {"token", token},
            {"public_key", key},
            {"password", who.password},
            {"signature", base64url_encode(who.key.sign(as_bytes(text)))}};
  }
  json claim(const std::string& id, const Newcomer& who, const std::string& token = kToken) {
    const auto answer = desk_.handle(claim_of(id, who, token));
    return answer.ok() ? *answer : json{{"error", name_of(answer.error().kind())}};
  }
  std::size_t devices() { return records_->devices()->size(); }  // with the gateway's own

  TempDir dir_;
  FakeClock clock_;
  Layout layout_{dir_.path() / "state"};
  std::unique_ptr<EnrolmentDb> records_ = EnrolmentDb::open(layout_, clock_).value();
  EnrolledView enrolled_;
  ProjectId project_ = ProjectId::make();
  ProjectId other_ = ProjectId::make();
  bool broker_there_ = true;
  std::string broker_says_;
  std::vector<std::string> broker_told_;
  BrokerAdmin broker_{
      [this](const std::string&, std::string_view command) { return tell_broker(command); }};
  EnrolmentDesk desk_{{records_.get(), &enrolled_, &clock_, &broker_}};
};

TEST_F(EnrolmentDeskTest, TokenLetsOneDeviceIntoItsProjectsAndNoOther) {
  const std::string id = open();
  const Newcomer first;
  const json answer = claim(id, first);
  ASSERT_EQ(answer["state"], "enrolled") << answer;
  EXPECT_EQ(answer["projects"], json::array({project_.text()}));
  const auto device = *DeviceId::parse(answer["device_id"].get<std::string>());
  const auto known = enrolled_.get();
  ASSERT_NE(known->find(project_, device), nullptr);
  EXPECT_EQ(known->find(project_, device)->key, first.key.public_key());
  EXPECT_EQ(known->find(other_, device), nullptr);
  EXPECT_EQ(broker_told_, (std::vector<std::string>{"createRole", "createClient"}));
  EXPECT_EQ(claim(id, Newcomer{})["state"], "used");
  EXPECT_EQ(devices(), 2U);
}

TEST_F(EnrolmentDeskTest, SameKeysGetTheSameAnswerAgainUntilTheTimeIsOver) {
  const std::string id = open();
  const Newcomer who;
  const json first = claim(id, who);
  broker_says_ = "Role already exists";
  EXPECT_EQ(claim(id, who), first);
  Newcomer other_password = who;
  other_password.password = make_broker_secret().password;
  EXPECT_EQ(claim(id, other_password)["state"], "used");
  clock_.advance_us(1'801'000'000);
  EXPECT_EQ(claim(id, who)["state"], "used");
  EXPECT_EQ(devices(), 2U);
}

TEST_F(EnrolmentDeskTest, DeviceWhoseBrokerWasAwayComesAgain) {
  const std::string id = open();
  const Newcomer who;
  broker_there_ = false;
  EXPECT_EQ(claim(id, who)["error"], "unavailable");
  broker_there_ = true;
  EXPECT_EQ(claim(id, who)["state"], "enrolled");
  EXPECT_EQ(devices(), 2U);
}

TEST_F(EnrolmentDeskTest, WrongExpiredAndCancelledTokensEnrolNobody) {
  const std::string id = open();
  EXPECT_EQ(claim(id, Newcomer{}, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYY")["state"], "unknown");
  EXPECT_EQ(claim(EventId::make().text(), Newcomer{})["state"], "unknown");
  const std::string cancelled = open();
  json cancel{{"command", "enrolment cancel"}, {"id", cancelled}, {"project", other_.text()}};
  EXPECT_EQ(desk_.handle(cancel).error().kind(), ErrorKind::kNotFound);
  cancel["project"] = project_.text();
  EXPECT_TRUE(desk_.handle(cancel).ok());
  EXPECT_EQ(claim(cancelled, Newcomer{})["state"], "cancelled");
  clock_.advance_us(1'801'000'000);
  EXPECT_EQ(claim(id, Newcomer{})["state"], "expired");
  EXPECT_EQ(devices(), 1U);
}

TEST_F(EnrolmentDeskTest, KeyThatIsNotHeldIsNotTaken) {
  const std::string id = open();
  const Newcomer who;
  for (const char* changed : {"password", "public_key", "signature"}) {
    json request = claim_of(id, who, kToken);
    const Newcomer other;
    request[changed] = claim_of(id, other, kToken)[changed];
    EXPECT_EQ(desk_.handle(request).error().kind(), ErrorKind::kInvalidArgument) << changed;
  }
  json weak = claim_of(id, who, kToken);
  weak["password"] = "c2hvcnQ";
  EXPECT_EQ(desk_.handle(weak).error().kind(), ErrorKind::kInvalidArgument);
  EXPECT_EQ(devices(), 1U);
}

TEST_F(EnrolmentDeskTest, OfManyWhoComeAtOnceOneIsEnrolled) {
  const std::string id = open();
  Mutex mutex;
  const auto server = ControlServer::start(
      layout_.enrolment_socket(), ControlServer::Access::kGroup,
      [&](const json& request) {
        const MutexLock lock(mutex);
        return desk_.handle(request);
      },
      Log("test"));
  ASSERT_TRUE(server.ok());
  constexpr int kComing = 6;
  std::vector<json> answers(kComing);
  std::vector<std::thread> coming;
  for (int i = 0; i < kComing; ++i) {
    coming.emplace_back([&, i] {
      const auto answer = ask_running_hub(layout_.enrolment_socket(), claim_of(id, {}, kToken));
      if (answer.ok() && *answer) answers[static_cast<std::size_t>(i)] = **answer;
    });
  }
  for (auto& one : coming) one.join();
  std::map<std::string, int> states;
  for (const json& answer : answers) ++states[answer.value("state", "")];
  EXPECT_EQ(states, (std::map<std::string, int>{{"enrolled", 1}, {"used", kComing - 1}}));
  EXPECT_EQ(devices(), 2U);
}

TEST_F(EnrolmentDeskTest, TokenIsNowhereInTheRecords) {
  const std::string id = open();
  claim(id, Newcomer{});
  for (const auto& entry : std::filesystem::directory_iterator(layout_.state_dir())) {
    if (!entry.is_regular_file()) continue;
    const auto bytes = *read_file(entry.path(), 1U << 24);
    EXPECT_EQ(to_string(bytes).find(kToken), std::string::npos) << entry.path();
  }
}

TEST_F(EnrolmentDeskTest, RevokedDeviceIsOutAndDoesNotComeBackByItsOldToken) {
  const std::string id = open({project_.text(), other_.text()});
  const Newcomer who;
  const std::string device = claim(id, who)["device_id"].get<std::string>();
  json revoke{{"command", "device revoke"}, {"device", device}, {"project", project_.text()}};
  // Who is centre in one of its projects only cannot take it from the other.
  revoke["within"] = json::array({project_.text()});
  EXPECT_EQ(desk_.handle(revoke).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(devices(), 2U);
  revoke["within"] = json::array({project_.text(), other_.text()});
  broker_there_ = false;
  EXPECT_EQ(desk_.handle(revoke).error().kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(enrolled_.get()->find(project_, *DeviceId::parse(device)), nullptr);
  broker_there_ = true;
  broker_told_.clear();
  broker_says_ = "Client not found";
  EXPECT_TRUE(desk_.handle(revoke).ok()) << "asked again, the broker is told";
  EXPECT_EQ(broker_told_.size(), 3U);
  EXPECT_EQ(claim(id, who)["state"], "used");
  revoke["device"] = records_->gateway_device()->text();
  EXPECT_EQ(desk_.handle(revoke).error().kind(), ErrorKind::kNotFound);
}

TEST_F(EnrolmentDeskTest, RevocationThatTheBrokerMissedIsSaidAgainAtTheNextConnect) {
  const std::string device = claim(open(), Newcomer())["device_id"].get<std::string>();
  broker_there_ = false;
  const json revoke{{"command", "device revoke"}, {"device", device}, {"project", project_.text()}};
  EXPECT_EQ(desk_.handle(revoke).error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(*records_->removed_devices(), testing::ElementsAre(*DeviceId::parse(device)));
  broker_there_ = true;
  broker_told_.clear();
  broker_says_ = "it is full";
  broker_.connected();
  const std::vector<std::string> told{"disableClient", "deleteClient", "deleteRole"};
  EXPECT_EQ(broker_told_, told);
  broker_told_.clear();
  broker_says_ = "Client not found";
  broker_.connected();
  EXPECT_EQ(broker_told_, told) << "it had refused";
  broker_told_.clear();
  broker_.connected();
  EXPECT_THAT(broker_told_, testing::IsEmpty()) << "it has confirmed";
  // As after a start, when nobody knows what the broker heard.
  BrokerAdmin started(
      [this](const std::string&, std::string_view command) { return tell_broker(command); });
  started.remember(device);
  started.connected();
  EXPECT_EQ(broker_told_, told);
}

TEST_F(EnrolmentDeskTest, ListSaysWhoCameByItselfAndWhatIsOpen) {
  const std::string used = open();
  claim(used, Newcomer{});
  ASSERT_TRUE(records_->add_device("tablet", project_, SigningKey::generate().public_key()).ok());
  const std::string waiting = open();
  const auto listed =
      desk_.handle({{"command", "enrolment list"}, {"project", project_.text()}}).value();
  ASSERT_EQ(listed["open"].size(), 1U);
  EXPECT_EQ(listed["open"][0]["enrolment_id"], waiting);
  ASSERT_EQ(listed["devices"].size(), 2U);
  std::map<std::string, std::string> kinds;
  for (const json& device : listed["devices"]) {
    kinds[device["name"].get<std::string>()] = device["kind"].get<std::string>();
  }
  EXPECT_EQ(kinds,
            (std::map<std::string, std::string>{{"tablet", "native"}, {"小李的手机", "browser"}}));
  EXPECT_EQ(desk_.handle({{"command", "enrolment list"}, {"project", other_.text()}})
                .value()["devices"]
                .size(),
            0U);
}

TEST_F(EnrolmentDeskTest, DoorForTheGatewayAddsNoProjectsAndNoMembers) {
  for (const char* command : {"project add", "member add", "broker-files", "device enrol"}) {
    EXPECT_FALSE(desk_.handle({{"command", command}}).ok()) << command;
  }
}

TEST_F(EnrolmentDeskTest, RecordsOfTheVersionBeforeAreTakenOver) {
  const std::string id = open();
  ASSERT_EQ(claim(id, Newcomer{})["state"], "enrolled");
  records_.reset();
  {
    auto database = Database::open_writer(layout_.enrolment_db());
    ASSERT_TRUE(database
                    ->execute("drop table enrolment_project; drop table enrolment;"
                              " pragma user_version = 1")
                    .ok());
  }
  records_ = EnrolmentDb::open(layout_, clock_).value();
  EXPECT_EQ(devices(), 2U);
  EXPECT_TRUE(records_->open_enrolments()->empty());
}

}  // namespace
}  // namespace sitecast::hub
