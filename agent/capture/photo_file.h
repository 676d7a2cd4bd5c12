// SPDX-License-Identifier: Apache-2.0
// Photos and documents from files: the original bytes, untouched, as a file track of their own
// capture. Thread-safety: may be called from any thread; the functions share nothing. Blocking:
// reads the file, looks at a photo's picture, and returns when the capture is closed and synced.
// Media types are told from the content (magic numbers), never from the file's name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/capture/photo_look.h"
#include "agent/spool/capture_writer.h"
#include "proto/base/id.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

struct FileOptions {
  ProjectId project;
  std::string area;
  std::string title;  // empty: the file's name
  std::string note;   // stated as an event `note` when not empty
  std::int64_t captured_at_us =
      0;  // 0 = EXIF time if the photo has one, else the file's age, else now
  bool demonstration = false;
  std::uint32_t boot_count = 0;
  PhotoLookSettings look;
};

struct StoredFile {
  CaptureId capture;
  v1::FileInfo file;
  v1::PhotoMetadata photo;  // photos only
  std::int64_t captured_at_us = 0;
  std::vector<v1::QualityWarning> warnings;  // photos: already stated on the capture
  // Photos: why it could not be looked at; it is kept all the same, without a verdict and without
  // what its EXIF says. Empty: it was.
  std::string not_looked_at;
};

// JPEG, PNG or HEIC into track `image` of a capture of kind `photo`.
// kInvalidArgument: not a picture, broken, or more pixels than kPhotoPixels; nothing is stored
// then. When looking at it fails in another way it is stored, see `not_looked_at`. kNotFound: no
// such file. kResourceExhausted: larger than limits::kFileBytes, or the store is full.
Result<StoredFile> store_photo_file(const std::filesystem::path& path, const FileOptions& options,
                                    CaptureStore& store);

// Any bytes into track `file` of a capture of kind `document`. An empty file is kInvalidArgument.
Result<StoredFile> store_document_file(const std::filesystem::path& path,
                                       const FileOptions& options, CaptureStore& store);

}  // namespace sitecast::agent
