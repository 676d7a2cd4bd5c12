// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/accounts/store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sitecast::gateway {
namespace {

TEST(AccountStoreTest, ASessionOfAPasswordThatWasChangedMeanwhileIsNotAdded) {
  const TempDir dir;
  const SystemClock clock;
  auto store = AccountStore::open(dir.path(), clock);
  ASSERT_TRUE(store.ok()) << store.error().message();
  ASSERT_TRUE((*store)->add_account({"ana", "Ana", Role::kAgent, "en"}, "old hash").ok());
  const StoredSession before{{1}, "ana", 10, 10};
  ASSERT_TRUE((*store)->add_session(before, "old hash").ok());
  // Between the check of the old password and the session.
  ASSERT_TRUE((*store)->set_password("ana", "new hash").ok());
  const StoredSession late{{2}, "ana", 20, 20};
  const auto added = (*store)->add_session(late, "old hash");
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().kind(), ErrorKind::kNotFound);
  EXPECT_TRUE((*store)->sessions()->empty());
  EXPECT_TRUE((*store)->add_session(late, "new hash").ok());
  EXPECT_EQ((*store)->sessions()->size(), 1U);
}

}  // namespace
}  // namespace sitecast::gateway
