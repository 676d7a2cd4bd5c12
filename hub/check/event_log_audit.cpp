// SPDX-License-Identifier: Apache-2.0
#include "hub/check/event_log_audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "hub/archive/event_log.h"
#include "hub/archive/journal_rest.h"
#include "proto/base/crc32c.h"
#include "proto/codec/event_rules.h"

namespace sitecast::hub {

void EventLogAudit::read(ProjectId project, std::uint64_t once_read) {
  const std::string path = layout_->event_log(project).string();
  const auto file = File::open_for_reading(path);
  if (!file.ok()) return report_->add(Finding::kUnreadable, path, file.error().message());
  // Before it is read: a running hub appends to it.
  const auto size = file->size_bytes();
  if (!size.ok()) return report_->add(Finding::kUnreadable, path, size.error().message());
  const auto log = static_cast<std::uint32_t>(logs_.size());
  logs_.push_back(project);
  const auto end = read_event_log(
      *file, 0,
      [&](const EventRecord& record, std::uint64_t at) {
        ++events_;
        const auto event = parse_event(record.event_bytes);
        if (!event.ok()) {
          report_->add(Finding::kRecordDamaged, path,
                       fmt::format("event at byte {}: {}", at, event.error().message()));
        } else {
          seen_.push_back(
              {*EventId::from_bytes(event->event_id()), at, log, crc32c(record.event_bytes)});
        }
        return true;
      },
      *size);
  if (!end.ok()) return report_->add(Finding::kUnreadable, path, end.error().message());
  look_at_end(project, *end, *size, once_read);
}

void EventLogAudit::look_at_end(ProjectId project, std::uint64_t end, std::uint64_t size,
                                std::uint64_t once_read) {
  const std::string path = layout_->event_log(project).string();
  if (size < once_read) {
    return report_->add(
        Finding::kJournalCut, path,
        fmt::format("has {} bytes, the index has read {}: its end is lost", size, once_read));
  }
  if (end == size) return;
  const auto file = File::open_for_reading(path);
  const auto rest =
      file.ok() ? event_log_rest(*file, end, size) : Result<JournalRest>(file.error());
  if (!rest.ok()) return report_->add(Finding::kUnreadable, path, rest.error().message());
  if (end >= once_read && may_be_torn(*rest, kLongestTornLogTail)) {
    return report_->add(Finding::kTornEnd, path,
                        fmt::format("a torn end of {} bytes at byte {}", rest->bytes, end));
  }
  report_->add(Finding::kJournalDamaged, path,
               fmt::format("is damaged at byte {}; {} whole events in the {} bytes from there on "
                           "are read by nobody",
                           end, rest->whole_records, rest->bytes));
}

void EventLogAudit::finish() {
  std::ranges::sort(seen_, [](const Seen& a, const Seen& b) {
    return std::tie(a.id, a.log, a.offset) < std::tie(b.id, b.log, b.offset);
  });
  const auto where = [this](const Seen& seen) {
    return layout_->event_log(logs_[seen.log]).string();
  };
  const Seen* first = nullptr;
  for (const Seen& seen : seen_) {
    if (first == nullptr || first->id != seen.id) {
      first = &seen;
      continue;
    }
    const bool same = first->checksum == seen.checksum;
    report_->add(same ? Finding::kEventTwice : Finding::kEventContradicted, where(seen),
                 fmt::format("event {} at byte {} is stored twice: first at byte {}{}, {}",
                             seen.id.text(), seen.offset, first->offset,
                             first->log == seen.log ? std::string() : " of " + where(*first),
                             same ? "with the same content" : "with another content"));
  }
}

}  // namespace sitecast::hub
