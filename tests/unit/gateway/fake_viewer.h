// SPDX-License-Identifier: Apache-2.0
// Parts and a WebSocket for tests of the live code. Owner thread: one at a time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "viewer/gateway/live/part.h"
#include "viewer/gateway/live/push_channel.h"

namespace sitecast::gateway {

inline std::shared_ptr<const LivePart> live_part(std::string_view track, std::uint64_t sequence,
                                                 bool starts_group, std::size_t size_bytes = 100) {
  auto part = std::make_shared<LivePart>();
  auto bytes = std::make_shared<const Bytes>(size_bytes);
  part->frame = *bytes;
  part->owner = bytes;
  part->prefix = static_cast<char>(track.size());
  part->prefix += track;
  part->sequence = sequence;
  part->starts_group = starts_group;
  return part;
}

class FakeViewer final : public PushChannel {
 public:
  void send_text(std::shared_ptr<const std::string> text) override { texts.push_back(*text); }
  void send_part(std::shared_ptr<const LivePart> part) override {
    sequences.push_back(part->sequence);
  }
  void close(CloseCode code) override { closed = code; }
  void when_closed(std::function<void()> callback) override { callbacks_.push_back(callback); }
  void when_said(Said callback) override { said_ = std::move(callback); }
  void say(std::string_view text) {
    if (said_) said_(false, text);
  }
  void send_packet(std::string_view packet) {
    if (said_) said_(true, packet);
  }
  // The connection is gone.
  void leave() {
    for (auto& callback : std::exchange(callbacks_, {})) callback();
  }

  std::vector<std::string> texts;
  std::vector<std::uint64_t> sequences;
  std::optional<CloseCode> closed;

 private:
  std::vector<std::function<void()>> callbacks_;
  Said said_;
};

}  // namespace sitecast::gateway
