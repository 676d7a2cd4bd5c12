// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/fanout/hop_runs.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <iostream>

#include "proto/base/descriptor.h"
#include "tests/bench/fanout/capture_feed.h"
#include "tests/bench/fanout/viewer.h"

namespace sitecast::bench {
namespace {

std::int64_t wall_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void sleep_until(std::int64_t at_ns) {
  const timespec when{at_ns / 1'000'000'000, at_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr) == EINTR) {
  }
}

bool read_whole(int socket, Bytes& bytes) {
  return ::recv(socket, bytes.data(), bytes.size(), MSG_WAITALL) ==
         static_cast<ssize_t>(bytes.size());
}
bool write_whole(int socket, const Bytes& bytes) {
  return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

sockaddr* as_address(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);  // NOLINT: how the system calls are made
}

// A child process that sends back what it is sent; its port.
Result<std::uint16_t> start_echo(std::size_t chunk_bytes, pid_t& child) {
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener.get(), as_address(address), size) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), as_address(address), &size) != 0) {
    return errno_error(errno, "a listener for the echo");
  }
  child = ::fork();
  if (child < 0) return errno_error(errno, "fork");
  if (child == 0) {
    const Descriptor peer(::accept(listener.get(), nullptr, nullptr));
    const int yes = 1;
    ::setsockopt(peer.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    Bytes chunk(chunk_bytes);
    while (read_whole(peer.get(), chunk) && write_whole(peer.get(), chunk)) {
    }
    ::_exit(0);
  }
  return ntohs(address.sin_port);
}

}  // namespace

Status run_send(std::uint16_t broker_port, const std::string& accounts, std::size_t captures,
                double seconds) {
  SC_TRY_ASSIGN(const auto known, read_accounts(accounts));
  SC_TRY_ASSIGN(auto feed, CaptureFeed::open(broker_port, known.front(), captures));
  std::vector<LoadPartMaker> makers;
  nlohmann::json ids = nlohmann::json::array();
  for (const CaptureId capture : feed.captures()) {
    SC_TRY_ASSIGN(auto maker, LoadPartMaker::create(live_part_options()));
    makers.push_back(std::move(maker));
    ids.push_back(capture.text());
  }
  std::cout << nlohmann::json{{"captures", ids}}.dump() << std::endl;
  const std::int64_t begun = now_ns();
  const auto count = static_cast<std::int64_t>(seconds * kPartsPerSecond);
  for (std::int64_t n = 0; n < count; ++n) {
    for (std::size_t i = 0; i < captures; ++i) {
      const auto phase =
          static_cast<std::int64_t>(i) * kPartNs / static_cast<std::int64_t>(captures);
      sleep_until(begun + n * kPartNs + phase);
      SC_TRY_ASSIGN(auto part, makers[i].next(make_stamp(wall_ns())));
      SC_TRY(feed.send(i, std::move(part.frame)));
    }
  }
  return Ok{};
}

Result<nlohmann::json> run_echo(double seconds) {
  SC_TRY_ASSIGN(auto maker, LoadPartMaker::create(live_part_options()));
  SC_TRY_ASSIGN(auto first, maker.next());
  pid_t child = 0;
  SC_TRY_ASSIGN(const auto port, start_echo(first.frame.size(), child));
  std::vector<double> round_ms;
  {
    const Descriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::connect(socket.get(), as_address(address), sizeof address) != 0) {
      return errno_error(errno, "connect to the echo");
    }
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const std::int64_t begun = now_ns();
    Bytes back(first.frame.size());
    for (std::int64_t n = 0; n < static_cast<std::int64_t>(seconds * kPartsPerSecond); ++n) {
      sleep_until(begun + n * kPartNs);
      const std::int64_t sent = now_ns();
      if (!write_whole(socket.get(), first.frame) || !read_whole(socket.get(), back)) {
        return unavailable("the echo ended");
      }
      round_ms.push_back(static_cast<double>(now_ns() - sent) / 1e6);
    }
  }
  ::waitpid(child, nullptr, 0);
  return nlohmann::json{{"round_trips", round_ms.size()},
                        {"p50_ms", percentile(round_ms, 0.5)},
                        {"p99_ms", percentile(round_ms, 0.99)}};
}

}  // namespace sitecast::bench
