// SPDX-License-Identifier: Apache-2.0
#include "agent/publish/delivery_policy.h"

#include <fmt/format.h>

#include <array>

#include "proto/codec/control.h"

namespace sitecast::agent {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

struct PubackRule {
  std::uint8_t code;
  Verdict verdict;
};
constexpr std::array<PubackRule, 7> kPubackRules = {{
    {0x00, {true, false, 0, WaitCause::kNone, false}},
    {0x10, {false, true, 0, WaitCause::kHubAbsent, true}},                  // nobody subscribed
    {0x87, {false, true, 60 * kSecondUs, WaitCause::kNotAdmitted, false}},  // not authorized
    {0x90, {false, false, 0, WaitCause::kRefused, false}},                  // topic name invalid
    {0x95, {false, false, 0, WaitCause::kRefused, false}},                  // packet too large
    {0x97, {false, true, kSecondUs, WaitCause::kHubBusy, true}},            // quota exceeded
    {0x99, {false, false, 0, WaitCause::kRefused, false}},  // payload format invalid
}};
// 0x80 unspecified, 0x83 implementation specific and whatever else there may be.
constexpr Verdict kOtherPuback = {false, true, 5 * kSecondUs, WaitCause::kHubError, false};

struct RefusalRule {
  v1::RefusalCause cause;
  Verdict verdict;
};
constexpr std::array<RefusalRule, 6> kRefusalRules = {{
    {v1::HUB_FULL, {false, true, 5 * kSecondUs, WaitCause::kHubFull, true}},
    {v1::HUB_IO_ERROR, {false, true, 5 * kSecondUs, WaitCause::kHubError, true}},
    {v1::OVERLOADED, {false, true, kSecondUs, WaitCause::kHubBusy, true}},
    // Rights may be granted later.
    {v1::NOT_ALLOWED, {false, true, 60 * kSecondUs, WaitCause::kRefused, false}},
    {v1::MALFORMED, {false, false, 0, WaitCause::kRefused, false}},
    {v1::CONFLICT, {false, false, 0, WaitCause::kRefused, false}},
}};
constexpr Verdict kOtherRefusal = {false, true, 60 * kSecondUs, WaitCause::kRefused, false};

}  // namespace

std::string_view name_of(WaitCause cause) {
  switch (cause) {
    case WaitCause::kNone: return "";
    case WaitCause::kNotSynced: return waiting::kNotSynced;
    case WaitCause::kNoPassword: return waiting::kNoPassword;
    case WaitCause::kNoLink: return waiting::kNoLink;
    case WaitCause::kNotTrusted: return waiting::kNotTrusted;
    case WaitCause::kNotAdmitted: return waiting::kNotAdmitted;
    case WaitCause::kHubAbsent: return waiting::kHubAbsent;
    case WaitCause::kHubFull: return waiting::kHubFull;
    case WaitCause::kHubError: return waiting::kHubIoError;
    case WaitCause::kHubBusy: return waiting::kHubOverloaded;
    case WaitCause::kRefused: return waiting::kRefused;
    case WaitCause::kBehind: return waiting::kQueuedBehindOlder;
    case WaitCause::kDamaged: return waiting::kDamagedOnDevice;
    case WaitCause::kMetered: return waiting::kMeteredNetwork;
    case WaitCause::kBudget: return waiting::kDataBudget;
    case WaitCause::kNotRunning: return waiting::kAgentNotRunning;
    case WaitCause::kSending: return waiting::kAwaitingReceipt;
  }
  return "";
}

Verdict verdict_of_puback(std::uint8_t reason_code) {
  for (const PubackRule& rule : kPubackRules) {
    if (rule.code == reason_code) return rule.verdict;
  }
  return kOtherPuback;
}

Verdict verdict_of_connack(std::uint8_t reason_code) {
  switch (reason_code) {
    case 0x00: return {true, false, 0, WaitCause::kNone, true};
    case 0x84:
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x8a:
    case 0x8c: return {false, true, 0, WaitCause::kNotAdmitted, true};
    default: return {false, true, 0, WaitCause::kNoLink, true};
  }
}

std::string sentence_of_connack(std::uint8_t reason_code) {
  const auto say = [&](std::string_view what) {
    return fmt::format("{} (0x{:02x})", what, reason_code);
  };
  switch (reason_code) {
    case 0x84: return say("the broker does not speak MQTT 5; it has to");
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x8c:
      return say(
          "the broker does not accept this device's user name or password; look at username and "
          "password_file under [broker], or have the device enrolled again at the hub");
    case 0x88: return say("the broker is not available yet");
    case 0x89:
    case 0x97:
    case 0x9f: return say("the broker is busy");
    case 0x8a:
      return say("the broker has banned this device; ask the centre whether it was revoked");
    default: return say("the broker refused the connection");
  }
}

Verdict verdict_of_no_password() { return {false, true, 0, WaitCause::kNoPassword, true}; }
Verdict verdict_of_distrust() { return {false, true, 0, WaitCause::kNotTrusted, true}; }

Verdict verdict_of_refusal(v1::RefusalCause cause) {
  for (const RefusalRule& rule : kRefusalRules) {
    if (rule.cause == cause) return rule.verdict;
  }
  return kOtherRefusal;
}

}  // namespace sitecast::agent
