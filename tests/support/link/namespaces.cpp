// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/namespaces.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sitecast::link {
namespace {

constexpr const char* kInterface = "link";
constexpr int kMtu = 1500;
constexpr const char* kMask = "255.255.255.0";

ifreq request_for(const char* interface) {
  ifreq request{};
  std::strncpy(static_cast<char*>(request.ifr_name), interface, IFNAMSIZ - 1);
  return request;
}

Status call(int socket, unsigned long what, ifreq& request, const char* doing) {
  if (::ioctl(socket, what, &request) != 0) return errno_error(errno, doing);
  return Ok{};
}

Status set_ipv4(int socket, unsigned long what, const std::string& address) {
  ifreq request = request_for(kInterface);
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) != 1) {
    return invalid_argument("'" + address + "' is no IPv4 address");
  }
  std::memcpy(&request.ifr_addr, &ipv4, sizeof ipv4);
  return call(socket, what, request, "set the address");
}

Status bring_up(int socket, const char* interface) {
  ifreq request = request_for(interface);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return call(socket, SIOCSIFFLAGS, request, "bring the interface up");
}

// Its own neighbour discovery would be traffic that nobody asked for. Absent in kernels without
// IPv6.
void switch_ipv6_off() {
  const Descriptor file(
      ::open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
  if (file.is_open()) [[maybe_unused]]
    const auto written = ::write(file.get(), "1", 1);
}

}  // namespace

Result<NamespaceEnd> NamespaceEnd::make(const std::string& address) {
  NamespaceEnd end;
  if (::unshare(CLONE_NEWNET) != 0) return errno_error(errno, "make a network namespace");
  end.space_ = Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!end.space_.is_open()) return errno_error(errno, "open the network namespace");
  end.control_ = Descriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!end.control_.is_open()) return errno_error(errno, "open a socket");
  const int control = end.control_.get();
  switch_ipv6_off();

  // Its devices are made in the namespace in which it was opened.
  end.tun_ = Descriptor(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!end.tun_.is_open()) return errno_error(errno, "open /dev/net/tun");
  ifreq request = request_for(kInterface);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  SC_TRY(call(end.tun_.get(), TUNSETIFF, request, "make the TUN device"));
  request = request_for(kInterface);
  request.ifr_mtu = kMtu;
  SC_TRY(call(control, SIOCSIFMTU, request, "set the MTU"));
  SC_TRY(bring_up(control, "lo"));
  SC_TRY(end.set_address(address));
  SC_TRY(bring_up(control, kInterface));
  return end;
}

std::string NamespaceEnd::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(space_.get());
}

Status NamespaceEnd::set_address(const std::string& address) {
  SC_TRY(set_ipv4(control_.get(), SIOCSIFADDR, address));
  return set_ipv4(control_.get(), SIOCSIFNETMASK, kMask);
}

}  // namespace sitecast::link
