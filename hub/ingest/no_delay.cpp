// SPDX-License-Identifier: Apache-2.0
#include "hub/ingest/no_delay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sitecast::hub {
namespace {

std::optional<int> peer_port(int descriptor) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  void* address = &peer;
  if (::getpeername(descriptor, static_cast<sockaddr*>(address), &size) != 0) return std::nullopt;
  if (peer.ss_family == AF_INET) return ntohs(static_cast<sockaddr_in*>(address)->sin_port);
  if (peer.ss_family == AF_INET6) return ntohs(static_cast<sockaddr_in6*>(address)->sin6_port);
  return std::nullopt;
}

}  // namespace

void set_no_delay_on_port(const std::string& port) {
  const int wanted = std::atoi(port.c_str());
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    const int descriptor = std::atoi(entry->path().filename().c_str());
    if (peer_port(descriptor) != wanted) continue;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
}

}  // namespace sitecast::hub
