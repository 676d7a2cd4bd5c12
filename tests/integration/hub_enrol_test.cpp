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

}  // namespace
}  // namespace sitecast
