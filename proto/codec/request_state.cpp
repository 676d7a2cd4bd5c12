// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/request_state.h"

namespace sitecast {

std::string_view name_of(RequestState state) {
  switch (state) {
    case RequestState::kOpen: return "open";
    case RequestState::kAccepted: return "accepted";
    case RequestState::kAnswered: return "answered";
    case RequestState::kClosed: return "closed";
  }
  return "";
}

void RequestProgress::add(std::string_view kind, const v1::RequestStep& step) {
  if (kind == "request.accepted") accepted_ = true;
  if (kind == "request.closed") closed_ = true;
  if (kind != "request.answered") return;
  if (step.shot() == 0) whole_ = true;
  if (step.shot() > 0 && step.shot() <= shots_) answered_.insert(step.shot());
}

RequestState RequestProgress::state() const {
  if (closed_) return RequestState::kClosed;
  if (whole_ || (shots_ > 0 && answered_.size() == shots_)) return RequestState::kAnswered;
  return accepted_ || !answered_.empty() ? RequestState::kAccepted : RequestState::kOpen;
}

}  // namespace sitecast
