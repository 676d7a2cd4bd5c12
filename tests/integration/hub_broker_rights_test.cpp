// SPDX-License-Identifier: Apache-2.0
// What each account may do at a real mosquitto with the rights that the hub writes. Everything is
// tried twice over: the broker's reason code, and what arrives at those who may listen. No hub
// runs: its account is a peer of the test, so that it can be seen what would reach it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "hub/broker/broker_files.h"
#include "hub/broker/rights.h"
#include "proto/codec/topics.h"
#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

using testing::UnorderedElementsAreArray;

constexpr std::uint16_t kPort = 21330;
constexpr std::uint8_t kRefusedFrom = 0x80;

using Topics = std::vector<std::string>;

// A connection that remembers on which topics it has heard something.
class Peer : public MqttPeer {
 public:
  using MqttPeer::MqttPeer;

  bool may_publish(const std::string& topic) {
    const auto reason = publish_reason(topic, "tried");
    EXPECT_TRUE(reason) << "no answer to a publish on " << topic;
    return reason && *reason < kRefusedFrom;
  }
  bool may_subscribe(const std::string& filter) {
    const auto reason = subscribe_reason(filter);
    EXPECT_TRUE(reason) << "no answer to a subscription to " << filter;
    return reason && *reason < kRefusedFrom;
  }
  // The broker hands on in order: what somebody says last is behind all that they have said.
  void say_last(const std::string& topic) {
    const auto reason = publish_reason(topic, kLast);
    EXPECT_TRUE(reason && *reason == 0) << "nobody was told on " << topic;
  }
  // What came until somebody has said their last word.
  Topics heard_until_last() {
    EXPECT_TRUE(pump_until([&] { return last_; }));
    last_ = false;
    return std::exchange(heard_, {});
  }

 private:
  static constexpr std::string_view kLast = "last";
  void on_message(std::string_view topic, ByteView payload) override {
    if (as_text(payload) == kLast) {
      last_ = true;
    } else {
      heard_.emplace_back(topic);
    }
  }
  Topics heard_;
  bool last_ = false;
};

Topics operator+(Topics left, const Topics& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class HubBrokerRightsTest : public testing::Test {
 protected:
  void SetUp() override {
    project_ = stack_.add_project();
    other_project_ = stack_.add_project();
    mine_ = stack_.enrol(project_);
    neighbour_ = stack_.enrol(project_);
    foreign_ = stack_.enrol(other_project_);
    ASSERT_NO_FATAL_FAILURE(stack_.start_broker());
    gateway_ =
        DeviceId::parse(
            stack_.command({"broker-files", "--out", "again", "--port", std::to_string(kPort)})
                .json()
                .value("gateway_device_id", ""))
            .value_or(DeviceId());
    hub_ = service("hub");
    for (const std::string& topic : from_devices("+", "+", "#")) {
      ASSERT_TRUE(hub_->may_subscribe(topic)) << topic;
    }
  }

  std::unique_ptr<Peer> service(const std::string& user) {
    auto peer = std::make_unique<Peer>(kPort, user, stack_.password_of(user));
    EXPECT_TRUE(peer->connect()) << user;
    return peer;
  }
  static std::unique_ptr<Peer> connected(const EnrolledDevice& device) {
    auto peer = std::make_unique<Peer>(kPort, device.id.text(), device.password);
    EXPECT_TRUE(peer->connect());
    return peer;
  }

  static std::string under(const std::string& project, const std::string& device,
                           const std::string& rest) {
    return "sitecast/1/" + project + "/" + device + "/" + rest;
  }
  // `media`: what follows live/ and fill/.
  static Topics from_devices(const std::string& project, const std::string& device,
                             const std::string& media) {
    return {under(project, device, "live/" + media), under(project, device, "fill/" + media),
            under(project, device, "event"), under(project, device, "hello"),
            under(project, device, "status")};
  }
  static Topics to_devices(const std::string& project, const std::string& device) {
    return {under(project, device, "receipt"), under(project, device, "down")};
  }
  Topics from(ProjectId project, DeviceId device) const {
    return from_devices(project.text(), device.text(), capture_.text() + "/video");
  }
  static Topics to(ProjectId project, DeviceId device) {
    return to_devices(project.text(), device.text());
  }
  static std::string talk(ProjectId project, DeviceId device) {
    return under(project.text(), device.text(), "talk");
  }
  // Every kind of topic of everybody, and some that are nobody's.
  Topics all_topics() const {
    Topics topics;
    for (const ProjectId project : {project_, other_project_}) {
      topics.push_back(feed_topic(project));
      for (const DeviceId device : {mine_.id, neighbour_.id, foreign_.id, gateway_}) {
        topics = topics + from(project, device) + to(project, device);
        topics.push_back(talk(project, device));
      }
    }
    topics.push_back(under(project_.text(), mine_.id.text(), "other"));
    topics.push_back("sitecast/1/" + project_.text() + "/" + mine_.id.text());
    return topics + Topics{std::string(hub::kControlTopic), std::string(hub::kControlResponseTopic),
                           "$SYS/broker/uptime", "sitecast/1", "elsewhere"};
  }
  // Filters that would show somebody more than one topic.
  Topics wide_filters() const {
    Topics filters{"#", "+/#", "sitecast/#", "sitecast/1/#", "$SYS/#", "$CONTROL/#"};
    for (const std::string& project : {std::string("+"), project_.text()}) {
      filters.push_back("sitecast/1/" + project + "/#");
      filters.push_back("sitecast/1/" + project + "/feed");
      for (const std::string& device : {std::string("+"), mine_.id.text()}) {
        filters = filters + from_devices(project, device, "#") + to_devices(project, device) +
                  Topics{under(project, device, "#"), under(project, device, "+"),
                         under(project, device, "talk")};
      }
    }
    std::ranges::sort(filters);
    return filters;
  }
  static Topics shared(const Topics& filters) {
    Topics all;
    for (const std::string& filter : filters) all.push_back("$share/group/" + filter);
    return all;
  }

  // Publishes on every topic; those that the broker accepted.
  Topics accepted_from(Peer& peer) const {
    Topics accepted;
    for (const std::string& topic : all_topics()) {
      peer.publish(topic, Bytes{0}, 0);  // of which the broker says nothing
      if (peer.may_publish(topic)) accepted.push_back(topic);
    }
    return accepted;
  }
  static Topics granted_to(Peer& peer, const Topics& filters) {
    Topics granted;
    for (const std::string& filter : filters) {
      if (peer.may_subscribe(filter)) granted.push_back(filter);
    }
    return granted;
  }
  static Topics twice(const Topics& topics) { return topics + topics; }

  HubStack stack_{kPort};
  ProjectId project_;
  ProjectId other_project_;
  EnrolledDevice mine_;
  EnrolledDevice neighbour_;
  EnrolledDevice foreign_;
  DeviceId gateway_;
  CaptureId capture_ = CaptureId::make();
  std::unique_ptr<Peer> hub_;
};

TEST_F(HubBrokerRightsTest, DevicePublishesItsOwnTopicsAndNothingElse) {
  auto reader = service("gateway-reader");
  auto neighbour = connected(neighbour_);
  auto foreign = connected(foreign_);
  for (const char* topic : {"sitecast/1/+/+/live/#", "sitecast/1/+/+/status", "sitecast/1/+/feed"})
    ASSERT_TRUE(reader->may_subscribe(topic));
  for (const std::string& topic : to(project_, neighbour_.id))
    ASSERT_TRUE(neighbour->may_subscribe(topic));
  for (const std::string& topic : to(other_project_, foreign_.id))
    ASSERT_TRUE(foreign->may_subscribe(topic));
  ASSERT_TRUE(neighbour->may_subscribe(talk(project_, neighbour_.id)));
  ASSERT_TRUE(foreign->may_subscribe(talk(other_project_, foreign_.id)));

  auto device = connected(mine_);
  const Topics own = from(project_, mine_.id);
  EXPECT_THAT(accepted_from(*device), UnorderedElementsAreArray(own));

  // What was refused has reached nobody.
  device->say_last(own[3]);
  EXPECT_THAT(hub_->heard_until_last(), UnorderedElementsAreArray(twice(own)));
  hub_->say_last(feed_topic(project_));
  EXPECT_THAT(reader->heard_until_last(), UnorderedElementsAreArray(twice({own[0], own[4]})));
  hub_->say_last(to(project_, neighbour_.id)[0]);
  EXPECT_THAT(neighbour->heard_until_last(), testing::IsEmpty());
  hub_->say_last(to(other_project_, foreign_.id)[0]);
  EXPECT_THAT(foreign->heard_until_last(), testing::IsEmpty());
}

TEST_F(HubBrokerRightsTest, DeviceReadsItsOwnReceiptsCommandsAndTalkAndNothingElse) {
  auto device = connected(mine_);
  const Topics own = to(project_, mine_.id) + Topics{talk(project_, mine_.id)};
  const Topics filters = all_topics() + wide_filters();
  const Topics granted = granted_to(*device, filters + shared(filters));
  EXPECT_THAT(std::set<std::string>(granted.begin(), granted.end()),
              UnorderedElementsAreArray(own));

  auto neighbour = connected(neighbour_);
  auto foreign = connected(foreign_);
  for (const std::string& topic : from(project_, neighbour_.id)) neighbour->may_publish(topic);
  for (const std::string& topic : from(other_project_, foreign_.id)) foreign->may_publish(topic);
  const Topics told = to(project_, neighbour_.id) + to(other_project_, foreign_.id) +
                      Topics{feed_topic(project_), feed_topic(other_project_), own[0], own[1]};
  for (const std::string& topic : told) ASSERT_TRUE(hub_->may_publish(topic)) << topic;
  auto gateway = service("gateway-publisher");
  for (const std::string& topic : {talk(project_, neighbour_.id), talk(other_project_, foreign_.id),
                                   talk(project_, mine_.id)}) {
    ASSERT_TRUE(gateway->may_publish(topic)) << topic;
  }
  hub_->say_last(own[0]);
  EXPECT_THAT(device->heard_until_last(), UnorderedElementsAreArray(own));
}

TEST_F(HubBrokerRightsTest, GatewayReaderReadsLiveStatusAndFeedsAndPublishesNothing) {
  auto reader = service("gateway-reader");
  EXPECT_THAT(accepted_from(*reader), testing::IsEmpty());

  Topics expected;
  for (const std::string& filter : all_topics() + wide_filters()) {
    const bool live = filter.find("/live/") != std::string::npos;
    if (live || filter.ends_with("/status") || filter.ends_with("/feed")) {
      expected.push_back(filter);
    }
  }
  const Topics filters = all_topics() + wide_filters();
  EXPECT_THAT(granted_to(*reader, filters), UnorderedElementsAreArray(expected));
  EXPECT_THAT(granted_to(*reader, shared(filters)), testing::IsEmpty());

  auto device = connected(mine_);
  const Topics own = from(project_, mine_.id);
  for (const std::string& topic : own) ASSERT_TRUE(device->may_publish(topic));
  for (const std::string& topic : to(project_, mine_.id)) ASSERT_TRUE(hub_->may_publish(topic));
  ASSERT_TRUE(hub_->may_publish(feed_topic(project_)));
  hub_->say_last(feed_topic(project_));
  const Topics heard = reader->heard_until_last();
  EXPECT_THAT(std::set<std::string>(heard.begin(), heard.end()),
              UnorderedElementsAreArray({own[0], own[4], feed_topic(project_)}));
}

TEST_F(HubBrokerRightsTest, GatewayPublisherSpeaksUnderItsOwnIdInEveryProjectAndToEveryDevice) {
  auto publisher = service("gateway-publisher");
  const Topics own = from(project_, gateway_) + from(other_project_, gateway_);
  Topics spoken;
  for (const ProjectId project : {project_, other_project_}) {
    for (const DeviceId device : {mine_.id, neighbour_.id, foreign_.id, gateway_}) {
      spoken.push_back(talk(project, device));
    }
  }
  EXPECT_THAT(accepted_from(*publisher), UnorderedElementsAreArray(own + spoken));
  publisher->say_last(own[3]);
  EXPECT_THAT(hub_->heard_until_last(), UnorderedElementsAreArray(twice(own)));

  const Topics told = to(project_, gateway_) + to(other_project_, gateway_);
  const Topics filters = all_topics() + wide_filters();
  const Topics granted = granted_to(*publisher, filters + shared(filters));
  EXPECT_THAT(std::set<std::string>(granted.begin(), granted.end()),
              UnorderedElementsAreArray(told));
  // As the gateway asks for them.
  for (const char* kind : {"receipt", "down"}) {
    EXPECT_TRUE(publisher->may_subscribe(under("+", gateway_.text(), kind)));
  }
  for (const std::string& topic : to(project_, mine_.id)) ASSERT_TRUE(hub_->may_publish(topic));
  for (const std::string& topic : told) ASSERT_TRUE(hub_->may_publish(topic));
  hub_->say_last(told[0]);
  const Topics heard = publisher->heard_until_last();
  EXPECT_THAT(std::set<std::string>(heard.begin(), heard.end()), UnorderedElementsAreArray(told));
}

TEST_F(HubBrokerRightsTest, HubAloneReceiptsCommandsFeedsAndAdministers) {
  Topics expected{feed_topic(project_), feed_topic(other_project_),
                  std::string(hub::kControlTopic)};
  for (const ProjectId project : {project_, other_project_}) {
    for (const DeviceId device : {mine_.id, neighbour_.id, foreign_.id, gateway_}) {
      expected = expected + to(project, device);
    }
  }
  EXPECT_THAT(accepted_from(*hub_), UnorderedElementsAreArray(expected));
  EXPECT_TRUE(hub_->may_subscribe(std::string(hub::kControlResponseTopic)));
  EXPECT_FALSE(hub_->may_subscribe("#"));
  EXPECT_FALSE(hub_->may_subscribe("$SYS/#"));
}

TEST_F(HubBrokerRightsTest, WithoutTheRightPasswordNobodyIsLetIn) {
  const std::string id = mine_.id.text();
  const auto is_let_in = [](const std::string& user, const std::string& password) {
    return Peer(kPort, user, password).connect();
  };
  ASSERT_TRUE(is_let_in(id, mine_.password));
  EXPECT_FALSE(is_let_in("", "")) << "anonymous";
  EXPECT_FALSE(is_let_in(id, ""));
  EXPECT_FALSE(is_let_in(id, neighbour_.password));
  EXPECT_FALSE(is_let_in(id, mine_.password + "x"));
  EXPECT_FALSE(is_let_in(id, mine_.password.substr(1)));
  EXPECT_FALSE(is_let_in("hub", mine_.password));
  EXPECT_FALSE(is_let_in("gateway-reader", stack_.password_of("gateway-publisher")));
  EXPECT_FALSE(is_let_in(DeviceId::make().text(), mine_.password)) << "never enrolled";
  EXPECT_FALSE(is_let_in("admin", "admin"));

  ASSERT_EQ(stack_.command({"device", "remove", id}).exit_code, 0);
  stack_.stop_broker();
  ASSERT_NO_FATAL_FAILURE(stack_.start_broker());
  EXPECT_FALSE(is_let_in(id, mine_.password)) << "removed";
  EXPECT_TRUE(is_let_in(neighbour_.id.text(), neighbour_.password));
}

TEST_F(HubBrokerRightsTest, ClientIdIsTheUserNameSoNobodyTakesOverAnothersSession) {
  auto device = std::make_unique<Peer>(kPort, mine_.id.text(), mine_.password);
  for (const std::string& name :
       {std::string("hub"), std::string("gateway-reader"), neighbour_.id.text()}) {
    ASSERT_TRUE(device->connect({.client_id = name, .will_topic = ""}));
    device->say_last(under(project_.text(), mine_.id.text(), "hello"));
    EXPECT_THAT(hub_->heard_until_last(), testing::IsEmpty());
    ASSERT_TRUE(hub_->connected()) << "by a device that called itself " << name;
  }
  // Whatever they call themselves, two connections of one account are one client: the newer one.
  auto second = std::make_unique<Peer>(kPort, mine_.id.text(), mine_.password);
  ASSERT_TRUE(second->connect({.client_id = "somebody else", .will_topic = ""}));
  EXPECT_TRUE(device->pump_until([&] { return !device->connected(); }));
  EXPECT_TRUE(second->may_publish(under(project_.text(), mine_.id.text(), "hello")));
}

TEST_F(HubBrokerRightsTest, LastWillSpeaksForItsOwnDeviceOnly) {
  const auto will_after_break = [&](const std::string& topic) {
    {
      Peer device(kPort, mine_.id.text(), mine_.password);
      if (!device.connect({.client_id = "", .will_topic = topic})) return Topics{};
    }  // breaks off without a DISCONNECT, which the broker sees before it sees the next connection
    auto device = connected(mine_);
    device->say_last(under(project_.text(), mine_.id.text(), "hello"));
    return hub_->heard_until_last();
  };
  const Topics own = from(project_, mine_.id);
  EXPECT_THAT(will_after_break(own[4]), UnorderedElementsAreArray({own[4]}));
  for (const std::string& topic : from(project_, neighbour_.id) + from(other_project_, mine_.id)) {
    EXPECT_THAT(will_after_break(topic), testing::IsEmpty()) << topic;
  }
}

// A removed device cannot take back what it had the broker keep, and its last will is not allowed
// any more: so the broker hands nothing of it on.
TEST_F(HubBrokerRightsTest, WhatTheBrokerKeptOfARemovedDeviceReachesNobodyAnyMore) {
  const Topics own = from(project_, mine_.id);
  auto device = std::make_unique<Peer>(kPort, mine_.id.text(), mine_.password);
  ASSERT_TRUE(device->connect({.client_id = "", .will_topic = own[4]}));
  for (const std::string& topic : {own[0], own[4]}) device->publish(topic, Bytes{1}, 1, true);
  device->say_last(own[3]);
  hub_->heard_until_last();
  const auto newcomer_hears = [&] {
    auto reader = service("gateway-reader");
    for (const char* topic :
         {"sitecast/1/+/+/live/#", "sitecast/1/+/+/status", "sitecast/1/+/feed"}) {
      EXPECT_TRUE(reader->may_subscribe(topic));
    }
    hub_->say_last(feed_topic(project_));
    return reader->heard_until_last();
  };
  EXPECT_THAT(newcomer_hears(), UnorderedElementsAreArray({own[0], own[4]}));

  const auto revoked = hub_->publish_reason(std::string(hub::kControlTopic),
                                            hub::revoke_command(mine_.id.text(), "revoked"));
  ASSERT_TRUE(revoked && *revoked < kRefusedFrom);
  EXPECT_TRUE(device->pump_until([&] { return !device->connected(); }));
  EXPECT_THAT(newcomer_hears(), testing::IsEmpty());
  auto hub = service("hub");
  ASSERT_TRUE(hub->may_subscribe("sitecast/1/+/+/live/#"));
  ASSERT_TRUE(hub->may_subscribe("sitecast/1/+/+/status"));
  auto neighbour = connected(neighbour_);
  neighbour->say_last(from(project_, neighbour_.id)[4]);
  EXPECT_THAT(hub->heard_until_last(), testing::IsEmpty());
}

TEST(BrokerFilesTest, EveryListenerHasItsOptionBehindItAndPlainOnesAreOnLoopback) {
  const auto conf = hub::mosquitto_conf({.port = 1, .tls_port = 2});
  ASSERT_TRUE(conf.ok()) << conf.error().message();
  std::istringstream lines(*conf);
  int listeners = 0;
  int named = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("listener ")) {
      EXPECT_EQ(named, listeners) << "a listener without the option before: " << line;
      ++listeners;
      EXPECT_TRUE(line == "listener 1 127.0.0.1" || line == "listener 2") << line;
    }
    if (line == "use_username_as_clientid true") ++named;
    EXPECT_GE(listeners, named) << "opens the default listener on every address";
  }
  EXPECT_EQ(listeners, 2);
  EXPECT_EQ(named, 2);
  EXPECT_NE(conf->find("allow_anonymous false\n"), std::string::npos);
}

}  // namespace
}  // namespace sitecast
