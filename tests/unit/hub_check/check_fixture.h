// SPDX-License-Identifier: Apache-2.0
// A hub's state with an enrolled device, without a hub. Owner thread: the test's.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <sstream>
#include <string>

#include "hub/check/commands.h"
#include "hub/enrol/enrolment_db.h"
#include "hub/index/current.h"
#include "proto/base/clock.h"
#include "proto/base/file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_capture.h"

namespace sitecast::hub {

struct CommandResult {
  int code = 0;
  std::string out;
  std::string err;
};

// Output of a shell command; its exit code must be 0.
inline std::string shell(const std::string& command) {
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot run " + command;
  char buffer[65536];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    output.append(buffer, got);
  }
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << output.substr(0, 2000);
  return output;
}

class CheckFixture : public testing::Test {
 protected:
  CheckFixture() : layout_(dir_.path() / "state"), key_(SigningKey::generate()) {
    EXPECT_TRUE(make_folders_durably(layout_.state_dir()).ok());
    auto records = EnrolmentDb::open(layout_, clock_);
    EXPECT_TRUE(records.ok());
    EXPECT_TRUE((*records)->add_project(project_).ok());
    const auto device = (*records)->add_device("phone", project_, key_.public_key());
    EXPECT_TRUE(device.ok());
    if (device.ok()) device_ = device->id;
  }

  TestCapture new_capture() { return {layout_, project_, device_, key_}; }

  void build_index() {
    const auto path = new_index_path(layout_);
    ASSERT_TRUE(path.ok());
    ASSERT_TRUE(hub::build_index(layout_, *path, Log("test")).ok());
    ASSERT_TRUE(switch_index(layout_, *path).ok());
  }

  template <typename Command>
  static CommandResult run(Command command) {
    std::ostringstream out;
    std::ostringstream err;
    CommandResult result;
    result.code = command(CommandIo{out, err, false});
    result.out = out.str();
    result.err = err.str();
    return result;
  }
  CommandResult export_to(const std::filesystem::path& dir, std::string_view capture) {
    return run([&](CommandIo io) { return export_command(layout_, capture, dir, io); });
  }
  static CommandResult verify(const std::filesystem::path& dir) {
    return run([&](CommandIo io) { return verify_command(dir, io); });
  }
  CommandResult check(bool read_data) {
    return run([&](CommandIo io) { return check_command(layout_, read_data, io); });
  }

  TempDir dir_;
  SystemClock clock_;
  Layout layout_;
  SigningKey key_;
  ProjectId project_ = ProjectId::make();
  DeviceId device_;
};

}  // namespace sitecast::hub
