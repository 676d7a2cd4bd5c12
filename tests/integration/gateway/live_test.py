# SPDX-License-Identifier: Apache-2.0
"""Live parts and news, from a real broker to WebSockets."""
import pathlib
import struct
import threading
import unittest

from client import BINARY, CLOSE, TEXT
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

    def media(self, first, last):
        """moof and mdat of these frames (proto/codec/part_frame.h)."""
        media = b""
        for index in range(first, last + 1):
            frame = pathlib.Path(self.mine["live"]["frames"][index]).read_bytes()
            envelope = int.from_bytes(frame[1:3], "big")
            proof = int.from_bytes(frame[3 + envelope:5 + envelope], "big")
            media += frame[5 + envelope + proof:]
        return media

    def test_hls_follows_what_is_filmed_part_by_part_to_its_end(self):
        client = self.world.client("ana")
        path = f"/api/v1/captures/{self.capture}/tracks/video/hls.m3u8?follow=1"
        at = f"/segments/{self.capture}/video/live"
        answers = {}

        def ask_and_wait(*asks):
            threads = [threading.Thread(target=lambda ask=ask: answers.update({ask: self.world.client("ana").get(ask)}))
                       for ask in asks]
            for thread in threads:
                thread.start()
            wait_until("they wait", lambda: self.world.metric("sitecast_gateway_hls_waiting") == len(asks))
            return threads

        self.publish_frames(0, 1)
        self.wait_for_parts(1)
        waiting = ask_and_wait(path)
        self.publish_frames(1, 6)  # a group of 5, whole because the next has begun
        for thread in waiting:
            thread.join(20)
        answer = answers[path]
        self.assertEqual((answer.status, answer.fields["content-type"]), (200, "application/vnd.apple.mpegurl"))
        self.assertEqual(answer.fields["cache-control"], "private, no-cache")
        lines = answer.body.decode().splitlines()
        self.assertIn(f"{at}/0-4.m4s", lines)
        self.assertIn(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{at}/5.m4s"', lines)
        self.assertEqual(client.get(f"{at}/0-4.m4s").body, self.media(0, 4))
        self.assertEqual(client.get(f"{at}/0.m4s").body, self.media(0, 4))
        [init] = {line.split('"')[1] for line in lines if line.startswith("#EXT-X-MAP")}
        self.assertEqual(client.get(init).status, 200)
        for wrong in ("&_HLS_part=1", "&_HLS_msn=99", "&_HLS_msn=x", "&else=1"):
            self.assertEqual(client.get(path + wrong).status, 400, wrong)
        for unknown in ("1.m4s", "0-3.m4s", "4-0.m4s", "0-4", "x.m4s"):
            self.assertEqual(client.get(f"{at}/{unknown}").status, 404, unknown)

        waiting = ask_and_wait(path + "&_HLS_msn=1&_HLS_skip=YES", f"{at}/5.m4s")
        self.publish_frames(6, 8)
        self.world.publish(self.mine["feed_topic"], self.mine["live"]["closed"])
        for thread in waiting:
            thread.join(20)
        self.assertEqual(answers[f"{at}/5.m4s"].body, self.media(5, 7))
        lines = answers[path + "&_HLS_msn=1&_HLS_skip=YES"].body.decode().splitlines()
        self.assertEqual(lines[-2:], [f"{at}/5-7.m4s", "#EXT-X-ENDLIST"])

    def test_a_viewer_that_talks_too_much_is_dropped_and_others_go_on(self):
        client = self.world.client("ana")
        _, rude = client.open(f"/api/v1/captures/{self.capture}/live")
        _, polite = client.open(f"/api/v1/captures/{self.capture}/live")
        rude.connection.sendall(b"\x82\xff" + (2**40).to_bytes(8, "big") + b"\0\0\0\0")
        self.assertIn(rude.close_code(20), (1009, None))
        self.publish_frames(0, 1)
        self.assertEqual(polite.frame(20), (BINARY, self.expected(0)))



def mqtt_text(text):
    return struct.pack(">H", len(text)) + text


def mqtt_packet(first, body=b""):
    length, rest = b"", len(body)
    while True:
        length += bytes([rest & 0x7F | (0x80 if rest > 0x7F else 0)])
        rest >>= 7
        if not rest:
            return bytes([first]) + length + body


def mqtt_connect(user, password=b"secret", version=5):
    return mqtt_packet(0x10, mqtt_text(b"MQTT") + bytes([version, 0xC2, 0, 60, 0]) + mqtt_text(b"") +
                       mqtt_text(user) + mqtt_text(password))


def mqtt_publish(topic, payload):
    return mqtt_packet(0x32, mqtt_text(topic.encode()) + b"\0\1\0" + payload)


class Tunnel(WorldTest):
    """MQTT through the gateway's own door. Here the broker takes any password; whom it takes and what that one
    may do is tried where it has its rights (hub_broker_rights_test)."""
    PORT_BASE = 21528

    def setUp(self):
        self.live = self.world.made["mine"]["live"]
        self.device = self.live["topic"].split("/")[3].encode()

    def open(self, **headers):
        return self.world.client().open("/api/v1/mqtt", **{"Sec-WebSocket-Protocol": "mqtt", **headers})

    def connected(self):
        answer, socket = self.open()
        self.assertEqual((answer.status, answer.fields["sec-websocket-protocol"]), (101, "mqtt"))
        socket.send(BINARY, mqtt_connect(self.device))
        opcode, connack = socket.frame(20)
        self.assertEqual((opcode, connack[0], connack[3]), (BINARY, 0x20, 0), connack)
        return socket

    def assert_ends(self, socket):
        """However it ends: nothing that is MQTT came back."""
        try:
            opcode, payload = socket.frame(20)
        except (EOFError, ConnectionError):
            return
        self.assertEqual(opcode, CLOSE)
        self.assertIn(payload[:2], (b"\x03\xf0", b"\x03\xef"))  # 1008; 1007: text that is no text

    def test_a_devices_part_reaches_who_watches_however_its_bytes_are_cut(self):
        viewer = self.world.client("ana")
        _, watching = viewer.open(f"/api/v1/captures/{self.live['capture']}/live")
        device = self.connected()
        frame = pathlib.Path(self.live["frames"][0]).read_bytes()
        publish = mqtt_publish(self.live["topic"], frame)
        for at in range(0, len(publish), 100):
            device.send(BINARY, publish[at:at + 100])
        self.assertEqual(watching.frame(20), (BINARY, b"\x05video" + frame))
        self.assertEqual(device.frame(20)[1][0], 0x40)  # PUBACK

    def test_the_broker_hears_nothing_of_who_does_not_begin_as_a_device(self):
        for what, message in {"no MQTT": b"GET / HTTP/1.1\r\n\r\n", "a publish": mqtt_publish("x", b"y"),
                              "the hub": mqtt_connect(b"hub"), "the gateway": mqtt_connect(b"gateway-publisher"),
                              "no password": mqtt_connect(self.device, b""),
                              "MQTT 3.1.1": mqtt_connect(self.device, version=4)}.items():
            with self.subTest(what):
                _, socket = self.open()
                socket.send(BINARY, message)
                self.assert_ends(socket)
        _, socket = self.open()
        socket.send(TEXT, mqtt_connect(self.device))
        self.assert_ends(socket)
        self.assertNotIn("as hub", self.world.read_log())

    def test_what_no_device_says_ends_a_connection_that_was_fine(self):
        for message in (mqtt_connect(self.device), b"\xf0\0", b"\x34\5\0\1x\0\1", b"\x30\xff\xff\xff\x7f"):
            device = self.connected()
            device.send(BINARY, message)
            with self.assertRaises((EOFError, ConnectionError), msg=message):
                device.frame(20)

    def test_a_foreign_page_gets_no_tunnel(self):
        answer, _ = self.open(Origin="http://evil.example")
        self.assertEqual(answer.status, 403)
        answer, socket = self.open(Origin=f"http://127.0.0.1:{self.world.port}")
        self.assertEqual(answer.status, 101)
        socket.close()
        self.assertEqual(self.world.client().get("/api/v1/mqtt").status, 426)


class Devices(WorldTest):
    PORT_BASE = 21528

    def setUp(self):
        self.mine = self.world.made["mine"]
        self.path = f"/api/v1/projects/{self.mine['project']}/devices"
        self.centre = self.world.client("carl")

    def say(self, what):
        self.world.publish(self.mine["status"]["topic"], self.mine["status"][what], retained=True)

    def answer(self):
        answer = self.centre.get(self.path).json()
        check(answer, "Devices")
        return answer

    def device(self, presence):
        """The one device, once it is that."""
        return wait_until(f"the device is {presence}", lambda: next(
            (device for device in self.answer()["devices"] if device["presence"] == presence), None))

    def test_what_a_device_holds_and_why_it_waits(self):
        _, news = self.centre.open(f"/api/v1/projects/{self.mine['project']}/updates")
        self.say("online")
        self.assertEqual(news.text(20), {"type": "devices_changed"})
        device = self.device("online")
        self.assertEqual((device["device_id"], device["name"]), (self.mine["status"]["device"], "phone of Li"))
        self.assertEqual((device["cause"], device["since_us"], device["waiting_ms"], device["remaining_ms"]),
                         ("awaiting_receipt", 1_700_000_050_000_000, 192_000, 480_000))
        self.assertEqual([(item["state"], item["cause"]) for item in device["items"]],
                         [("sending", "awaiting_receipt"), ("on_device", "queued_behind_older")])
        self.assertEqual(self.answer()["waiting"], {"duration_ms": 192_000, "captures": 2, "for_network": False})

        # It goes without a word: what it held is held still, and waits for a network.
        self.say("will")
        device = self.device("lost")
        self.assertEqual((device["cause"], device["waiting_ms"], device["remaining_ms"]), ("no_link", 192_000, None))
        self.assertIsNotNone(device["since_us"])
        self.assertEqual({(item["state"], item["cause"]) for item in device["items"]}, {("on_device", "no_link")})
        self.assertEqual(self.answer()["waiting"], {"duration_ms": 192_000, "captures": 2, "for_network": True})

        self.say("goodbye")
        device = self.device("gone")
        self.assertEqual((device["cause"], device["waiting_ms"]), ("agent_not_running", 192_000))
        self.say("done")
        device = self.device("online")
        self.assertEqual((device["cause"], device["waiting_ms"], device["items"]), ("", 0, []))

        # A gateway that starts later knows what the broker kept.
        self.say("goodbye")
        self.device("gone")
        self.world.restart_gateway()
        self.centre = self.world.client("carl")
        device = self.device("gone")
        self.assertEqual((device["waiting_ms"], device["since_us"]), (192_000, 1_700_000_100_000_000))

    def test_an_owner_gets_the_sum_and_no_devices(self):
        other = self.world.made["other"]
        self.world.publish(other["status"]["topic"], other["status"]["online"])
        path = f"/api/v1/projects/{other['project']}/devices"
        wait_until("the centre sees the device", lambda: self.centre.get(path).json()["devices"])
        answer = self.world.client("olga").get(path).json()
        check(answer, "Devices")
        self.assertEqual(answer, {"waiting": {"duration_ms": 192_000, "captures": 2, "for_network": False},
                                  "devices": None})
        self.assertEqual(self.world.client("ana").get(path).status, 404)

    def test_without_a_broker_nobody_is_said_to_be_there(self):
        self.say("online")
        self.device("online")
        [broker] = [process for process in self.world.processes if "mosquitto" in process.args[0]]
        broker.terminate()
        broker.wait(20)
        device = self.device("unknown")
        self.assertEqual(device["waiting_ms"], 192_000)


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
