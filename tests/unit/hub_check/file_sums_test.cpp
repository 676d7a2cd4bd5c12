// SPDX-License-Identifier: Apache-2.0
#include "hub/check/file_sums.h"

#include <gtest/gtest.h>

#include <fstream>

#include "proto/base/file.h"
#include "tests/support/temp_dir.h"

namespace sitecast::hub {
namespace {

namespace fs = std::filesystem;

class FileSumsTest : public testing::Test {
 protected:
  FileSumsTest() {
    fs::create_directories(dir_.path() / "sub");
    write("a.txt", "hello");
    write("sub/b c.txt", "");
    EXPECT_TRUE(write_sums(dir_.path()).ok());
  }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(dir_.path() / name) << text;
  }
  std::vector<std::string> check() {
    std::vector<std::string> problems;
    const Status status =
        check_sums(dir_.path(), [&](const std::string& text) { problems.push_back(text); });
    if (!status.ok()) problems.push_back(status.error().message());
    return problems;
  }
  TempDir dir_;
};

TEST_F(FileSumsTest, UntouchedFolderIsClean) { EXPECT_TRUE(check().empty()); }

TEST_F(FileSumsTest, Sha256sumAcceptsIt) {
  EXPECT_EQ(
      std::system(("cd " + dir_.path().string() + " && sha256sum --quiet -c SHA256SUMS").c_str()),
      0);
}

TEST_F(FileSumsTest, AlteredMissingAndAddedFilesAreNamed) {
  write("a.txt", "hellp");
  fs::remove(dir_.path() / "sub/b c.txt");
  write("sub/new", "x");
  EXPECT_EQ(check(), (std::vector<std::string>{"a.txt: is not the file that was exported",
                                               "sub/new: was not part of the export",
                                               "sub/b c.txt: is missing"}));
}

TEST_F(FileSumsTest, EveryFlippedBitOfTheListItselfIsSeen) {
  const auto bytes = read_file(dir_.path() / kSumsName, 1 << 16);
  ASSERT_TRUE(bytes.ok());
  for (std::size_t bit = 0; bit < bytes->size() * 8; ++bit) {
    Bytes flipped = *bytes;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1U << bit % 8);
    write(std::string(kSumsName), as_text(flipped));
    EXPECT_FALSE(check().empty()) << "bit " << bit;
  }
}

}  // namespace
}  // namespace sitecast::hub
