// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/fanout/viewer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <string_view>

namespace sitecast::bench {
namespace {

constexpr std::uint64_t kMark = 0x7363'6661'6e6f'7574;
constexpr std::uint32_t kAddresses = 200;

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};  // NOLINT
}

Status send_all(int socket, std::string_view text) {
  const auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(text.size())) return errno_error(errno, "send");
  return Ok{};
}

}  // namespace

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

Bytes make_stamp(std::int64_t sent_at_ns) {
  Bytes stamp(kStampBytes);
  std::memcpy(stamp.data(), &kMark, sizeof kMark);
  std::memcpy(stamp.data() + sizeof kMark, &sent_at_ns, sizeof sent_at_ns);
  return stamp;
}

Result<Descriptor> Viewer::connect(std::uint16_t port, std::uint32_t number) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return errno_error(errno, "socket");
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(0x7f00'0002U + number % kAddresses);
  sockaddr_in to = from;
  to.sin_addr.s_addr = htonl(0x7f00'0001U);
  to.sin_port = htons(port);
  const auto as_address = [](sockaddr_in& address) {
    return reinterpret_cast<sockaddr*>(&address);  // NOLINT: how the system call is made
  };
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::bind(socket.get(), as_address(from), sizeof from) != 0) return errno_error(errno, "bind");
  if (::connect(socket.get(), as_address(to), sizeof to) != 0) return errno_error(errno, "connect");
  return socket;
}

Result<Viewer> Viewer::watch(std::uint16_t port, std::uint32_t number, const std::string& path,
                             const std::string& cookie) {
  SC_TRY_ASSIGN(auto socket, connect(port, number));
  SC_TRY(send_all(
      socket.get(),
      fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: http://127.0.0.1:{}\r\n"
                  "Cookie: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                  path, port, port, cookie)));
  std::string answer;
  while (!answer.ends_with("\r\n\r\n")) {  // byte by byte: what follows belongs to the messages
    char byte = 0;
    if (::recv(socket.get(), &byte, 1, 0) != 1) return unavailable("the gateway closed: " + answer);
    answer += byte;
  }
  if (!answer.starts_with("HTTP/1.1 101")) return unavailable("no WebSocket: " + answer);
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return Viewer(std::move(socket), false);
}

Result<Viewer> Viewer::ask(std::uint16_t port, std::uint32_t number) {
  SC_TRY_ASSIGN(auto socket, connect(port, number));
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return Viewer(std::move(socket), true);
}

Status Viewer::get(std::uint64_t chunk) {
  waits_ = true;
  return send_all(socket_.get(), fmt::format("GET /{} HTTP/1.1\r\nHost: bench\r\n\r\n", chunk));
}

// Section 5.2: what a server sends is not masked.
Viewer::Sizes Viewer::front_websocket() const {
  const ByteView bytes = ByteView(incoming_).subspan(begin_);
  if (bytes.size() < 2) return {};
  std::size_t length = bytes[1] & 0x7fU;
  std::size_t head = 2;
  const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (more > 0) {
    if (bytes.size() < head + more) return {};
    length = 0;
    for (std::size_t i = 0; i < more; ++i) length = length << 8 | bytes[head + i];
    head += more;
  }
  if (bytes.size() < head + length) return {};
  return {head, head + length};
}

Viewer::Sizes Viewer::front_http() const {
  const std::string_view text = text_of(ByteView(incoming_).subspan(begin_));
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  const auto at = text.find(kLength);
  std::size_t length = 0;
  if (at < end) {
    const auto* digits = text.data() + at + kLength.size();
    std::from_chars(digits, text.data() + end, length);
  }
  const std::size_t head = end + 4;
  if (text.size() < head + length) return {};
  return {head, head + length};
}

Status Viewer::read(std::vector<double>& ages_ms) {
  constexpr std::size_t kStep = 64 * 1024;
  for (;;) {
    const std::size_t had = incoming_.size();
    incoming_.resize(had + kStep);
    const auto got = ::recv(socket_.get(), incoming_.data() + had, kStep, 0);
    incoming_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return unavailable("a viewer was sent away");
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) break;
      return errno_error(errno, "recv");
    }
    bytes_ += static_cast<std::uint64_t>(got);
    if (got < static_cast<ssize_t>(kStep)) break;
  }
  const std::int64_t now = now_ns();
  for (;;) {
    const Sizes sizes = asks_ ? front_http() : front_websocket();
    if (sizes.all == 0) break;
    const std::uint8_t* end = incoming_.data() + begin_ + sizes.all;
    std::uint64_t mark = 0;
    std::int64_t sent = 0;
    if (sizes.all - sizes.head >= kStampBytes) {
      std::memcpy(&mark, end - kStampBytes, sizeof mark);
      std::memcpy(&sent, end - sizeof sent, sizeof sent);
    }
    if (mark == kMark) ages_ms.push_back(static_cast<double>(now - sent) / 1e6);
    begin_ += sizes.all;
    waits_ = false;
  }
  if (begin_ > 0) {
    incoming_.erase(incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  return Ok{};
}

}  // namespace sitecast::bench
