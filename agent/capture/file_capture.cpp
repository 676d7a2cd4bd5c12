// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/file_capture.h"

#include <utility>

#include "agent/capture/note.h"

namespace sitecast::agent {
namespace {

Status state_events(const FileCaptureOptions& options, CaptureWriter& writer) {
  if (!options.note.empty()) {
    SC_TRY(writer.state(note_event(options.note)));
  }
  for (const v1::QualityWarning& warning : options.warnings) {
    v1::Event event;
    event.set_kind("quality");
    *event.mutable_quality() = warning;
    SC_TRY(writer.state(std::move(event)));
  }
  return Ok{};
}

}  // namespace

Result<CaptureId> store_capture_of_file(const FileCaptureOptions& options, const std::string& track,
                                        CaptureStore& store, const FillCapture& fill) {
  SC_TRY(check_note_text(options.note));
  v1::CaptureOpened opened;
  opened.set_capture_kind(options.kind);
  opened.set_captured_at_us(options.captured_at_us);
  opened.add_tracks(track);
  opened.set_title(options.title);
  opened.set_source(options.source);
  opened.set_boot_count(options.boot_count);
  opened.set_demonstration(options.demonstration);
  if (options.kind == "photo") *opened.mutable_photo() = options.photo;
  SC_TRY_ASSIGN(const auto writer,
                store.open_capture(options.project, options.area, std::move(opened)));
  Status status = state_events(options, *writer);
  if (status.ok()) status = fill(*writer);
  if (!status.ok()) {
    const bool full = status.error().kind() == ErrorKind::kResourceExhausted;
    const Status closed = writer->close(full ? "disk_full" : "error", status.error().message());
    return closed.ok() ? status.error() : closed.error().within(status.error().message());
  }
  SC_TRY(writer->close("stopped", ""));
  return writer->id();
}

}  // namespace sitecast::agent
