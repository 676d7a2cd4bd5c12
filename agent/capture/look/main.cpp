// SPDX-License-Identifier: Apache-2.0
// sitecast-photo-look MEDIA_TYPE CPU_SECONDS MEMORY_BYTES: a photo file on stdin, what is to be
// seen of it on stdout (answer.h). Started by the agent for one photo, so that whatever a photo
// does to the libraries that read it, it does here. Exit 0 done; 2 it is no usable picture, the
// sentence on stderr; 3 it could not be looked at; killed by a signal when it breaks a limit.
#include <new>

#include "agent/capture/look/picture.h"
#include "proto/worker/process.h"
#include "proto/worker/stdio_file.h"
#include "proto/worker/work.h"

namespace {

using namespace sitecast;

// Behind filming, but not so far behind that on a busy device nothing comes of it.
constexpr int kNiceness = 5;

Result<Bytes> look(std::string_view media_type) {
  SC_TRY_ASSIGN(const Bytes file, read_stdin());
  SC_TRY_ASSIGN(const agent::PhotoLook seen, agent::look_at_picture(file, media_type));
  return agent::write_photo_look(seen);
}

[[noreturn]] void work(std::string_view media_type, SandboxLimits limits) {
  limits.threads = media_type == "image/heic";
  if (const Status closed = enter_sandbox(limits); !closed.ok()) {
    end_work(kWorkerCannotWork, closed.error());
  }
  const auto answer = look(media_type);
  if (!answer.ok() && answer.error().kind() != ErrorKind::kInvalidArgument) {
    end_work(kWorkerCannotWork, answer.error());
  }
  end_work(answer);
}

}  // namespace

int main(int argc, char** argv) {
  const auto order = begin_work(argc, argv, "image/jpeg|image/png|image/heic", kNiceness);
  if (!order) return kWorkerCannotWork;
  try {
    work(order->job, order->limits);
  } catch (const std::bad_alloc&) {
    end_work(kWorkerCannotWork, resource_exhausted("it needs more memory than a look may use"));
  } catch (const std::exception& error) {
    end_work(kWorkerCannotWork, internal_error(error.what()));
  }
}
