// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/routes.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace sitecast::gateway {
namespace {

const std::string kId = CaptureId::make().text();

bool finds(RouteId id, Method method, const std::string& path) {
  const auto found = find_route(method, path);
  const auto* match = std::get_if<RouteMatch>(&found);
  return match != nullptr && match->route->id == id;
}
bool finds_nothing(const std::string& path) {
  return std::holds_alternative<NoSuchRoute>(find_route(Method::kGet, path));
}

TEST(RoutesTest, IdsAndPatternsAreInTheTableOnce) {
  std::set<RouteId> ids;
  std::set<std::pair<Method, std::string_view>> patterns;
  for (const auto& route : kRoutes) {
    EXPECT_TRUE(ids.insert(route.id).second) << route.pattern;
    EXPECT_TRUE(patterns.insert({route.method, route.pattern}).second) << route.pattern;
  }
}

TEST(RoutesTest, ParametersAreTakenFromThePath) {
  const auto found = find_route(Method::kGet, "/segments/" + kId + "/video/42");
  const auto& match = std::get<RouteMatch>(found);
  EXPECT_EQ(match.route->id, RouteId::kSegment);
  EXPECT_EQ(match.params.capture.text(), kId);
  EXPECT_EQ(match.params.track, "video");
  EXPECT_EQ(match.params.sequence, 42U);
  const auto init = find_route(Method::kGet, "/segments/" + kId + "/video/init/0011223344556677");
  EXPECT_EQ(std::get<RouteMatch>(init).params.init_hash8,
            std::string("\0\x11\x22\x33\x44\x55\x66\x77", 8));
}

TEST(RoutesTest, WhatIsNotWellFormedMatchesNothing) {
  for (const auto& path : std::vector<std::string>{
           "/segments/" + kId + "/video/-1", "/segments/" + kId + "/video/1x",
           "/segments/" + kId + "/video/99999999999999999999", "/segments/" + kId + "/../video/1",
           "/segments/" + kId + "/%2e%2e/1", "/segments/" + kId + "/video/1/",
           "/segments/" + kId + "//1", "/segments/" + kId.substr(1) + "/video/1",
           "/segments/" + kId + "=/video/1", "/segments/" + kId + "/video/init/001122334455667",
           "/segments/" + kId + "/video/init/001122334455667g", "/api/v1/projects/",
           "/api/v2/projects", "/api", "relative", ""}) {
    EXPECT_TRUE(finds_nothing(path)) << path;
  }
}

TEST(RoutesTest, OtherMethodsAreToldWhatThePathTakes) {
  const auto found = find_route(Method::kOther, "/api/v1/session");
  EXPECT_EQ(std::get<WrongMethod>(found).allow, "POST, GET, HEAD, DELETE");
  EXPECT_EQ(std::get<WrongMethod>(find_route(Method::kPost, "/page")).allow, "GET, HEAD");
}

TEST(RoutesTest, EverythingElseIsAPageOfTheApp) {
  EXPECT_TRUE(finds(RouteId::kStaticFile, Method::kGet, "/"));
  EXPECT_TRUE(finds(RouteId::kStaticFile, Method::kGet, "/projects/" + kId));
  EXPECT_TRUE(finds(RouteId::kHealth, Method::kGet, "/healthz"));
}

}  // namespace
}  // namespace sitecast::gateway
