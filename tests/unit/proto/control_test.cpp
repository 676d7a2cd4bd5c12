// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/control.h"

#include <gtest/gtest.h>

#include "proto/base/file.h"
#include "proto/codec/limits.h"
#include "tests/unit/proto/event_examples.h"

namespace sitecast {
namespace {

v1::Hello example_hello() {
  v1::Hello hello;
  hello.set_protocol(1);
  hello.set_software("sitecast-agent 0.1.0");
  auto& position = *hello.add_tracks();
  position.set_capture_id(example_id('c'));
  position.set_track("video");
  position.set_next_sequence(301);
  return hello;
}

v1::Receipt example_receipt() {
  v1::Receipt receipt;
  auto& track = *receipt.add_tracks();
  track.set_capture_id(example_id('c'));
  track.set_track("video");
  track.set_contiguous(10);
  track.set_running_hash(std::string(32, 'r'));
  auto& range = *track.add_beyond();
  range.set_first(12);
  range.set_count(3);
  track.set_newest_wait_us(4'000);
  receipt.add_event_ids(example_id('e'));
  auto& refusal = *receipt.add_refusals();
  refusal.set_cause(v1::HUB_FULL);
  refusal.set_capture_id(example_id('c'));
  refusal.set_track("audio");
  refusal.set_sequence(7);
  refusal.set_detail("disk below its reserve");
  return receipt;
}

v1::DeviceStatus example_status() {
  v1::DeviceStatus status;
  status.set_online(true);
  status.set_at_us(1'732'500'000'000'000);
  auto& live = *status.add_live();
  live.set_capture_id(example_id('c'));
  live.add_tracks("video");
  live.add_tracks("audio");
  status.set_waiting_parts(12);
  status.set_waiting_bytes(123'456);
  status.set_waiting_cause(std::string(waiting::kHubAbsent));
  return status;
}

template <typename Message>
Bytes encode(const Message& message) {
  const std::string text = message.SerializeAsString();
  return Bytes(text.begin(), text.end());
}

TEST(ControlTest, ValidMessagesParse) {
  EXPECT_TRUE(parse_hello(encode(example_hello())).ok());
  EXPECT_TRUE(parse_receipt(encode(example_receipt())).ok());
  EXPECT_TRUE(parse_status(encode(example_status())).ok());
  EXPECT_TRUE(parse_receipt({}).ok());
}

TEST(ControlTest, HelloOfAnotherProtocolIsRefused) {
  v1::Hello hello = example_hello();
  hello.set_protocol(2);
  EXPECT_FALSE(parse_hello(encode(hello)).ok());
  EXPECT_FALSE(parse_hello({}).ok());
}

TEST(ControlTest, HelloNamesRealTracks) {
  v1::Hello hello = example_hello();
  hello.mutable_tracks(0)->set_track("film");
  EXPECT_FALSE(parse_hello(encode(hello)).ok());
  hello = example_hello();
  hello.mutable_tracks(0)->set_capture_id("x");
  EXPECT_FALSE(parse_hello(encode(hello)).ok());
  hello = example_hello();
  hello.mutable_tracks(0)->set_next_sequence(limits::kSequence + 1);
  EXPECT_FALSE(parse_hello(encode(hello)).ok());
}

TEST(ControlTest, ReceiptRangesAscendAfterTheFirstGap) {
  v1::Receipt receipt = example_receipt();
  auto& range = *receipt.mutable_tracks(0)->mutable_beyond(0);
  range.set_first(10);
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  range.set_first(11);
  EXPECT_TRUE(parse_receipt(encode(receipt)).ok());
  range.set_count(0);
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  range.set_count(~0ULL);
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  range.set_count(3);
  auto& second = *receipt.mutable_tracks(0)->add_beyond();
  second.set_first(13);
  second.set_count(1);
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  second.set_first(15);
  EXPECT_TRUE(parse_receipt(encode(receipt)).ok());
}

TEST(ControlTest, ReceiptCarriesTheRunningHashOfWhatItConfirms) {
  v1::Receipt receipt = example_receipt();
  receipt.mutable_tracks(0)->clear_running_hash();
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  receipt.mutable_tracks(0)->set_contiguous(0);
  EXPECT_TRUE(parse_receipt(encode(receipt)).ok());
  receipt.mutable_tracks(0)->set_running_hash(std::string(32, 'r'));
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
}

TEST(ControlTest, ReceiptIdsAndRefusalsAreChecked) {
  v1::Receipt receipt = example_receipt();
  receipt.add_event_ids("short");
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  receipt = example_receipt();
  receipt.mutable_refusals(0)->set_track("film");
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
  receipt = example_receipt();
  receipt.mutable_refusals(0)->set_detail(std::string(limits::kTextBytes + 1, 'd'));
  EXPECT_FALSE(parse_receipt(encode(receipt)).ok());
}

TEST(ControlTest, StatusIsChecked) {
  v1::DeviceStatus status = example_status();
  status.set_waiting_cause("No Link!");
  EXPECT_FALSE(parse_status(encode(status)).ok());
  status = example_status();
  status.mutable_live(0)->add_tracks("film");
  EXPECT_FALSE(parse_status(encode(status)).ok());
  status = example_status();
  status.set_at_us(-1);
  EXPECT_FALSE(parse_status(encode(status)).ok());
}

TEST(ControlTest, WhatGoesDownIsWholeEvents) {
  v1::Down down;
  for (const char* kind : {"pin", "message", "request", "request.answered"}) {
    v1::CommittedEvent& committed = *down.add_events();
    committed.set_event(example_event(kind).SerializeAsString());
    committed.set_device_id(example_id('d'));
    committed.set_received_at_us(1);
  }
  EXPECT_TRUE(parse_down(encode(down)).ok());
  v1::Down wrong = down;
  wrong.mutable_events(2)->set_event("\xff");
  EXPECT_FALSE(parse_down(encode(wrong)).ok());
  wrong = down;
  wrong.mutable_events(3)->clear_device_id();
  EXPECT_FALSE(parse_down(encode(wrong)).ok());
  wrong = down;
  for (std::size_t size = 0; size <= limits::kControlBytes; size += down.ByteSizeLong()) {
    wrong.MergeFrom(down);
  }
  EXPECT_FALSE(parse_down(encode(wrong)).ok());
}

TEST(ControlTest, CommittedEventIsChecked) {
  v1::CommittedEvent committed;
  committed.set_event(example_event("note").SerializeAsString());
  committed.set_device_id(example_id('d'));
  committed.set_received_at_us(1);
  EXPECT_TRUE(parse_committed_event(encode(committed)).ok());
  committed.set_device_id("x");
  EXPECT_FALSE(parse_committed_event(encode(committed)).ok());
}

TEST(ControlTest, MessagesBeyondTheirSizeAreNotParsed) {
  const Bytes large(limits::kControlBytes + 1);
  EXPECT_FALSE(parse_hello(large).ok());
  EXPECT_FALSE(parse_receipt(large).ok());
  EXPECT_FALSE(parse_status(large).ok());
  EXPECT_FALSE(parse_committed_event(large).ok());
}

TEST(ControlTest, EveryWaitingCauseMayBeReportedAndIsExplainedInTheReadme) {
  const auto readme = read_file(SITECAST_SOURCE_DIR "/proto/README.md", 1 << 20);
  ASSERT_TRUE(readme.ok()) << readme.error().message();
  v1::DeviceStatus status = example_status();
  for (const std::string_view cause : waiting::kAll) {
    status.set_waiting_cause(std::string(cause));
    EXPECT_TRUE(parse_status(encode(status)).ok()) << cause;
    EXPECT_NE(as_text(*readme).find("| `" + std::string(cause) + "` |"), std::string_view::npos)
        << cause;
  }
}

}  // namespace
}  // namespace sitecast
