// SPDX-License-Identifier: Apache-2.0
#include "hub/control_socket.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/base/descriptor.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

constexpr std::size_t kLineBytes = 16 * 1024 * 1024;  // broker files of many devices
constexpr int kTimeoutS = 30;

Result<sockaddr_un> address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path.string();
  if (name.size() >= sizeof address.sun_path) {
    return invalid_argument("path of the hub's socket is too long: " + name);
  }
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  const void* pointer = &address;
  return static_cast<const sockaddr*>(pointer);
}

void set_timeouts(int descriptor) {
  const timeval timeout{kTimeoutS, 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

Status write_line(int descriptor, const json& value) {
  const std::string line = value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t sent = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return errno_error(errno, "send");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return Ok{};
}

Result<json> read_line(int descriptor) {
  std::string line;
  char buffer[16 * 1024];
  while (line.find('\n') == std::string::npos) {
    if (line.size() > kLineBytes) return invalid_argument("request is too long");
    const ssize_t got = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "receive");
    if (got == 0) return unavailable("the hub closed the connection");
    line.append(buffer, static_cast<std::size_t>(got));
  }
  json value = json::parse(line, nullptr, false);
  if (!value.is_object()) return invalid_argument("not a JSON object");
  return value;
}

std::string_view kind_text(ErrorKind kind) { return name_of(kind); }

ErrorKind kind_of(std::string_view text) {
  for (const ErrorKind kind :
       {ErrorKind::kInvalidArgument, ErrorKind::kNotFound, ErrorKind::kUnavailable,
        ErrorKind::kResourceExhausted, ErrorKind::kDataLoss, ErrorKind::kPermissionDenied,
        ErrorKind::kCancelled, ErrorKind::kInternal}) {
    if (text == name_of(kind)) return kind;
  }
  return ErrorKind::kFailedPrecondition;
}

}  // namespace

ControlServer::ControlServer(std::filesystem::path path, Handler handle, Log log)
    : path_(std::move(path)), handle_(std::move(handle)), log_(std::move(log)) {}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::filesystem::path& path,
                                                            Access access, Handler handle,
                                                            Log log) {
  std::unique_ptr<ControlServer> server(new ControlServer(path, std::move(handle), std::move(log)));
  SC_TRY_ASSIGN(const sockaddr_un address, address_of(path));
  server->listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  server->stop_event_ = ::eventfd(0, EFD_CLOEXEC);
  if (server->listener_ < 0 || server->stop_event_ < 0) return errno_error(errno, "socket");
  ::unlink(path.c_str());  // of a hub that was killed; the state's lock says that none runs
  const mode_t mask = ::umask(access == Access::kGroup ? 0117 : 0177);
  const int bound = ::bind(server->listener_, generic(address), sizeof address);
  const int code = errno;
  ::umask(mask);
  if (bound != 0) return errno_error(code, "bind " + path.string());
  if (::listen(server->listener_, 16) != 0) return errno_error(errno, "listen");
  server->thread_ = std::thread([raw = server.get()] { raw->run(); });
  return server;
}

ControlServer::~ControlServer() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    (void)!::write(stop_event_, &one, sizeof one);
    thread_.join();
    ::unlink(path_.c_str());
  }
  if (listener_ >= 0) ::close(listener_);
  if (stop_event_ >= 0) ::close(stop_event_);
}

void ControlServer::run() {
  for (;;) {
    pollfd waiting[2] = {{listener_, POLLIN, 0}, {stop_event_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    const Descriptor connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() >= 0) serve(connection.get());
  }
}

void ControlServer::serve(int connection) {
  set_timeouts(connection);
  const auto request = read_line(connection);
  if (!request.ok()) return;
  json answer;
  try {
    auto result = handle_(*request);
    if (result.ok()) {
      answer = {{"result", std::move(*result)}};
    } else {
      answer = {{"error", result.error().message()}, {"kind", kind_text(result.error().kind())}};
    }
  } catch (const std::exception& error) {  // JSON of the wrong shape
    answer = {{"error", error.what()}, {"kind", kind_text(ErrorKind::kInvalidArgument)}};
  }
  if (const Status sent = write_line(connection, answer); !sent.ok()) {
    log_.warn("answer to a command: {}", sent.error().message());
  }
}

Result<std::optional<json>> ask_running_hub(const std::filesystem::path& path,
                                            const json& request) {
  SC_TRY_ASSIGN(const sockaddr_un address, address_of(path));
  const Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connection.get() < 0) return errno_error(errno, "socket");
  set_timeouts(connection.get());
  if (::connect(connection.get(), generic(address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<json>();
    return errno_error(errno, "connect to the hub");
  }
  SC_TRY(write_line(connection.get(), request));
  SC_TRY_ASSIGN(const json answer, read_line(connection.get()));
  if (answer.contains("error")) {
    return Error(kind_of(answer.value("kind", "")), answer["error"].get<std::string>());
  }
  return std::optional<json>(answer.value("result", json::object()));
}

}  // namespace sitecast::hub
