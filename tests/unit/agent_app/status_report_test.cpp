// SPDX-License-Identifier: Apache-2.0
#include "agent/status_report.h"

#include "tests/unit/agent_spool/spool_fixture.h"

namespace sitecast::agent {
namespace {

class StatusReportTest : public SpoolTest {
 protected:
  nlohmann::json report() { return make_status_report(config, *spool, nullptr); }
  AgentConfig config;
};

TEST_F(StatusReportTest, ANoteThatWaitsIsNotAtTheHubThoughNobodyDelivers) {
  open();
  EXPECT_EQ(report()["cause"], "");
  EXPECT_EQ(report()["waiting_events"], 0);
  const auto id = spool->state_event(project, note("beam set"));
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(report()["waiting_events"], 1);
  EXPECT_EQ(report()["waiting_captures"], 0);
  EXPECT_EQ(report()["cause"], "agent_not_running");
  spool->event_refused(*id, "the capture belongs to another device");
  EXPECT_EQ(report()["waiting_events"], 1);
  EXPECT_EQ(report()["refused_events"], 1);
  EXPECT_EQ(report()["cause"], "refused");
  EXPECT_EQ(report()["detail"], "the capture belongs to another device");
}

TEST_F(StatusReportTest, ACaptureWithARefusedEventStaysOnTheDevice) {
  open();
  auto writer = open_capture();
  ASSERT_TRUE(writer->append("video", make_part(0)).ok());
  ASSERT_TRUE(writer->close("stopped", "").ok());
  ASSERT_TRUE(listener->wait([&] { return listener->events.size() == 2; }));
  spool->delivered(0, 1);
  spool->events_delivered({listener->events[0].id});
  spool->event_refused(listener->events[1].id, "malformed");
  const nlohmann::json capture = report()["captures"].at(0);
  EXPECT_EQ(capture["state"], "on_device");
  EXPECT_EQ(capture["cause"], "refused");
  EXPECT_EQ(capture["detail"], "malformed");
  EXPECT_EQ(report()["waiting_captures"], 1);
}

}  // namespace
}  // namespace sitecast::agent
