// SPDX-License-Identifier: Apache-2.0
// Enters the worker's sandbox and then tries to break out in the way that is named. Exit 0: it got
// through. Exit 7: it was told no. Killed: the sandbox ended it.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "proto/worker/sandbox.h"

namespace {

constexpr int kGotThrough = 0;
constexpr int kRefused = 7;
constexpr int kNoSandbox = 8;

bool try_it(std::string_view what) {
  if (what == "open") return ::open("/etc/passwd", O_RDONLY) >= 0;
  if (what == "create") return ::open("/tmp/sitecast-escaped", O_CREAT | O_WRONLY, 0600) >= 0;
  if (what == "socket") return ::socket(AF_INET, SOCK_STREAM, 0) >= 0;
  if (what == "connect") {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(0, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  if (what == "fork") return ::fork() >= 0;
  if (what == "exec") return ::execl("/bin/true", "true", nullptr) == 0;
  if (what == "allocate") {
    // Written page by page, so that nothing short of the limit can say yes.
    constexpr std::size_t kSize = 4ULL << 30;
    auto* memory = static_cast<volatile char*>(std::malloc(kSize));
    if (memory == nullptr) return false;
    for (std::size_t i = 0; i < kSize; i += 4096) memory[i] = 1;
    return true;
  }
  if (what == "executable-memory") {
    return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0) != MAP_FAILED;
  }
  if (what == "kill-parent") return ::kill(::getppid(), 0) == 0;
  if (what == "write-elsewhere") return ::write(0, "x", 1) == 1;
  if (what == "loop") {
    volatile std::uint64_t counter = 0;
    for (;;) counter = counter + 1;
  }
  return what == "nothing";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return kNoSandbox;
  sitecast::SandboxLimits limits;
  limits.cpu_s = 1;
  if (!sitecast::enter_sandbox(limits).ok()) return kNoSandbox;
  ::_exit(try_it(argv[1]) ? kGotThrough : kRefused);
}
