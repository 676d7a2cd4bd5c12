// SPDX-License-Identifier: Apache-2.0
// What Syncer calls durable is so on whatever file system it lies.
#include "hub/archive/syncer.h"

#include <gtest/gtest.h>

#include "tests/support/power_cut_disk.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

TEST(SyncerTest, WhatLiesOnAnotherFileSystemIsSyncedToo) {
  PowerCutDisk archive;
  PowerCutDisk other;
  for (const PowerCutDisk* disk : {&archive, &other}) {
    if (!disk->unusable().empty()) GTEST_SKIP() << disk->unusable();
  }
  const fs::path root = archive.path() / "archive";
  const fs::path events = other.path() / "events";
  ASSERT_TRUE(make_folders_durably(root).ok());
  ASSERT_TRUE(make_folders_durably(events).ok());
  const std::string text(5000, 'e');
  {
    const SystemClock clock;
    auto syncer = Syncer::open(root, clock);
    ASSERT_TRUE(syncer.ok());
    // More than two files: one syncfs. New folders and names on both.
    std::vector<File> opened;
    std::set<fs::path> folders;
    for (const fs::path& base : {root, events}) {
      ASSERT_TRUE(fs::create_directory(base / "new"));
      folders.insert({base, base / "new"});
      for (const char* name : {"a", "b", "c"}) {
        auto file = File::open_for_appending(base / "new" / name);
        ASSERT_TRUE(file.ok() && file->append(as_bytes(text)).ok());
        opened.push_back(std::move(*file));
      }
    }
    std::vector<File*> files;
    for (File& file : opened) files.push_back(&file);
    for (const Status& status : syncer->sync(files, folders)) ASSERT_TRUE(status.ok());
    archive.cut();
    other.cut();
  }
  archive.restore();
  other.restore();
  for (const fs::path& base : {root, events}) {
    for (const char* name : {"a", "b", "c"}) {
      const auto bytes = read_file(base / "new" / name, 1U << 20);
      ASSERT_TRUE(bytes.ok()) << bytes.error().message();
      EXPECT_TRUE(to_string(*bytes) == text) << base / "new" / name;
    }
  }
}

}  // namespace
}  // namespace sitecast::hub
