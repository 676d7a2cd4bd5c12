// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include <gtest/gtest.h>

#include "proto/base/file.h"

namespace sitecast::agent {
namespace {

constexpr const char* kNeeded =
    "device_id = \"AZQ4rPwAcAGAAAAAAAAAAQ\"\n"
    "project_id = \"AZQ4rPwAcAGAAAAAAAAAAg\"\n"
    "[broker]\n"
    "url = \"mqtts://hub.example:8883\"\n";

Result<AgentConfig> parse(const std::string& text) {
  return parse_config(text, "/etc/sitecast", "agent.toml", ConfigUse::kEnrolled);
}

TEST(AgentConfigTest, TheExampleHoldsTheDefaults) {
  const auto path = std::filesystem::path(SITECAST_SOURCE_DIR) / "agent" / "agent.toml";
  const auto text = read_file(path, 1 << 20);
  ASSERT_TRUE(text.ok());
  const auto example = parse(to_string(ByteView(*text)));
  ASSERT_TRUE(example.ok()) << example.error().message();
  const auto defaults = parse(kNeeded);
  ASSERT_TRUE(defaults.ok()) << defaults.error().message();
  EXPECT_EQ(example->device_id, defaults->device_id);
  EXPECT_EQ(example->project_id, defaults->project_id);
  EXPECT_EQ(example->name, defaults->name);
  EXPECT_EQ(example->log_level, defaults->log_level);
  EXPECT_EQ(example->key_file, defaults->key_file);
  EXPECT_EQ(example->broker.url, defaults->broker.url);
  EXPECT_EQ(example->broker.username, defaults->broker.username);
  EXPECT_EQ(example->broker.password_file, defaults->broker.password_file);
  EXPECT_EQ(example->broker.ca_file, defaults->broker.ca_file);
  EXPECT_EQ(example->spool.dir, defaults->spool.dir);
  EXPECT_EQ(example->spool.quota_bytes, defaults->spool.quota_bytes);
  EXPECT_EQ(example->spool.reserve_bytes, defaults->spool.reserve_bytes);
  EXPECT_EQ(example->spool.ledger, defaults->spool.ledger);
  EXPECT_EQ(example->encode.encoder, defaults->encode.encoder);
  EXPECT_EQ(example->encode.video_part_ms, defaults->encode.video_part_ms);
  EXPECT_EQ(example->encode.audio_part_ms, defaults->encode.audio_part_ms);
  EXPECT_EQ(example->encode.video_bitrate_kbps, defaults->encode.video_bitrate_kbps);
  EXPECT_EQ(example->encode.audio_bitrate_kbps, defaults->encode.audio_bitrate_kbps);
  EXPECT_EQ(example->encode.max_width_px, defaults->encode.max_width_px);
  EXPECT_EQ(example->encode.max_height_px, defaults->encode.max_height_px);
  EXPECT_EQ(example->encode.max_fps, defaults->encode.max_fps);
  EXPECT_EQ(example->publish.window_bytes, defaults->publish.window_bytes);
  EXPECT_EQ(example->publish.congestion_control, defaults->publish.congestion_control);
  EXPECT_EQ(example->publish.on_metered, defaults->publish.on_metered);
  EXPECT_EQ(example->publish.daily_budget_mb, defaults->publish.daily_budget_mb);
  EXPECT_EQ(example->network.metered, defaults->network.metered);
  EXPECT_EQ(example->screen.port, defaults->screen.port);
  EXPECT_EQ(example->screen.files, defaults->screen.files);
  EXPECT_EQ(example->screen.source, defaults->screen.source);
  EXPECT_EQ(example->screen.audio, defaults->screen.audio);
}

TEST(AgentConfigTest, TextIsUtf8WithoutControlCharacters) {
  const auto message = [](const std::string& text) {
    const auto config = parse(text);
    EXPECT_FALSE(config.ok());
    return config.ok() ? std::string() : config.error().message();
  };
  EXPECT_EQ(message("name = \"a\\u0007b\"\n" + std::string(kNeeded)),
            "agent.toml: name has a control character");
  EXPECT_EQ(message(std::string(kNeeded) + "username = \"a\\nb\"\n"),
            "agent.toml: broker.username has a control character");
  const std::string no_utf8 = message("name = \"\xb3\xa7\"\n" + std::string(kNeeded));
  EXPECT_EQ(no_utf8.find("agent.toml:1: "), 0U) << no_utf8;
  EXPECT_NE(no_utf8.find("utf-8"), std::string::npos) << no_utf8;
}

TEST(AgentConfigTest, PathsAreRelativeToTheFile) {
  const auto config = parse(std::string(kNeeded) +
                            "password_file = \"secret\"\nca_file = \"/etc/ca.pem\"\n"
                            "[spool]\ndir = \"../spool\"\n");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->broker.password_file, "/etc/sitecast/secret");
  EXPECT_EQ(config->broker.ca_file, "/etc/ca.pem");
  EXPECT_EQ(config->spool.dir, "/etc/spool");
  EXPECT_EQ(config->key_file, "/etc/sitecast/device.key");
  EXPECT_EQ(config->broker.username, "AZQ4rPwAcAGAAAAAAAAAAQ");
}

TEST(AgentConfigTest, KeygenNeedsNoEnrolment) {
  const auto config =
      parse_config("key_file = \"k\"\n", "/etc/sitecast", "agent.toml", ConfigUse::kKeygen);
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->key_file, "/etc/sitecast/k");
}

TEST(AgentConfigTest, EachMistakeIsNamed) {
  const std::string needed = kNeeded;
  const std::string ids = needed.substr(0, needed.find("[broker]"));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "agent.toml: device_id is missing; `sitecast-hub device enrol` writes it"},
      {"device_id = 7\n" + needed, "agent.toml:2: "},
      {"device_id = \"x\"\n", "agent.toml: device_id is not an id of 22 characters"},
      {"colour = 1\n" + needed, "agent.toml: unknown key colour"},
      {ids, "agent.toml: broker.url is missing; it is mqtts://HOST:PORT, or mqtt://127.0.0.1:PORT"},
      {ids + "[broker]\nurl = \"mqtt://127.0.0.1.nip.io:1883\"\n",
       "agent.toml: broker.url 'mqtt://127.0.0.1.nip.io:1883' is unencrypted, which is only for "
       "this "
       "machine itself (localhost, 127.0.0.1, ::1); use mqtts://"},
      {needed + "port = 1\n", "agent.toml: unknown key broker.port"},
      {needed + "[spool]\nquota_bytes = \"much\"\n",
       "agent.toml: spool.quota_bytes must be a whole number from 1048576 to 9223372036854775807"},
      {needed + "[spool]\nquota_bytes = -1\n",
       "agent.toml: spool.quota_bytes must be a whole number from 1048576 to 9223372036854775807"},
      {needed + "[spool]\ndir = 3\n", "agent.toml: spool.dir must be text in quotes"},
      {needed + "[encode]\nfps = 0\n",
       "agent.toml: encode.fps must be a whole number from 1 to 120"},
      {needed + "[encode]\npart_ms = 3\n", "agent.toml: unknown key encode.part_ms"},
      {needed + "[publish]\nwindow_bytes = 1\n",
       "agent.toml: publish.window_bytes must be a whole number from 65536 to 1073741824"},
      {needed + "[publish]\non_metered = \"nothing\"\n",
       "agent.toml: publish.on_metered must be one of live-only, everything"},
      {needed + "[network]\nmetered = true\n",
       "agent.toml: network.metered must be text in quotes"},
      {needed + "[network]\nmetered = \"maybe\"\n",
       "agent.toml: network.metered must be one of auto, yes, no"},
      {"log_level = \"loud\"\n" + needed,
       "agent.toml: log_level must be debug, info, warn or error"},
      {"spool = 1\n" + needed, "agent.toml: spool must be a table"},
      {"[publsh]\nx = 1\n",
       "agent.toml: device_id is missing; `sitecast-hub device enrol` writes it"},
      {needed + "[publsh]\nx = 1\n", "agent.toml: unknown key publsh"},
      {"= 1\n", "agent.toml:1: "},
  };
  for (const auto& [text, message] : cases) {
    const auto config = parse(text);
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_EQ(config.error().kind(), ErrorKind::kInvalidArgument);
    EXPECT_EQ(config.error().message().substr(0, message.size()), message) << text;
    if (message.back() != ' ') {
      EXPECT_EQ(config.error().message(), message);
    }
  }
}

TEST(AgentConfigTest, AMissingFileIsNamed) {
  const auto config = load_config("/nowhere/agent.toml", ConfigUse::kEnrolled);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message(),
            "configuration: open /nowhere/agent.toml: No such file or directory");
}

}  // namespace
}  // namespace sitecast::agent
