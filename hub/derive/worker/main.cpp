// SPDX-License-Identifier: Apache-2.0
// sitecast-derive JOB CPU_SECONDS MEMORY_BYTES: untrusted bytes on stdin (a regular file), the
// derived picture on stdout. Started by the hub for one job. Exit 0 done; 2 the input cannot be
// shown, reason on stderr; 3 the worker itself cannot work; killed by a signal when it breaks a
// limit.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <new>

#include "hub/derive/worker/jobs.h"
#include "hub/derive/worker/photo.h"
#include "hub/derive/worker/sandbox.h"
#include "hub/derive/worker/stdio_file.h"

namespace {

using namespace sitecast;
using namespace sitecast::derive;

constexpr int kCannotShow = 2;
constexpr int kCannotWork = 3;

template <typename Integer>
bool parse_integer(std::string_view text, Integer& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// Ends at once: the clean-up of libraries at exit would want system calls that are closed by now.
[[noreturn]] void end(int code) { ::_exit(code); }

[[noreturn]] void fail(int code, const Error& error) {
  const std::string line = error.message() + "\n";
  (void)!::write(STDERR_FILENO, line.data(), line.size());
  end(code);
}

Result<Bytes> run(Job job, AvcDecoder* decoder) {
  SC_TRY_ASSIGN(const Bytes input, read_stdin());
  switch (job) {
    case Job::kPhotoThumbnail: return photo_thumbnail(input);
    case Job::kVideoThumbnail: return video_thumbnail(*decoder, input);
    case Job::kSprite: return sprite(*decoder, input);
  }
  return internal_error("unknown job");
}

[[noreturn]] void work(Job job, SandboxLimits limits) {
  std::unique_ptr<AvcDecoder> decoder;
  if (job == Job::kPhotoThumbnail) {
    const auto head = read_stdin_head(12);
    if (!head.ok()) fail(kCannotShow, head.error());
    limits.threads = photo_format(*head) == PhotoFormat::kHeif;
  } else {
    auto loaded = AvcDecoder::load();
    if (!loaded.ok()) fail(kCannotWork, loaded.error());
    decoder = std::move(loaded).value();
    limits.socket_pairs = true;
  }
  if (const Status closed = enter_sandbox(limits); !closed.ok()) {
    fail(kCannotWork, closed.error());
  }
  const auto output = run(job, decoder.get());
  if (!output.ok()) fail(kCannotShow, output.error());
  if (const Status written = write_stdout(*output); !written.ok()) {
    fail(kCannotWork, written.error());
  }
  end(0);
}

}  // namespace

int main(int argc, char** argv) {
  SandboxLimits limits;
  const auto job = argc == 4 ? parse_job(argv[1]) : std::nullopt;
  if (!job || !parse_integer(argv[2], limits.cpu_s) ||
      !parse_integer(argv[3], limits.memory_bytes)) {
    (void)std::fputs(
        "usage: sitecast-derive photo-thumbnail|video-thumbnail|sprite CPU_SECONDS MEMORY_BYTES\n"
        "The hub starts this program; input on stdin, result on stdout.\n",
        stderr);
    return kCannotWork;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // never outlives the hub
  ::setpriority(PRIO_PROCESS, 0, 19);
  ::close_range(3, ~0U, 0);
  try {
    work(*job, limits);
  } catch (const std::bad_alloc&) {
    fail(kCannotShow, resource_exhausted("needs more memory than a job may use"));
  } catch (const std::exception& error) {
    fail(kCannotShow, internal_error(error.what()));
  }
}
