// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/fanout/capture_feed.h"

#include <poll.h>

#include "proto/codec/topics.h"

namespace sitecast::bench {
namespace {

void nothing(std::string_view /*topic*/, ByteView /*payload*/) {}

}  // namespace

LoadPartOptions live_part_options() {
  LoadPartOptions options;
  options.parts_per_second = kPartsPerSecond;
  options.media_bytes = 2'000'000 / 8 / kPartsPerSecond;
  return options;
}

Result<CaptureFeed> CaptureFeed::open(std::uint16_t broker_port, const Account& account,
                                      std::size_t captures) {
  SC_TRY_ASSIGN(auto connection, MqttConnection::connect({"127.0.0.1", broker_port},
                                                         account.device.text(), account.password));
  CaptureFeed feed(std::move(connection));
  feed.openings_.reserve(captures);
  const std::string events =
      format_topic({TopicKind::kEvent, account.project, account.device, {}, ""});
  for (std::size_t i = 0; i < captures; ++i) {
    const CaptureId capture = CaptureId::make();
    feed.captures_.push_back(capture);
    feed.topics_.push_back(
        format_topic({TopicKind::kLive, account.project, account.device, capture, "video"}));
    feed.openings_.push_back(capture_opened_event(capture));
    feed.connection_.publish(events, feed.openings_.back(), 1);
  }
  while (feed.connection_.acknowledged() < captures) {
    SC_TRY(feed.connection_.pump(nothing));
    pollfd waiting{feed.connection_.descriptor(), POLLIN, 0};
    ::poll(&waiting, 1, 100);
  }
  return feed;
}

Status CaptureFeed::send(std::size_t capture, Bytes frame) {
  if (connection_.unsent_bytes() > 0) return unavailable("the broker does not take the chunks");
  frame_ = std::move(frame);
  connection_.publish(topics_[capture], frame_, 0);
  while (connection_.wants_to_write()) SC_TRY(connection_.pump(nothing));
  return connection_.pump(nothing);
}

}  // namespace sitecast::bench
