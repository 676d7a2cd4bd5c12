#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From a test source through agent, broker and hub into the archive, with each of them killed on the
way. What was filmed is known from the agent's ledger; the archive is read by an independent reader."""
import fcntl
import os
import signal

from agent_chain import ChainTest, alter_last_running_hash, kill, main, wait_until


class AgentChainTest(ChainTest):
    def assert_delivered_whole(self):
        chain = self.chain
        status = chain.status()
        self.assertEqual(status["waiting_captures"], 0, status)
        self.assertEqual([c["state"] for c in status["captures"] if c["state"] != "at_hub"], [])
        self.assertEqual(chain.spool_files(), [], "the spool was not freed")
        self.assertEqual(chain.problems(), [])
        chain.stop("hub")
        self.assertEqual(chain.check_hub(), "")

    def test_everything_filmed_is_receipted_and_freed(self):
        chain = self.chain.start()
        lines = chain.agent_json("record", "--source", "test:", "--duration", "5", "--area", "1号厂房",
                                 "--note", "开始", "--until-delivered")
        self.assertEqual(list(lines[0]), ["capture_id"])
        self.assertEqual(lines[-1]["type"], "end")
        self.assertEqual(lines[-1]["reason"], "stopped")
        self.assertGreater(lines[-1]["captured_ms"], 4500)
        self.assertEqual(lines[-1]["waiting_bytes"], 0)
        self.assert_delivered_whole()

    def test_what_was_filmed_without_a_link_follows_later(self):
        chain = self.chain
        chain.run_agent("record", "--source", "test:", "--duration", "2")
        chain.run_agent("note", "--last", "--text", "主体结构完成", "--stage", "roof", "--percentage", "40",
                        "--at", "1.5")
        status = chain.status()
        self.assertEqual(status["waiting_captures"], 1)
        self.assertEqual(status["captures"][0]["state"], "on_device")
        self.assertEqual(status["captures"][0]["cause"], "agent_not_running")
        chain.start()
        chain.run_agent("send")
        self.assert_delivered_whole()

    def test_a_note_without_a_link_is_not_called_delivered(self):
        chain = self.chain
        status = chain.status()
        self.assertEqual((status["waiting_events"], status["cause"]), (0, ""))
        agent = chain.start_agent("note", "--text", "梁已就位", "--until-delivered")
        wait_until("the note waits and says why", 30,
                   lambda: chain.status()["cause"] == "no_link" and chain.status()["waiting_events"] == 1)
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(30), 1)
        status = chain.status()
        self.assertEqual(status["waiting_events"], 1)
        self.assertEqual(status["cause"], "agent_not_running")
        self.assertNotIn("everything is at the centre", chain.run_agent("status", "--lang", "en").stdout)
        sender = chain.start_agent("send", "--until-delivered")
        wait_until("it tries", 30, lambda: chain.status()["cause"] == "no_link")
        chain.start()
        self.assertEqual(sender.wait(60), 0)
        self.assertEqual(chain.status()["waiting_events"], 0)
        chain.run_agent("note", "--text", "第二条", "--until-delivered")

    def test_the_hub_is_away_and_comes_back(self):
        chain = self.chain
        chain.start_broker()
        agent = chain.start_agent("record", "--source", "test:", "--until-delivered")
        wait_until("the agent says that the hub is away", 30,
                   lambda: chain.status()["cause"] == "hub_absent")
        self.assertTrue(chain.status()["link"]["connected"])
        agent.send_signal(signal.SIGTERM)
        chain.start_hub()
        self.assertEqual(agent.wait(60), 0)
        self.assert_delivered_whole()

    def test_the_broker_dies_on_the_way(self):
        chain = self.chain.start()
        agent = chain.start_agent("record", "--source", "test:", "--until-delivered")
        wait_until("parts are filmed", 30, lambda: chain.parts() > 100)
        chain.stop("broker", signal.SIGKILL)
        before = chain.parts()
        wait_until("filming goes on", 30, lambda: chain.parts() > before + 60)
        self.assertEqual(chain.status()["cause"], "no_link")
        chain.start_broker()
        before = chain.parts()
        wait_until("filming goes on", 30, lambda: chain.parts() > before + 60)
        agent.send_signal(signal.SIGINT)
        self.assertEqual(agent.wait(60), 0)
        self.assert_delivered_whole()

    def test_the_hub_is_killed_on_the_way(self):
        chain = self.chain.start()
        agent = chain.start_agent("record", "--source", "test:", "--until-delivered")
        for _ in range(3):
            before = chain.parts()
            wait_until("parts are filmed", 30, lambda: chain.parts() > before + 60)
            chain.stop("hub", signal.SIGKILL)
            before = chain.parts()
            wait_until("filming goes on", 30, lambda: chain.parts() > before + 30)
            chain.start_hub()
        agent.send_signal(signal.SIGINT)
        self.assertEqual(agent.wait(90), 0)
        self.assert_delivered_whole()

    def test_the_agent_is_killed_on_the_way(self):
        chain = self.chain.start()
        captures = []
        for _ in range(3):
            agent = chain.start_agent("record", "--source", "test:")
            before = chain.parts()
            wait_until("parts are filmed", 30, lambda: chain.parts() > before + 60)
            kill(agent)
            status = chain.status()
            captures = [c["capture_id"] for c in status["captures"]]
            self.assertEqual(status["captures"][-1]["closed_reason"], "restarted")
        self.assertEqual(len(captures), 3)
        chain.run_agent("send", "--until-delivered")
        self.assert_delivered_whole()

    def test_what_a_power_cut_took_here_stays_at_the_hub(self):
        chain = self.chain.start()
        agent = chain.start_agent("record", "--source", "test:")
        wait_until("it films", 30, lambda: chain.parts() > 60)
        wait_until("parts are at the hub", 30, lambda: all(
            t["parts_at_hub"] > 40 for t in chain.status()["captures"][0]["tracks"]))
        kill(agent)
        # What was never synced goes missing: the end of each file.
        for path in chain.spool_files():
            os.truncate(path, path.stat().st_size - 10_000 if "video" in path.name
                        else path.stat().st_size // 2)
        chain.run_agent("send", "--until-delivered")
        status = chain.status()
        self.assertEqual([c["state"] for c in status["captures"]], ["at_hub"])
        self.assertEqual(chain.spool_files(), [])
        # What had not even left when the power went is nowhere: the newest parts, none in between.
        self.assertEqual(chain.problems(ends_may_be_lost=True), [])

    def test_footage_that_is_not_what_the_hub_has_is_not_called_delivered(self):
        chain = self.chain
        chain.start_broker()
        agent = chain.start_agent("record", "--source", "test:", "--duration", "1", "--until-delivered")
        wait_until("it waits for the hub", 30, lambda: chain.parts() > 0
                   and chain.status()["captures"][0]["state"] == "on_device")
        alter_last_running_hash(next(p for p in chain.spool_files() if "video" in p.name))
        chain.start_hub()
        self.assertEqual(agent.wait(60), 1)
        self.assertIn("running hash differs", (chain.files.log / "agent.log").read_text())
        # Another process learns the same.
        done = chain.run_agent("send", "--until-delivered", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("refused the hub's running hash differs", done.stderr)
        self.assertEqual(chain.status()["captures"][0]["state"], "on_device")
        self.assertEqual(chain.status()["waiting_captures"], 1)

    def test_a_note_on_another_devices_capture_is_warned_of_and_shown_as_refused(self):
        chain = self.chain
        mine = chain.config
        other = chain.add_device("other")
        chain.files.write_broker_files()
        chain.start()
        chain.config = other
        theirs = chain.agent_json("record", "--source", "test:", "--duration", "1",
                                  "--until-delivered")[0]["capture_id"]
        chain.config = mine
        answer = chain.agent_json("note", "--capture", theirs, "--text", "不是本机的")[0]
        self.assertEqual(answer["warnings"], ["unknown_capture"])
        sender = chain.start_agent("run")
        wait_until("it runs", 30, lambda: "ready" in (chain.files.log / "agent.log").read_text())
        status = wait_until("the refusal is shown", 30, lambda: next(
            (s for s in [chain.status()] if s["cause"] == "refused"), None))
        self.assertEqual((status["waiting_events"], status["refused_events"]), (1, 1))
        self.assertIn("belongs to another device", status["detail"])
        # Waiting for it does not go on for ever.
        done = chain.run_agent("note", "--capture", theirs, "--text", "再一条", "--until-delivered",
                               check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("belongs to another device", done.stderr)
        # Others are not held up.
        chain.run_agent("note", "--text", "没有采集", "--until-delivered")
        sender.send_signal(signal.SIGTERM)
        self.assertEqual(sender.wait(30), 0)

    def test_run_waits_for_a_command_that_holds_the_spool(self):
        chain = self.chain.start()
        chain.status()
        log = chain.files.log / "agent.log"
        with open(chain.files.device / "spool" / "lock", "ab") as lock:  # as `status` without an owner does
            fcntl.flock(lock, fcntl.LOCK_EX)
            runner = chain.start_agent("run")
            wait_until("it has met the lock", 30, lambda: runner.poll() is not None or
                       "another command holds the spool" in log.read_text())
            self.assertIsNone(runner.poll(), log.read_text())
        wait_until("it runs", 30, lambda: "ready" in log.read_text())
        # Beside one that delivers there is nothing to wait for.
        second = chain.run_agent("run", check=False, timeout=20)
        self.assertEqual(second.returncode, 1)
        self.assertIn("is held by another process", second.stderr)
        runner.send_signal(signal.SIGTERM)
        self.assertEqual(runner.wait(30), 0)

    def test_a_second_command_is_done_by_the_process_that_films(self):
        chain = self.chain.start()
        agent = chain.start_agent("record", "--source", "test:", "--until-delivered")
        wait_until("it films", 30, lambda: chain.parts() > 30)
        self.assertEqual(chain.status()["captures"][0]["state"], "recording")
        answer = chain.agent_json("note", "--text", "此刻", "--at", "now")
        self.assertEqual(answer[0]["capture_id"], chain.status()["captures"][0]["capture_id"])
        photo = chain.agent_json("photo", "--note", "近景", "--until-delivered")
        self.assertEqual(len(photo[0]["capture_id"]), 22)
        # A recording of its own, by the same process, ended by its own client.
        second = chain.run_agent("record", "--source", "test:", "--duration", "1", "--json")
        self.assertIn('"reason":"stopped"', second.stdout)
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(60), 0)
        kinds = [c["kind"] for c in chain.status()["captures"]]
        self.assertEqual(sorted(kinds), ["photo", "walkthrough", "walkthrough"])
        self.assert_delivered_whole()

    def test_a_password_file_that_cannot_be_read_keeps_nobody_from_filming(self):
        chain = self.chain.start()
        file = chain.files.device / "broker.password"
        kept = file.rename(file.with_name("kept.password"))
        empty = file.with_name("empty.password")
        empty.write_text("\n")

        def now_is(target):
            beside = file.with_name("next.password")
            beside.symlink_to(target)
            beside.replace(file)

        now_is("absent")
        agent = chain.start_agent("record", "--source", "test:", "--lang", "zh-CN",
                                  "--until-delivered")
        for target, says in (("absent", "No such file"), (empty, "has no password"),
                             (chain.files.device, "cannot be read")):
            with self.subTest(says=says):
                now_is(target)
                status = wait_until("it says why it does not send", 30, lambda: next(
                    (s for s in [chain.status()]
                     if s["cause"] == "no_password" and says in s["detail"]), None))
                self.assertIn(str(file), status["detail"])
                self.assertFalse(status["link"]["connected"])
                before = chain.parts()
                wait_until("filming goes on", 30, lambda: chain.parts() > before + 60)
                log = (chain.files.log / "agent.log").read_text()
                self.assertEqual(log.count(status["detail"]), 1, log)
                self.assertIn("读不到设备的密码文件", log)
        now_is(kept)
        wait_until("it connects without a restart", 30, lambda: chain.status()["link"]["connected"])
        agent.send_signal(signal.SIGTERM)
        self.assertEqual(agent.wait(60), 0)
        self.assert_delivered_whole()

    def test_wrong_credentials_are_named(self):
        chain = self.chain.start()
        (chain.files.device / "broker.password").write_text("wrong\n")
        chain.run_agent("record", "--source", "test:", "--duration", "1")
        done = chain.run_agent("send", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not_admitted", done.stderr)
        self.assertIn("look at username and password_file", done.stderr)


if __name__ == "__main__":
    main(__doc__)
