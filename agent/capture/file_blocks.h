// SPDX-License-Identifier: Apache-2.0
// A file's bytes as the blocks of a file track: kFileBlockBytes each, media_time is the byte
// offset, block 0 carries the FileInfo, the last one ends the track. Owner thread: one per track.
#pragma once

#include <cstdint>
#include <string>

#include "agent/spool/capture_writer.h"
#include "proto/base/bytes.h"
#include "proto/base/file.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast::agent {

// Cuts what is appended into full blocks. `info.size_bytes` must be what append() brings in sum.
class FileBlocks {
 public:
  FileBlocks(CaptureWriter& writer, std::string track, v1::FileInfo info);

  Status append(ByteView bytes);

 private:
  Status emit();

  CaptureWriter& writer_;
  const std::string track_;
  const v1::FileInfo info_;
  Bytes block_;
  std::uint64_t offset_ = 0;  // of block_
};

// Size and hash of an open file, read once. kResourceExhausted above limits::kFileBytes,
// kInvalidArgument when empty.
Result<v1::FileInfo> describe_file(const File& file, const std::string& name);

// Appends the whole file. kDataLoss when it is not the one that `info` describes any more.
Status append_file(const File& file, const v1::FileInfo& info, const std::string& track,
                   CaptureWriter& writer);

}  // namespace sitecast::agent
