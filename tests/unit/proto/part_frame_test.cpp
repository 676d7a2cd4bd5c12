// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/part_frame.h"

#include <gtest/gtest.h>

#include "proto/codec/topics.h"

namespace sitecast {
namespace {

v1::PartEnvelope media_envelope() {
  v1::PartEnvelope envelope;
  envelope.set_sequence(7);
  envelope.set_media_time(21'000);
  envelope.set_duration(3'000);
  envelope.set_init_hash8("12345678");
  return envelope;
}

v1::PartEnvelope file_envelope() {
  v1::PartEnvelope envelope;
  envelope.mutable_file()->set_name("roof.jpg");
  envelope.mutable_file()->set_media_type("image/jpeg");
  envelope.mutable_file()->set_size_bytes(100);
  envelope.mutable_file()->set_sha256(std::string(32, 'h'));
  return envelope;
}

std::string parse_error(const v1::PartEnvelope& envelope) {
  const auto parsed = parse_envelope(as_bytes(envelope.SerializeAsString()));
  return parsed.ok() ? "" : parsed.error().message();
}

TEST(PartFrameTest, RoundTrips) {
  const Bytes media{9, 8, 7};
  const Bytes frame = make_part_frame(as_bytes("envelope"), as_bytes("proof"), media);
  const auto view = split_part_frame(frame);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(as_text(view->envelope_bytes), "envelope");
  EXPECT_EQ(as_text(view->proof_bytes), "proof");
  EXPECT_EQ(Bytes(view->media.begin(), view->media.end()), media);
  Bytes header = make_part_header(as_bytes("envelope"), as_bytes("proof"));
  header.insert(header.end(), media.begin(), media.end());
  EXPECT_EQ(header, frame);
}

TEST(PartFrameTest, EveryTruncationBeforeTheMediaIsRefused) {
  const Bytes header = make_part_header(as_bytes("envelope"), as_bytes("proof"));
  ASSERT_TRUE(split_part_frame(header).ok());
  for (std::size_t size = 0; size < header.size(); ++size) {
    EXPECT_FALSE(split_part_frame(ByteView(header).first(size)).ok()) << size;
  }
}

TEST(PartFrameTest, NoChangedByteIsMisread) {
  v1::PartProof proof;
  proof.set_part_hash16(std::string(16, 'h'));
  auto envelope = media_envelope();
  envelope.set_init_segment("an init segment");
  envelope.set_init_hash8(init_hash8(as_bytes(envelope.init_segment())));
  const Bytes media(10, 9);
  const Bytes good = make_part_frame(as_bytes(envelope.SerializeAsString()),
                                     as_bytes(proof.SerializeAsString()), media);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Bytes damaged = good;
      damaged[at] = static_cast<std::uint8_t>(value);
      const auto view = split_part_frame(damaged);
      if (!view.ok()) continue;
      EXPECT_EQ(5 + view->envelope_bytes.size() + view->proof_bytes.size() + view->media.size(),
                damaged.size());
      const auto parsed = parse_envelope(view->envelope_bytes);
      if (parsed.ok() && !parsed->init_segment().empty()) {
        EXPECT_EQ(init_hash8(as_bytes(parsed->init_segment())), parsed->init_hash8());
      }
      static_cast<void>(parse_proof(view->proof_bytes));
    }
  }
}

TEST(PartFrameTest, SizesBeyondTheLimitsAreRefused) {
  const Bytes envelope(limits::kEnvelopeBytes, 1);
  const Bytes proof(limits::kProofBytes, 2);
  const Bytes media(limits::kPartBytes, 3);
  EXPECT_TRUE(split_part_frame(make_part_frame(envelope, proof, media)).ok());
  EXPECT_FALSE(split_part_frame(make_part_frame(Bytes(envelope.size() + 1), proof, media)).ok());
  EXPECT_FALSE(split_part_frame(make_part_frame(envelope, Bytes(proof.size() + 1), media)).ok());
  EXPECT_FALSE(split_part_frame(make_part_frame(envelope, proof, Bytes(media.size() + 1))).ok());
  Bytes other_version = make_part_frame(envelope, proof, {});
  other_version[0] = 2;
  EXPECT_FALSE(split_part_frame(other_version).ok());
}

TEST(PartFrameTest, TheLargestFrameFitsAnMqttPacket) {
  EXPECT_LE(
      limits::kPartBytes + limits::kEnvelopeBytes + limits::kProofBytes + limits::kOverheadBytes,
      limits::kMqttPacketBytes);
}

TEST(PartFrameTest, HashCoversEnvelopeAndMediaButNotTheProof) {
  EXPECT_EQ(part_hash(as_bytes("ab"), as_bytes("c")), sha256(as_bytes("abc")));
}

TEST(PartFrameTest, TopicAndEnvelopeStayWithinBudget) {
  v1::PartEnvelope envelope;
  envelope.set_sequence((1U << 28) - 1);           // four bytes: 100 days at 30 parts a second
  envelope.set_media_time(90'000ULL * 3600 * 24);  // a day
  envelope.set_duration(3'000);
  envelope.set_init_hash8("12345678");
  v1::PartProof proof;
  proof.set_part_hash16(std::string(16, 'h'));
  const std::string topic = format_topic(
      {TopicKind::kLive, ProjectId::make(), DeviceId::make(), CaptureId::make(), "master.1"});
  const Bytes header =
      make_part_header(as_bytes(envelope.SerializeAsString()), as_bytes(proof.SerializeAsString()));
  const std::size_t overhead = topic.size() + header.size();
  RecordProperty("overhead_bytes", static_cast<int>(overhead));
  std::cout << "topic " << topic.size() << " + frame header " << header.size() << " = " << overhead
            << " bytes\n";
  EXPECT_LE(overhead, limits::kOverheadBytes);
}

TEST(EnvelopeTest, AcceptsMediaPartsAndFileBlocks) {
  EXPECT_EQ(parse_error(media_envelope()), "");
  EXPECT_EQ(parse_error(file_envelope()), "");
  v1::PartEnvelope later_block;
  later_block.set_sequence(1);
  later_block.set_media_time(limits::kFileBlockBytes);
  later_block.set_last(true);
  EXPECT_EQ(parse_error(later_block), "");
}

TEST(EnvelopeTest, InitSegmentMustMatchItsHash) {
  auto envelope = media_envelope();
  const std::string init = "an init segment";
  envelope.set_init_segment(init);
  EXPECT_NE(parse_error(envelope), "");
  envelope.set_init_hash8(init_hash8(as_bytes(init)));
  EXPECT_EQ(parse_error(envelope), "");
  const std::string large(limits::kInitSegmentBytes + 1, 'i');
  envelope.set_init_segment(large);
  envelope.set_init_hash8(init_hash8(as_bytes(large)));
  EXPECT_NE(parse_error(envelope), "");
}

TEST(EnvelopeTest, RefusesNumbersBeyondTheirLimits) {
  auto envelope = media_envelope();
  envelope.set_sequence(limits::kSequence);
  EXPECT_NE(parse_error(envelope), "");
  envelope = media_envelope();
  envelope.set_media_time(limits::kMediaTime);
  EXPECT_NE(parse_error(envelope), "");
  envelope = media_envelope();
  envelope.set_duration(limits::kTimescale / 1000 * limits::kPartDurationMs + 1);
  EXPECT_NE(parse_error(envelope), "");
  envelope = media_envelope();
  envelope.set_captured_at_us(-1);
  EXPECT_NE(parse_error(envelope), "");
  envelope.set_captured_at_us(limits::kLatestTimeUs + 1);
  EXPECT_NE(parse_error(envelope), "");
}

TEST(EnvelopeTest, RefusesFieldsOfTheOtherKindOfTrack) {
  auto envelope = media_envelope();
  envelope.set_init_hash8("1234567");
  EXPECT_NE(parse_error(envelope), "");
  envelope = media_envelope();
  *envelope.mutable_file() = file_envelope().file();
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.set_key_frame(true);
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.set_duration(1);
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.set_sequence(1);
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.set_media_time(1);
  EXPECT_NE(parse_error(envelope), "");
  EXPECT_NE(parse_error(v1::PartEnvelope()), "");  // block 0 without file info
}

TEST(EnvelopeTest, RefusesFileInfoBeyondItsLimits) {
  auto envelope = file_envelope();
  envelope.mutable_file()->set_name(std::string(limits::kNameBytes + 1, 'n'));
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.mutable_file()->clear_name();
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.mutable_file()->set_media_type(std::string(limits::kMediaTypeBytes + 1, 'm'));
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.mutable_file()->set_size_bytes(limits::kFileBytes + 1);
  EXPECT_NE(parse_error(envelope), "");
  envelope = file_envelope();
  envelope.mutable_file()->set_sha256("short");
  EXPECT_NE(parse_error(envelope), "");
}

TEST(EnvelopeTest, RefusesBytesThatAreNoMessageOrNotUtf8) {
  EXPECT_FALSE(parse_envelope(as_bytes("\xff\xff\xff")).ok());
  const auto name_at = file_envelope().SerializeAsString().find("roof");
  std::string bytes = file_envelope().SerializeAsString();
  bytes[name_at] = '\xff';
  EXPECT_FALSE(parse_envelope(as_bytes(bytes)).ok());
}

TEST(ProofTest, ChecksTheSizesOfItsFields) {
  v1::PartProof proof;
  proof.set_part_hash16(std::string(16, 'h'));
  const auto parses = [&] { return parse_proof(as_bytes(proof.SerializeAsString())).ok(); };
  EXPECT_TRUE(parses());
  proof.mutable_head()->set_sequence(1);
  proof.mutable_head()->set_running_hash(std::string(32, 'r'));
  proof.mutable_head()->set_signature(std::string(64, 's'));
  EXPECT_TRUE(parses());
  EXPECT_LE(proof.ByteSizeLong(), limits::kProofBytes);
  proof.mutable_head()->set_signature("short");
  EXPECT_FALSE(parses());
  proof.mutable_head()->set_signature(std::string(64, 's'));
  proof.mutable_head()->set_running_hash("short");
  EXPECT_FALSE(parses());
  proof.clear_head();
  proof.set_part_hash16("short");
  EXPECT_FALSE(parses());
}

}  // namespace
}  // namespace sitecast
