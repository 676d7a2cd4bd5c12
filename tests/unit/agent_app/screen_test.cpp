// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <future>
#include <string>

#include "agent/screen/access.h"
#include "agent/screen/server.h"
#include "agent/screen_order.h"
#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

Result<std::string> ask(std::string_view host, std::optional<std::string_view> origin,
                        std::string_view target, bool websocket = false) {
  const ScreenAccess access(8123, "secret");
  return access.path_of({host, origin, target, websocket});
}

TEST(ScreenAccessTest, PagesOfItsOwnAddressComeIn) {
  EXPECT_EQ(*ask("127.0.0.1:8123", {}, "/secret/"), "index.html");
  EXPECT_EQ(*ask("localhost:8123", {}, "/secret/assets/a.js?x=1"), "assets/a.js");
  EXPECT_EQ(*ask("127.0.0.1:8123", "http://127.0.0.1:8123", "/secret/socket", true), "socket");
  EXPECT_EQ(ScreenAccess(8123, "secret").address(), "http://127.0.0.1:8123/secret/");
}

TEST(ScreenAccessTest, AnotherNameForThisMachineIsRefused) {
  for (const char* host : {"evil.example:8123", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8123.evil",
                           "", "127.0.0.1:8123, evil"}) {
    const auto path = ask(host, {}, "/secret/");
    ASSERT_FALSE(path.ok()) << host;
    EXPECT_EQ(path.error().kind(), ErrorKind::kPermissionDenied) << host;
  }
}

TEST(ScreenAccessTest, OtherPagesAreRefusedAlsoWithTheToken) {
  for (const char* origin : {"http://evil.example", "https://127.0.0.1:8123", "null", "",
                             "http://localhost:8123", "http://127.0.0.1:8124"}) {
    EXPECT_FALSE(ask("127.0.0.1:8123", origin, "/secret/socket", true).ok()) << origin;
    EXPECT_FALSE(ask("127.0.0.1:8123", origin, "/secret/").ok()) << origin;
  }
  EXPECT_FALSE(ask("127.0.0.1:8123", {}, "/secret/socket", true).ok());
}

TEST(ScreenAccessTest, WithoutTheTokenNothingIsThere) {
  for (const char* target : {"/", "/secret", "/secre/", "/Secret/", "/secrets/", "/wrong/secret/",
                             "//secret/", "secret/", "*", "/?/secret/"}) {
    const auto path = ask("127.0.0.1:8123", {}, target);
    ASSERT_FALSE(path.ok()) << target;
    EXPECT_EQ(path.error().kind(), ErrorKind::kNotFound) << target;
  }
}

TEST(ScreenAccessTest, TokensAreLongAndNeverTheSame) {
  EXPECT_EQ(ScreenAccess::make_token().size(), 22U);
  EXPECT_NE(ScreenAccess::make_token(), ScreenAccess::make_token());
}

class ScreenServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("screen-" + ScreenAccess::make_token());
    std::filesystem::create_directories(folder_);
    for (const char* name : {"index.html", "secret.toml"}) {
      std::FILE* file = std::fopen((folder_ / name).c_str(), "w");
      ASSERT_NE(file, nullptr);
      std::fputs("a page", file);
      std::fclose(file);
    }
    std::filesystem::rename(folder_ / "secret.toml", folder_.string() + ".toml");
    std::filesystem::create_symlink(folder_.string() + ".toml", folder_ / "link.html");
    auto files = ScreenFiles::load(folder_);
    ASSERT_TRUE(files.ok()) << files.error().message();
    auto server = ScreenServer::listen(0, std::move(*files),
                                       {[this] {
                                          if (greeting_) greeting_();
                                          return std::vector<ScreenMessage>();
                                        },
                                        [](ScreenServer::Page, std::string) {}});
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = std::move(*server);
    const std::string& address = server_->address();
    const auto after_port = address.find('/', 7);
    host_ = address.substr(7, after_port - 7);
    token_ = address.substr(after_port);
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
    std::filesystem::remove(folder_.string() + ".toml");
  }

  // What is answered to `head` (without the empty line at its end).
  std::string ask_server(const std::string& head) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(host_.substr(10))));
    std::string answer;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      const std::string request = head + "\r\n\r\n";
      EXPECT_EQ(::send(socket, request.data(), request.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(request.size()));
      char buffer[4096];
      for (ssize_t size = 0; (size = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
        answer.append(buffer, static_cast<std::size_t>(size));
        if (answer.starts_with("HTTP/1.1 101")) break;
      }
    }
    ::close(socket);
    return answer;
  }
  std::string line(const std::string& path) {
    return "GET " + token_ + path + " HTTP/1.1\r\nHost: ";
  }

  std::filesystem::path folder_;
  std::unique_ptr<ScreenServer> server_;
  std::function<void()> greeting_;  // set before a page opens
  std::string host_, token_;
};

constexpr const char* kUpgrade =
    "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";

TEST_F(ScreenServerTest, HandsOutThePageAndForbidsItEverythingElse) {
  const std::string answer = ask_server(line("") + host_);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  EXPECT_NE(answer.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(answer.find("Referrer-Policy: no-referrer"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("a page"));
}

TEST_F(ScreenServerTest, ReachesNoFileBesideThePage) {
  const std::string beside = "../" + folder_.filename().string() + ".toml";
  for (const std::string& path : {beside, std::string("%2e%2e/x"), std::string("link.html")}) {
    EXPECT_TRUE(ask_server(line(path) + host_).starts_with("HTTP/1.1 404")) << path;
  }
}

TEST_F(ScreenServerTest, RefusesOtherNamesPagesAndMethods) {
  EXPECT_TRUE(ask_server(line("") + "evil.example").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask_server("GET / HTTP/1.1\r\nHost: " + host_).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(
      ask_server("POST " + token_ + " HTTP/1.1\r\nHost: " + host_).starts_with("HTTP/1.1 405"));
}

TEST_F(ScreenServerTest, OpensItsSocketForItsOwnPageAlone) {
  const std::string head = line("socket") + host_ + kUpgrade;
  EXPECT_TRUE(ask_server(head + "\r\nOrigin: http://" + host_).starts_with("HTTP/1.1 101"));
  EXPECT_TRUE(ask_server(head + "\r\nOrigin: http://evil.example").starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(ask_server(head).starts_with("HTTP/1.1 403"));
}

// What the hook uses may go once stop() has returned, and the pointer to the server with it.
TEST_F(ScreenServerTest, StopWaitsForAHookThatRunsAndStillTellsIt) {
  std::promise<void> running, go_on;
  bool told = false;
  greeting_ = [&] {
    running.set_value();
    go_on.get_future().wait();
    server_->tell({std::make_shared<const std::string>("{}")});
    told = true;
  };
  const std::string head = line("socket") + host_ + kUpgrade;
  EXPECT_TRUE(ask_server(head + "\r\nOrigin: http://" + host_).starts_with("HTTP/1.1 101"));
  running.get_future().wait();
  go_on.set_value();
  server_->stop();
  EXPECT_TRUE(told);
  server_.reset();
}

TEST_F(ScreenServerTest, ATakenPortIsAnError) {
  auto files = ScreenFiles::load(folder_);
  ASSERT_TRUE(files.ok());
  const auto port = static_cast<std::uint16_t>(std::stoi(host_.substr(10)));
  const auto second = ScreenServer::listen(port, std::move(*files), {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind(), ErrorKind::kUnavailable);
}

ScreenConfig camera() {
  ScreenConfig config;
  config.source = "v4l2:/dev/video0";
  config.audio = "gst:pulsesrc";
  return config;
}

TEST(ScreenOrderTest, ThePageNamesNeitherSourceNorFileNorProject) {
  const auto order = read_screen_order(
      R"({"do":"start","order":3,"area":"Hall 2","source":"file:/etc/passwd","file":"/x","project":"p"})",
      camera(), false);
  ASSERT_TRUE(order.ok()) << order.error().message();
  EXPECT_EQ(order->number, 3);
  EXPECT_EQ(order->request.command, "record");
  EXPECT_EQ(order->request.source, "v4l2:/dev/video0");
  EXPECT_EQ(order->request.audio, "gst:pulsesrc");
  EXPECT_EQ(order->request.area, "Hall 2");
  EXPECT_TRUE(order->request.file.empty() && order->request.project.empty());
}

TEST(ScreenOrderTest, ANoteIsOfTheMomentWhileItRecordsAndOfTheNewestElse) {
  const std::string text =
      R"({"do":"note","order":1,"text":"","stage":"roof","percentage":40,"about":"now"})";
  const auto now = read_screen_order(text, camera(), true);
  ASSERT_TRUE(now.ok());
  EXPECT_TRUE(now->request.at_now && !now->request.last);
  EXPECT_EQ(now->request.percentage, 40.0);
  const auto later = read_screen_order(text, camera(), false);
  ASSERT_TRUE(later.ok());
  EXPECT_TRUE(!later->request.at_now && later->request.last);
}

TEST(ScreenOrderTest, APhotoIsTakenFromTheRecordingThatRuns) {
  const std::string text = R"({"do":"photo","order":1})";
  EXPECT_EQ(read_screen_order(text, camera(), true)->request.source, "");
  EXPECT_EQ(read_screen_order(text, camera(), false)->request.source, "v4l2:/dev/video0");
}

TEST(ScreenOrderTest, WhatIsNoOrderOrWouldBeRefusedLaterIsRefusedNow) {
  const std::string longest(9000, 'x');
  for (const std::string& text :
       {std::string(), std::string("7"), std::string("{}"), std::string(R"({"do":"run"})"),
        std::string(R"({"do":["start"]})"), std::string(R"({"do":"say","text":""})"),
        std::string(R"({"do":"say","text":"a\u0007b"})"),
        R"({"do":"say","text":")" + longest + "\"}",
        std::string(R"({"do":"note","text":"a","percentage":101})"),
        std::string(R"({"do":"note"})"), std::string(R"({"do":"start","area":"a\nb"})"),
        std::string(R"({"do":"answer","request":"abcd","shot":4294967297})")}) {
    EXPECT_FALSE(read_screen_order(text, camera(), true).ok()) << text.substr(0, 60);
  }
}

}  // namespace
}  // namespace sitecast::agent
