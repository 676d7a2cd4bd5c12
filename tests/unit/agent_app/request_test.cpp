// SPDX-License-Identifier: Apache-2.0
#include "agent/request.h"

#include <gtest/gtest.h>

namespace sitecast::agent {
namespace {

TEST(RequestTest, ComesBackAsItWasSent) {
  Request request;
  request.command = "note";
  request.text = "主体结构";
  request.percentage = 12.5;
  request.at_s = 3.25;
  request.last = true;
  request.captured_at_us = 1'700'000'000'000'000;
  const auto read = request_from_json(nlohmann::json::parse(to_json(request).dump()));
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(request));
  EXPECT_EQ(read->percentage, 12.5);
}

TEST(RequestTest, SomethingElseIsRefused) {
  EXPECT_FALSE(request_from_json(nlohmann::json::parse("[]")).ok());
  EXPECT_FALSE(request_from_json(nlohmann::json::parse("{\"command\":7}")).ok());
}

}  // namespace
}  // namespace sitecast::agent
