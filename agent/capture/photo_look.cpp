// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/photo_look.h"

#include "agent/capture/look/answer.h"
#include "proto/worker/process.h"

namespace sitecast::agent {
namespace {

constexpr std::uint32_t kCpuLimitS = 20;
constexpr std::uint64_t kMemoryBytes = 2ULL << 30;  // a photo of 200 megapixels takes about one

std::filesystem::path program_of(const PhotoLookSettings& settings) {
  if (!settings.program.empty()) return settings.program;
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() /
         "sitecast-photo-look";
}

}  // namespace

Result<LookedAt> look_at_photo(const File& file, const std::string& media_type,
                               const PhotoLookSettings& settings) {
  if (media_type != "image/jpeg" && media_type != "image/png" && media_type != "image/heic") {
    return invalid_argument(
        "not a photo: it is neither JPEG nor PNG nor HEIC; store it as a document");
  }
  SC_TRY_ASSIGN(const auto worker, WorkerProcess::make({program_of(settings), kCpuLimitS,
                                                        settings.wall_limit_s, kMemoryBytes}));
  SC_TRY_ASSIGN(const Bytes answer, worker->run_on_file(media_type, file.descriptor()));
  SC_TRY_ASSIGN(PhotoLook look, read_photo_look(answer));
  LookedAt seen;
  seen.metadata = std::move(look.metadata);
  seen.quality = measure_quality({look.picture.luma.data(), static_cast<int>(look.picture.width_px),
                                  static_cast<int>(look.picture.height_px), look.picture.width_px});
  return seen;
}

}  // namespace sitecast::agent
