// SPDX-License-Identifier: Apache-2.0
// Events: what a valid one looks like and who may state which kind. The hub enforces both from the
// topic on which an event arrives (the broker guards topics); the gateway asks the same table about
// a person's role before it publishes; the agent before it spools. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast {

// Who states. People speak through the gateway in their role; kHub is the hub's own commands.
enum class Speaker : std::uint8_t { kDevice, kCentre, kAgent, kOwner, kHub };

struct EventRule {
  std::string_view kind;
  std::uint8_t speakers;  // bit per Speaker
  v1::Event::BodyCase body;
  std::string_view meaning;  // for the table in proto/README.md
};
// The known kinds.
std::span<const EventRule> event_rules();

// Unknown kinds may be stated by anyone, except decisions (project., member., milestone.,
// approval., plan., case., share.), which are for the centre and the hub whether we know them yet
// or not.
bool may_state(Speaker speaker, std::string_view kind);

// The same as a Markdown table; a test holds proto/README.md to it.
std::string who_may_state_table();

// How an event reached the hub. A role is not visible on the wire, so kGateway passes what any role
// may state, and the gateway has checked the role.
enum class EventOrigin : std::uint8_t { kDevice, kGateway, kHub };
// kPermissionDenied when that origin may not state it, or speaks for a person and may not: only the
// gateway names an actor, and always does.
Status check_origin(EventOrigin origin, const v1::Event& event);

// Limits on every field, required fields, and that the body is the kind's. Unknown kinds pass
// within the limits. kInvalidArgument naming the field.
Status check_event(const v1::Event& event);

// Size limit, parse, check_event. The bytes are what is stored and hashed, never a
// re-serialisation.
Result<v1::Event> parse_event(ByteView bytes);

}  // namespace sitecast
