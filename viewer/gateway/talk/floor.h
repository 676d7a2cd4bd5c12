// SPDX-License-Identifier: Apache-2.0
// Who is heard at one capture: one person at a time. Whoever comes first has the floor until they
// give it back, fall silent or leave; the centre may take it from others, but not from another of
// the centre. Owner thread: one at a time. Time: monotonic microseconds. No I/O.
#pragma once

#include <cstdint>
#include <string>

namespace sitecast::gateway {

class Floor {
 public:
  // Somebody whose link is gone holds nobody up for longer.
  static constexpr std::int64_t kSilentUs = 5'000'000;

  using Who = const void*;  // one connection of one person; never followed

  // True: `who` has the floor now.
  bool take(Who who, const std::string& name, bool centre, std::int64_t now_us) {
    if (holder_ != nullptr && holder_ != who && (!centre || centre_)) return false;
    holder_ = who;
    name_ = name;
    centre_ = centre;
    heard_us_ = now_us;
    return true;
  }
  // True: `who` had it.
  bool give_back(Who who) {
    if (who == nullptr || holder_ != who) return false;
    holder_ = nullptr;
    name_.clear();
    centre_ = false;
    return true;
  }
  // Something came from who has it.
  void heard(std::int64_t now_us) { heard_us_ = now_us; }
  [[nodiscard]] bool is_silent(std::int64_t now_us) const {
    return holder_ != nullptr && now_us - heard_us_ > kSilentUs;
  }

  [[nodiscard]] Who holder() const { return holder_; }  // nullptr: nobody
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Who holder_ = nullptr;
  std::string name_;
  bool centre_ = false;
  std::int64_t heard_us_ = 0;
};

}  // namespace sitecast::gateway
