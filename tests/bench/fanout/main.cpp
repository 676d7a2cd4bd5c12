// SPDX-License-Identifier: Apache-2.0
// sitecast-bench-viewers: one capture of 2 Mbit/s, 30 chunks a second, and many viewers in one
// thread. `watch` publishes as a device and watches through the gateway; `ask` writes each chunk as
// a file and asks an HTTP server for it. Prints how old chunks were when they had come in whole, as
// one JSON object.
#include <poll.h>
#include <sys/epoll.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "tests/bench/fanout/capture_feed.h"
#include "tests/bench/fanout/hop_runs.h"
#include "tests/bench/fanout/viewer.h"

namespace sitecast::bench {
namespace {

using nlohmann::json;

constexpr std::int64_t kWarmUpParts = 2 * kPartsPerSecond;
constexpr std::int64_t kRestNs = 1'000'000'000;  // for what is on its way at the end

struct Options {
  std::uint16_t port = 0;  // of the gateway, or of the peer
  std::uint16_t broker_port = 0;
  std::string accounts, cookie, folder;
  std::uint32_t viewers = 1;
  std::uint32_t stalled = 0;  // that take nothing after their first moment
  double seconds = 5;
};

// The viewers and what they have seen.
class Crowd {
 public:
  Crowd() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

  void add(Viewer viewer) {
    viewers_.push_back(std::move(viewer));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = viewers_.size() - 1;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, viewers_.back().descriptor(), &event);
  }
  // Reads until `until_ns`.
  Status read(std::int64_t until_ns) {
    std::array<epoll_event, 256> events{};
    do {
      const std::int64_t left_ms = std::max<std::int64_t>(0, (until_ns - now_ns()) / 1'000'000);
      const int ready =
          ::epoll_wait(epoll_.get(), events.data(), int{events.size()}, static_cast<int>(left_ms));
      for (int i = 0; i < ready; ++i) {
        SC_TRY(viewers_[events[static_cast<std::size_t>(i)].data.u64].read(ages_ms));
      }
    } while (now_ns() < until_ns);
    return Ok{};
  }
  [[nodiscard]] std::vector<Viewer>& viewers() { return viewers_; }

  std::vector<double> ages_ms;

 private:
  Descriptor epoll_;
  std::vector<Viewer> viewers_;
};

// Calls `send` for each chunk when its time has come, and reads meanwhile. Ages are counted after
// the warm-up.
template <typename Send>
Result<json> run(Crowd& crowd, double seconds, Send send) {
  SC_TRY_ASSIGN(auto maker, LoadPartMaker::create(live_part_options()));
  const std::int64_t begun = now_ns();
  const auto count = static_cast<std::int64_t>(seconds * kPartsPerSecond) + kWarmUpParts;
  double latest_ms = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    SC_TRY(crowd.read(begun + n * kPartNs));
    if (n == kWarmUpParts) crowd.ages_ms.clear();
    const std::int64_t at = now_ns();
    latest_ms = std::max(latest_ms, static_cast<double>(at - begun - n * kPartNs) / 1e6);
    SC_TRY_ASSIGN(auto part, maker.next(make_stamp(at)));
    SC_TRY(send(n, part.frame));
  }
  SC_TRY(crowd.read(now_ns() + kRestNs));
  const auto expected =
      static_cast<double>(count - kWarmUpParts) * static_cast<double>(crowd.viewers().size());
  return json{{"viewers", crowd.viewers().size()},
              {"chunks_expected", expected},
              {"chunks", crowd.ages_ms.size()},
              {"p50_ms", percentile(crowd.ages_ms, 0.5)},
              {"p95_ms", percentile(crowd.ages_ms, 0.95)},
              {"p99_ms", percentile(crowd.ages_ms, 0.99)},
              {"sender_latest_ms", latest_ms}};
}

Result<json> watch(const Options& options) {
  SC_TRY_ASSIGN(const auto accounts, read_accounts(options.accounts));
  SC_TRY_ASSIGN(auto feed, CaptureFeed::open(options.broker_port, accounts.front(), 1));
  const std::string path = "/api/v1/captures/" + feed.captures().front().text() + "/live";
  Crowd crowd;
  std::vector<Viewer> stalled;
  // The gateway knows the capture once something of it has come, or once the hub has stored its
  // opening.
  const std::int64_t give_up = now_ns() + 10'000'000'000;
  for (std::uint32_t i = 0; i < options.viewers + options.stalled; ++i) {
    auto viewer = Viewer::watch(options.port, i, path, options.cookie);
    while (!viewer.ok() && i == 0 && now_ns() < give_up) {
      ::poll(nullptr, 0, 100);
      viewer = Viewer::watch(options.port, i, path, options.cookie);
    }
    if (!viewer.ok()) return viewer.error();
    if (i < options.viewers) {
      crowd.add(std::move(*viewer));
    } else {
      stalled.push_back(std::move(*viewer));
    }
  }
  return run(crowd, options.seconds,
             [&](std::int64_t, Bytes& frame) { return feed.send(0, std::move(frame)); });
}

Result<json> ask(const Options& options) {
  Crowd crowd;
  for (std::uint32_t i = 0; i < options.viewers; ++i) {
    SC_TRY_ASSIGN(auto viewer, Viewer::ask(options.port, i));
    crowd.add(std::move(viewer));
  }
  std::uint64_t behind =
      0;  // chunks that a viewer could not ask for, because one before was not there
  const std::filesystem::path folder = options.folder;
  auto result = run(crowd, options.seconds, [&](std::int64_t n, Bytes& frame) -> Status {
    const auto name = folder / std::to_string(n);
    std::ofstream(folder / "new.tmp", std::ios::binary)
        .write(reinterpret_cast<const char*>(frame.data()),  // NOLINT
               static_cast<std::streamsize>(frame.size()));
    std::filesystem::rename(folder / "new.tmp", name);
    for (Viewer& viewer : crowd.viewers()) {
      if (viewer.waits_for_answer()) {
        ++behind;
      } else {
        SC_TRY(viewer.get(static_cast<std::uint64_t>(n)));
      }
    }
    return Ok{};
  });
  if (result.ok()) (*result)["left_out"] = behind;
  return result;
}

int main_of(int argc, char** argv) {
  CLI::App app{"Many viewers of one capture, for scripts/bench fanout"};
  app.require_subcommand(1);
  Options options;
  auto* watching = app.add_subcommand("watch", "through the gateway");
  auto* asking = app.add_subcommand("ask", "from an HTTP server (peer)");
  for (auto* command : {watching, asking}) {
    command->add_option("--port", options.port)->required();
    command->add_option("--viewers", options.viewers)->required()->check(CLI::Range(1, 15'000));
    command->add_option("--seconds", options.seconds);
  }
  watching->add_option("--broker-port", options.broker_port)->required();
  watching->add_option("--accounts", options.accounts, "JSON file")->required();
  watching->add_option("--cookie", options.cookie)->required();
  watching->add_option("--stalled", options.stalled);
  asking->add_option("--folder", options.folder, "that the server serves")->required();
  std::size_t captures = 1;
  auto* sending = app.add_subcommand("send", "as a device, for viewers elsewhere");
  sending->add_option("--broker-port", options.broker_port)->required();
  sending->add_option("--accounts", options.accounts, "JSON file")->required();
  sending->add_option("--captures", captures)->check(CLI::Range(1, 100));
  auto* echoing = app.add_subcommand("echo", "the same bytes by TCP and back (limit)");
  for (auto* command : {sending, echoing}) command->add_option("--seconds", options.seconds);
  CLI11_PARSE(app, argc, argv);
  if (sending->parsed()) {
    const Status sent = run_send(options.broker_port, options.accounts, captures, options.seconds);
    if (!sent.ok()) std::cerr << "sitecast-bench-viewers: " << sent.error().message() << "\n";
    return sent.ok() ? 0 : 1;
  }
  const auto result = echoing->parsed()    ? run_echo(options.seconds)
                      : watching->parsed() ? watch(options)
                                           : ask(options);
  if (!result.ok()) {
    std::cerr << "sitecast-bench-viewers: " << result.error().message() << "\n";
    return 1;
  }
  std::cout << result->dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace sitecast::bench

int main(int argc, char** argv) { return sitecast::bench::main_of(argc, argv); }
