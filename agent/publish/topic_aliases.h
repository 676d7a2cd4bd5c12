// SPDX-License-Identifier: Apache-2.0
// Short names for topics on one connection (MQTT 5.0 section 3.3.2.3.4): a topic goes out in full
// once, from then on as two bytes, until another needs its number more. Which topics have one: the
// most recently used, as many as the broker takes. Owner thread: the delivery thread. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <string>

namespace sitecast::agent {

class TopicAliases {
 public:
  struct Use {
    std::uint16_t alias = 0;  // 0: the broker takes none
    bool known = false;       // the broker knows what it stands for: the topic itself is left out
  };

  // For the next message, which must go out: the broker learns from it. `most` is the broker's
  // limit and does not change while the connection lasts.
  Use use(const std::string& topic, std::uint16_t most) {
    if (most == 0) return {};
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->topic != topic) continue;
      entries_.splice(entries_.begin(), entries_, entry);
      return {entry->alias, true};
    }
    if (entries_.size() < most && entries_.size() < kMost) {
      entries_.push_front({topic, static_cast<std::uint16_t>(entries_.size() + 1)});
    } else {
      entries_.splice(entries_.begin(), entries_, std::prev(entries_.end()));
      entries_.front().topic = topic;
    }
    return {entries_.front().alias, false};
  }

 private:
  static constexpr std::size_t kMost =
      16;  // more topics than are busy at a time; the list is walked
  struct Entry {
    std::string topic;
    std::uint16_t alias = 0;
  };
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace sitecast::agent
