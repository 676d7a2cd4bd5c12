// SPDX-License-Identifier: Apache-2.0
// sitecast-derive JOB CPU_SECONDS MEMORY_BYTES: untrusted bytes on stdin (a regular file), the
// derived picture on stdout. Started by the hub for one job. Exit 0 done; 2 the input cannot be
// shown, reason on stderr; 3 the worker itself cannot work; killed by a signal when it breaks a
// limit.
#include <new>

#include "hub/derive/worker/jobs.h"
#include "hub/derive/worker/photo.h"
#include "proto/worker/process.h"
#include "proto/worker/stdio_file.h"
#include "proto/worker/work.h"

namespace {

using namespace sitecast;
using namespace sitecast::derive;

constexpr int kNiceness = 19;  // thumbnails are not urgent, captures are

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
    if (!head.ok()) end_work(kWorkerCannotShow, head.error());
    limits.threads = photo_format(*head) == PhotoFormat::kHeif;
  } else {
    auto loaded = AvcDecoder::load();
    if (!loaded.ok()) end_work(kWorkerCannotWork, loaded.error());
    decoder = std::move(loaded).value();
    limits.socket_pairs = true;
  }
  if (const Status closed = enter_sandbox(limits); !closed.ok()) {
    end_work(kWorkerCannotWork, closed.error());
  }
  end_work(run(job, decoder.get()));
}

}  // namespace

int main(int argc, char** argv) {
  const auto order = begin_work(argc, argv, "photo-thumbnail|video-thumbnail|sprite", kNiceness);
  if (!order) return kWorkerCannotWork;
  const auto job = parse_job(order->job);
  if (!job) end_work(kWorkerCannotWork, invalid_argument("no such job"));
  try {
    work(*job, order->limits);
  } catch (const std::bad_alloc&) {
    end_work(kWorkerCannotShow, resource_exhausted("needs more memory than a job may use"));
  } catch (const std::exception& error) {
    end_work(kWorkerCannotShow, internal_error(error.what()));
  }
}
