// SPDX-License-Identifier: Apache-2.0
#include "tests/support/link/pump.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace sitecast::link {
namespace {

constexpr std::size_t kPacketBytes = 2048;  // more than the MTU
constexpr int kPacketsAtOnce = 64;          // before the other side has its turn

void say(const nlohmann::json& answer) {
  const std::string line = answer.dump() + "\n";
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

std::int64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecondNs + now.tv_nsec;
}

Result<std::deque<Planned>> parse_schedule(std::string_view text) {
  std::deque<Planned> schedule;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    number += 1;
    if (line.empty() || line.front() == '#') continue;
    double at_s = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), at_s);
    const auto at_ns = static_cast<std::int64_t>(at_s * static_cast<double>(kSecondNs));
    const std::int64_t last_ns = schedule.empty() ? 0 : schedule.back().at_ns;
    if (error != std::errc() || at_ns < last_ns || stop == line.data() + line.size() ||
        *stop != ' ') {
      return invalid_argument("line " + std::to_string(number) +
                              " of the schedule is no later SECONDS COMMAND");
    }
    schedule.push_back({at_ns, std::string(stop + 1, line.data() + line.size())});
  }
  return schedule;
}

Status Pump::prepare() {
  sigset_t ends{};
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  poll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  timer_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  signals_ = Descriptor(::signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC));
  for (const int descriptor :
       {device_.tun(), hub_.tun(), timer_.get(), signals_.get(), STDIN_FILENO}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
      return errno_error(errno, "wait for packets");
    }
  }
  began_ns_ = monotonic_ns();
  return Ok{};
}

Status Pump::run() {
  SC_TRY(prepare());
  std::array<epoll_event, 8> events{};
  for (;;) {
    follow_schedule();
    deliver(Side::kHub);
    deliver(Side::kDevice);
    set_timer();
    const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) return errno_error(errno, "wait for packets");
    for (int i = 0; i < count; ++i) {
      const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
      if (descriptor == device_.tun()) read_packets(Side::kDevice);
      if (descriptor == hub_.tun()) read_packets(Side::kHub);
      if (descriptor == signals_.get()) return Ok{};
      if (descriptor == STDIN_FILENO && !read_commands()) return Ok{};
      if (descriptor == timer_.get()) {
        std::uint64_t expired = 0;
        [[maybe_unused]] const auto taken = ::read(descriptor, &expired, sizeof expired);
        timer_ns_ = kNever;
      }
    }
  }
}

void Pump::read_packets(Side from) {
  std::array<std::uint8_t, kPacketBytes> buffer{};
  for (int i = 0; i < kPacketsAtOnce; ++i) {
    const ssize_t size = ::read(end(from).tun(), buffer.data(), buffer.size());
    if (size <= 0) return;  // nothing more
    auto answer = link_.take(from, Packet(buffer.data(), buffer.data() + size), monotonic_ns());
    if (answer) write_packet(from, *answer);
  }
}

void Pump::deliver(Side to) {
  while (auto packet = link_.pop(to, monotonic_ns())) write_packet(to, *packet);
}

void Pump::write_packet(Side to, const Packet& packet) {
  if (::write(end(to).tun(), packet.data(), packet.size()) < 0) not_written_ += 1;
}

bool Pump::read_commands() {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (size <= 0) return size < 0 && errno == EINTR;
  typed_.append(buffer.data(), static_cast<std::size_t>(size));
  for (std::size_t end = 0; (end = typed_.find('\n')) != std::string::npos;) {
    say(answer(typed_.substr(0, end)));
    typed_.erase(0, end + 1);
  }
  return true;
}

nlohmann::json Pump::answer(const std::string& line) {
  if (line == "stats") {
    nlohmann::json counters = link_.counters();
    counters["not_written"] = not_written_;
    return counters;
  }
  constexpr std::string_view kAddress = "address ";
  const Status done = line.starts_with(kAddress) ? device_.set_address(line.substr(kAddress.size()))
                                                 : link_.apply(line, monotonic_ns());
  if (!done.ok()) return {{"error", done.error().message()}};
  return {{"ok", true}};
}

void Pump::follow_schedule() {
  while (!schedule_.empty() && began_ns_ + schedule_.front().at_ns <= monotonic_ns()) {
    const nlohmann::json done = answer(schedule_.front().command);
    if (done.contains("error")) std::fprintf(stderr, "schedule: %s\n", done.dump().c_str());
    schedule_.pop_front();
  }
}

void Pump::set_timer() {
  std::int64_t due_ns = link_.due_ns();
  if (!schedule_.empty()) due_ns = std::min(due_ns, began_ns_ + schedule_.front().at_ns);
  if (due_ns == timer_ns_) return;
  timer_ns_ = due_ns;
  itimerspec when{};  // all zero: off
  if (due_ns != kNever) {
    when.it_value.tv_sec = due_ns / kSecondNs;
    when.it_value.tv_nsec = due_ns % kSecondNs;
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace sitecast::link
