// SPDX-License-Identifier: Apache-2.0
// Enrolment from the command line: what is in the device's folder is never replaced.
#include <gtest/gtest.h>

#include <fstream>

#include "hub/enrol/enrolment_db.h"
#include "proto/base/file.h"
#include "tests/support/hub_stack.h"

namespace sitecast {
namespace {

namespace fs = std::filesystem;

class HubEnrolTest : public testing::Test {
 protected:
  HubStack::CommandResult enrol(const fs::path& folder) {
    return stack_.command({"device", "enrol", "--name", "tablet", "--project", project_.text(),
                           "--public-key=" + base64url_encode(key_.public_key()), "--out",
                           folder.string()});
  }
  // With the gateway's own.
  std::size_t devices() {
    const SystemClock clock;
    auto records = hub::EnrolmentDb::open_to_read(stack_.layout(), clock);
    EXPECT_TRUE(records.ok());
    const auto enrolled = (*records)->enrolled();
    return enrolled.ok() ? enrolled->devices.size() : 0;
  }
  // Every file below the folder with its content; links by where they lead.
  static std::map<std::string, std::string> contents(const fs::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = fs::relative(entry.path(), folder).string();
      if (entry.is_symlink()) {
        files[name] = "-> " + fs::read_symlink(entry.path()).string();
      } else if (entry.is_regular_file()) {
        files[name] = to_string(*read_file(entry.path(), 1 << 20));
      }
    }
    return files;
  }
  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  HubStack stack_{21340};
  ProjectId project_ = stack_.add_project();
  SigningKey key_ = SigningKey::generate();
  fs::path folder_ = stack_.folder() / "device";
};

TEST_F(HubEnrolTest, FolderWithItsKeyGetsConfigurationAndPassword) {
  write(folder_ / "device.key", "secret");
  const auto made = enrol(folder_);
  EXPECT_EQ(made.exit_code, 0) << made.err;
  const auto files = contents(folder_);
  EXPECT_EQ(files.size(), 3U);
  EXPECT_EQ(files.at("device.key"), "secret");
  EXPECT_NE(files.at("agent.toml").find(made.json()["device_id"].get<std::string>()),
            std::string::npos);
  EXPECT_EQ(files.at("broker.password").size(), 44U);
  EXPECT_EQ(fs::status(folder_ / "broker.password").permissions(), fs::perms(0600));
}

TEST_F(HubEnrolTest, DeviceThatIsThereIsNeverReplaced) {
  ASSERT_EQ(enrol(folder_).exit_code, 0);
  write(folder_ / "spool" / "index.db", "captures that were not delivered yet");
  const auto before = contents(folder_);
  const std::size_t enrolled = devices();
  const auto again = enrol(folder_);
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.out, "");
  EXPECT_NE(again.err.find((folder_ / "agent.toml").string() + " is there already"),
            std::string::npos)
      << again.err;
  EXPECT_NE(again.err.find("Name another folder with --out"), std::string::npos) << again.err;
  EXPECT_EQ(contents(folder_), before);
  EXPECT_EQ(devices(), enrolled) << "a device was enrolled that has no folder";
}

TEST_F(HubEnrolTest, OneOfItsFilesIsEnoughToRefuse) {
  const std::size_t enrolled = devices();
  write(stack_.folder() / "a" / "agent.toml", "hand made");
  write(stack_.folder() / "b" / "broker.password", "the only copy");
  fs::create_directories(stack_.folder() / "c");
  fs::create_symlink("/nowhere/agent.toml", stack_.folder() / "c" / "agent.toml");
  for (const char* name : {"a", "b", "c"}) {
    const auto before = contents(stack_.folder() / name);
    const auto refused = enrol(stack_.folder() / name);
    EXPECT_EQ(refused.exit_code, 1) << name;
    EXPECT_NE(refused.err.find("Nothing was changed"), std::string::npos) << refused.err;
    EXPECT_EQ(contents(stack_.folder() / name), before) << name;
  }
  EXPECT_EQ(devices(), enrolled);
}

TEST_F(HubEnrolTest, FolderThatCannotBeMadeIsSaidBeforeADeviceIsEnrolled) {
  const std::size_t enrolled = devices();
  write(stack_.folder() / "file", "x");
  const auto refused = enrol(stack_.folder() / "file" / "device");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("file/device"), std::string::npos) << refused.err;
  EXPECT_EQ(devices(), enrolled);
}

TEST_F(HubEnrolTest, MembershipIsListedAndCanBeTakenBack) {
  const std::string project = project_.text();
  const auto members = [&] {
    const auto listed = stack_.command({"member", "list", "--project", project});
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    return listed.json()["members"].dump();
  };
  EXPECT_EQ(members(), "[]");
  for (const auto& [user, role] : {std::pair("zhang", "owner"), std::pair("li@park.cn", "agent")}) {
    const auto added =
        stack_.command({"member", "add", "--project", project, "--user", user, "--role", role});
    EXPECT_EQ(added.exit_code, 0) << added.err;
  }
  EXPECT_EQ(members(), R"([{"role":"agent","user":"li@park.cn"},{"role":"owner","user":"zhang"}])");
  const auto removed =
      stack_.command({"member", "remove", "--project", project, "--user", "li@park.cn"});
  EXPECT_EQ(removed.exit_code, 0) << removed.err;
  EXPECT_EQ(removed.json()["user"], "li@park.cn");
  EXPECT_EQ(members(), R"([{"role":"owner","user":"zhang"}])");
  EXPECT_EQ(stack_.command({"member", "list", "--project", ProjectId::make().text()}).exit_code, 1);
}

TEST_F(HubEnrolTest, ProjectsAndDevicesAreListed) {
  ASSERT_EQ(enrol(folder_).exit_code, 0);
  const auto projects = stack_.command({"project", "list"}).json()["projects"];
  ASSERT_EQ(projects.size(), 1U);
  EXPECT_EQ(projects[0]["project_id"], project_.text());
  EXPECT_EQ(projects[0]["name"], "测试项目");
  const auto devices = stack_.command({"device", "list"}).json()["devices"];
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0]["gateway"], true);
  EXPECT_EQ(devices[1]["name"], "tablet");
  EXPECT_EQ(devices[1]["projects"], nlohmann::json::array({project_.text()}));
  const auto removed =
      stack_.command({"device", "remove", devices[1]["device_id"].get<std::string>()});
  EXPECT_EQ(removed.exit_code, 0) << removed.err;
  EXPECT_EQ(stack_.command({"device", "list"}).json()["devices"].size(), 1U);
}

TEST_F(HubEnrolTest, NamesThatNobodyCouldUseAreRefused) {
  for (const char* user : {"", "zhang san", "张三", "a/b", "'; drop table member; --"}) {
    const auto refused = stack_.command({"member", "add", "--project", project_.text(),
                                         std::string("--user=") + user, "--role", "owner"});
    EXPECT_NE(refused.exit_code, 0) << user;
    EXPECT_EQ(refused.out, "") << user;
  }
  for (const char* zone : {"Beijing", "Asia/Shangai", "UTC+8", "../../etc/passwd", "/etc/passwd"}) {
    const auto refused =
        stack_.command({"project", "add", "--name", "x", std::string("--time-zone=") + zone});
    EXPECT_EQ(refused.exit_code, 1) << zone;
    EXPECT_NE(refused.err.find("is no time zone"), std::string::npos) << refused.err;
  }
  const std::vector<std::pair<std::vector<std::string>, std::string>> kTexts = {
      {{"--name", "\xb3\xa7\xb7\xbf"}, "name is not valid UTF-8"},
      {{"--name", "x", "--area", "\xff"}, "areas is not valid UTF-8"},
      {{"--name", "x\ny"}, "name has a control character"}};
  for (const auto& [arguments, says] : kTexts) {
    std::vector<std::string> command{"project", "add"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto refused = stack_.command(command);
    EXPECT_EQ(refused.exit_code, 1) << says;
    EXPECT_NE(refused.err.find(says), std::string::npos) << refused.err;
  }
  EXPECT_EQ(stack_.command({"project", "list"}).json()["projects"].size(), 1U);
}

}  // namespace
}  // namespace sitecast
