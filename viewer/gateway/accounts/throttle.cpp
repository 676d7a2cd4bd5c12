// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/accounts/throttle.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "proto/base/bytes.h"

namespace sitecast::gateway {
namespace {

constexpr std::size_t kEntries = 10'000;
constexpr std::uint32_t kFreePerPair = 5;
constexpr std::uint32_t kFreePerAddress = 30;
constexpr std::uint32_t kFreePerAccount = 100;
constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kLongestWaitUs = 15 * 60 * kSecondUs;
constexpr std::int64_t kHalvingUs = 15 * 60 * kSecondUs;

std::string pair_key(std::string_view user, std::string_view address) {
  return std::string(user) + '\n' + throttle_address(address);
}

std::uint32_t decayed(std::uint32_t failures, std::int64_t since_us) {
  const auto halvings = since_us / kHalvingUs;
  return halvings >= 32 ? 0 : failures >> halvings;
}

}  // namespace

std::string throttle_address(std::string_view address) {
  std::array<std::uint8_t, 16> bytes{};
  const std::string text(address);
  if (text.find(':') == std::string::npos ||
      ::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
    return text;
  }
  return hex_encode(ByteView(bytes).first(8)) + "/64";
}

SignInThrottle::Entry& SignInThrottle::Table::entry(const std::string& key) {
  if (const auto found = index_.find(key); found != index_.end()) {
    order_.splice(order_.end(), order_, found->second);
    return *found->second;
  }
  if (order_.size() >= kEntries) {
    index_.erase(order_.front().key);
    order_.pop_front();
  }
  order_.push_back({key, 0, false, 0});
  index_.emplace(key, std::prev(order_.end()));
  return order_.back();
}

const SignInThrottle::Entry* SignInThrottle::Table::find(const std::string& key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &*found->second;
}

std::int64_t SignInThrottle::wait_us(const Entry* entry, std::uint32_t free_failures,
                                     std::int64_t now_us) {
  if (entry == nullptr) return 0;
  const std::int64_t since_us = now_us - entry->last_failure_us;
  const std::uint32_t failures = decayed(entry->failures, since_us);
  if (failures < free_failures) return 0;
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - free_failures, 20);
  const std::int64_t whole_us = std::min(kSecondUs << doublings, kLongestWaitUs);
  return std::max<std::int64_t>(0, whole_us - since_us);
}

std::optional<std::int64_t> SignInThrottle::wait_seconds(std::string_view user,
                                                         std::string_view address,
                                                         std::int64_t now_us) {
  const Entry* pair = pairs_.find(pair_key(user, address));
  std::int64_t wait = wait_us(pair, kFreePerPair, now_us);
  if (pair == nullptr || !pair->known_good) {
    wait = std::max(wait,
                    wait_us(addresses_.find(throttle_address(address)), kFreePerAddress, now_us));
    wait = std::max(wait, wait_us(accounts_.find(std::string(user)), kFreePerAccount, now_us));
  }
  if (wait == 0) return std::nullopt;
  return (wait + kSecondUs - 1) / kSecondUs;
}

std::int64_t SignInThrottle::count_failure(Entry& entry, std::int64_t now_us) {
  const std::int64_t before_us = entry.last_failure_us;
  entry.failures = decayed(entry.failures, now_us - before_us) + 1;
  entry.last_failure_us = now_us;
  return before_us;
}

void SignInThrottle::take_back(Entry& entry, std::int64_t before_us, std::int64_t begun_us) {
  if (entry.failures > 0) --entry.failures;
  if (entry.last_failure_us == begun_us) entry.last_failure_us = before_us;
}

SignInThrottle::Try SignInThrottle::begin(std::string_view user, std::string_view address,
                                          std::int64_t now_us) {
  Try begun;
  begun.begun_us = now_us;
  begun.pair_us = count_failure(pairs_.entry(pair_key(user, address)), now_us);
  begun.address_us = count_failure(addresses_.entry(throttle_address(address)), now_us);
  begun.account_us = count_failure(accounts_.entry(std::string(user)), now_us);
  return begun;
}

void SignInThrottle::withdrawn(std::string_view user, std::string_view address, const Try& begun) {
  take_back(pairs_.entry(pair_key(user, address)), begun.pair_us, begun.begun_us);
  take_back(addresses_.entry(throttle_address(address)), begun.address_us, begun.begun_us);
  take_back(accounts_.entry(std::string(user)), begun.account_us, begun.begun_us);
}

void SignInThrottle::succeeded(std::string_view user, std::string_view address,
                               std::int64_t now_us) {
  Entry& pair = pairs_.entry(pair_key(user, address));
  pair.failures = 0;
  pair.known_good = true;
  pair.last_failure_us = now_us;
  for (Entry* entry :
       {&addresses_.entry(throttle_address(address)), &accounts_.entry(std::string(user))}) {
    if (entry->failures > 0) --entry->failures;
  }
}

}  // namespace sitecast::gateway
