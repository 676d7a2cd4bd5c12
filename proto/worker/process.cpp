// SPDX-License-Identifier: Apache-2.0
#include "proto/worker/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "proto/base/descriptor.h"

namespace sitecast {
namespace {

constexpr std::size_t kMessageBytes = 200;

int anonymous_file(const char* name) {
  return ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

Status fill_and_seal(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) return errno_error(errno, "write worker input");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (::lseek(descriptor, 0, SEEK_SET) != 0 ||
      ::fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
          0) {
    return errno_error(errno, "seal worker input");
  }
  return Ok{};
}

Result<Bytes> read_all(int descriptor, std::size_t limit_bytes) {
  Bytes bytes(limit_bytes + 1);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::pread(descriptor, bytes.data() + filled, bytes.size() - filled,
                                static_cast<off_t>(filled));
    if (got < 0) return errno_error(errno, "read worker output");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > limit_bytes) return resource_exhausted("the worker's output is too large");
  bytes.resize(filled);
  return bytes;
}

// The worker's words for the log: one line of printable ASCII, since they are untrusted.
std::string message_of(int descriptor) {
  const auto bytes = read_all(descriptor, kWorkerOutputBytes);
  std::string text;
  if (!bytes.ok()) return text;
  for (const std::uint8_t byte : ByteView(*bytes).first(std::min(bytes->size(), kMessageBytes))) {
    text.push_back(byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : ' ');
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

Result<pid_t> spawn(const std::filesystem::path& program, std::vector<std::string> arguments,
                    const int (&descriptors)[3]) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&actions, descriptors[i], i);
  // Signals as a fresh program expects them, whatever our threads block.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // Nothing of our environment: it may hold what a decoder should not see.
  std::string language = "LC_ALL=C";
  char* environment[] = {language.data(), nullptr};
  pid_t pid = -1;
  const int code =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0) return errno_error(code, "start " + program.string());
  return pid;
}

enum class Ending { kExited, kTimedOut, kStopped };

Ending wait_for_end(int process, int wake, std::uint32_t limit_s) {
  pollfd watched[2] = {{process, POLLIN, 0}, {wake, POLLIN, 0}};
  timespec started{};
  ::clock_gettime(CLOCK_MONOTONIC, &started);
  for (;;) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t elapsed_ms =
        (now.tv_sec - started.tv_sec) * 1000 + (now.tv_nsec - started.tv_nsec) / 1'000'000;
    const std::int64_t remaining_ms = static_cast<std::int64_t>(limit_s) * 1000 - elapsed_ms;
    if (remaining_ms <= 0) return Ending::kTimedOut;
    (void)::poll(watched, 2, static_cast<int>(remaining_ms));
    if ((watched[0].revents & POLLIN) != 0) return Ending::kExited;
    if ((watched[1].revents & POLLIN) != 0) return Ending::kStopped;
  }
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::make(WorkerProgram program) {
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  if (wake < 0) return errno_error(errno, "eventfd");
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(std::move(program), wake));
}

WorkerProcess::~WorkerProcess() { ::close(wake_); }

void WorkerProcess::stop() { (void)::eventfd_write(wake_, 1); }

Result<Bytes> WorkerProcess::run(std::string_view job, ByteView input) {
  const Descriptor in(anonymous_file("worker-input"));
  if (in.get() < 0) return errno_error(errno, "memfd_create");
  SC_TRY(fill_and_seal(in.get(), input));
  return run_on_file(job, in.get());
}

Result<Bytes> WorkerProcess::run_on_file(std::string_view job, int descriptor) {
  const Descriptor out(anonymous_file("worker-output"));
  const Descriptor err(anonymous_file("worker-messages"));
  if (out.get() < 0 || err.get() < 0) return errno_error(errno, "memfd_create");
  SC_TRY_ASSIGN(const pid_t pid, spawn(program_.program,
                                       {program_.program.filename().string(), std::string(job),
                                        std::to_string(program_.cpu_limit_s),
                                        std::to_string(program_.memory_limit_bytes)},
                                       {descriptor, out.get(), err.get()}));
  // glibc 2.36 declares pidfd_open without C linkage.
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const Ending ending = process.get() < 0
                            ? Ending::kStopped
                            : wait_for_end(process.get(), wake_, program_.wall_limit_s);
  if (ending != Ending::kExited) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (ending == Ending::kStopped) return Error(ErrorKind::kCancelled, "stopped");
  if (ending == Ending::kTimedOut) {
    return resource_exhausted(fmt::format("worker took longer than {} s", program_.wall_limit_s));
  }
  if (WIFSIGNALED(status)) {
    return internal_error(fmt::format("worker was killed by signal {} ({})", WTERMSIG(status),
                                      ::sigabbrev_np(WTERMSIG(status))));
  }
  if (WEXITSTATUS(status) == kWorkerCannotShow) return invalid_argument(message_of(err.get()));
  if (WEXITSTATUS(status) != 0) {
    return internal_error(
        fmt::format("worker failed with code {}: {}", WEXITSTATUS(status), message_of(err.get())));
  }
  return read_all(out.get(), kWorkerOutputBytes);
}

}  // namespace sitecast
