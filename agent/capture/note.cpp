// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/note.h"

#include "proto/base/clock.h"
#include "proto/base/id.h"
#include "proto/codec/event_rules.h"

namespace sitecast::agent {

v1::Event note_event(const std::string& text) {
  v1::Event event;
  event.set_kind("note");
  event.mutable_note()->set_text(text);
  return event;
}

Status check_note_text(const std::string& text) {
  if (text.empty()) return Ok{};
  v1::Event event = note_event(text);
  event.set_event_id(EventId::make().raw());
  event.set_stated_at_us(SystemClock().wall_us());
  const Status checked = check_event(event);
  return checked.ok() ? checked : Status(checked.error().within("the note"));
}

}  // namespace sitecast::agent
