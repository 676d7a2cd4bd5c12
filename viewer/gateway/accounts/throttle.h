// SPDX-License-Identifier: Apache-2.0
// Sign-in throttling. Counts failures per (account, address), per address and per account; an
// address is an IPv4 address or an IPv6 /64.
//
// - (account, address): after 5 failures the pair waits 1 s, doubling to 15 min. Whoever guesses
// stands
//   in their own way only: the same account from another address is not affected.
// - address, over all accounts: after 30 failures the address waits, doubling from 1 s to 15 min; a
// pair
//   that has signed in before is exempt, so one guesser behind an office's address does not shut
//   out the colleagues who use the site.
// - account, over all addresses (a guesser with many addresses): after 100 failures, the same, with
// the
//   same exemption.
// A try counts as failed from its beginning until it succeeds, so tries sent at once do not slip
// by; one that could not be looked at is taken back. Names come checked (is_valid_user): their
// length bounds the tables' bytes. Counts halve every 15 min without a failure; memory is bounded
// (10,000 entries a table, the least recently used goes first). Owner thread: one at a time. Time:
// monotonic microseconds.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sitecast::gateway {

// "203.0.113.7" as it is, IPv6 as its first 64 bits; anything else as it is.
std::string throttle_address(std::string_view address);

class SignInThrottle {
 public:
  // Seconds to wait before another try is looked at; nullopt: go on.
  std::optional<std::int64_t> wait_seconds(std::string_view user, std::string_view address,
                                           std::int64_t now_us);
  // What begin() overwrote, for withdrawn().
  struct Try {
    std::int64_t begun_us = 0;
    std::int64_t pair_us = 0;
    std::int64_t address_us = 0;
    std::int64_t account_us = 0;
  };
  Try begin(std::string_view user, std::string_view address, std::int64_t now_us);
  // The try was not looked at, so it says nothing of who made it.
  void withdrawn(std::string_view user, std::string_view address, const Try& begun);
  void succeeded(std::string_view user, std::string_view address, std::int64_t now_us);

 private:
  struct Entry {
    std::string key;
    std::uint32_t failures = 0;
    bool known_good = false;  // has signed in
    std::int64_t last_failure_us = 0;
  };
  // Entries by key, least recently used first in `order`.
  class Table {
   public:
    Entry& entry(const std::string& key);
    [[nodiscard]] const Entry* find(const std::string& key) const;

   private:
    std::list<Entry> order_;
    std::unordered_map<std::string, std::list<Entry>::iterator> index_;
  };

  static std::int64_t wait_us(const Entry* entry, std::uint32_t free_failures, std::int64_t now_us);
  // Returns the time of the failure before.
  static std::int64_t count_failure(Entry& entry, std::int64_t now_us);
  static void take_back(Entry& entry, std::int64_t before_us, std::int64_t begun_us);

  Table pairs_;
  Table addresses_;
  Table accounts_;
};

}  // namespace sitecast::gateway
