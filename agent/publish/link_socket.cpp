// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/link_socket.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>  // TCP_INFO with the fields that netinet/tcp.h of glibc 2.36 lacks
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <functional>

namespace sitecast::agent {
namespace {

constexpr unsigned kUserTimeoutMs = 15'000;
// A large part and what is in flight meanwhile; the kernel doubles it and begins with a fifth.
constexpr int kBufferBytes = 208 * 1024;
constexpr int kTcpClosed = 7;  // TCP_CLOSE of <netinet/tcp.h>, which cannot be included as well

std::uint64_t socket_inode(int descriptor) {
  struct stat info {};
  if (::fstat(descriptor, &info) != 0 || !S_ISSOCK(info.st_mode)) return 0;
  return info.st_ino;
}

bool is_peer_port(int descriptor, std::uint16_t port) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {  // NOLINT
    return false;
  }
  if (peer.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &peer, sizeof address);
    return ntohs(address.sin_port) == port;
  }
  if (peer.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &peer, sizeof address);
    return ntohs(address.sin6_port) == port;
  }
  return false;
}

// An IPv4 address may be mapped into IPv6 (RFC 4291 section 2.5.5.2).
bool same_address(const sockaddr_storage& own, const sockaddr& other) {
  if (other.sa_family != AF_INET && other.sa_family != AF_INET6) return false;
  const auto bytes_of = [](const void* address, int family) {
    std::array<std::uint8_t, 16> bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (family == AF_INET) {
      sockaddr_in four{};
      std::memcpy(&four, address, sizeof four);
      std::memcpy(bytes.data() + 12, &four.sin_addr, 4);
    } else {
      sockaddr_in6 six{};
      std::memcpy(&six, address, sizeof six);
      std::memcpy(bytes.data(), &six.sin6_addr, 16);
    }
    return bytes;
  };
  return bytes_of(&own, own.ss_family) == bytes_of(&other, other.sa_family);
}

// Calls `visit` with each TCP socket of this process.
void each_socket(const std::function<void(int descriptor, std::uint64_t inode)>& visit) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const std::string name = entry.path().filename().string();
    int descriptor = -1;
    std::from_chars(name.data(), name.data() + name.size(), descriptor);
    const std::uint64_t inode = socket_inode(descriptor);
    int protocol = 0;
    socklen_t size = sizeof protocol;
    if (inode != 0 && ::getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
        protocol == IPPROTO_TCP) {
      visit(descriptor, inode);
    }
  }
}

}  // namespace

void LinkSocket::remember_others() {
  others_.clear();
  each_socket([&](int, std::uint64_t inode) { others_.insert(inode); });
}

Status LinkSocket::find(std::uint16_t port) {
  descriptor_ = -1;
  each_socket([&](int descriptor, std::uint64_t inode) {
    if (others_.count(inode) != 0 || !is_peer_port(descriptor, port)) return;
    descriptor_ = descriptor;
    inode_ = inode;
  });
  if (descriptor_ < 0) return not_found("the connection's socket was not found");
  return Ok{};
}

bool LinkSocket::refused() const {
  int count = 0;
  bool closed = false;
  each_socket([&](int descriptor, std::uint64_t inode) {
    if (others_.count(inode) != 0) return;
    count += 1;
    tcp_info info{};
    socklen_t size = sizeof info;
    closed = ::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
             info.tcpi_state == kTcpClosed;
  });
  return count == 1 && closed;
}

bool LinkSocket::still_ours() const {
  return descriptor_ >= 0 && socket_inode(descriptor_) == inode_;
}

void LinkSocket::tune(const std::string& congestion_control, const Log& log) const {
  if (!still_ours()) return;
  const auto set = [&](int option, const void* value, socklen_t size, const char* name) {
    if (::setsockopt(descriptor_, IPPROTO_TCP, option, value, size) != 0) {
      log.warn("{} cannot be set: {}", name, std::strerror(errno));
    }
  };
  const int on = 1;
  set(TCP_NODELAY, &on, sizeof on, "TCP_NODELAY");
  set(TCP_USER_TIMEOUT, &kUserTimeoutMs, sizeof kUserTimeoutMs, "TCP_USER_TIMEOUT");
  // Not fixed at that: it grows with the link, where the kernel can be told so (Linux 5.14).
  const int free = 0;
  if (::setsockopt(descriptor_, SOL_SOCKET, SO_BUF_LOCK, &free, sizeof free) == 0) {
    (void)::setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
    (void)::setsockopt(descriptor_, SOL_SOCKET, SO_BUF_LOCK, &free, sizeof free);
  }
  if (!congestion_control.empty()) {
    set(TCP_CONGESTION, congestion_control.data(),
        static_cast<socklen_t>(congestion_control.size()), "congestion control");
  }
}

std::optional<SocketRoom> LinkSocket::room() const {
  if (!still_ours()) return std::nullopt;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  size = sizeof memory;
  int outstanding = 0;
  // After what was acknowledged: in between it may become more, and what was written seem less.
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0 ||
      ::ioctl(descriptor_, SIOCOUTQ, &outstanding) != 0) {
    return std::nullopt;
  }
  SocketRoom room;
  room.written_bytes = info.tcpi_bytes_acked + static_cast<std::uint64_t>(outstanding);
  room.unsent_bytes = info.tcpi_notsent_bytes;
  room.used_bytes = memory[SK_MEMINFO_WMEM_QUEUED];
  room.buffer_bytes = memory[SK_MEMINFO_SNDBUF];
  return room;
}

std::optional<std::string> LinkSocket::find_interface() const {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  ifaddrs* all = nullptr;
  if (!still_ours() ||
      ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&own), &size) != 0 ||  // NOLINT
      ::getifaddrs(&all) != 0) {
    return std::nullopt;
  }
  std::string found;
  for (const ifaddrs* each = all; each != nullptr && found.empty(); each = each->ifa_next) {
    if (each->ifa_addr != nullptr && same_address(own, *each->ifa_addr)) found = each->ifa_name;
  }
  ::freeifaddrs(all);
  return found;
}

bool LinkSocket::address_gone() const {
  const auto interface = find_interface();
  return interface && interface->empty();
}

std::string LinkSocket::interface() const { return find_interface().value_or(""); }

void LinkSocket::abandon() const {
  if (!still_ours()) return;
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(descriptor_, SHUT_RD);
}

std::optional<LinkFigures> LinkSocket::figures() const {
  if (!still_ours()) return std::nullopt;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  LinkFigures figures;
  figures.round_trip_us = info.tcpi_rtt;
  figures.acknowledged_bytes = info.tcpi_bytes_acked;
  figures.received_bytes = info.tcpi_bytes_received;
  figures.delivery_rate_bytes_per_s = info.tcpi_delivery_rate;
  figures.unsent_bytes = info.tcpi_notsent_bytes;
  figures.outstanding_bytes =
      std::uint64_t{info.tcpi_unacked} * info.tcpi_snd_mss + info.tcpi_notsent_bytes;
  std::array<char, 16> name{};
  size = name.size();
  if (::getsockopt(descriptor_, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0) {
    figures.congestion_control = name.data();
  }
  return figures;
}

}  // namespace sitecast::agent
