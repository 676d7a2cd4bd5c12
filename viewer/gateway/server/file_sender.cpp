// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/server/file_sender.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <algorithm>
#include <vector>

#include "viewer/gateway/server/timing.h"

namespace sitecast::gateway {
namespace {

constexpr std::uint64_t kPlainPiece = 512 * 1024;
constexpr std::uint64_t kTlsPiece = 128 * 1024;
constexpr std::uint64_t kProbeStep = 128 * 1024;  // the kernel's usual read-ahead

ssize_t read_nowait(int descriptor, void* to, std::size_t size, std::uint64_t offset) {
  iovec piece{to, size};
  return ::preadv2(descriptor, &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
}

// False only when the kernel says that a read of it would wait for the disk.
bool is_cached(const File& file, std::uint64_t offset, std::uint64_t size) {
  char byte = 0;
  const auto waits = [&](std::uint64_t at) {
    return read_nowait(file.descriptor(), &byte, 1, at) < 0 && errno == EAGAIN;
  };
  for (std::uint64_t step = 0; step < size; step += kProbeStep) {
    if (waits(offset + step)) return false;
  }
  return size == 0 || !waits(offset + size - 1);
}

// Reads the piece on a pool thread, so that sending it will not wait for the disk. False: no thread
// took it. (The timer that never expires is what the thread wakes: see connection.cpp, ask().)
Awaitable<bool> bring_into_cache(Environment& environment, std::shared_ptr<const File> file,
                                 std::uint64_t offset, std::uint64_t size) {
  struct State {
    explicit State(const Executor& executor) : wake(executor, Timer::time_point::max()) {}
    Timer wake;
    bool done = false;
  };
  ++environment.traffic.cold_reads;
  const auto state = std::make_shared<State>(environment.context.get_executor());
  auto* context = &environment.context;
  const bool taken = environment.disk.submit(
      [state, context, file, offset, size](const Result<hub::IndexReader*>&) {
        Bytes scratch(static_cast<std::size_t>(size));
        // An error shows again, and is handled, when the piece is sent.
        (void)file->read_at(offset, scratch);
        net::post(*context, [state] {
          state->done = true;
          state->wake.cancel();
        });
      });
  if (!taken) co_return false;
  while (!state->done) co_await state->wake.async_wait(kAwait);
  co_return true;
}

Awaitable<bool> send_range(Environment& environment, OpenConnection& connection, Socket& socket,
                           std::shared_ptr<const File> file, hub::MediaRange range) {
  while (range.size_bytes > 0) {
    const std::uint64_t piece = std::min(range.size_bytes, kPlainPiece);
    if (!is_cached(*file, range.offset, piece) &&
        !co_await bring_into_cache(environment, file, range.offset, piece)) {
      co_return false;
    }
    auto offset = static_cast<off_t>(range.offset);
    const ssize_t sent = ::sendfile(socket.native_handle(), file->descriptor(), &offset,
                                    static_cast<std::size_t>(piece));
    if (sent > 0) {
      range.offset += static_cast<std::uint64_t>(sent);
      range.size_bytes -= static_cast<std::uint64_t>(sent);
      connection.set_deadline(environment.clock.monotonic_us() + timing::kWriteProgressUs);
    } else if (sent < 0 && errno == EAGAIN) {
      const auto [failed] = co_await socket.async_wait(Socket::wait_write, kAwait);
      if (failed) co_return false;
    } else if (sent < 0 && errno == EINTR) {
      continue;
    } else {
      // 0: the file is shorter than its index says. The peer sees a short body and knows.
      co_return false;
    }
  }
  co_return true;
}

}  // namespace

Awaitable<bool> send_file(Environment& environment, OpenConnection& connection, Socket& socket,
                          const FileBody& body) {
  error_code failed;
  socket.native_non_blocking(true, failed);
  if (failed) co_return false;
  for (const auto& range : body.ranges) {
    if (!co_await send_range(environment, connection, socket, body.file, range)) co_return false;
  }
  co_return true;
}

Awaitable<bool> send_file(Environment& environment, OpenConnection& connection, TlsStream& stream,
                          const FileBody& body) {
  std::vector<char> buffer(kTlsPiece);
  for (auto range : body.ranges) {
    while (range.size_bytes > 0) {
      const auto piece = static_cast<std::size_t>(std::min(range.size_bytes, kTlsPiece));
      if (!is_cached(*body.file, range.offset, piece) &&
          !co_await bring_into_cache(environment, body.file, range.offset, piece)) {
        co_return false;
      }
      const std::span<std::uint8_t> target(
          reinterpret_cast<std::uint8_t*>(buffer.data()),  // NOLINT
          piece);
      if (!body.file->read_at(range.offset, target).ok()) co_return false;
      connection.set_deadline(environment.clock.monotonic_us() + timing::kWriteProgressUs);
      const auto [failed, sent] =
          co_await net::async_write(stream, net::buffer(buffer.data(), piece), kAwait);
      if (failed) co_return false;
      range.offset += piece;
      range.size_bytes -= piece;
    }
  }
  co_return true;
}

}  // namespace sitecast::gateway
