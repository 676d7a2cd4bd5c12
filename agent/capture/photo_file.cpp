// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/photo_file.h"

#include <sys/stat.h>

#include <utility>

#include "agent/capture/file_blocks.h"
#include "agent/capture/file_capture.h"
#include "agent/capture/photo_time.h"
#include "proto/base/clock.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

// A photo is looked at in the memory of a worker.
constexpr std::uint64_t kPhotoFileBytes = 256ULL * 1024 * 1024;

// When the file was last written: for a file without a time of its own the nearest thing to when it
// was made; never in the future.
std::int64_t file_time_us(const File& file) {
  const std::int64_t now_us = SystemClock().wall_us();
  struct stat info {};
  if (fstat(file.descriptor(), &info) != 0) return now_us;
  const std::int64_t written_us =
      std::int64_t{info.st_mtim.tv_sec} * 1'000'000 + info.st_mtim.tv_nsec / 1000;
  return written_us > 0 && written_us < now_us ? written_us : now_us;
}

// Members and no pair: clang 14 cannot capture structured bindings in a lambda.
struct OpenedFile {
  File file;
  v1::FileInfo info;
};

Result<OpenedFile> open_file(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return not_found("no such file: " + path.string());
  if (!std::filesystem::is_regular_file(path, code)) {
    return invalid_argument("not a file: " + path.string());
  }
  SC_TRY_ASSIGN(File file, File::open_for_reading(path));
  auto info = describe_file(file, path.filename().string());
  if (!info.ok()) return info.error().within(path.string());
  return OpenedFile{std::move(file), std::move(*info)};
}

Result<LookedAt> look_at_file(const File& file, const v1::FileInfo& info,
                              const PhotoLookSettings& settings) {
  if (info.size_bytes() > kPhotoFileBytes) {
    return invalid_argument("too large for a photo; store it as a document");
  }
  return look_at_photo(file, info.media_type(), settings);
}

void state_quality(const QualityMeasure& measure, StoredFile& stored) {
  const Quality quality = judge_quality(measure);
  if (quality == Quality::kGood) return;
  v1::QualityWarning warning;
  warning.set_warning(std::string(warning_name(quality)));
  warning.set_active(true);
  warning.set_value(deciding_value(measure, quality));
  stored.warnings.push_back(std::move(warning));
}

FileCaptureOptions capture_options(const FileOptions& options, const v1::FileInfo& info) {
  FileCaptureOptions capture;
  capture.project = options.project;
  capture.area = options.area;
  capture.title = options.title.empty() ? info.name() : options.title;
  capture.note = options.note;
  capture.demonstration = options.demonstration;
  capture.boot_count = options.boot_count;
  capture.source = "file";
  return capture;
}

}  // namespace

Result<StoredFile> store_photo_file(const std::filesystem::path& path, const FileOptions& options,
                                    CaptureStore& store) {
  SC_TRY_ASSIGN(const OpenedFile opened, open_file(path));
  const File& file = opened.file;
  const v1::FileInfo& info = opened.info;
  const auto looked = look_at_file(file, info, options.look);
  if (!looked.ok() && looked.error().kind() == ErrorKind::kInvalidArgument) {
    return looked.error().within(path.string());
  }

  StoredFile stored;
  stored.file = info;
  if (looked.ok()) {
    stored.photo = looked->metadata;
    state_quality(looked->quality, stored);
  } else {
    stored.not_looked_at = looked.error().message();
  }
  stored.captured_at_us = options.captured_at_us;
  if (stored.captured_at_us == 0) {
    stored.captured_at_us = exif_time_us(stored.photo).value_or(file_time_us(file));
  }
  FileCaptureOptions capture = capture_options(options, info);
  capture.kind = "photo";
  capture.captured_at_us = stored.captured_at_us;
  capture.photo = stored.photo;
  capture.warnings = stored.warnings;
  SC_TRY_ASSIGN(stored.capture,
                store_capture_of_file(capture, "image", store, [&](CaptureWriter& writer) {
                  return append_file(file, info, "image", writer);
                }));
  return stored;
}

Result<StoredFile> store_document_file(const std::filesystem::path& path,
                                       const FileOptions& options, CaptureStore& store) {
  SC_TRY_ASSIGN(const OpenedFile opened, open_file(path));
  const File& file = opened.file;
  const v1::FileInfo& info = opened.info;
  StoredFile stored;
  stored.file = info;
  stored.captured_at_us = options.captured_at_us != 0 ? options.captured_at_us : file_time_us(file);
  FileCaptureOptions capture = capture_options(options, info);
  capture.kind = "document";
  capture.captured_at_us = stored.captured_at_us;
  SC_TRY_ASSIGN(stored.capture,
                store_capture_of_file(capture, "file", store, [&](CaptureWriter& writer) {
                  return append_file(file, info, "file", writer);
                }));
  return stored;
}

}  // namespace sitecast::agent
