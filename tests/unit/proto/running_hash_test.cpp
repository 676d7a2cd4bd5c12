// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/running_hash.h"

#include <gtest/gtest.h>

namespace sitecast {
namespace {

TEST(RunningHashTest, FollowsItsDefinition) {
  const CaptureId capture = CaptureId::make();
  RunningHash running(capture, "video");
  const std::string seed = "sitecast track v1" + capture.raw() + "video";
  EXPECT_EQ(running.value(), sha256(as_bytes(seed)));
  const Hash part = sha256(as_bytes("part 0"));
  const Hash before = running.value();
  running.add(part);
  EXPECT_EQ(running.count(), 1U);
  EXPECT_EQ(running.value(), sha256(before, part));
}

TEST(RunningHashTest, ContinuesFromAStoredPosition) {
  const CaptureId capture = CaptureId::make();
  RunningHash whole(capture, "audio");
  whole.add(sha256(as_bytes("a")));
  RunningHash continued(whole.count(), whole.value());
  whole.add(sha256(as_bytes("b")));
  continued.add(sha256(as_bytes("b")));
  EXPECT_EQ(continued.count(), 2U);
  EXPECT_EQ(continued.value(), whole.value());
}

TEST(RunningHashTest, NamesTrackCaptureAndOrder) {
  const CaptureId capture = CaptureId::make();
  EXPECT_NE(RunningHash(capture, "video").value(), RunningHash(capture, "audio").value());
  EXPECT_NE(RunningHash(capture, "video").value(), RunningHash(CaptureId::make(), "video").value());
  const Hash a = sha256(as_bytes("a"));
  const Hash b = sha256(as_bytes("b"));
  RunningHash ab(capture, "video");
  ab.add(a);
  ab.add(b);
  RunningHash ba(capture, "video");
  ba.add(b);
  ba.add(a);
  EXPECT_NE(ab.value(), ba.value());
}

class SignedHeadTest : public ::testing::Test {
 protected:
  SignedHeadTest() : running_(capture_, "video") {
    for (const char* part : {"0", "1", "2"}) running_.add(sha256(as_bytes(part)));
    head_ = sign_head(key_, capture_, "video", running_);
  }
  SigningKey key_ = SigningKey::generate();
  CaptureId capture_ = CaptureId::make();
  RunningHash running_;
  v1::SignedHead head_;
};

TEST_F(SignedHeadTest, NamesTheLastPartAndVerifies) {
  EXPECT_EQ(head_.sequence(), 2U);
  EXPECT_EQ(head_.running_hash(), to_string(running_.value()));
  EXPECT_TRUE(verify_head(key_.public_key(), capture_, "video", head_));
}

TEST_F(SignedHeadTest, IsRefusedForAnotherKeyCaptureTrackSequenceOrHash) {
  EXPECT_FALSE(verify_head(SigningKey::generate().public_key(), capture_, "video", head_));
  EXPECT_FALSE(verify_head(key_.public_key(), CaptureId::make(), "video", head_));
  EXPECT_FALSE(verify_head(key_.public_key(), capture_, "video.1", head_));
  v1::SignedHead changed = head_;
  changed.set_sequence(3);
  EXPECT_FALSE(verify_head(key_.public_key(), capture_, "video", changed));
  changed = head_;
  changed.mutable_running_hash()->at(31) ^= 1;
  EXPECT_FALSE(verify_head(key_.public_key(), capture_, "video", changed));
  changed = head_;
  changed.mutable_signature()->at(0) ^= 1;
  EXPECT_FALSE(verify_head(key_.public_key(), capture_, "video", changed));
  changed = head_;
  changed.mutable_signature()->pop_back();
  EXPECT_FALSE(verify_head(key_.public_key(), capture_, "video", changed));
  changed = head_;
  changed.clear_running_hash();
  EXPECT_FALSE(verify_head(key_.public_key(), capture_, "video", changed));
}

TEST(SigningKeyTest, ComesBackFromItsSecret) {
  const SigningKey key = SigningKey::generate();
  const auto again = SigningKey::from_secret(key.secret());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_TRUE(verify_signature(key.public_key(), as_bytes("x"), again->sign(as_bytes("x"))));
}

TEST(SigningKeyTest, RefusesADamagedSecret) {
  const SigningKey key = SigningKey::generate();
  Bytes secret(key.secret().begin(), key.secret().end());
  secret[40] ^= 1;
  EXPECT_FALSE(SigningKey::from_secret(secret).ok());
  secret[40] ^= 1;
  secret.pop_back();
  EXPECT_FALSE(SigningKey::from_secret(secret).ok());
}

// RFC 8032 section 7.1, TEST 2.
TEST(SigningKeyTest, SignsAsRfc8032) {
  const auto secret = *hex_decode(
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto key = SigningKey::from_secret(secret);
  ASSERT_TRUE(key.ok());
  const Bytes message{0x72};
  EXPECT_EQ(hex_encode(key->sign(message)),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

}  // namespace
}  // namespace sitecast
