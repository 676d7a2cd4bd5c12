// SPDX-License-Identifier: Apache-2.0
#include "hub/check/track_chain.h"

#include <gtest/gtest.h>

namespace sitecast::hub {
namespace {

// Twenty parts with a signed head on every fifth.
class TrackChainTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kParts = 20;

  TrackChainTest() {
    RunningHash running(capture_, "video");
    for (std::uint64_t i = 0; i < kParts; ++i) {
      hashes_.push_back(sha256(as_bytes("part " + std::to_string(i))));
      running.add(hashes_.back());
      if (i % 5 == 4) heads_.push_back(sign_head(key_, capture_, "video", running));
    }
  }

  TrackChain walk(const std::vector<std::uint64_t>& sequences, bool with_key = true) {
    TrackChain chain(capture_, "video", with_key ? std::optional(key_.public_key()) : std::nullopt,
                     heads_);
    for (const std::uint64_t sequence : sequences) chain.add(sequence, hashes_[sequence]);
    chain.finish();
    return chain;
  }
  static std::vector<std::uint64_t> all_but(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> sequences;
    for (std::uint64_t i = 0; i < kParts; ++i) {
      if (i < first || i > last) sequences.push_back(i);
    }
    return sequences;
  }

  CaptureId capture_ = CaptureId::make();
  SigningKey key_ = SigningKey::generate();
  std::vector<Hash> hashes_;
  std::vector<v1::SignedHead> heads_;
};

using Spans = std::vector<PartSpan>;

TEST_F(TrackChainTest, WholeTrackIsProven) {
  const TrackChain chain = walk(all_but(99, 99));
  EXPECT_TRUE(chain.problems().empty());
  EXPECT_EQ(chain.proven(), (Spans{{0, 20}}));
  EXPECT_TRUE(chain.missing().empty());
  EXPECT_EQ(chain.contiguous(), 20U);
}

TEST_F(TrackChainTest, AfterAGapPartsAreProvenAgainFromTheNextHeadOn) {
  const TrackChain chain = walk(all_but(7, 7));
  EXPECT_TRUE(chain.problems().empty());
  EXPECT_EQ(chain.proven(), (Spans{{0, 5}, {10, 10}}));
  EXPECT_EQ(chain.missing(), (Spans{{7, 1}}));
  EXPECT_EQ(chain.contiguous(), 7U);
}

TEST_F(TrackChainTest, HeadOfTheLastMissingPartProvesWhatFollows) {
  const TrackChain chain = walk(all_but(6, 9));
  EXPECT_EQ(chain.proven(), (Spans{{0, 5}, {10, 10}}));
  EXPECT_EQ(chain.missing(), (Spans{{6, 4}}));
}

TEST_F(TrackChainTest, CutTailShowsByASignatureBeyondIt) {
  std::vector<std::uint64_t> sequences = all_but(12, 19);
  const TrackChain chain = walk(sequences);
  EXPECT_EQ(chain.proven(), (Spans{{0, 10}}));
  EXPECT_EQ(chain.missing(), (Spans{{12, 8}}));
}

TEST_F(TrackChainTest, AlteredPartIsNamedToTheSecond) {
  hashes_[12][0] ^= 1;
  const TrackChain chain = walk(all_but(99, 99));
  ASSERT_EQ(chain.problems().size(), 1U);
  EXPECT_NE(chain.problems()[0].find("parts 10-14:"), std::string::npos) << chain.problems()[0];
  EXPECT_EQ(chain.proven(), (Spans{{0, 10}, {15, 5}}));
}

TEST_F(TrackChainTest, SwappedPartsAreNamed) {
  std::swap(hashes_[16], hashes_[17]);
  const TrackChain chain = walk(all_but(99, 99));
  ASSERT_EQ(chain.problems().size(), 1U);
  EXPECT_NE(chain.problems()[0].find("parts 15-19:"), std::string::npos) << chain.problems()[0];
}

TEST_F(TrackChainTest, SignatureOfAnotherKeyProvesNothing) {
  RunningHash running(capture_, "video");
  for (std::uint64_t i = 0; i < 5; ++i) running.add(hashes_[i]);
  heads_[0] = sign_head(SigningKey::generate(), capture_, "video", running);
  const TrackChain chain = walk(all_but(99, 99));
  ASSERT_EQ(chain.problems().size(), 1U);
  EXPECT_NE(chain.problems()[0].find("part 4:"), std::string::npos);
  // The next genuine head is over these parts too.
  EXPECT_EQ(chain.proven(), (Spans{{0, 20}}));
}

TEST_F(TrackChainTest, SameBytesAsAnotherTrackOrCaptureAreNotProven) {
  TrackChain chain(CaptureId::make(), "video", key_.public_key(), heads_);
  for (std::uint64_t i = 0; i < kParts; ++i) chain.add(i, hashes_[i]);
  chain.finish();
  EXPECT_EQ(chain.problems().size(), 4U);
  EXPECT_TRUE(chain.proven().empty());
}

TEST_F(TrackChainTest, WithoutAKeyNothingIsProvenAndTheChainStillHolds) {
  const TrackChain whole = walk(all_but(99, 99), false);
  EXPECT_TRUE(whole.problems().empty());
  EXPECT_TRUE(whole.proven().empty());
  hashes_[3][5] ^= 4;
  EXPECT_EQ(walk(all_but(99, 99), false).problems().size(), 1U);
}

TEST(PartSpanTest, SpansJoinAndRead) {
  Spans spans;
  append_span(spans, 0, 3);
  append_span(spans, 3, 4);
  append_span(spans, 7, 8);
  append_span(spans, 9, 9);
  EXPECT_EQ(spans, (Spans{{0, 4}, {7, 1}}));
  EXPECT_EQ(count_parts(spans), 5U);
  EXPECT_EQ(format_spans(spans), "0-3, 7");
}

}  // namespace
}  // namespace sitecast::hub
