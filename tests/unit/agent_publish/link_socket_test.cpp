// SPDX-License-Identifier: Apache-2.0
// Real sockets on loopback, as Paho would hold them.
#include "agent/publish/link_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace sitecast::agent {
namespace {

class LinkSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    ASSERT_EQ(::bind(server, generic(address), sizeof address), 0);
    ASSERT_EQ(::listen(server, 8), 0);
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(server, generic(address), &size), 0);
    port = ntohs(address.sin_port);
  }
  void TearDown() override {
    for (const int descriptor : open) ::close(descriptor);
    ::close(server);
  }
  static sockaddr* generic(sockaddr_in& address) {
    return reinterpret_cast<sockaddr*>(&address);  // NOLINT(*reinterpret*)
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }
  int connect_to(std::uint16_t to, int flags = 0, std::uint32_t from = INADDR_LOOPBACK) {
    const int client = ::socket(AF_INET, SOCK_STREAM | flags, 0);
    sockaddr_in address = loopback(0);
    address.sin_addr.s_addr = htonl(from);
    EXPECT_EQ(::bind(client, generic(address), sizeof address), 0);
    address = loopback(to);
    [[maybe_unused]] const int begun = ::connect(client, generic(address), sizeof address);
    open.push_back(client);
    return client;
  }
  int accept_one() {
    open.push_back(::accept(server, nullptr, nullptr));
    return open.back();
  }

  int server = -1;
  std::uint16_t port = 0;
  std::vector<int> open;
  LinkSocket socket;
};

TEST_F(LinkSocketTest, FindsTheNewOneAmongSeveralToThePort) {
  connect_to(port);
  socket.remember_others();
  EXPECT_FALSE(socket.find(port).ok());
  EXPECT_FALSE(socket.figures().has_value());
  const int ours = connect_to(port);
  ASSERT_TRUE(socket.find(port).ok());
  socket.tune("cubic", Log("test"));
  ASSERT_TRUE(socket.figures().has_value());
  EXPECT_EQ(socket.figures()->congestion_control, "cubic");
  EXPECT_FALSE(socket.refused());
  ::close(ours);
  open.pop_back();
  EXPECT_FALSE(socket.figures().has_value()) << "its owner has closed it";
}

TEST_F(LinkSocketTest, ARefusedConnectionIsSeen) {
  ::close(server);  // nobody listens there any more
  server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  socket.remember_others();
  EXPECT_FALSE(socket.refused()) << "there is none yet";
  const int client = connect_to(port, SOCK_NONBLOCK);
  pollfd waiting{client, POLLOUT, 0};
  ASSERT_EQ(::poll(&waiting, 1, 10'000), 1);
  EXPECT_TRUE(socket.refused());
}

TEST_F(LinkSocketTest, AnAddressThatNoInterfaceHasIsGone) {
  socket.remember_others();
  EXPECT_FALSE(socket.address_gone()) << "there is no connection";
  connect_to(port);
  ASSERT_TRUE(socket.find(port).ok());
  EXPECT_FALSE(socket.address_gone());
  socket.remember_others();
  connect_to(port, 0, INADDR_LOOPBACK + 76);  // 127.0.0.77: usable, but no interface's
  ASSERT_TRUE(socket.find(port).ok());
  EXPECT_TRUE(socket.address_gone());
}

TEST_F(LinkSocketTest, NothingMoreIsSentOfAnAbandonedConnection) {
  socket.remember_others();
  const int client = connect_to(port);
  const int peer = accept_one();
  ASSERT_TRUE(socket.find(port).ok());
  // More than the other side takes while it does not read.
  std::vector<char> much(8U << 20);
  ASSERT_GT(::send(client, much.data(), much.size(), MSG_DONTWAIT), 0);
  socket.abandon();
  ::shutdown(client, SHUT_WR);  // as Paho closes
  std::erase(open, client);
  ::close(client);
  // The other side reads what it had, then a reset; not the rest and an orderly end.
  ssize_t size = 0;
  while ((size = ::recv(peer, much.data(), much.size(), 0)) > 0) {
  }
  EXPECT_EQ(size, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

}  // namespace
}  // namespace sitecast::agent
