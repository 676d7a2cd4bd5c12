// SPDX-License-Identifier: Apache-2.0
// Decoders of the control messages: hello, receipt, down, talk, status and the feed's committed
// events. Each checks the size limit, parses, and checks every field, so that what they return can
// be used without a second look. kInvalidArgument naming the field. Thread-safe: pure functions.
#pragma once

#include <array>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/result.h"
#include "sitecast.pb.h"

namespace sitecast {

inline constexpr std::uint32_t kProtocolVersion = 1;

Result<v1::Hello> parse_hello(ByteView bytes);
Result<v1::Receipt> parse_receipt(ByteView bytes);
Result<v1::DeviceStatus> parse_status(ByteView bytes);
Result<v1::CommittedEvent> parse_committed_event(ByteView bytes);
// Each event in it is a valid one (parse_event).
Result<v1::Down> parse_down(ByteView bytes);
Result<v1::Talk> parse_talk(ByteView bytes);

// Values of DeviceStatus.waiting_cause; proto/README.md says what each means. A reader shows a word
// that it does not know as it is.
namespace waiting {
inline constexpr std::string_view kNoPassword = "no_password";
inline constexpr std::string_view kNoLink = "no_link";
inline constexpr std::string_view kNotTrusted = "not_trusted";
inline constexpr std::string_view kNotAdmitted = "not_admitted";
inline constexpr std::string_view kHubAbsent = "hub_absent";
inline constexpr std::string_view kHubFull = "hub_full";
inline constexpr std::string_view kHubIoError = "hub_io_error";
inline constexpr std::string_view kHubOverloaded = "hub_overloaded";
inline constexpr std::string_view kRefused = "refused";
inline constexpr std::string_view kDamagedOnDevice = "damaged_on_device";
inline constexpr std::string_view kQueuedBehindOlder = "queued_behind_older";
inline constexpr std::string_view kQueuedBehindLive = "queued_behind_live";
inline constexpr std::string_view kAwaitingReceipt = "awaiting_receipt";
inline constexpr std::string_view kNotSynced = "not_synced";
inline constexpr std::string_view kAgentNotRunning = "agent_not_running";
inline constexpr std::string_view kMeteredNetwork = "metered_network";
inline constexpr std::string_view kDataBudget = "data_budget";
inline constexpr std::array<std::string_view, 17> kAll{
    kNoPassword,        kNoLink,           kNotTrusted,      kNotAdmitted, kHubAbsent,
    kHubFull,           kHubIoError,       kHubOverloaded,   kRefused,     kDamagedOnDevice,
    kQueuedBehindOlder, kQueuedBehindLive, kAwaitingReceipt, kNotSynced,   kAgentNotRunning,
    kMeteredNetwork,    kDataBudget};
}  // namespace waiting

// Values of HeldItem.state: where a capture is that is not verified at the hub.
namespace held {
inline constexpr std::string_view kRecording = "recording";
inline constexpr std::string_view kOnDevice = "on_device";
inline constexpr std::string_view kSending = "sending";
inline constexpr std::string_view kAtHub = "at_hub";
inline constexpr std::array<std::string_view, 4> kAll{kRecording, kOnDevice, kSending, kAtHub};
}  // namespace held

}  // namespace sitecast
