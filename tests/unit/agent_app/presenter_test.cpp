// SPDX-License-Identifier: Apache-2.0
#include "agent/presenter.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "proto/codec/control.h"

namespace sitecast::agent {
namespace {

// What a presenter writes for one object.
std::string shown(const std::string& command, Language language, bool json,
                  const std::vector<nlohmann::json>& objects, bool terminal) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = ::open_memstream(&text, &size);
  {
    Presenter presenter(command, language, json, out, out, terminal);
    for (const nlohmann::json& object : objects) presenter.show(object);
  }
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

std::string shown(const std::string& command, Language language, bool json,
                  const nlohmann::json& object) {
  return shown(command, language, json, std::vector{object}, false);
}

const nlohmann::json kProgress = {{"type", "progress"},          {"captured_ms", 65'000},
                                  {"on_device_ms", 64'900},      {"at_hub_ms", 3'000},
                                  {"waiting_bytes", 12'345'678}, {"cause", "no_link"}};

TEST(PresenterTest, ProgressIsOneLineInBothLanguages) {
  EXPECT_EQ(shown("record", Language::kEnglish, false, kProgress),
            "filmed 1:05 · saved here 1:04 · at the centre 0:03 · to send 12.3 MB: no network\n");
  EXPECT_EQ(shown("record", Language::kChinese, false, kProgress),
            "已拍 1:05 · 已存本机 1:04 · 已到中心 0:03 · 待发 12.3 MB: 没有网络\n");
}

TEST(PresenterTest, LittleRoomAndAFullDiskAreSaidInBothLanguages) {
  const nlohmann::json low = {{"type", "trouble"},
                              {"trouble", "low_room"},
                              {"active", true},
                              {"room_bytes", 340'000'000},
                              {"room_ms", 18 * 60'000}};
  EXPECT_EQ(
      shown("record", Language::kEnglish, false, low),
      "! little room is left for footage on the device: 340.0 MB · enough at the present rate "
      "for about 18:00\n");
  EXPECT_EQ(shown("record", Language::kChinese, false, low),
            "! 设备上留给影像的空间快用完了: 340.0 MB · 按现在的速度还可拍摄约 18:00\n");
  EXPECT_EQ(shown("record", Language::kEnglish, false,
                  {{"type", "trouble"}, {"trouble", "disk_full"}, {"active", false}}),
            "! the device's disk is full – better again\n");
  EXPECT_EQ(shown("record", Language::kChinese, false,
                  {{"type", "paused"}, {"reason", "disk_full"}, {"capture_id", "x"}}),
            "! 设备空间已满，拍摄暂停；已拍的都在，有空间后自动继续\n");
  EXPECT_EQ(shown("record", Language::kEnglish, false,
                  {{"type", "resumed"}, {"capture_id", "x"}, {"continues", "w"}}),
            "there is room again, filming goes on as x\n");
}

TEST(PresenterTest, MachinesGetTheObject) {
  EXPECT_EQ(nlohmann::json::parse(shown("record", Language::kEnglish, true, kProgress)), kProgress);
}

TEST(PresenterTest, EveryCauseHasWordsInBothLanguages) {
  for (const std::string_view cause : waiting::kAll) {
    EXPECT_NE(say(Language::kEnglish, cause), cause) << cause;
    EXPECT_NE(say(Language::kChinese, cause), cause) << cause;
    EXPECT_NE(say(Language::kChinese, cause), say(Language::kEnglish, cause)) << cause;
  }
}

TEST(PresenterTest, StatusNamesStateAndCause) {
  nlohmann::json status = {{"captures",
                            {{{"captured_at_us", 0},
                              {"kind", "walkthrough"},
                              {"area", "1号厂房"},
                              {"title", ""},
                              {"duration_ms", 130'000},
                              {"size_bytes", 10'000'000},
                              {"at_hub_bytes", 4'300'000},
                              {"state", "sending"},
                              {"cause", "awaiting_receipt"},
                              {"detail", ""},
                              {"closed_reason", "stopped"}}}},
                           {"spool", {{"trouble", "disk_full"}}},
                           {"waiting_captures", 1},
                           {"waiting_bytes", 5'700'000},
                           {"waiting_events", 0},
                           {"cause", "hub_absent"}};
  status["link"] = {{"live_quality", "360p15"}};
  status["remaining_ms"] = 192'000;
  EXPECT_NE(shown("status", Language::kChinese, false, status).find("360p，每秒15帧"),
            std::string::npos);
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find("about 3:12"),
            std::string::npos);
  const std::string english = shown("status", Language::kEnglish, false, status);
  EXPECT_NE(english.find("walk-through  1号厂房  2:10  10.0 MB  sending 43 %"), std::string::npos)
      << english;
  EXPECT_NE(english.find("! the device's disk is full"), std::string::npos) << english;
  EXPECT_NE(english.find("1 to send, 5.7 MB: the centre is away"), std::string::npos) << english;
  status["captures"][0]["closed_reason"] = "damaged";
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find("cut short by a damaged file"),
            std::string::npos);
  const std::string chinese = shown("status", Language::kChinese, false, status);
  EXPECT_NE(chinese.find("走访  1号厂房  2:10  10.0 MB  正在发送 43 %"), std::string::npos)
      << chinese;
}

TEST(PresenterTest, WhatPeopleDirectIsALineInTheirLanguage) {
  const nlohmann::json pin = {
      {"type", "pin"}, {"from", "王总"}, {"x", 0.9}, {"y", 0.1}, {"text", "这里是什么？"}};
  EXPECT_EQ(shown("record", Language::kChinese, false, pin),
            "◎ 王总指着画面右上方：这里是什么？\n");
  EXPECT_EQ(shown("watch", Language::kEnglish, false,
                  {{"type", "pin"}, {"from", "Li"}, {"x", 0.5}, {"y", 1.0}, {"text", ""}}),
            "◎ Li points at the bottom\n");
  EXPECT_EQ(shown("watch", Language::kEnglish, false,
                  {{"type", "message"}, {"from", ""}, {"text", "to the left, please"}}),
            "✉ another device: to the left, please\n");
  const nlohmann::json request = {
      {"short_id", "k3Fq"},
      {"state", "accepted"},
      {"text", "水泵房"},
      {"area", "辅助用房"},
      {"due", "2026-12-01"},
      {"from", "王总"},
      {"shots",
       {{{"text", "阀门"}, {"answered", true}}, {{"text", "2号泵"}, {"answered", false}}}}};
  EXPECT_EQ(shown("requests", Language::kChinese, false, {{"requests", {request}}}),
            "[k3Fq] 已接受  水泵房  辅助用房  截止 2026-12-01  – 王总\n       ☑ 1. 阀门\n"
            "       ☐ 2. 2号泵\n");
  EXPECT_EQ(shown("answer", Language::kEnglish, false, request).substr(0, 16), "[k3Fq] accepted ");
  EXPECT_EQ(shown("requests", Language::kEnglish, false, {{"requests", nlohmann::json::array()}}),
            "nobody asks for anything\n");
}

TEST(PresenterTest, StatusSaysWhatToDoWhenTimeAloneDoesNotHelp) {
  nlohmann::json status = {{"captures", nlohmann::json::array()},
                           {"spool", {{"trouble", ""}}},
                           {"waiting_captures", 0},
                           {"waiting_bytes", 0},
                           {"waiting_events", 1},
                           {"cause", "not_trusted"},
                           {"detail", "broker.ca_file ca.crt cannot be read"}};
  const std::string english = shown("status", Language::kEnglish, false, status);
  EXPECT_NE(english.find("the centre's identity cannot be confirmed"), std::string::npos)
      << english;
  EXPECT_NE(english.find("\n! broker.ca_file ca.crt cannot be read\n"), std::string::npos)
      << english;
  const std::string chinese = shown("status", Language::kChinese, false, status);
  EXPECT_NE(chinese.find("无法确认中心的身份"), std::string::npos) << chinese;
  status["cause"] = "not_admitted";
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find("\n! broker.ca_file"),
            std::string::npos);
  status["cause"] = "no_password";
  status["detail"] = "broker.password_file broker.password cannot be read";
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find("\n! broker.password_file"),
            std::string::npos);
  EXPECT_NE(shown("status", Language::kChinese, false, status).find("读不到设备的密码文件"),
            std::string::npos);
  status["cause"] = "no_link";
  EXPECT_EQ(shown("status", Language::kEnglish, false, status).find("! "), std::string::npos);
}

nlohmann::json half_sent() {
  nlohmann::json capture = {{"captured_at_us", 0},
                            {"kind", "walkthrough"},
                            {"area", ""},
                            {"title", ""},
                            {"duration_ms", 130'000},
                            {"size_bytes", 10'000'000},
                            {"at_hub_bytes", 4'300'000},
                            {"state", "sending"},
                            {"cause", "awaiting_receipt"},
                            {"detail", ""},
                            {"closed_reason", "stopped"},
                            {"remaining_ms", 72'000}};
  return {{"captures", nlohmann::json::array({capture})},
          {"spool", {{"trouble", ""}}},
          {"waiting_captures", 1},
          {"waiting_bytes", 5'700'000},
          {"waiting_events", 0},
          {"cause", "awaiting_receipt"},
          {"detail", ""},
          {"remaining_ms", 72'000},
          {"only_here_ms", 74'000}};
}

TEST(PresenterTest, EachCaptureSaysHowFarItIsAndHowLongItTakes) {
  const std::string plain = shown("status", Language::kEnglish, false, half_sent());
  EXPECT_NE(plain.find("sending 43 % – about 1:12\n"), std::string::npos) << plain;
  EXPECT_NE(plain.find("\nonly on this device: 1:14\n"), std::string::npos) << plain;
  EXPECT_NE(plain.find("at the present rate about 1:12\n"), std::string::npos) << plain;
  EXPECT_EQ(plain.find("█"), std::string::npos) << plain;
  const std::string bar = shown("status", Language::kChinese, false, {half_sent()}, true);
  EXPECT_NE(bar.find("正在发送 ████████░░░░░░░░░░░░ 43 % – 还需约 1:12\n"), std::string::npos)
      << bar;
  EXPECT_EQ(shown("status", Language::kChinese, true, {half_sent()}, true).find("█"),
            std::string::npos);
}

TEST(PresenterTest, ATimeThatIsNotKnownIsSaidToBeUnknownAndWhy) {
  nlohmann::json status = half_sent();
  status["remaining_ms"] = status["captures"][0]["remaining_ms"] = -1;
  EXPECT_NE(shown("status", Language::kEnglish, false, status)
                .find("\ntime left unknown: nothing gets through just now\n"),
            std::string::npos);
  status["captures"][0]["at_hub_bytes"] = 0;
  EXPECT_NE(shown("status", Language::kEnglish, false, status)
                .find("\ntime left unknown: nothing was delivered yet\n"),
            std::string::npos);
  EXPECT_NE(
      shown("status", Language::kChinese, false, status).find("所需时间未知：还没有送达过内容"),
      std::string::npos);
  status["cause"] = "agent_not_running";
  EXPECT_EQ(shown("status", Language::kEnglish, false, status).find("unknown"), std::string::npos);
}

TEST(PresenterTest, ACauseThatLastsSaysSinceWhen) {
  nlohmann::json status = half_sent();
  status["cause"] = "no_link";
  status["cause_since_us"] = 1'700'000'000'000'000;
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find(": no network since 11-1"),
            std::string::npos);
  EXPECT_NE(shown("status", Language::kChinese, false, status).find(" 起没有网络"),
            std::string::npos);
  status["cause"] = "queued_behind_older";
  EXPECT_EQ(shown("status", Language::kEnglish, false, status).find("since"), std::string::npos);
}

TEST(PresenterTest, WhatIsVerifiedIsCalledSo) {
  nlohmann::json status = half_sent();
  status["captures"][0]["state"] = "at_hub";
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find("10.0 MB  at the centre\n"),
            std::string::npos);
  status["captures"][0]["verified"] = true;
  status["captures"][0]["cause"] = "";
  EXPECT_NE(shown("status", Language::kEnglish, false, status).find("at the centre, verified\n"),
            std::string::npos);
  EXPECT_NE(shown("status", Language::kChinese, false, status).find("已到中心并核验\n"),
            std::string::npos);
}

TEST(PresenterTest, OnATerminalProgressStaysOnOneLine) {
  const auto sending = [](int waiting_bytes) {
    return nlohmann::json{{"type", "sending"},
                          {"waiting_captures", 1},
                          {"waiting_events", 0},
                          {"waiting_bytes", waiting_bytes},
                          {"cause", "awaiting_receipt"}};
  };
  const std::vector<nlohmann::json> objects = {
      sending(8'000'000), sending(2'000'000), {{"type", "sent"}}};
  const std::string live = shown("send", Language::kEnglish, false, objects, true);
  EXPECT_EQ(live,
            "\r\x1b[K░░░░░░░░░░░░░░░░░░░░ 0 %  1 to send · to send 8.0 MB"
            "\r\x1b[K███████████████░░░░░ 75 %  1 to send · to send 2.0 MB"
            "\neverything is at the centre\n");
  EXPECT_EQ(
      shown("send", Language::kEnglish, false, objects, false),
      "1 to send · to send 8.0 MB\n1 to send · to send 2.0 MB\neverything is at the centre\n");
}

TEST(PresenterTest, NotesThatWaitAreSaidAndNotCalledDelivered) {
  nlohmann::json status = {{"captures", nlohmann::json::array()},
                           {"spool", {{"trouble", ""}}},
                           {"waiting_captures", 0},
                           {"waiting_bytes", 0},
                           {"waiting_events", 2},
                           {"cause", "agent_not_running"},
                           {"detail", ""}};
  const std::string english = shown("status", Language::kEnglish, false, status);
  EXPECT_NE(english.find("2 notes to send: nothing is running that sends"), std::string::npos)
      << english;
  EXPECT_EQ(english.find("everything is at the centre"), std::string::npos) << english;
  EXPECT_NE(shown("status", Language::kChinese, false, status).find("2 条备注待发"),
            std::string::npos);
  status["cause"] = "refused";
  status["detail"] = "the capture belongs to another device";
  EXPECT_NE(shown("status", Language::kEnglish, false, status)
                .find("\n! the capture belongs to another device"),
            std::string::npos);
  const nlohmann::json sending = {{"type", "sending"},
                                  {"waiting_captures", 0},
                                  {"waiting_bytes", 0},
                                  {"waiting_events", 1},
                                  {"cause", "no_link"}};
  EXPECT_EQ(shown("send", Language::kEnglish, false, sending), "1 notes to send: no network\n");
}

TEST(PresenterTest, ANoteOnAnUnknownCaptureIsWarnedOf) {
  const nlohmann::json answer = {{"event_id", "x"}, {"warnings", {"unknown_capture"}}};
  EXPECT_EQ(shown("note", Language::kEnglish, false, answer).rfind("noted\n! this device does", 0),
            0U);
  EXPECT_EQ(shown("note", Language::kChinese, false, answer).rfind("已记录\n! 本机不认识", 0), 0U);
  EXPECT_EQ(shown("note", Language::kEnglish, false, {{"event_id", "x"}}), "noted\n");
}

TEST(PresenterTest, DurationsAndSizesAreShort) {
  EXPECT_EQ(say_duration(0), "0:00");
  EXPECT_EQ(say_duration(59'999), "0:59");
  EXPECT_EQ(say_duration(3'661'000), "1:01:01");
  EXPECT_EQ(say_size(999), "999 B");
  EXPECT_EQ(say_size(1'000), "1.0 kB");
  EXPECT_EQ(say_size(999'999), "1.0 MB");
  EXPECT_EQ(say_size(1'500'000'000'000'000), "1500.0 TB");
}

}  // namespace
}  // namespace sitecast::agent
