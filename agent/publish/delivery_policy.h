// SPDX-License-Identifier: Apache-2.0
// What is done about each way in which something may not be accepted, and why things wait: one
// table per source of refusals, decided here and nowhere else. Thread-safe: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sitecast.pb.h"

namespace sitecast::agent {

// Why something waits. The names are the words of proto/README.md ("Why something waits").
enum class WaitCause {
  kNone,
  kNotSynced,
  kNoPassword,   // this device cannot read its own for the broker
  kNoLink,       // broker not reached
  kNotTrusted,   // TLS: the other side is not known to be our broker
  kNotAdmitted,  // the broker refuses this device or this topic
  kHubAbsent,    // broker reached, the hub is not there
  kHubFull,
  kHubError,
  kHubBusy,
  kRefused,     // not accepted as sent; the detail says why
  kBehind,      // queued behind an older capture
  kDamaged,     // cannot be read on this device any more
  kMetered,     // not live, and this network costs by the byte
  kBudget,      // as much was sent today as may be
  kNotRunning,  // this process does not deliver, and no other does
  kSending,     // on its way, nothing is wrong
};
std::string_view name_of(WaitCause cause);  // empty for kNone

struct Verdict {
  bool accepted = false;
  bool again = true;          // false: given up, stays here and is shown
  std::int64_t delay_us = 0;  // before the next try
  WaitCause cause = WaitCause::kNone;
  bool everything = false;  // holds for all that waits, not only for the part or event named
};

// MQTT 5 reason code of a PUBACK (OASIS MQTT 5.0 section 3.4.2.1).
Verdict verdict_of_puback(std::uint8_t reason_code);
// Reason code of a CONNACK (section 3.2.2.2).
Verdict verdict_of_connack(std::uint8_t reason_code);
// The same as a sentence: what the broker said and what helps.
std::string sentence_of_connack(std::uint8_t reason_code);
// This device's password cannot be read: it is looked for again at the next attempt.
Verdict verdict_of_no_password();
// The broker's certificate is not accepted here.
Verdict verdict_of_distrust();
Verdict verdict_of_refusal(v1::RefusalCause cause);

}  // namespace sitecast::agent
