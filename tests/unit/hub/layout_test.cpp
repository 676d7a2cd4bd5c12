// SPDX-License-Identifier: Apache-2.0
#include "hub/archive/layout.h"

#include <gtest/gtest.h>

namespace sitecast::hub {
namespace {

TEST(LayoutTest, PathsAreMadeFromIdsOnly) {
  const Layout layout("/state");
  const auto project = ProjectId::parse("AZAAAAAAcACAAAAAAAAAAQ");
  const auto capture = CaptureId::parse("AZBBBBBBcACAAAAAAAAAAg");
  ASSERT_TRUE(project && capture);
  EXPECT_EQ(layout.media(*project, *capture, "video").string(),
            "/state/archive/AZAAAAAAcACAAAAAAAAAAQ/AZBB/AZBBBBBBcACAAAAAAAAAAg/video.media");
  EXPECT_EQ(layout.sidecar(*project, *capture, "talk.2").string(),
            "/state/archive/AZAAAAAAcACAAAAAAAAAAQ/AZBB/AZBBBBBBcACAAAAAAAAAAg/talk.2.sidecar");
  EXPECT_EQ(layout.quarantine_dir(*project, *capture).string(),
            "/state/archive/AZAAAAAAcACAAAAAAAAAAQ/AZBB/AZBBBBBBcACAAAAAAAAAAg/quarantine");
  EXPECT_EQ(layout.derived_dir(*project, *capture).string(),
            "/state/derived/AZAAAAAAcACAAAAAAAAAAQ/AZBB/AZBBBBBBcACAAAAAAAAAAg");
  EXPECT_EQ(layout.event_log(*project).string(), "/state/events/AZAAAAAAcACAAAAAAAAAAQ.log");
}

}  // namespace
}  // namespace sitecast::hub
