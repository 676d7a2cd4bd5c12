// SPDX-License-Identifier: Apache-2.0
#include "proto/sqlite/database.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sitecast {
namespace {

class DatabaseTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return dir_.path() / "test.db"; }
  Database writer() {
    auto database = Database::open_writer(path());
    EXPECT_TRUE(database.ok());
    return std::move(*database);
  }
  TempDir dir_;
};

TEST_F(DatabaseTest, ValuesComeBackAsBound) {
  auto database = writer();
  ASSERT_TRUE(database.execute("create table t (a, b, c, d, e)").ok());
  auto insert = database.prepare("insert into t values (?, ?, ?, ?, ?)");
  ASSERT_TRUE(insert.ok());
  ASSERT_TRUE(insert->bind(std::int64_t{-7}, 2.5, "云现场", Bytes{0, 1, 2}, nullptr).run().ok());
  auto select = database.prepare("select a, b, c, d, e, typeof(d) from t");
  ASSERT_TRUE(select.ok());
  const auto row = select->step();
  ASSERT_TRUE(row.ok() && *row);
  EXPECT_EQ(select->integer(0), -7);
  EXPECT_EQ(select->real(1), 2.5);
  EXPECT_EQ(select->text(2), "云现场");
  EXPECT_EQ(Bytes(select->blob(3).begin(), select->blob(3).end()), (Bytes{0, 1, 2}));
  EXPECT_TRUE(select->is_null(4));
}

TEST_F(DatabaseTest, EmptyTextAndBlobAreNotNull) {
  auto database = writer();
  auto select = database.prepare("select typeof(?), typeof(?)");
  ASSERT_TRUE(select.ok());
  ASSERT_TRUE(select->bind(std::string_view(), ByteView()).step().ok());
  EXPECT_EQ(select->text(0), "text");
  EXPECT_EQ(select->text(1), "blob");
}

TEST_F(DatabaseTest, TransactionWithoutCommitLeavesNothing) {
  auto database = writer();
  ASSERT_TRUE(database.execute("create table t (a)").ok());
  {
    auto transaction = Transaction::begin_write(database);
    ASSERT_TRUE(transaction.ok());
    ASSERT_TRUE(database.execute("insert into t values (1)").ok());
  }
  auto count = database.prepare("select count(*) from t");
  ASSERT_TRUE(count.ok() && count->step().ok());
  EXPECT_EQ(count->integer(0), 0);
}

TEST_F(DatabaseTest, ReaderSeesCommitsWithAndWithoutAWriterRunning) {
  {
    auto database = writer();
    ASSERT_TRUE(database.execute("create table t (a); insert into t values (1)").ok());
    auto beside = Database::open_reader(path());
    ASSERT_TRUE(beside.ok());
    auto count = beside->prepare("select count(*) from t");
    ASSERT_TRUE(count.ok() && count->step().ok());
    EXPECT_EQ(count->integer(0), 1);
  }
  EXPECT_TRUE(std::filesystem::exists(path().string() + "-wal"));
  auto alone = Database::open_reader(path());
  ASSERT_TRUE(alone.ok());
  auto count = alone->prepare("select count(*) from t");
  ASSERT_TRUE(count.ok() && count->step().ok());
  EXPECT_EQ(count->integer(0), 1);
}

TEST_F(DatabaseTest, ReaderCannotWrite) {
  auto database = writer();
  ASSERT_TRUE(database.execute("create table t (a)").ok());
  auto reader = Database::open_reader(path());
  ASSERT_TRUE(reader.ok());
  const auto status = reader->execute("insert into t values (1)");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind(), ErrorKind::kPermissionDenied);
}

TEST_F(DatabaseTest, ErrorsHaveKinds) {
  const auto absent = Database::open_reader(dir_.path() / "absent.db");
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().kind(), ErrorKind::kNotFound);

  auto database = writer();
  ASSERT_TRUE(database.execute("create table t (a primary key)").ok());
  ASSERT_TRUE(database.execute("insert into t values (1)").ok());
  EXPECT_EQ(database.execute("insert into t values (1)").error().kind(),
            ErrorKind::kFailedPrecondition);
  ASSERT_TRUE(database.execute("create table big (b); pragma max_page_count = 4").ok());
  EXPECT_EQ(database.execute("insert into big values (zeroblob(100000))").error().kind(),
            ErrorKind::kResourceExhausted);
}

TEST_F(DatabaseTest, SecondWriterIsBusyNotBroken) {
  auto first = writer();
  auto second = writer();
  ASSERT_TRUE(first.execute("create table t (a)").ok());
  auto transaction = Transaction::begin_write(first);
  ASSERT_TRUE(transaction.ok());
  const auto refused = Transaction::begin_write(second);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind(), ErrorKind::kUnavailable);
}

TEST_F(DatabaseTest, TwoConnectionsMayWriteWithoutWal) {
  auto first = Database::open_shared_writer(path());
  auto second = Database::open_shared_writer(path());
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(first->execute("create table t (a)").ok());
  ASSERT_TRUE(second->execute("insert into t values (1)").ok());
  ASSERT_TRUE(first->execute("insert into t values (2)").ok());
  auto count = second->prepare("select count(*) from t");
  ASSERT_TRUE(count.ok() && count->step().ok());
  EXPECT_EQ(count->integer(0), 2);
  EXPECT_FALSE(std::filesystem::exists(path().string() + "-wal"));
}

}  // namespace
}  // namespace sitecast
