// SPDX-License-Identifier: Apache-2.0
// What the machine makes of the link: silence, cuts, connecting, what may be sent at all.
#include "tests/unit/agent_publish/delivery_fixture.h"

namespace sitecast::agent {
namespace {

TEST_F(DeliveryTest, SilenceWithDataOutstandingGivesTheConnectionUp) {
  add_track(0, 10, true, "video");
  connect();
  machine.receipt(receipt_of(0));
  take_actions();
  pass(1900 * kMs);
  EXPECT_TRUE(take<Disconnect>().empty());
  pass(300 * kMs);
  EXPECT_EQ(take<Disconnect>().size(), 1U);
}

TEST_F(DeliveryTest, SilenceWhileNothingIsOutstandingIsNoFault) {
  add_track(0, 10, true, "video");
  connect();
  const auto hello = take<SendHello>();
  machine.puback(hello.at(0).token, 0);
  machine.receipt(receipt_of(10));
  pass(60 * kSecond);
  EXPECT_TRUE(take<Disconnect>().empty());
  EXPECT_TRUE(machine.all_delivered());
}

TEST_F(DeliveryTest, LiveAloneIsProbedBeforeTheConnectionIsGivenUp) {
  connect();
  for (const SendHello& hello : take<SendHello>()) machine.puback(hello.token, 0);
  add_track(0, 0, false, "video");
  machine.part_made(0, 0, 1000, true);
  take_actions();
  pass(1200 * kMs);
  EXPECT_EQ(take<SendHello>().size(), 1U);
  pass(1000 * kMs);
  EXPECT_EQ(take<Disconnect>().size(), 1U);
}

TEST_F(DeliveryTest, BytesThatMoveKeepASlowLinkAlive) {
  add_track(0, 10, true, "video");
  connect();
  machine.receipt(receipt_of(0));
  for (int i = 0; i < 100; ++i) {
    pass(100 * kMs);
    machine.link_moves();
  }
  EXPECT_TRUE(take<Disconnect>().empty());
  for (int i = 0; i < 250; ++i) {
    pass(100 * kMs);
    machine.link_moves();
  }
  EXPECT_GE(take<Disconnect>().size(), 1U);  // 30 s without any answer is enough
}

TEST_F(DeliveryTest, NoSubscriberMeansThatTheHubIsAwayAndItIsAskedUntilItIsBack) {
  add_track(0, 3, true, "video");
  connect();
  auto hello = take<SendHello>();
  ASSERT_EQ(hello.size(), 1U);
  machine.puback(hello[0].token, 0x10);
  EXPECT_EQ(machine.state().cause, WaitCause::kHubAbsent);
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kHubAbsent);
  pass(kSecond);
  hello = take<SendHello>();
  ASSERT_EQ(hello.size(), 1U);
  machine.puback(hello[0].token, 0);
  machine.receipt(receipt_of(0));
  EXPECT_EQ(take<SendPart>().size(), 3U);
}

TEST_F(DeliveryTest, AHelloThatIsTakenAndNotAnsweredMeansThatTheHubIsAway) {
  add_track(0, 3, true, "video");
  connect_and_ask();
  pass(2 * kSecond);
  EXPECT_EQ(machine.state().cause, WaitCause::kHubAbsent);
  for (const SendHello& hello : take<SendHello>()) machine.puback(hello.token, 0);
  EXPECT_EQ(machine.state().cause, WaitCause::kHubAbsent);
  machine.receipt(receipt_of(0));
  EXPECT_EQ(take<SendPart>().size(), 3U);
  EXPECT_EQ(machine.state().cause, WaitCause::kSending);
}

TEST_F(DeliveryTest, WithNothingButEventsTheFirstOneIsTheProbe) {
  connect_and_ask();
  std::vector<OutboxEvent> events(2);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].position = static_cast<std::int64_t>(i + 1);
    events[i].id = EventId::make();
    events[i].project = project;
  }
  machine.group_synced({}, events);
  for (const SendEvent& event : take<SendEvent>()) machine.puback(event.token, 0x10);
  EXPECT_EQ(machine.state().cause, WaitCause::kHubAbsent);
  pass(kSecond);
  const auto probes = take<SendEvent>();
  ASSERT_EQ(probes.size(), 1U);
  EXPECT_EQ(probes[0].event.position, 1);
  machine.puback(probes[0].token, 0);
  v1::Receipt receipt;
  receipt.add_event_ids(events[0].id.raw());
  machine.receipt(receipt);
  const auto sent = take<SendEvent>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].event.position, 2);
}

TEST_F(DeliveryTest, AFillThatNobodyHeardIsKeptAndSentAgain) {
  add_track(0, 1, true, "video");
  connect();
  machine.receipt(receipt_of(0));
  auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  machine.puback(sent[0].token, 0x10);
  EXPECT_TRUE(take<SendPart>().empty());
  machine.receipt(receipt_of(0));
  sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(take<Delivered>().empty());
}

TEST_F(DeliveryTest, WhenTheLinkIsTooThinPicturesPauseUntilTheNextSegmentAndVoiceGoesOn) {
  connect();
  add_track(0, 0, false, "video");
  add_track(1, 0, false, "audio");
  take_actions();
  machine.part_made(0, 0, 100'000, true);  // the kernel does not take it
  clock.advance_us(500 * kMs);
  machine.part_made(0, 1, 1000, false);
  machine.part_made(1, 0, 300, true);
  auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1].track, 1U);
  for (const SendPart& part : sent) machine.written(part.token);
  machine.part_made(0, 2, 1000, false);  // room again, but in the middle of a segment
  EXPECT_TRUE(take<SendPart>().empty());
  machine.part_made(0, 3, 1000, true);
  EXPECT_EQ(take<SendPart>().size(), 1U);
  EXPECT_EQ(machine.state().skipped_live, 2U);
}

TEST_F(DeliveryTest, WhileTheKernelsQueueIsLongPicturesWaitForVoice) {
  add_track(0, 0, false, "video");
  add_track(1, 0, false, "audio");
  connect();
  take_actions();
  machine.queued_before_live(500 * kMs);
  for (const TrackHandle track : {0, 1}) machine.part_made(track, 0, part_bytes, true);
  auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].track, 1U);
  machine.queued_before_live(0);
  machine.part_made(0, 1, part_bytes, false);  // in the middle of a segment
  EXPECT_TRUE(take<SendPart>().empty());
  machine.part_made(0, 2, part_bytes, true);
  EXPECT_EQ(take<SendPart>().size(), 1U);
}

TEST_F(DeliveryTest, BesideLiveBackfillWaitsForWhatTheKernelHasNotSent) {
  add_track(1, 0, false, "audio");
  add_track(2, 50, false, "file");
  connect_and_ask();
  machine.limit_unsent_beside_live(4'096);
  machine.part_made(1, 0, part_bytes, true);
  take_actions();
  TcpState tcp;
  tcp.unsent_bytes = 5'000;
  machine.tcp(tcp);
  machine.receipt(receipt_of(0, "file"));
  EXPECT_TRUE(take<SendPart>().empty());
  EXPECT_LE(machine.next_tick_us() - clock.monotonic_us(), 100 * kMs);
  tcp.unsent_bytes = 3'000;
  machine.tcp(tcp);
  machine.queued_before_live(300 * kMs);  // on the path
  machine.tick();
  EXPECT_TRUE(take<SendPart>().empty());
  machine.queued_before_live(100 * kMs);
  machine.tick();
  EXPECT_FALSE(take<SendPart>().empty());
}

TEST_F(DeliveryTest, WithNothingLiveBackfillFillsTheKernel) {
  add_track(2, 50, false, "file");
  connect_and_ask();
  machine.limit_unsent_beside_live(4'096);
  TcpState tcp;
  tcp.unsent_bytes = 5'000;
  machine.tcp(tcp);
  machine.receipt(receipt_of(0, "file"));
  EXPECT_FALSE(take<SendPart>().empty());
}

TEST_F(DeliveryTest, AfterACutPicturesGoOnWithAKeyFrameAndVoiceAtOnce) {
  add_track(0, 0, false, "video");
  add_track(1, 0, false, "audio");
  connect();
  for (const TrackHandle track : {0, 1}) machine.part_made(track, 0, part_bytes, true);
  EXPECT_EQ(take<SendPart>().size(), 2U);
  machine.disconnected("cut");
  pass(1'000 * kMs);
  machine.connected();
  take_actions();
  for (const TrackHandle track : {0, 1}) machine.part_made(track, 1, part_bytes, false);
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].track, 1U);
  machine.part_made(0, 2, part_bytes, true);
  EXPECT_EQ(take<SendPart>().size(), 1U);
}

TEST_F(DeliveryTest, ConnectIsGivenUpAfterTwoSecondsAndTriedAgainForEver) {
  for (int i = 0; i < 30; ++i) {
    take_actions();
    clock.advance_us(std::max<std::int64_t>(machine.next_tick_us() - clock.monotonic_us(), 1));
    machine.tick();
    ASSERT_EQ(take<Connect>().size(), 1U) << i;
    clock.advance_us(std::max<std::int64_t>(machine.next_tick_us() - clock.monotonic_us(), 1));
    machine.tick();
    ASSERT_EQ(take<Disconnect>().size(), 1U) << i;
  }
}

TEST_F(DeliveryTest, ALinkThatIsBackIsUsedWithinTenSecondsWheneverItComesBack) {
  add_track(0, 10, true, "video");
  for (int i = 0; i < 200; ++i) {
    machine.disconnected("cut");
    const std::int64_t back_us = clock.monotonic_us() + 100 * kMs * (1 + i * 7 % 1000);
    for (;;) {
      clock.advance_us(std::max<std::int64_t>(machine.next_tick_us() - clock.monotonic_us(), 1));
      machine.tick();
      // What began before the link was back goes nowhere.
      if (!take<Connect>().empty() && clock.monotonic_us() >= back_us) break;
    }
    ASSERT_LE(clock.monotonic_us() - back_us, 7 * kSecond);
    clock.advance_us(1500 * kMs);  // several round trips
    machine.tick();
    machine.connected();
  }
}

TEST_F(DeliveryTest, ConnectingIsWaitedForAsLongAsItGetsOn) {
  clock.advance_us(500 * kMs);
  machine.tick();
  ASSERT_EQ(take<Connect>().size(), 1U);
  for (int i = 0; i < 15; ++i) {
    pass(1500 * kMs);
    EXPECT_TRUE(take<Disconnect>().empty()) << i;
    machine.connecting_moves();
  }
  pass(2100 * kMs);
  EXPECT_EQ(take<Disconnect>().size(), 1U);
}

TEST_F(DeliveryTest, WhoeverConnectsAndNeverFinishesIsGivenUp) {
  clock.advance_us(500 * kMs);
  machine.tick();
  ASSERT_EQ(take<Connect>().size(), 1U);
  std::size_t given_up = 0;
  for (int i = 0; i < 32; ++i) {
    pass(1 * kSecond);
    machine.connecting_moves();
    given_up += take<Disconnect>().size();
  }
  EXPECT_EQ(given_up, 1U);
}

TEST_F(DeliveryTest, ALongPauseEndsSoonWhenSomethingIsFilmed) {
  for (int i = 0; i < 12; ++i) {
    clock.advance_us(std::max<std::int64_t>(machine.next_tick_us() - clock.monotonic_us(), 1));
    machine.tick();
  }
  machine.disconnected("cut");
  ASSERT_GT(machine.next_tick_us() - clock.monotonic_us(), 10 * kSecond);
  add_track(0, 0, false, "video");
  EXPECT_LE(machine.next_tick_us() - clock.monotonic_us(), 3 * kSecond);
}

TEST_F(DeliveryTest, SilenceBeforeACutCountsAsPauseButForAQuarter) {
  const auto pause_us = [&](std::int64_t silent_us) {
    Delivery other_machine{{1 << 20, "test"}, *this, clock, 1};
    other_machine.tick();
    clock.advance_us(500 * kMs);
    other_machine.tick();
    other_machine.connected();
    clock.advance_us(silent_us);
    other_machine.disconnected("cut");
    return other_machine.next_tick_us() - clock.monotonic_us();
  };
  const std::int64_t whole = pause_us(0);
  EXPECT_GE(whole, 250 * kMs);
  EXPECT_EQ(pause_us(100 * kMs), whole - 100 * kMs);
  EXPECT_EQ(pause_us(10 * kSecond), whole / 4);
}

TEST_F(DeliveryTest, AStuckConnectionIsLeftAndAnotherOneMadeAtOnce) {
  connect();
  take_actions();
  machine.stuck();
  EXPECT_EQ(take<Disconnect>().size(), 1U);
  EXPECT_LE(machine.next_tick_us() - clock.monotonic_us(), 500 * kMs);
}

TEST_F(DeliveryTest, AnotherAddressGivesTheConnectionUpAtOnce) {
  connect();
  take_actions();
  machine.address_gone();
  EXPECT_EQ(take<Disconnect>().size(), 1U);
  EXPECT_LE(machine.next_tick_us() - clock.monotonic_us(), 500 * kMs);
  machine.address_gone();
  EXPECT_TRUE(take<Disconnect>().empty());
}

TEST_F(DeliveryTest, RefusedCredentialsAreNamedAsTheCause) {
  add_track(0, 1, true, "video");
  machine.connect_failed(verdict_of_connack(0x86), "bad user name or password");
  EXPECT_EQ(machine.state().cause, WaitCause::kNotAdmitted);
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kNotAdmitted);
}

TEST_F(DeliveryTest, OnAMeteredNetworkLiveGoesAndTheRestWaits) {
  add_track(0, 5, true, "video");
  add_track(1, 0, false, "video", 1);
  machine.live_only(true);
  connect_and_ask();
  machine.receipt(receipt_of(0));
  EXPECT_TRUE(take<SendPart>().empty());
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kMetered);
  EXPECT_EQ(machine.state().cause, WaitCause::kMetered);
  machine.part_made(1, 0, 1000, true);
  const auto live = take<SendPart>();
  ASSERT_EQ(live.size(), 1U);
  EXPECT_TRUE(live[0].live);
  EXPECT_EQ(machine.track_state(1).cause, WaitCause::kSending);
  EXPECT_EQ(machine.state().cause, WaitCause::kSending) << "live is on its way";
  machine.live_only(false);
  EXPECT_EQ(take<SendPart>().size(), 5U) << "another network";
}

TEST_F(DeliveryTest, SendingNowHoldsForWhatWasMadeUntilThen) {
  add_track(0, 3, false, "video");
  machine.live_only(true);
  connect_and_ask();
  machine.receipt(receipt_of(0));
  EXPECT_TRUE(take<SendPart>().empty());
  machine.send_now();
  EXPECT_EQ(take<SendPart>().size(), 3U);
  machine.receipt(receipt_of(3));
  SyncedTrack more;
  more.handle = 0;
  more.synced = 6;
  machine.group_synced({more}, {});
  EXPECT_TRUE(take<SendPart>().empty());
  EXPECT_EQ(machine.state().cause, WaitCause::kMetered);
}

TEST_F(DeliveryTest, NothingIsSentOverTheDataBudgetAndEventsAre) {
  add_track(0, 5, true, "video");
  add_track(1, 0, false, "audio", 1);
  machine.allow(2500);
  connect_and_ask();
  machine.receipt(receipt_of(0));
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 3U) << "no more than a part over it";
  machine.part_made(1, 0, 1000, true);
  EXPECT_TRUE(take<SendPart>().empty()) << "nor live";
  for (const SendPart& part : sent) machine.puback(part.token, 0);
  machine.receipt(receipt_of(3));
  machine.allow(0);
  EXPECT_TRUE(take<SendPart>().empty());
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kBudget);
  EXPECT_EQ(machine.state().cause, WaitCause::kBudget);
  OutboxEvent event;
  event.position = 1;
  event.id = EventId::make();
  event.project = project;
  machine.group_synced({}, {event});
  EXPECT_EQ(take<SendEvent>().size(), 1U);
  EXPECT_EQ(machine.state().cause, WaitCause::kSending);
  machine.allow(10'000);  // the next day
  EXPECT_EQ(take<SendPart>().size(), 2U);
}

}  // namespace
}  // namespace sitecast::agent
