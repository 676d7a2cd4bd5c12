// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/unit/agent_publish/delivery_fixture.h"

namespace sitecast::agent {
namespace {

TEST_F(DeliveryTest, LiveGoesAtOnceAndBeforeItIsSynced) {
  connect();
  add_track(0, 0, false, "video");
  take_actions();
  machine.part_made(0, 0, 1000, true);
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(sent[0].live);
}

TEST_F(DeliveryTest, BackfillWaitsForTheHubsPositionAndSendsOnlyWhatItLacks) {
  add_track(0, 10, true, "video");
  connect();
  auto actions = take_actions();
  const auto hellos = [&] {
    std::vector<SendHello> found;
    for (Action& action : actions) {
      EXPECT_FALSE(std::holds_alternative<SendPart>(action));
      if (auto* hello = std::get_if<SendHello>(&action)) found.push_back(*hello);
    }
    return found;
  }();
  ASSERT_EQ(hellos.size(), 1U);
  ASSERT_EQ(hellos[0].hello.tracks_size(), 1);
  EXPECT_EQ(hellos[0].hello.tracks(0).next_sequence(), 10U);

  v1::Receipt receipt = receipt_of(3);
  v1::SequenceRange& range = *receipt.mutable_tracks(0)->add_beyond();
  range.set_first(5);
  range.set_count(2);
  machine.receipt(receipt);
  std::vector<std::uint64_t> sequences;
  for (const SendPart& part : take<SendPart>()) {
    EXPECT_FALSE(part.live);
    sequences.push_back(part.sequence);
  }
  EXPECT_EQ(sequences, (std::vector<std::uint64_t>{3, 4, 7, 8, 9}));
}

TEST_F(DeliveryTest, AReceiptFreesOnlyWhatIsSyncedHere) {
  connect();
  add_track(0, 0, false, "video");
  machine.part_made(0, 0, 1000, true);
  machine.part_made(0, 1, 1000, false);
  machine.receipt(receipt_of(1));
  machine.receipt(receipt_of(2));
  EXPECT_TRUE(take<Delivered>().empty());
  machine.group_synced({{0, 1, false}}, {});
  auto freed = take<Delivered>();
  ASSERT_EQ(freed.size(), 1U);
  EXPECT_EQ(freed[0].count, 1U);
  machine.group_synced({{0, 2, false}}, {});
  freed = take<Delivered>();
  ASSERT_EQ(freed.size(), 1U);
  EXPECT_EQ(freed[0].count, 2U);
}

TEST_F(DeliveryTest, ATrackThatWasCutIsDeliveredAsFarAsItIsHere) {
  add_track(0, 10, true, "master");
  connect();
  machine.receipt(receipt_of(2, "master"));
  EXPECT_EQ(take<Delivered>().size(), 1U);
  take<SendPart>();
  machine.track_cut(0, 6);
  EXPECT_EQ(machine.track_state(0).waiting, 4U);
  EXPECT_FALSE(machine.all_delivered());
  // On its way when the track was cut: says nothing about what is left.
  machine.receipt(receipt_of(8, "master"));
  EXPECT_TRUE(take<Delivered>().empty());
  EXPECT_TRUE(take<SendPart>().empty());
  machine.receipt(receipt_of(6, "master"));
  const auto freed = take<Delivered>();
  ASSERT_EQ(freed.size(), 1U);
  EXPECT_EQ(freed[0].count, 6U);
  EXPECT_TRUE(machine.all_delivered());
}

TEST_F(DeliveryTest, AHelloFromBeforeACutIsNoQuestionAboutWhatIsLeft) {
  add_track(0, 10, true, "master");
  connect();
  ASSERT_EQ(take<SendHello>().size(), 1U);  // the broker has not answered it yet
  machine.track_cut(0, 6);
  machine.receipt(receipt_of(10, "master"));  // its answer
  EXPECT_TRUE(take<Delivered>().empty());
  EXPECT_FALSE(machine.all_delivered());
  const Token before = last_question;
  machine.puback(before, 0);
  pass(kSecond);
  collect();
  ASSERT_GT(last_question, before) << "the hub is not asked again";
  machine.receipt(receipt_of(6, "master"));
  EXPECT_EQ(take<Delivered>().size(), 1U);
  EXPECT_TRUE(machine.all_delivered());
}

TEST_F(DeliveryTest, AnotherRunningHashFreesNothingAndIsShown) {
  add_track(0, 5, true, "video");
  connect();
  v1::Receipt receipt = receipt_of(5);
  receipt.mutable_tracks(0)->set_running_hash(std::string(32, 'x'));
  machine.receipt(receipt);
  EXPECT_TRUE(take<Delivered>().empty());
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kRefused);
  machine.receipt(receipt_of(5));
  EXPECT_TRUE(take<Delivered>().empty());
}

TEST_F(DeliveryTest, AlteredFootageIsNotCalledDelivered) {
  add_track(0, 5, true, "video");
  connect();
  machine.receipt(receipt_of(2));
  v1::Receipt receipt = receipt_of(5);
  receipt.mutable_tracks(0)->set_running_hash(std::string(32, 'x'));
  machine.receipt(receipt);
  const TrackDelivery track = machine.track_state(0);
  EXPECT_EQ(track.at_hub, 2U);  // as far as the running hashes were equal
  EXPECT_EQ(track.waiting, 3U);
  EXPECT_TRUE(track.stuck);
  EXPECT_EQ(track.cause, WaitCause::kRefused);
  EXPECT_EQ(machine.state().waiting_parts, 3U);
  EXPECT_EQ(machine.state().cause, WaitCause::kRefused);
  EXPECT_EQ(machine.state().detail, "the hub's running hash differs from this device's");
}

TEST_F(DeliveryTest, WhatIsNotYetComparedIsNotCalledDelivered) {
  connect();
  add_track(0, 0, false, "video");
  for (std::uint64_t n = 0; n < 3; ++n) machine.part_made(0, n, 1000, n == 0);
  machine.receipt(receipt_of(2));
  EXPECT_EQ(machine.track_state(0).at_hub, 0U);
  machine.group_synced({{0, 2, false}}, {});
  EXPECT_EQ(machine.track_state(0).at_hub, 2U);
  EXPECT_EQ(machine.track_state(0).waiting, 1U);
  EXPECT_FALSE(machine.track_state(0).stuck);
}

// An agent that runs for months: what is done is forgotten, and whatever still speaks of it is
// passed over.
TEST_F(DeliveryTest, ATrackThatEndedAndIsDeliveredIsForgotten) {
  connect_and_ask();
  for (TrackHandle handle = 0; handle < 1000; ++handle) {
    capture = CaptureId::make();
    add_track(handle, 0, false, "video");
    for (std::uint64_t n = 0; n < 3; ++n) machine.part_made(handle, n, 1000, n == 0);
    machine.group_synced({{handle, 2, false}}, {});
    machine.receipt(receipt_of(3));
    EXPECT_TRUE(machine.track_state(handle).known);
    take_actions();
    machine.group_synced({{handle, 3, true}}, {});
    const auto forgotten = take<TrackForgotten>();
    ASSERT_EQ(forgotten.size(), 1U);
    EXPECT_EQ(forgotten[0].track, handle);
  }
  EXPECT_EQ(machine.known_tracks(), 0U);
  EXPECT_FALSE(machine.track_state(999).known);
  EXPECT_TRUE(machine.all_delivered());
  add_track(1000, 0, true, "video");  // as after a restart: nothing of it waits
  EXPECT_EQ(take<TrackForgotten>().size(), 1U);
  EXPECT_EQ(machine.known_tracks(), 0U);
}

TEST_F(DeliveryTest, WhatComesLateForAForgottenTrackIsPassedOver) {
  add_track(0, 2, true, "video");
  connect_and_ask();
  v1::Receipt receipt = receipt_of(0);
  machine.receipt(receipt);
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 2U);
  receipt = receipt_of(2);
  machine.receipt(receipt);  // before the PUBACKs
  ASSERT_EQ(take<TrackForgotten>().size(), 1U);

  machine.receipt(receipt);
  machine.puback(sent[0].token, 0);
  machine.puback(sent[1].token, 0x97);
  machine.group_synced({{0, 2, true}}, {});
  machine.part_made(0, 2, 1000, true);
  machine.part_unreadable(0, 1);
  v1::Receipt refusal;
  v1::Refusal& entry = *refusal.add_refusals();
  entry.set_capture_id(capture.raw());
  entry.set_track("video");
  entry.set_sequence(1);
  entry.set_cause(v1::CONFLICT);
  machine.receipt(refusal);
  pass(20 * kSecond);
  EXPECT_EQ(machine.known_tracks(), 0U);
  EXPECT_TRUE(take<SendPart>().empty());
  EXPECT_TRUE(machine.all_delivered());
  EXPECT_EQ(machine.state().waiting_parts, 0U);
  // The window is free again: what it held on the way has come back.
  add_track(1, 3, true, "audio");
  receipt = receipt_of(0, "audio");
  machine.receipt(receipt);
  EXPECT_EQ(take<SendPart>().size(), 3U);
}

TEST_F(DeliveryTest, WhatOnlyTheHubHasIsNoConflict) {
  add_track(0, 5, true, "video");  // more had gone out live; a power cut took it here
  connect();
  const auto hello = take<SendHello>();
  ASSERT_EQ(hello.size(), 1U);
  EXPECT_TRUE(hello[0].hello.tracks(0).ended());
  machine.receipt(receipt_of(8));
  EXPECT_TRUE(take<Delivered>().empty());
  machine.receipt(receipt_of(5));
  const auto freed = take<Delivered>();
  ASSERT_EQ(freed.size(), 1U);
  EXPECT_EQ(freed[0].count, 5U);
  EXPECT_TRUE(machine.all_delivered());
}

TEST_F(DeliveryTest, ALostLivePartGoesByFillAsSoonAsALaterOneIsConfirmed) {
  connect();
  add_track(0, 0, false, "video");
  for (std::uint64_t n = 0; n < 3; ++n) machine.part_made(0, n, 1000, n == 0);
  machine.group_synced({{0, 3, false}}, {});
  take_actions();
  v1::Receipt receipt = receipt_of(1);
  v1::SequenceRange& range = *receipt.mutable_tracks(0)->add_beyond();
  range.set_first(2);
  range.set_count(1);
  machine.receipt(receipt);
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].sequence, 1U);
  EXPECT_FALSE(sent[0].live);
}

// On a thin link a part waits longer than that in queues on the way, and would come twice.
TEST_F(DeliveryTest, WithoutAReceiptTheHubIsAskedAndOnlyWhatItLacksIsSentAgain) {
  connect();
  add_track(0, 0, false, "video");
  for (std::uint64_t i = 0; i < 4; ++i) machine.part_made(0, i, 1000, true);
  machine.group_synced({{0, 4, false}}, {});
  take_actions();
  v1::Receipt receipt = receipt_of(0);
  receipt.clear_answers();
  for (int i = 0; i < 3; ++i) {
    pass(800 * kMs);
    machine.receipt(receipt);  // a sign of life, or the connection would be given up
  }
  auto actions = take_actions();
  ASSERT_GE(actions.size(), 1U);
  EXPECT_EQ(actions.size(), hellos_in(actions).size()) << "nothing is sent again";
  const Token question = hellos_in(actions).back().token;
  EXPECT_EQ(hellos_in(actions).back().hello.question(), question);
  machine.part_made(0, 4, 1000, false);  // behind the question
  take_actions();

  receipt = receipt_of(2);
  receipt.clear_answers();
  machine.receipt(receipt);
  EXPECT_TRUE(take<SendPart>().empty());
  receipt.set_answers(question + 100);  // nobody asked that
  machine.receipt(receipt);
  EXPECT_TRUE(take<SendPart>().empty());
  receipt.set_answers(question);
  machine.receipt(receipt);
  std::vector<std::uint64_t> sequences;
  for (const SendPart& part : take<SendPart>()) {
    EXPECT_FALSE(part.live);
    sequences.push_back(part.sequence);
  }
  EXPECT_EQ(sequences, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(machine.state().sent_again_parts, 2U);
}

TEST_F(DeliveryTest, TheHubIsAskedAgainUntilItAnswers) {
  connect_and_ask();
  add_track(0, 0, false, "video");
  machine.receipt(receipt_of(0));
  machine.part_made(0, 0, 1000, true);
  take_actions();
  std::vector<SendHello> asked;
  for (int i = 0; i < 100; ++i) {
    pass(50 * kMs);
    v1::Receipt other_parts = receipt_of(0);
    other_parts.clear_answers();
    machine.receipt(other_parts);
    for (const SendHello& hello : take<SendHello>()) {
      machine.puback(hello.token, 0);
      asked.push_back(hello);
    }
  }
  ASSERT_GE(asked.size(), 3U);
  v1::Receipt receipt = receipt_of(1);
  receipt.set_answers(asked.back().token);
  machine.receipt(receipt);
  pass(5 * kSecond);
  EXPECT_TRUE(take<SendHello>().empty());
}

TEST_F(DeliveryTest, WhatWasSentWhileTheHubWasAwayIsNotSentAgainBeforeItHasSaidWhatItHas) {
  connect();
  add_track(0, 0, false, "video");
  machine.part_made(0, 0, 1000, true);
  machine.group_synced({{0, 1, false}}, {});
  std::vector<SendHello> asked;
  for (int i = 0; i < 200; ++i) {
    pass(50 * kMs);
    for (Action& action : take_actions()) {
      ASSERT_FALSE(std::holds_alternative<SendPart>(action) &&
                   std::get<SendPart>(action).sequence == 0 && !std::get<SendPart>(action).live);
      if (auto* hello = std::get_if<SendHello>(&action)) {
        asked.push_back(*hello);
        machine.puback(hello->token, 0);
      }
    }
  }
  ASSERT_GE(asked.size(), 3U);
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kHubAbsent);
  EXPECT_EQ(asked.back().hello.tracks_size(), 1);
  v1::Receipt receipt = receipt_of(0);
  receipt.set_answers(asked.back().token);
  machine.receipt(receipt);
  EXPECT_EQ(take<SendPart>().size(), 1U);
}

TEST_F(DeliveryTest, LiveAndBackfillTogetherStayWithinTheWindow) {
  connect_and_ask();
  add_track(0, 0, false, "video");
  add_track(1, 2000, true, "audio");
  machine.receipt(receipt_of(0, "audio"));
  take_actions();
  // Live alone fills it, as nothing is confirmed; 1,000 bytes each.
  std::uint64_t live = 0;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    machine.part_made(0, i, 1000, true);
    for (const SendPart& part : take<SendPart>()) {
      if (part.live) machine.written(part.token);
      live += part.live ? 1 : 0;
    }
  }
  EXPECT_GE(live * 1000, (1U << 20) / 4 * 3 - 100'000);
  EXPECT_LE(live * 1000, 1U << 20);
  machine.disconnected("cut");
  EXPECT_EQ(machine.state().cuts, 1U);
  EXPECT_LE(machine.state().cut_in_flight_most_bytes, 1U << 20);
  EXPECT_GE(machine.state().cut_in_flight_bytes, live * 1000);
}

TEST_F(DeliveryTest, AFullHubHoldsEverythingForAWhile) {
  add_track(0, 1, true, "video");
  connect_and_ask();
  machine.receipt(receipt_of(0));
  const auto sent = take<SendPart>();
  machine.puback(sent.at(0).token, 0);
  v1::Receipt refused;
  v1::Refusal& refusal = *refused.add_refusals();
  refusal.set_cause(v1::HUB_FULL);
  refusal.set_capture_id(capture.raw());
  refusal.set_track("video");
  refusal.set_detail("3 bytes free");
  machine.receipt(refused);
  EXPECT_EQ(machine.state().cause, WaitCause::kHubFull);
  EXPECT_EQ(machine.track_state(0).detail, "3 bytes free");
  pass(4 * kSecond);
  EXPECT_TRUE(take<SendPart>().empty());
  pass(2 * kSecond);
  EXPECT_EQ(take<SendPart>().size(), 1U);
}

TEST_F(DeliveryTest, AConflictingPartIsGivenUpAndTheOthersGoOn) {
  add_track(0, 3, true, "video");
  connect_and_ask();
  machine.receipt(receipt_of(0));
  take_actions();
  v1::Receipt refused;
  v1::Refusal& refusal = *refused.add_refusals();
  refusal.set_cause(v1::CONFLICT);
  refusal.set_capture_id(capture.raw());
  refusal.set_track("video");
  refusal.set_sequence(1);
  machine.receipt(refused);
  v1::Receipt receipt = receipt_of(1);
  v1::SequenceRange& range = *receipt.mutable_tracks(0)->add_beyond();
  range.set_first(2);
  range.set_count(1);
  machine.receipt(receipt);
  pass(20 * kSecond);
  EXPECT_TRUE(take<SendPart>().empty());
  EXPECT_EQ(machine.track_state(0).given_up, 1U);
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kRefused);
  EXPECT_TRUE(machine.all_delivered());  // nothing more will happen
}

TEST_F(DeliveryTest, AnUnreadablePartIsGivenUpAndSaid) {
  add_track(0, 2, true, "video");
  connect();
  machine.receipt(receipt_of(0));
  machine.part_unreadable(0, 0);
  EXPECT_EQ(machine.track_state(0).cause, WaitCause::kDamaged);
  EXPECT_EQ(machine.track_state(0).given_up, 1U);
}

TEST_F(DeliveryTest, EventsGoInOrderAndAgainFromTheFirstThatWasNotConfirmed) {
  connect_and_ask();
  std::vector<OutboxEvent> events(3);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].position = static_cast<std::int64_t>(i + 1);
    events[i].id = EventId::make();
    events[i].project = project;
  }
  machine.group_synced({}, events);
  auto sent = take<SendEvent>();
  ASSERT_EQ(sent.size(), 3U);
  for (const SendEvent& event : sent) machine.puback(event.token, 0);
  v1::Receipt receipt;
  receipt.add_event_ids(events[0].id.raw());
  machine.receipt(receipt);
  EXPECT_EQ(take<EventsDelivered>().size(), 1U);
  pass(5700 * kMs);
  sent = take<SendEvent>();
  ASSERT_EQ(sent.size(), 1U);  // alone, until somebody confirms again
  EXPECT_EQ(sent[0].event.position, 2);
  machine.puback(sent[0].token, 0);
  receipt.set_event_ids(0, events[1].id.raw());
  machine.receipt(receipt);
  sent = take<SendEvent>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].event.position, 3);
}

TEST_F(DeliveryTest, AnEventThatIsNotAllowedDoesNotHoldUpTheOthers) {
  connect();
  std::vector<OutboxEvent> events(2);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].position = static_cast<std::int64_t>(i + 1);
    events[i].id = EventId::make();
    events[i].project = project;
  }
  machine.group_synced({}, events);
  for (const SendEvent& event : take<SendEvent>()) machine.puback(event.token, 0);
  v1::Receipt receipt;
  v1::Refusal& refusal = *receipt.add_refusals();
  refusal.set_cause(v1::NOT_ALLOWED);
  refusal.set_event_id(events[0].id.raw());
  refusal.set_detail("the capture belongs to another device");
  receipt.add_event_ids(events[1].id.raw());
  machine.receipt(receipt);
  const auto actions = take_actions();
  EXPECT_EQ(std::count_if(actions.begin(), actions.end(),
                          [](const Action& action) {
                            return std::holds_alternative<EventsDelivered>(action);
                          }),
            1);
  const auto held = std::find_if(actions.begin(), actions.end(), [](const Action& action) {
    return std::holds_alternative<EventHeld>(action);
  });
  ASSERT_NE(held, actions.end());
  EXPECT_EQ(std::get<EventHeld>(*held).id, events[0].id);
  EXPECT_EQ(std::get<EventHeld>(*held).why, "the capture belongs to another device");
  EXPECT_EQ(machine.state().waiting_events, 1U);
  EXPECT_EQ(machine.state().cause, WaitCause::kRefused);
  EXPECT_EQ(machine.state().detail, "the capture belongs to another device");
  pass(30 * kSecond);
  EXPECT_TRUE(take<SendEvent>().empty());
  pass(40 * kSecond);
  EXPECT_EQ(take<SendEvent>().size(), 1U);
  v1::Refusal& final_refusal = *receipt.mutable_refusals(0);
  final_refusal.set_cause(v1::MALFORMED);
  machine.receipt(receipt);
  EXPECT_EQ(take<EventRefused>().size(), 1U);
}

// 96 KiB alone, where TCP's own beginning is the limit; 8 KiB where live would wait behind them.
// The last part may exceed it.
TEST_F(DeliveryTest, BackfillBeginsWithLessBesideLive) {
  part_bytes = 20'000;
  add_track(0, 100, true, "video");
  connect();
  machine.receipt(receipt_of(0));
  EXPECT_EQ(take<SendPart>().size(), 5U);
  machine.disconnected("cut");
  pass(1'000 * kMs);
  add_track(1, 0, false, "audio");
  machine.part_made(1, 0, 100, true);
  machine.connected();
  machine.receipt(receipt_of(0));
  const auto sent = take<SendPart>();
  EXPECT_EQ(std::ranges::count(sent, TrackHandle{0}, &SendPart::track), 1);
}

TEST_F(DeliveryTest, OldestCaptureFirst) {
  add_track(0, 2, true, "video", 0);
  add_track(1, 2, true, "video", 1);
  connect();
  v1::Receipt receipt = receipt_of(0);
  *receipt.add_tracks() = receipt.tracks(0);
  receipt.mutable_tracks(1)->set_capture_id(other.raw());
  machine.receipt(receipt);
  std::vector<TrackHandle> order;
  for (const SendPart& part : take<SendPart>()) order.push_back(part.track);
  EXPECT_EQ(order, (std::vector<TrackHandle>{0, 0, 1, 1}));
}

TEST_F(DeliveryTest, VoiceIsFilledInBeforePictures) {
  add_track(0, 50, false, "video");
  add_track(1, 8, false, "audio");
  connect_and_ask();
  v1::Receipt receipt = receipt_of(0, "video");
  *receipt.add_tracks() = receipt_of(2, "audio").tracks(0);  // further on than the pictures
  machine.receipt(receipt);
  const auto sent = take<SendPart>();
  ASSERT_GT(sent.size(), 6U);
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(sent[i].track, i < 6 ? 1U : 0U) << i;
}

TEST_F(DeliveryTest, TheMasterIsNeverLiveAndFollowsEverythingElse) {
  connect();
  add_track(0, 0, false, "video");
  add_track(1, 0, false, "master");
  take_actions();
  machine.part_made(1, 0, 1000, true);
  EXPECT_TRUE(take<SendPart>().empty());

  part_bytes = 100;
  // Backfill of both: the master of the oldest capture waits for the picture of a newer one.
  add_track(2, 4, true, "video", 1);
  machine.group_synced({{1, 3, false}}, {});
  v1::Receipt receipt = receipt_of(0, "master");
  machine.receipt(receipt);
  EXPECT_EQ(take<SendPart>().size(), 3U) << "nothing else may go yet: the hub has not said";
  machine.group_synced({{1, 6, false}}, {});
  v1::Receipt newer = receipt_of(0);
  newer.mutable_tracks(0)->set_capture_id(other.raw());
  machine.receipt(newer);
  std::vector<TrackHandle> order;
  for (const SendPart& part : take<SendPart>()) {
    EXPECT_FALSE(part.live);
    order.push_back(part.track);
  }
  EXPECT_EQ(order, (std::vector<TrackHandle>{1, 1, 1, 2, 2, 2, 2}));
}

TEST_F(DeliveryTest, APausedLiveGoesByFill) {
  connect_and_ask();
  add_track(0, 0, false, "audio");
  take_actions();
  machine.pause_live(true);
  machine.part_made(0, 0, 1000, true);
  EXPECT_TRUE(take<SendPart>().empty());
  machine.receipt(receipt_of(0, "audio"));
  machine.group_synced({{0, 1, false}}, {});
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_FALSE(sent[0].live);
}

TEST_F(DeliveryTest, WhatIsOnItsWayIsNotGivenOutTwice) {
  add_track(0, 5, true, "video");
  machine.allow(2000);
  connect_and_ask();
  machine.receipt(receipt_of(0));
  const auto sent = take<SendPart>();
  ASSERT_EQ(sent.size(), 2U);
  machine.allow(2000);  // looked at again before anything of it was taken
  EXPECT_TRUE(take<SendPart>().empty());
  for (const SendPart& part : sent) machine.puback(part.token, 0);
  machine.allow(0);
  EXPECT_TRUE(take<SendPart>().empty());
}

}  // namespace
}  // namespace sitecast::agent
