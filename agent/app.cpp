// SPDX-License-Identifier: Apache-2.0
#include "agent/app.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "agent/config.h"
#include "agent/control_socket.h"
#include "agent/key_file.h"
#include "agent/owner.h"
#include "agent/presenter.h"
#include "agent/screen_desk.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

namespace sitecast::agent {
namespace {

// How long an owner that takes no commands (it stores a photo, or is about to end) is waited for.
constexpr std::int64_t kOwnerUs = 30'000'000;
constexpr int kPollMs = 50;

int print_key(const AgentConfig& config, const Reply& reply, bool json) {
  const auto key = load_or_make_key(config.key_file);
  if (!key.ok()) {
    reply({{"type", "error"}, {"message", key.error().message()}});
    return kExitFailed;
  }
  const std::string text = base64url_encode(key->public_key());
  if (json)
    reply({{"public_key", text}});
  else
    fmt::print("{}\n", text);
  return kExitOk;
}

// Commands that store something and end do not connect for it, unless they are to wait for it.
bool needs_connection(const Request& request) {
  return request.command == "record" || request.command == "send" || request.command == "run" ||
         request.command == "watch" || request.until_delivered;
}

// `run` and `record` serve the screen where it is configured. Filming does not fail for want of it.
Result<std::unique_ptr<ScreenDesk>> open_screen(const AgentConfig& config, Owner& owner,
                                                PartTap& tap, const Request& request) {
  if (config.screen.port == 0 || (request.command != "run" && request.command != "record")) {
    return std::unique_ptr<ScreenDesk>();
  }
  auto desk = ScreenDesk::open(config.screen, owner, tap);
  if (!desk.ok() && request.command == "record") {
    Log("agent").warn("no screen: {}", desk.error().message());
    return std::unique_ptr<ScreenDesk>();
  }
  return desk;
}

int run_as_owner(const AgentConfig& config, Owner& owner, PartTap& tap, const Request& request,
                 StopSignal& stop, const Reply& reply) {
  // Others' commands are taken only by an owner that delivers.
  if (!needs_connection(request)) return owner.run(request, stop, reply);
  const auto server = ControlServer::listen(config.spool.dir, owner);
  if (!server.ok()) {
    reply({{"type", "error"}, {"message", server.error().message()}});
    return kExitFailed;
  }
  auto screen = open_screen(config, owner, tap, request);
  if (!screen.ok()) {
    reply({{"type", "error"}, {"message", screen.error().message()}});
    return kExitFailed;
  }
  if (*screen) reply({{"type", "screen"}, {"address", (*screen)->address()}});
  const int code = owner.run(request, stop, reply);
  screen->reset();
  (*server)->finish(stop);
  return code;
}

}  // namespace

int run_app(const CommandLine& line, StopSignal& stop) {
  const Request& request = line.request;
  Presenter presenter(request.command, line.language, line.json, stdout, stderr,
                      ::isatty(STDOUT_FILENO) == 1);
  const Reply reply = [&](const nlohmann::json& object) { presenter.show(object); };
  const bool keygen = request.command == "keygen";
  const auto config = load_config(line.config, keygen ? ConfigUse::kKeygen : ConfigUse::kEnrolled);
  if (!config.ok()) {
    reply({{"type", "error"}, {"message", config.error().message()}});
    return kExitUsage;
  }
  set_log_level(config->log_level);
  if (keygen) return print_key(*config, reply, line.json);

  const SystemClock clock;
  const std::int64_t deadline_us = clock.monotonic_us() + kOwnerUs;
  const Log log("agent");
  PartTap tap;  // outlives the owner
  bool waiting = false;
  for (;;) {
    const auto owner = Owner::open(*config, needs_connection(request), &tap);
    if (owner.ok()) return run_as_owner(*config, **owner, tap, request, stop, reply);
    const bool owned = owner.error().kind() == ErrorKind::kFailedPrecondition;
    // `run` is not handed over: who delivers already makes a second one needless.
    const bool running = owned && request.command == "run" && owner_listens(config->spool.dir);
    if (owned && request.command != "run") {
      if (const auto code = run_at_owner(config->spool.dir, request, stop, reply)) return *code;
    } else if (owned && !running && !std::exchange(waiting, true)) {
      log.warn("another command holds the spool; waiting for its end");
    }
    if (!owned || running || clock.monotonic_us() > deadline_us || stop.wait_ms(kPollMs)) {
      reply({{"type", "error"}, {"message", owner.error().message()}});
      return kExitFailed;
    }
  }
}

}  // namespace sitecast::agent
