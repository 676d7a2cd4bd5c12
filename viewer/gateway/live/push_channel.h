// SPDX-License-Identifier: Apache-2.0
// One open WebSocket as the live code sees it; server/ implements it.
// Owner thread: the io thread. Nothing here blocks: what the peer does not take waits in a bounded
// queue (viewer_queue.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "viewer/gateway/live/part.h"

namespace sitecast::gateway {

// RFC 6455 section 7.4.1 and the IANA registry.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kPolicyViolation = 1008,  // no longer signed in, or no longer theirs
  kTryAgainLater = 1013,    // too slow for what it asked for
};

class PushChannel {
 public:
  virtual ~PushChannel() = default;
  virtual void send_text(std::shared_ptr<const std::string> text) = 0;
  virtual void send_part(std::shared_ptr<const LivePart> part) = 0;
  // What is queued before goes out first (for at most a second). Idempotent.
  virtual void close(CloseCode code) = 0;
  // `closed` runs once when the connection is gone, for whatever reason; never inside a call of
  // this interface.
  virtual void when_closed(std::function<void()> closed) = 0;
  // Each message that comes from the viewer, at most 2 KiB. Without this they are thrown away.
  using Said = std::function<void(bool binary, std::string_view message)>;
  virtual void when_said(Said said) = 0;
};

}  // namespace sitecast::gateway
