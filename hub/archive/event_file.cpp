// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/event_file.h"

#include <fmt/format.h>

#include "hub/archive/journal_rest.h"
#include "hub/archive/reopen.h"
#include "proto/codec/limits.h"

namespace sitecast::hub {
namespace {

// Ok: [end, size) is what a crash left of the last group.
Status only_torn(const File& file, std::uint64_t end, std::uint64_t size,
                 const std::filesystem::path& path) {
  JournalRest rest;
  rest.bytes = size - end;
  if (rest.bytes <= kLongestTornLogTail) {
    SC_TRY_ASSIGN(rest, event_log_rest(file, end, size));
  }
  if (may_be_torn(rest, kLongestTornLogTail)) return Ok{};
  return damaged_journal(path, end);
}

}  // namespace

Result<std::unique_ptr<EventFile>> EventFile::open(const Layout& layout, ProjectId project,
                                                   std::uint64_t known_good_bytes) {
  SC_TRY_ASSIGN(File file, File::open_for_appending(layout.event_log(project)));
  SC_TRY_ASSIGN(const std::uint64_t size, file.size_bytes());
  if (size < known_good_bytes) {
    return data_loss(fmt::format("event log of project {} has {} bytes, {} were there before",
                                 project.text(), size, known_good_bytes));
  }
  SC_TRY_ASSIGN(const std::uint64_t end,
                read_event_log(file, known_good_bytes,
                               [](const EventRecord&, std::uint64_t) { return true; }));
  if (end < size) {
    SC_TRY(only_torn(file, end, size, layout.event_log(project)));
    SC_TRY(file.truncate(end));
  }
  SC_TRY(file.sync_data());
  std::unique_ptr<EventFile> log(new EventFile(project, std::move(file)));
  log->bytes_ = log->durable_bytes_ = end;
  return log;
}

Status EventFile::write_records() {
  if (waiting_.empty()) return Ok{};
  SC_TRY(file_.append(waiting_));
  bytes_ += waiting_.size();
  waiting_.clear();
  return Ok{};
}

Status EventFile::roll_back() {
  waiting_.clear();
  if (file_.failed()) SC_TRY(reopen_for_appending(file_));
  SC_TRY(file_.truncate(durable_bytes_));
  SC_TRY(file_.sync_data());
  bytes_ = durable_bytes_;
  return Ok{};
}

}  // namespace sitecast::hub
