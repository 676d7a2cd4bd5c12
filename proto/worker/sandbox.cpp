// SPDX-License-Identifier: Apache-2.0
#include "proto/worker/sandbox.h"

#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace sitecast {
namespace {

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Filter = std::unique_ptr<void, Release>;

// Needed by computing alone: memory, clocks, locks between threads, signals to itself, its end.
constexpr int kAllowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// Asked by libraries in passing and answered "no": a decoder that looks for a CPU list, a locale or
// a configuration file works without it. The file is not opened all the same.
constexpr int kRefused[] = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(readlink),
    SCMP_SYS(getcwd),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(ioctl),
    SCMP_SYS(fcntl),

    SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
};

Status limit(__rlimit_resource resource, rlim_t value, const char* name) {
  const rlimit both{value, value};
  if (setrlimit(resource, &both) != 0) return errno_error(errno, fmt::format("limit {}", name));
  return Ok{};
}

// SCMP_CMP64 without its compound literal, which C++ does not have. Masked: `a` is the mask.
constexpr scmp_arg_cmp when(unsigned argument, scmp_compare comparison, scmp_datum_t a,
                            scmp_datum_t b = 0) {
  return {argument, comparison, a, b};
}

Status rule(const Filter& filter, std::uint32_t action, int syscall,
            std::initializer_list<scmp_arg_cmp> conditions = {}) {
  const int code = seccomp_rule_add_array(
      filter.get(), action, syscall, static_cast<unsigned>(conditions.size()), conditions.begin());
  if (code != 0) return errno_error(-code, "seccomp rule");
  return Ok{};
}

Status add_thread_rules(const Filter& filter) {
  // A thread shares everything with its process; anything else that clone can make is refused. The
  // flags of clone3 are in memory where a filter cannot see them, so glibc is told to use clone.
  constexpr scmp_datum_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  SC_TRY(rule(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3)));
  SC_TRY(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone),
              {when(0, SCMP_CMP_MASKED_EQ, kThread, kThread)}));
  SC_TRY(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(set_robust_list)));
  SC_TRY(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(rseq)));
  return rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), {when(0, SCMP_CMP_EQ, PR_SET_NAME)});
}

// Descriptors 0 to 2 are all that the process has, so that whatever it writes to beyond them is a
// socket pair of its own; passing descriptors through one (sendmsg) stays forbidden.
Status add_socket_pair_rules(const Filter& filter) {
  SC_TRY(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), {when(0, SCMP_CMP_EQ, AF_UNIX)}));
  return rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), {when(0, SCMP_CMP_GT, 2)});
}

Status load_filter(const SandboxLimits& limits) {
  const Filter filter(seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return internal_error("seccomp: no filter");
  for (const int syscall : kAllowed) SC_TRY(rule(filter, SCMP_ACT_ALLOW, syscall));
  for (const int syscall : kRefused) SC_TRY(rule(filter, SCMP_ACT_ERRNO(EACCES), syscall));
  // Output and messages only.
  for (const int syscall : {SCMP_SYS(write), SCMP_SYS(writev)}) {
    SC_TRY(rule(filter, SCMP_ACT_ALLOW, syscall, {when(0, SCMP_CMP_EQ, 1)}));
    SC_TRY(rule(filter, SCMP_ACT_ALLOW, syscall, {when(0, SCMP_CMP_EQ, 2)}));
  }
  // Memory that can be executed cannot be made.
  for (const int syscall : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    SC_TRY(rule(filter, SCMP_ACT_ALLOW, syscall, {when(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)}));
  }
  // abort() after a failed check of a library's own: to this process and no other.
  SC_TRY(rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
              {when(0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()))}));
  if (limits.threads) SC_TRY(add_thread_rules(filter));
  if (limits.socket_pairs) SC_TRY(add_socket_pair_rules(filter));
  const int code = seccomp_load(filter.get());
  if (code != 0) return errno_error(-code, "load seccomp filter");
  return Ok{};
}

}  // namespace

Status enter_sandbox(const SandboxLimits& limits) {
  SC_TRY(limit(RLIMIT_CORE, 0, "core"));
  SC_TRY(limit(RLIMIT_CPU, limits.cpu_s, "CPU time"));
  SC_TRY(limit(RLIMIT_FSIZE, limits.output_bytes, "file size"));
  if constexpr (!kSandboxComplete) return Ok{};
  SC_TRY(limit(RLIMIT_AS, limits.memory_bytes, "memory"));
  SC_TRY(limit(RLIMIT_NOFILE, limits.socket_pairs ? 64 : 3, "descriptors"));
  if (!limits.threads) SC_TRY(limit(RLIMIT_NPROC, 0, "processes"));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno_error(errno, "no new privileges");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return errno_error(errno, "not dumpable");
  return load_filter(limits);
}

}  // namespace sitecast
