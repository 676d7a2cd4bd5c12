// SPDX-License-Identifier: Apache-2.0
#include "agent/control_socket.h"

#include <pthread.h>
#include <sys/socket.h>

#include "agent/line_socket.h"

namespace sitecast::agent {
namespace {

constexpr const char* kSocketName = "agent.sock";

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const std::filesystem::path& folder,
                                                             Owner& owner) {
  const auto path = folder / kSocketName;
  SC_TRY_ASSIGN(const int descriptor, listen_at(path));
  return std::unique_ptr<ControlServer>(new ControlServer(owner, path, descriptor));
}

ControlServer::ControlServer(Owner& owner, std::filesystem::path path, int descriptor)
    : owner_(owner), path_(std::move(path)), descriptor_(descriptor) {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "control");
    accept_clients();
  });
}

ControlServer::~ControlServer() {
  StopSignal stop;
  stop.raise();
  finish(stop);
  ::close(descriptor_);
}

void ControlServer::accept_clients() {
  for (;;) {
    pollfd items[2] = {{descriptor_, POLLIN, 0}, {closing_.descriptor(), POLLIN, 0}};
    static_cast<void>(::poll(items, 2, -1));
    if (closing_.raised()) return;
    const int accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    for (auto it = clients_.begin(); it != clients_.end();) {
      if (!it->done) {
        ++it;
        continue;
      }
      it->thread.join();
      it = clients_.erase(it);
    }
    Client& client = clients_.emplace_back();
    client.descriptor = accepted;
    client.thread = std::thread([this, &client] { serve(client); });
  }
}

void ControlServer::serve(Client& client) {
  LineSocket socket(client.descriptor);
  const auto line = socket.read(client.stop);
  const auto request =
      line ? request_from_json(*line) : Result<Request>(invalid_argument("no request"));
  int code = kExitFailed;
  if (request.ok()) {
    // Another thread hears the client ask for the end, or go away.
    StopSignal answered;
    std::thread listener([&] {
      while (socket.read(answered)) client.stop.raise();
      if (!answered.raised()) client.stop.raise_for_good();
    });
    code = owner_.run(*request, client.stop,
                      [&](const nlohmann::json& object) { socket.write(object); });
    answered.raise();
    listener.join();
  } else {
    socket.write({{"type", "error"}, {"message", request.error().message()}});
  }
  socket.write({{"exit", code}});
  client.done = true;
}

void ControlServer::finish(StopSignal& stop) {
  if (!thread_.joinable()) return;
  closing_.raise();
  thread_.join();
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);  // who comes from now on waits for the lock
  for (Client& client : clients_) {
    while (!client.done) {
      if (stop.wait_ms(50)) client.stop.raise_for_good();
    }
    client.thread.join();
  }
  clients_.clear();
}

bool owner_listens(const std::filesystem::path& folder) {
  const auto connected = connect_to(folder / kSocketName);
  if (connected.ok()) LineSocket socket(*connected);  // closes it
  return connected.ok();
}

std::optional<int> run_at_owner(const std::filesystem::path& folder, const Request& request,
                                StopSignal& stop, const Reply& reply) {
  const auto connected = connect_to(folder / kSocketName);
  if (!connected.ok()) return std::nullopt;
  LineSocket socket(*connected);
  if (!socket.write(to_json(request))) return std::nullopt;
  bool heard = false;
  for (;;) {
    const auto object = socket.read(stop);
    if (!object && stop.raised()) {
      stop.clear();
      if (socket.write({{"stop", true}})) continue;
    }
    if (!object) {
      if (!heard) return std::nullopt;
      reply({{"type", "error"}, {"message", "the agent that did the work has gone"}});
      return kExitFailed;
    }
    heard = true;
    if (object->contains("exit")) return object->at("exit").get<int>();
    reply(*object);
  }
}

}  // namespace sitecast::agent
