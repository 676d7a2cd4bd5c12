# SPDX-License-Identifier: Apache-2.0
"""Live parts and news, from a real broker to WebSockets."""
import pathlib
import unittest

from client import BINARY, TEXT
from openapi_schema import check
from world import WorldTest, wait_until


class Live(WorldTest):
    PORT_BASE = 21528

    def setUp(self):
        # Each test has a project of its own world: made anew, because a closed capture stays closed.
        if getattr(type(self), "used", False):
            type(self).doClassCleanups()
            type(self).setUpClass()
        type(self).used = True
        self.mine = self.world.made["mine"]
        self.capture = self.mine["live"]["capture"]

    def publish_frames(self, first, last):
        for frame in self.mine["live"]["frames"][first:last]:
            self.world.publish(self.mine["live"]["topic"], frame)

    def expected(self, index):
        frame = pathlib.Path(self.mine["live"]["frames"][index]).read_bytes()
        return b"\x05video" + frame

    def wait_for_parts(self, count):
        wait_until(f"{count} parts at the gateway",
                   lambda: self.world.metric("sitecast_gateway_broker_parts_total") == count)

    def test_a_new_viewer_gets_the_group_of_pictures_and_then_each_part(self):
        client = self.world.client("ana")
        self.publish_frames(0, 7)  # a group of 5 and two of the next
        self.wait_for_parts(7)
        _, socket = client.open(f"/api/v1/captures/{self.capture}/live")
        self.assertEqual(socket.frame(20), (BINARY, self.expected(5)))
        self.assertEqual(socket.frame(20), (BINARY, self.expected(6)))
        self.publish_frames(7, 8)
        self.assertEqual(socket.frame(20), (BINARY, self.expected(7)))

    def test_lists_and_news_say_what_is_live_and_what_ended(self):
        client = self.world.client("ana")
        foreign = self.world.client("olga")
        _, news = client.open(f"/api/v1/projects/{self.mine['project']}/updates")
        _, others = foreign.open(f"/api/v1/projects/{self.world.made['other']['project']}/updates")
        self.publish_frames(0, 1)
        self.assertEqual(news.text(20), {"type": "live_started", "capture_id": self.capture})
        live = client.get(f"/api/v1/projects/{self.mine['project']}/live").json()["captures"]
        self.assertEqual([(item["id"], item["state"]) for item in live], [(self.capture, "live")])
        self.assertEqual(client.get(f"/api/v1/projects/{self.mine['project']}").json()["live"], [self.capture])
        _, viewer = client.open(f"/api/v1/captures/{self.capture}/live")
        self.world.publish(self.mine["feed_topic"], self.mine["live"]["closed"])
        for message, of in ((viewer.text(20), "LiveMessage"), (news.text(20), "Update")):
            check(message, of)
            self.assertEqual(message["event"]["kind"], "capture.closed")
        ended = viewer.text(20)
        check(ended, "LiveMessage")
        self.assertEqual(ended, {"type": "ended", "reason": "closed"})
        self.assertEqual(viewer.close_code(20), 1000)
        self.assertEqual(news.text(20), {"type": "capture_changed", "capture_id": self.capture})
        self.assertEqual(news.text(20), {"type": "live_ended", "capture_id": self.capture})
        # The other project heard nothing of all this: its first message is its own.
        self.world.publish(self.world.made["other"]["live"]["topic"], self.world.made["other"]["live"]["frames"][0])
        self.assertEqual(others.text(20),
                         {"type": "live_started", "capture_id": self.world.made["other"]["live"]["capture"]})

    def test_an_archived_and_closed_capture_has_ended_for_who_comes_to_watch(self):
        _, socket = self.world.client("ana").open(f"/api/v1/captures/{self.mine['walk']['capture']}/live")
        opcode, payload = socket.frame(20)
        self.assertEqual((opcode, payload), (TEXT, b'{"type":"ended","reason":"closed"}'))
        self.assertEqual(socket.close_code(20), 1000)

    def test_what_is_not_a_part_reaches_nobody_and_harms_nothing(self):
        junk = self.world.dir / "junk"
        junk.write_bytes(b"\xff" * 100)
        client = self.world.client("ana")
        _, socket = client.open(f"/api/v1/captures/{self.capture}/live")
        self.world.publish(self.mine["live"]["topic"], junk)
        self.world.publish(self.mine["feed_topic"], junk)
        self.world.publish("sitecast/1/x/y/live/z/video", junk)
        self.publish_frames(0, 1)
        self.assertEqual(socket.frame(20), (BINARY, self.expected(0)))

    def test_a_viewer_that_talks_too_much_is_dropped_and_others_go_on(self):
        client = self.world.client("ana")
        _, rude = client.open(f"/api/v1/captures/{self.capture}/live")
        _, polite = client.open(f"/api/v1/captures/{self.capture}/live")
        rude.connection.sendall(b"\x82\xff" + (2**40).to_bytes(8, "big") + b"\0\0\0\0")
        self.assertIn(rude.close_code(20), (1009, None))
        self.publish_frames(0, 1)
        self.assertEqual(polite.frame(20), (BINARY, self.expected(0)))


class Retained(WorldTest):
    PORT_BASE = 21528

    def test_what_the_broker_kept_of_the_past_is_not_live(self):
        world, live = self.world, self.world.made["mine"]["live"]
        world.publish(live["topic"], live["frames"][0], retained=True)
        wait_until("a part that is published now is live, retained or not",
                   lambda: world.metric("sitecast_gateway_live_captures") == 1)
        world.restart_gateway()
        wait_until("the broker has sent what it kept",
                   lambda: world.metric("sitecast_gateway_broker_retained_total") == 1)
        self.assertEqual(world.metric("sitecast_gateway_live_captures"), 0)
        self.assertIn(f"ignored, e.g. {live['topic']}", world.read_log())


if __name__ == "__main__":
    unittest.main(verbosity=2)
