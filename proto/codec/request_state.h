// SPDX-License-Identifier: Apache-2.0
// Where a request for footage stands: the furthest of its steps, in whatever order and however
// often they are given. Owner thread: the caller's.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "sitecast.pb.h"

namespace sitecast {

enum class RequestState : std::uint8_t { kOpen, kAccepted, kAnswered, kClosed };
std::string_view name_of(RequestState state);  // open | accepted | answered | closed

class RequestProgress {
 public:
  explicit RequestProgress(const v1::ShotRequest& request)
      : shots_(static_cast<std::uint32_t>(request.shots_size())) {}
  // A step of this request; `kind` of its event.
  void add(std::string_view kind, const v1::RequestStep& step);

  // Answered: all of it at once, or every shot.
  [[nodiscard]] RequestState state() const;
  [[nodiscard]] const std::set<std::uint32_t>& answered_shots() const {
    return answered_;
  }  // from 1

 private:
  std::uint32_t shots_;
  std::set<std::uint32_t> answered_;
  bool accepted_ = false;
  bool whole_ = false;
  bool closed_ = false;
};

}  // namespace sitecast
