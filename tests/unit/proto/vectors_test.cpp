// SPDX-License-Identifier: Apache-2.0
// The golden vectors of proto/vectors, which TypeScript reads too. Shape: proto/vectors/README.md.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proto/base/file.h"
#include "proto/base/id.h"
#include "proto/codec/box_reader.h"
#include "proto/codec/cmaf_muxer.h"
#include "proto/codec/control.h"
#include "proto/codec/event_rules.h"
#include "proto/codec/part_frame.h"
#include "proto/codec/running_hash.h"
#include "proto/codec/topics.h"

namespace sitecast {
namespace {

using Json = nlohmann::json;

Json read_vectors(const std::string& name) {
  const auto bytes = read_file(std::string(SITECAST_SOURCE_DIR "/proto/vectors/") + name, 1 << 20);
  if (!bytes.ok()) {
    ADD_FAILURE() << bytes.error().message();
    return {};
  }
  return Json::parse(as_text(*bytes));
}

Bytes hex(const Json& json) { return *hex_decode(json.get<std::string>()); }
std::string text(const Json& json) { return json.get<std::string>(); }
Hash hash(const Json& json) {
  Hash value{};
  const Bytes bytes = hex(json);
  std::copy_n(bytes.begin(), value.size(), value.begin());
  return value;
}

TEST(VectorsTest, Ids) {
  const Json vectors = read_vectors("ids.json");
  for (const Json& each : vectors["valid"]) {
    const auto id = CaptureId::parse(text(each["text"]));
    ASSERT_TRUE(id) << each;
    EXPECT_EQ(hex_encode(id->bytes()), text(each["hex"]));
    EXPECT_EQ(CaptureId::from_bytes(ByteView(hex(each["hex"])))->text(), text(each["text"]));
  }
  for (const Json& each : vectors["invalid"])
    EXPECT_FALSE(CaptureId::parse(text(each["text"]))) << each;
}

TEST(VectorsTest, Base64url) {
  const Json vectors = read_vectors("base64url.json");
  for (const Json& each : vectors["valid"]) {
    EXPECT_EQ(base64url_encode(hex(each["hex"])), text(each["text"]));
    EXPECT_EQ(base64url_decode(text(each["text"])), hex(each["hex"]));
  }
  for (const Json& each : vectors["invalid"])
    EXPECT_FALSE(base64url_decode(text(each["text"]))) << each;
}

TEST(VectorsTest, Topics) {
  const Json vectors = read_vectors("topics.json");
  for (const Json& each : vectors["valid"]) {
    const auto topic = parse_topic(text(each["topic"]));
    ASSERT_TRUE(topic) << each;
    EXPECT_EQ(topic->project.text(), text(each["project"]));
    EXPECT_EQ(topic->device.text(), text(each["device"]));
    EXPECT_EQ(topic->track, each.value("track", ""));
    if (each.contains("capture")) {
      EXPECT_EQ(topic->capture.text(), text(each["capture"]));
    }
    EXPECT_NE(text(each["topic"]).find("/" + text(each["kind"])), std::string::npos);
    EXPECT_EQ(format_topic(*topic), text(each["topic"]));
  }
  for (const Json& each : vectors["invalid"]) EXPECT_FALSE(parse_topic(text(each))) << each;
  for (const Json& each : vectors["feed_valid"]) {
    const auto project = parse_feed_topic(text(each["topic"]));
    ASSERT_TRUE(project) << each;
    EXPECT_EQ(project->text(), text(each["project"]));
    EXPECT_EQ(feed_topic(*project), text(each["topic"]));
  }
  for (const Json& each : vectors["feed_invalid"])
    EXPECT_FALSE(parse_feed_topic(text(each))) << each;
}

TEST(VectorsTest, ValidPartFrames) {
  const Json vectors = read_vectors("part_frames.json");
  for (const Json& each : vectors["valid"]) {
    SCOPED_TRACE(text(each["name"]));
    const Bytes frame = hex(each["frame"]);
    const auto view = split_part_frame(frame);
    ASSERT_TRUE(view.ok()) << view.error().message();
    EXPECT_EQ(hex_encode(view->envelope_bytes), text(each["envelope"]));
    EXPECT_EQ(hex_encode(view->proof_bytes), text(each["proof"]));
    EXPECT_EQ(hex_encode(view->media), text(each["media"]));
    EXPECT_EQ(hex_encode(part_hash(view->envelope_bytes, view->media)), text(each["part_hash"]));
    EXPECT_EQ(make_part_frame(view->envelope_bytes, view->proof_bytes, view->media), frame);

    const auto envelope = parse_envelope(view->envelope_bytes);
    ASSERT_TRUE(envelope.ok()) << envelope.error().message();
    const Json& fields = each["fields"];
    EXPECT_EQ(envelope->sequence(), fields["sequence"].get<std::uint64_t>());
    EXPECT_EQ(envelope->media_time(), fields["media_time"].get<std::uint64_t>());
    EXPECT_EQ(envelope->duration(), fields["duration"].get<std::uint32_t>());
    EXPECT_EQ(envelope->key_frame(), fields["key_frame"].get<bool>());
    EXPECT_EQ(hex_encode(as_bytes(envelope->init_hash8())), text(fields["init_hash8"]));
    EXPECT_EQ(hex_encode(as_bytes(envelope->init_segment())), text(fields["init_segment"]));
    EXPECT_EQ(envelope->captured_at_us(), fields["captured_at_us"].get<std::int64_t>());
    EXPECT_EQ(envelope->has_file(), fields["has_file"].get<bool>());
    EXPECT_EQ(envelope->last(), fields["last"].get<bool>());
    // Our encoder writes the same bytes, though nobody may rely on that.
    EXPECT_EQ(hex_encode(as_bytes(envelope->SerializeAsString())), text(each["envelope"]));

    const auto proof = parse_proof(view->proof_bytes);
    ASSERT_TRUE(proof.ok()) << proof.error().message();
    EXPECT_EQ(hex_encode(as_bytes(proof->part_hash16())), text(each["part_hash"]).substr(0, 32));
    EXPECT_EQ(proof->has_head(), fields["has_head"].get<bool>());
  }
}

TEST(VectorsTest, InvalidPartFrames) {
  const Json vectors = read_vectors("part_frames.json");
  for (const Json& each : vectors["invalid"]) {
    SCOPED_TRACE(text(each["name"]));
    const Bytes frame = hex(each["frame"]);
    const auto view = split_part_frame(frame);
    if (each["refused_by"] == "frame") {
      EXPECT_FALSE(view.ok());
      continue;
    }
    ASSERT_TRUE(view.ok()) << view.error().message();
    EXPECT_EQ(parse_envelope(view->envelope_bytes).ok(), each["refused_by"] == "proof");
    EXPECT_EQ(parse_proof(view->proof_bytes).ok(), each["refused_by"] == "envelope");
  }
}

TEST(VectorsTest, RunningHashesAndSignatures) {
  const Json vectors = read_vectors("running_hashes.json");
  const auto key = SigningKey::from_secret(hex(vectors["secret_key"]));
  ASSERT_TRUE(key.ok()) << key.error().message();
  EXPECT_EQ(hex_encode(key->public_key()), text(vectors["public_key"]));
  for (const Json& each : vectors["tracks"]) {
    const CaptureId capture = *CaptureId::from_bytes(ByteView(hex(each["capture"])));
    const std::string track = text(each["track"]);
    SCOPED_TRACE(track);
    RunningHash running(capture, track);
    EXPECT_EQ(hex_encode(running.value()), text(each["running_hashes"][0]));
    for (std::size_t n = 0; n < each["part_hashes"].size(); ++n) {
      running.add(hash(each["part_hashes"][n]));
      EXPECT_EQ(hex_encode(running.value()), text(each["running_hashes"][n + 1]));
      const Json& expected = each["heads"][n];
      EXPECT_EQ(hex_encode(head_signing_bytes(capture, track, n, running.value())),
                text(expected["signing_bytes"]));
      const v1::SignedHead head = sign_head(*key, capture, track, running);
      EXPECT_EQ(head.sequence(), expected["sequence"].get<std::uint64_t>());
      EXPECT_EQ(hex_encode(as_bytes(head.signature())), text(expected["signature"]));
      EXPECT_TRUE(verify_head(key->public_key(), capture, track, head));
    }
  }
}

TEST(VectorsTest, Events) {
  const Json vectors = read_vectors("events.json");
  for (const Json& each : vectors["valid"]) {
    SCOPED_TRACE(text(each["name"]));
    const Bytes bytes = hex(each["bytes"]);
    const auto event = parse_event(bytes);
    ASSERT_TRUE(event.ok()) << event.error().message();
    EXPECT_EQ(event->kind(), text(each["kind"]));
    const auto& origins = each["origins"];
    const auto named = [&](const char* origin) {
      return std::find(origins.begin(), origins.end(), origin) != origins.end();
    };
    EXPECT_EQ(check_origin(EventOrigin::kDevice, *event).ok(), named("device"));
    EXPECT_EQ(check_origin(EventOrigin::kGateway, *event).ok(), named("gateway"));
    EXPECT_EQ(check_origin(EventOrigin::kHub, *event).ok(), named("hub"));
  }
  for (const Json& each : vectors["invalid"]) {
    EXPECT_FALSE(parse_event(hex(each["bytes"])).ok()) << text(each["name"]);
  }
}

template <typename Parse>
void check_cases(const Json& vectors, Parse parse) {
  for (const Json& each : vectors["valid"]) {
    const auto parsed = parse(hex(each["bytes"]));
    EXPECT_TRUE(parsed.ok()) << text(each["name"]) << ": " << parsed.error().message();
  }
  for (const Json& each : vectors["invalid"]) {
    EXPECT_FALSE(parse(hex(each["bytes"])).ok()) << text(each["name"]);
  }
}

TEST(VectorsTest, ControlMessages) {
  const Json vectors = read_vectors("control.json");
  check_cases(vectors["hello"], [](const Bytes& bytes) { return parse_hello(bytes); });
  check_cases(vectors["receipt"], [](const Bytes& bytes) { return parse_receipt(bytes); });
  check_cases(vectors["status"], [](const Bytes& bytes) { return parse_status(bytes); });
  check_cases(vectors["down"], [](const Bytes& bytes) { return parse_down(bytes); });
  check_cases(vectors["talk"], [](const Bytes& bytes) { return parse_talk(bytes); });
}

Result<Bytes> make_init(const Json& each) {
  if (each["codec"] == "avc") {
    return make_video_init({each["width_px"], each["height_px"], hex(each["codec_config"])});
  }
  if (each["codec"] == "opus") {
    return make_opus_init({each["channel_count"], each["pre_skip"], each["input_sample_rate_hz"]});
  }
  return make_aac_init({each["channel_count"], each["sample_rate_hz"], hex(each["codec_config"])});
}

TEST(VectorsTest, InitSegments) {
  const Json vectors = read_vectors("cmaf.json");
  for (const Json& each : vectors["init_valid"]) {
    SCOPED_TRACE(text(each["name"]));
    const Bytes bytes = hex(each["bytes"]);
    const auto made = make_init(each);
    ASSERT_TRUE(made.ok()) << made.error().message();
    EXPECT_EQ(hex_encode(*made), text(each["bytes"]));
    const auto info = read_init(bytes);
    ASSERT_TRUE(info.ok()) << info.error().message();
    EXPECT_EQ(info->timescale, each["timescale"].get<std::uint32_t>());
    EXPECT_EQ(*codec_string(bytes), text(each["codec_string"]));
  }
  for (const Json& each : vectors["init_invalid"]) {
    EXPECT_FALSE(read_init(hex(each["bytes"])).ok()) << text(each["name"]);
  }
}

TEST(VectorsTest, Chunks) {
  const Json vectors = read_vectors("cmaf.json");
  for (const Json& each : vectors["chunk_valid"]) {
    SCOPED_TRACE(text(each["name"]));
    std::vector<Bytes> data;
    for (const Json& sample : each["samples"]) data.push_back(hex(sample["data"]));
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < data.size(); ++i) {
      const Json& sample = each["samples"][i];
      samples.push_back({data[i], sample["duration"], sample["key_frame"]});
    }
    const auto made = make_chunk(each["fragment_number"], each["decode_time"], samples);
    ASSERT_TRUE(made.ok()) << made.error().message();
    EXPECT_EQ(hex_encode(*made), text(each["bytes"]));
    const auto info = read_chunk(*made);
    ASSERT_TRUE(info.ok()) << info.error().message();
    EXPECT_EQ(info->decode_time, each["decode_time"].get<std::uint64_t>());
    EXPECT_EQ(info->samples.size(), samples.size());
  }
  for (const Json& each : vectors["chunk_invalid"]) {
    EXPECT_FALSE(read_chunk(hex(each["bytes"])).ok()) << text(each["name"]);
  }
}

}  // namespace
}  // namespace sitecast
