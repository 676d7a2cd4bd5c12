#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Networks that cost by the byte: live only on a metered one, a daily data budget that survives a kill, and
`send --now`. Real agent, broker and hub."""

from agent_chain import ChainTest, kill, main, wait_until


class AgentDataTest(ChainTest):
    def configure(self, text):
        with open(self.chain.config, "a", encoding="utf-8") as config:
            config.write("\n" + text)

    def film_without_a_link(self, least_bytes):
        while True:
            self.chain.run_agent("record", "--source", "test:", "--duration", "3")
            status = self.chain.status()
            if status["waiting_bytes"] > least_bytes:
                return

    def start_run(self):
        """An agent that stays. Ready before anybody asks: `status` of nobody's spool would hold the lock."""
        log = self.chain.files.log / "agent.log"
        before = log.read_text().count("ready") if log.exists() else 0
        agent = self.chain.start_agent("run")
        wait_until("the agent is ready", 30, lambda: log.read_text().count("ready") > before)
        return agent

    def wait_for_cause(self, cause):
        wait_until(f"the device waits because of {cause}", 30, lambda: self.chain.status()["cause"] == cause)
        return self.chain.status()

    def deliver_now(self):
        self.chain.run_agent("send", "--now", "--until-delivered")
        self.chain.stop("agent")
        status = self.chain.status()
        self.assertEqual((status["waiting_captures"], status["waiting_events"]), (0, 0), status)
        self.assertEqual(self.chain.problems(), [])

    def test_on_a_metered_network_only_live_is_sent_until_somebody_says_now(self):
        chain = self.chain
        self.configure('[network]\nmetered = "yes"\n')
        self.film_without_a_link(0)
        chain.start()
        self.start_run()
        status = self.wait_for_cause("metered_network")
        [old] = status["captures"]
        self.assertEqual((old["state"], old["cause"], old["at_hub_bytes"]), ("on_device", "metered_network", 0))
        self.assertTrue(status["data"]["metered"])
        self.assertEqual(status["waiting_events"], 0, "events go everywhere")
        chain.run_agent("record", "--source", "test:", "--duration", "2")
        wait_until("live has arrived", 30, lambda: chain.status()["captures"][1]["at_hub_bytes"] > 0)
        self.assertEqual(chain.status()["captures"][0]["at_hub_bytes"], 0)
        told = chain.run_agent("send", check=False)
        self.assertEqual(told.returncode, 1)
        self.assertIn("metered_network", told.stderr)
        self.assertIn("only live is sent on this metered network since",
                      chain.run_agent("status", "--lang", "en").stdout)
        self.deliver_now()

    def test_everything_is_sent_on_a_metered_network_where_that_is_wanted(self):
        self.configure('[network]\nmetered = "yes"\n[publish]\non_metered = "everything"\n')
        self.film_without_a_link(0)
        self.chain.start().run_agent("send")
        self.assertEqual(self.chain.status()["waiting_captures"], 0)

    def test_a_used_up_budget_holds_the_rest_through_a_kill(self):
        chain = self.chain
        self.configure("[publish]\ndaily_budget_mb = 1\n")
        self.film_without_a_link(2_000_000)
        chain.start()
        agent = self.start_run()
        # What is on its way counts against what is left; as sent it is counted when the other side has it.
        self.wait_for_cause("data_budget")
        wait_until("what was on its way is counted", 30,
                   lambda: chain.status()["data"]["sent_today_bytes"] > 900_000)
        data = chain.status()["data"]
        self.assertEqual(data["daily_budget_bytes"], 1_000_000)
        # No more than a part over it, and what the protocol adds.
        self.assertLess(data["sent_today_bytes"], 1_300_000)
        at_hub = sum(capture["at_hub_bytes"] for capture in chain.status()["captures"])
        self.assertLess(at_hub, 1_300_000)

        kill(agent)
        self.start_run()
        status = self.wait_for_cause("data_budget")
        self.assertGreaterEqual(status["data"]["sent_today_bytes"], data["sent_today_bytes"])
        chain.run_agent("record", "--source", "test:", "--duration", "2")
        new = chain.status()["captures"][-1]
        self.assertEqual((new["at_hub_bytes"], new["cause"]), (0, "data_budget"))
        wait_until("events go all the same", 30, lambda: chain.status()["waiting_events"] == 0)
        self.assertIn("今天的流量预算已用完", chain.run_agent("status", "--lang", "zh-CN").stdout)
        self.deliver_now()


if __name__ == "__main__":
    main(__doc__)
