// SPDX-License-Identifier: Apache-2.0
// Runs sandbox_probe, one attempt to break out per test.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "proto/worker/sandbox.h"

namespace sitecast {
namespace {

int run_probe(const std::string& what) {
  const std::string program = std::string(SITECAST_BIN_DIR) + "/sandbox_probe";
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(program.c_str(), "sandbox_probe", what.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kSandboxComplete) {
      GTEST_SKIP() << "a sanitizer's runtime does not work inside the sandbox";
    }
  }
};

void expect_killed(const std::string& what, int signal) {
  const int status = run_probe(what);
  ASSERT_TRUE(WIFSIGNALED(status)) << what << " ended with code " << WEXITSTATUS(status);
  EXPECT_EQ(WTERMSIG(status), signal) << what;
}
void expect_refused(const std::string& what) {
  const int status = run_probe(what);
  ASSERT_TRUE(WIFEXITED(status)) << what << " was killed by " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 7) << what;
}

TEST_F(SandboxTest, OrdinaryWorkIsPossible) {
  const int status = run_probe("nothing");
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}
TEST_F(SandboxTest, FilesCannotBeOpened) { expect_refused("open"); }
TEST_F(SandboxTest, FilesCannotBeMade) { expect_refused("create"); }
TEST_F(SandboxTest, SocketsKill) { expect_killed("socket", SIGSYS); }
TEST_F(SandboxTest, ConnectingKills) { expect_killed("connect", SIGSYS); }
TEST_F(SandboxTest, ForkingKills) { expect_killed("fork", SIGSYS); }
TEST_F(SandboxTest, StartingAProgramKills) { expect_killed("exec", SIGSYS); }
TEST_F(SandboxTest, SignallingTheHubKills) { expect_killed("kill-parent", SIGSYS); }
TEST_F(SandboxTest, ExecutableMemoryKills) { expect_killed("executable-memory", SIGSYS); }
TEST_F(SandboxTest, WritingToTheInputKills) { expect_killed("write-elsewhere", SIGSYS); }
TEST_F(SandboxTest, FourGibibytesAreRefused) { expect_refused("allocate"); }
TEST_F(SandboxTest, EndlessLoopIsKilledByItsCpuLimit) { expect_killed("loop", SIGKILL); }

}  // namespace
}  // namespace sitecast
