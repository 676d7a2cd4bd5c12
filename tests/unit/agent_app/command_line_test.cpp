// SPDX-License-Identifier: Apache-2.0
#include "agent/command_line.h"

#include <gtest/gtest.h>

#include <vector>

namespace sitecast::agent {
namespace {

std::variant<CommandLine, int> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"sitecast-agent", "--config", "a.toml"});
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}
Request request_of(std::vector<const char*> arguments) {
  const auto line = parse(std::move(arguments));
  EXPECT_TRUE(std::holds_alternative<CommandLine>(line));
  return std::holds_alternative<CommandLine>(line) ? std::get<CommandLine>(line).request
                                                   : Request();
}
int code_of(std::vector<const char*> arguments) {
  const auto line = parse(std::move(arguments));
  return std::holds_alternative<int>(line) ? std::get<int>(line) : -1;
}

TEST(CommandLineTest, RecordTakesItsOptions) {
  const Request request = request_of({"record", "--source", "test:", "--duration", "2.5", "--area",
                                      "1号厂房", "--demonstration", "--captured-at",
                                      "2026-04-13T14:05:00+08:00", "--until-delivered"});
  EXPECT_EQ(request.command, "record");
  EXPECT_EQ(request.source, "test:");
  EXPECT_EQ(request.duration_s, 2.5);
  EXPECT_EQ(request.area, "1号厂房");
  EXPECT_TRUE(request.until_delivered);
  EXPECT_EQ(request.captured_at_us, 1'776'060'300'000'000);
}

TEST(CommandLineTest, FilesAreNamedFromTheRoot) {
  EXPECT_EQ(request_of({"photo", "--file", "p.jpg"}).file,
            (std::filesystem::current_path() / "p.jpg").string());
  EXPECT_EQ(request_of({"record", "--source", "file:v.mp4"}).source,
            "file:" + (std::filesystem::current_path() / "v.mp4").string());
}

TEST(CommandLineTest, SendingMayBeUrgent) {
  EXPECT_FALSE(request_of({"send"}).now);
  EXPECT_TRUE(request_of({"send", "--now"}).now);
}

TEST(CommandLineTest, CommonOptionsMayFollowTheCommand) {
  const auto line = parse({"status", "--json", "--lang", "zh-CN"});
  ASSERT_TRUE(std::holds_alternative<CommandLine>(line));
  EXPECT_TRUE(std::get<CommandLine>(line).json);
  EXPECT_EQ(std::get<CommandLine>(line).language, Language::kChinese);
}

TEST(CommandLineTest, ANoteSpeaksOfAMoment) {
  const Request seconds = request_of({"note", "--last", "--text", "x", "--at", "12.5"});
  EXPECT_EQ(seconds.at_s, 12.5);
  EXPECT_TRUE(seconds.last);
  EXPECT_TRUE(request_of({"note", "--text", "x", "--at", "now"}).at_now);
  const Request progress = request_of({"note", "--stage", "主体结构", "--percentage", "40"});
  EXPECT_EQ(progress.percentage, 40);
}

TEST(CommandLineTest, WrongUsageIsCodeTwo) {
  EXPECT_EQ(code_of({}), kExitUsage);
  EXPECT_EQ(code_of({"record"}), kExitUsage);
  EXPECT_EQ(code_of({"record", "--source", "test:", "--duration", "-1"}), kExitUsage);
  EXPECT_EQ(code_of({"record", "--source", "test:", "--captured-at", "2026-04-13T14:05:00Z"}),
            kExitUsage);
  EXPECT_EQ(code_of({"record", "--source", "test:", "--demonstration", "--captured-at", "soon"}),
            kExitUsage);
  EXPECT_EQ(code_of({"photo", "--file", "a", "--source", "test:"}), kExitUsage);
  EXPECT_EQ(code_of({"document"}), kExitUsage);
  EXPECT_EQ(code_of({"note"}), kExitUsage);
  EXPECT_EQ(code_of({"note", "--text", "x", "--at", "5"}), kExitUsage);
  EXPECT_EQ(code_of({"note", "--text", "x", "--last", "--at", "later"}), kExitUsage);
  EXPECT_EQ(code_of({"note", "--text", "x", "--percentage", "101"}), kExitUsage);
  EXPECT_EQ(code_of({"fly"}), kExitUsage);
  EXPECT_EQ(code_of({"--help"}), kExitOk);
}

TEST(CommandLineTest, TextThatTheHubWouldRefuseIsWrongUsageAndNamed) {
  const std::string long_note(8193, 'n');
  const struct {
    std::vector<const char*> arguments;
    const char* says;
  } kCases[] = {
      {{"note", "--text", "\xff"}, "--text is not valid UTF-8"},
      {{"note", "--text", "\xb3\xa7\xb7\xbf"}, "--text is not valid UTF-8"},  // GBK
      {{"note", "--text", "\xed\xa0\x80"}, "--text is not valid UTF-8"},      // half a surrogate
      {{"note", "--text", "bell\a"}, "--text has a control character"},
      {{"note", "--text", long_note.c_str()}, "--text has 8193 bytes, allowed are 8192"},
      {{"note", "--text", "x", "--area", "1\n2"}, "--area has a control character"},
      {{"note", "--stage", "\xe4\xb8"}, "--stage is not valid UTF-8"},  // cut off
      {{"record", "--source", "test:", "--note", "\xff"}, "--note is not valid UTF-8"},
      {{"photo", "--file", "a.jpg", "--title", "a\tb"}, "--title has a control character"},
      {{"document", "--file", "a.pdf", "--area", "\xff"}, "--area is not valid UTF-8"},
  };
  for (const auto& wrong : kCases) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(code_of(wrong.arguments), kExitUsage) << wrong.says;
    EXPECT_NE(testing::internal::GetCapturedStderr().find(wrong.says), std::string::npos)
        << wrong.says;
  }
  EXPECT_EQ(request_of({"note", "--text", "两行\n\t可以"}).text, "两行\n\t可以");
}

}  // namespace
}  // namespace sitecast::agent
