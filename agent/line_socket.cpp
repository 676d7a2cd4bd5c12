// SPDX-License-Identifier: Apache-2.0
#include "agent/line_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sitecast::agent {
namespace {

constexpr std::size_t kLineBytes = 1 << 20;
constexpr int kBacklog = 16;

// Calls bind or connect with a short name for `path`: through the folder's descriptor.
Result<int> open_at(const std::filesystem::path& path,
                    int (*use)(int, const sockaddr*, socklen_t)) {
  const int folder = ::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return errno_error(errno, "open folder " + path.parent_path().string());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("/proc/self/fd/{}/{}", folder, path.filename().string());
  std::strncpy(address.sun_path, name.c_str(), sizeof address.sun_path - 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int failed = descriptor < 0 ? -1
                              : use(descriptor, reinterpret_cast<sockaddr*>(&address),  // NOLINT
                                    sizeof address);
  const int code = errno;
  ::close(folder);
  if (failed != 0) {
    if (descriptor >= 0) ::close(descriptor);
    return errno_error(code, "socket " + path.string());
  }
  return descriptor;
}

}  // namespace

bool LineSocket::write(const nlohmann::json& object) {
  std::string line = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::optional<nlohmann::json> LineSocket::read(const StopSignal& stop) {
  for (;;) {
    const auto end = buffer_.find('\n');
    if (end != std::string::npos) {
      const std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      auto object = nlohmann::json::parse(line, nullptr, false);
      if (object.is_discarded()) return std::nullopt;
      return object;
    }
    if (buffer_.size() > kLineBytes) return std::nullopt;
    std::array<pollfd, 2> items = {{{descriptor_, POLLIN, 0}, {stop.descriptor(), POLLIN, 0}}};
    if (stop.raised()) return std::nullopt;
    if (::poll(items.data(), items.size(), -1) < 0 && errno != EINTR) return std::nullopt;
    if (stop.raised()) return std::nullopt;
    if (items[0].revents == 0) continue;
    std::array<char, 4096> piece{};
    const ssize_t got = ::recv(descriptor_, piece.data(), piece.size(), 0);
    if (got <= 0) return std::nullopt;
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

Result<int> listen_at(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);  // of an owner that died; the lock says that it did
  SC_TRY_ASSIGN(const int descriptor, open_at(path, &::bind));
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(descriptor, kBacklog) != 0) {
    const int code = errno;
    ::close(descriptor);
    return errno_error(code, "socket " + path.string());
  }
  return descriptor;
}

Result<int> connect_to(const std::filesystem::path& path) { return open_at(path, &::connect); }

}  // namespace sitecast::agent
