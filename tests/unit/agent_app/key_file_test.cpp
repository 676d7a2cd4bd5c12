// SPDX-License-Identifier: Apache-2.0
#include "agent/key_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace sitecast::agent {
namespace {

namespace fs = std::filesystem;

TEST(KeyFileTest, IsMadeOnceAndOnlyItsOwnerReadsIt) {
  const TempDir dir;
  const auto path = dir.path() / "device.key";
  EXPECT_EQ(load_key(path).error().kind(), ErrorKind::kNotFound);
  const auto made = load_or_make_key(path);
  ASSERT_TRUE(made.ok()) << made.error().message();
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const auto again = load_or_make_key(path);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key(), made->public_key());
}

TEST(KeyFileTest, AKeyThatOthersMayReadIsRefused) {
  const TempDir dir;
  const auto path = dir.path() / "device.key";
  ASSERT_TRUE(load_or_make_key(path).ok());
  fs::permissions(path, fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(load_key(path).error().kind(), ErrorKind::kPermissionDenied);
}

TEST(KeyFileTest, ADamagedKeyIsSaid) {
  const TempDir dir;
  const auto path = dir.path() / "device.key";
  std::ofstream(path) << "nonsense!\n";
  fs::permissions(path, fs::perms::owner_read);
  EXPECT_EQ(load_key(path).error().kind(), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace sitecast::agent
