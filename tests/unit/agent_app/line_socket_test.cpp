// SPDX-License-Identifier: Apache-2.0
#include "agent/line_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.h"

namespace sitecast::agent {
namespace {

TEST(LineSocketTest, ObjectsComeWholeAndInOrder) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  LineSocket first(ends[0]);
  const StopSignal never;
  {
    LineSocket second(ends[1]);
    ASSERT_TRUE(second.write({{"n", 1}, {"text", "a\nb 现场"}}));
    ASSERT_TRUE(second.write({{"n", 2}}));
    EXPECT_EQ(first.read(never)->at("text"), "a\nb 现场");
    EXPECT_EQ(first.read(never)->at("n"), 2);
  }
  EXPECT_EQ(first.read(never), std::nullopt);  // gone
  EXPECT_FALSE(first.write({{"n", 3}}));
}

TEST(LineSocketTest, WaitingEndsWhenStopped) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  LineSocket first(ends[0]);
  LineSocket second(ends[1]);
  StopSignal stop;
  stop.raise();
  EXPECT_EQ(first.read(stop), std::nullopt);
  ASSERT_EQ(::send(ends[1], "not json\n", 9, 0), 9);
  const StopSignal never;
  EXPECT_EQ(first.read(never), std::nullopt);
}

TEST(LineSocketTest, ALongPathIsNoObstacleAndOthersMayNotConnect) {
  const TempDir dir;
  const auto folder = dir.path() / std::string(150, 'x');
  std::filesystem::create_directory(folder);
  const auto path = folder / "agent.sock";
  EXPECT_FALSE(connect_to(path).ok());
  const auto listening = listen_at(path);
  ASSERT_TRUE(listening.ok()) << listening.error().message();
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto connected = connect_to(path);
  ASSERT_TRUE(connected.ok()) << connected.error().message();
  ::close(*connected);
  ::close(*listening);
}

}  // namespace
}  // namespace sitecast::agent
