# SPDX-License-Identifier: Apache-2.0
"""Bytes, ranges, caching, static files and the server's limits."""
import pathlib
import signal
import socket as sockets
import ssl
import subprocess
import unittest
import warnings

import world
from client import BINARY, Client, read_answer
from world import PASSWORD, WorldTest

SCRIPT = "console.log('" + "x" * 300 + "')"


class Http(WorldTest):
    PORT_BASE = 21532
    WEB = {"index.html": "<title>app</title>", "assets/app-0123abcd.js": SCRIPT,
           "assets/app-0123abcd.js.br": "as brotli", "assets/app-0123abcd.js.gz": "as gzip",
           "assets/only.js.br": "made from nothing",
         "agent/index.html": "<title>agent</title>", "agent/sw.js": "// worker", "agent/assets/film-0123abcd.js": "1"}

    def setUp(self):
        self.client = self.world.client("ana")
        self.mine = self.world.made["mine"]
        self.walk = self.mine["walk"]["capture"]

    def test_a_segment_is_its_parts_back_to_back(self):
        bytes_made = pathlib.Path(self.mine["walk"]["segment_bytes"]).read_bytes()
        path = f"/segments/{self.walk}/video/5"
        whole = self.client.get(path)
        self.assertEqual((whole.status, whole.body), (200, bytes_made))
        self.assertEqual(whole.fields["content-type"], "video/mp4")
        self.assertEqual(whole.fields["cache-control"], "private, max-age=31536000, immutable")
        head = self.client.send("HEAD", path)
        self.assertEqual((head.status, head.fields["content-length"]), (200, str(len(bytes_made))))
        part = self.client.get(path, Range="bytes=100-299")
        self.assertEqual((part.status, part.body), (206, bytes_made[100:300]))
        self.assertEqual(part.fields["content-range"], f"bytes 100-299/{len(bytes_made)}")
        self.assertEqual(self.client.get(path, Range="bytes=-7").body, bytes_made[-7:])
        self.assertEqual(self.client.get(path, Range=f"bytes={len(bytes_made)}-").status, 416)
        etag = whole.fields["etag"]
        same = self.client.get(path, **{"If-None-Match": etag})
        self.assertEqual((same.status, same.body), (304, b""))
        other = self.client.get(path, **{"If-Range": '"another"', "Range": "bytes=0-9"})
        self.assertEqual((other.status, other.body), (200, bytes_made))
        self.assertEqual(self.client.get(f"/segments/{self.walk}/video/6").status, 404)

    def test_what_a_browser_keeps_is_for_the_session_that_asked(self):
        walk, photo = (f"/api/v1/captures/{self.mine[kind]['capture']}" for kind in ("walk", "photo"))
        segment = self.client.get(f"/segments/{self.walk}/video/5")
        for answer in (segment, self.client.get(f"{photo}/file"), self.client.get(f"{walk}/thumbnail"),
                       self.client.get(f"/segments/{self.walk}/video/init/{self.mine['walk']['init']}"),
                       self.client.get(f"/segments/{self.walk}/video/5",
                                       **{"If-None-Match": segment.fields["etag"]})):
            self.assertIn("private", answer.fields["cache-control"])
            self.assertEqual(answer.fields["vary"], "Cookie")
        leaving = self.world.client("ana")
        gone = leaving.send("DELETE", "/api/v1/session", {"X-Sitecast": "1"})
        self.assertEqual(gone.fields["clear-site-data"], '"cache"')

    def test_a_playlist_names_segments_that_can_be_fetched(self):
        playlist = self.client.get(f"/api/v1/captures/{self.walk}/tracks/video/playlist").json()
        self.assertTrue(playlist["complete"])
        self.assertEqual([segment["n"] for segment in playlist["segments"]], [0, 5, 10, 15, 20])
        for segment in playlist["segments"]:
            answer = self.client.get(f"/segments/{self.walk}/video/{segment['n']}")
            self.assertEqual(len(answer.body), segment["size"])
            init = self.client.get(f"/segments/{self.walk}/video/init/{segment['init']}")
            self.assertEqual(init.body[4:8], b"ftyp")
        second = playlist["segments"][1]
        some = self.client.get(f"/api/v1/captures/{self.walk}/tracks/video/playlist"
                               f"?from={second['t']}&until={second['t'] + 1}").json()
        self.assertEqual(some["segments"], [second])
        self.assertEqual(self.client.get(f"/api/v1/captures/{self.walk}/tracks/video/playlist?from=x").status, 400)

    def test_hls_playlists_name_the_same_bytes(self):
        renditions = self.client.get(f"/api/v1/captures/{self.walk}/hls.m3u8")
        self.assertEqual(renditions.fields["content-type"], "application/vnd.apple.mpegurl")
        uris = [line for line in renditions.body.decode().splitlines() if not line.startswith("#")]
        self.assertEqual(uris, [f"/api/v1/captures/{self.walk}/tracks/video/hls.m3u8"])
        lines = self.client.get(uris[0]).body.decode().splitlines()
        segments = [line for line in lines if not line.startswith("#")]
        self.assertEqual(segments, [f"/segments/{self.walk}/video/{n}.m4s" for n in (0, 5, 10, 15, 20)])
        self.assertEqual(lines[-1], "#EXT-X-ENDLIST")
        init = next(line.split('"')[1] for line in lines if line.startswith("#EXT-X-MAP"))
        for named, plain in ((segments[1], f"/segments/{self.walk}/video/5"),
                             (init, f"/segments/{self.walk}/video/init/{self.mine['walk']['init']}")):
            self.assertEqual(self.client.get(named).body, self.client.get(plain).body)
        self.assertEqual(self.client.get(f"{uris[0]}?follow=2").status, 400)
        # Who followed it to its end finds it as a recording, and each segment as exactly its parts.
        self.assertEqual(self.client.get(f"{uris[0]}?follow=1").body.decode().splitlines(), lines)
        self.assertEqual(self.client.get(f"/segments/{self.walk}/video/live/5-9.m4s").body,
                         self.client.get(segments[1]).body)
        self.assertEqual(self.client.get(f"/segments/{self.walk}/video/live/5-8.m4s").status, 404)
        photo = self.mine["photo"]["capture"]
        for path in (f"/api/v1/captures/{photo}/hls.m3u8", f"/api/v1/captures/{photo}/tracks/image/hls.m3u8",
                     f"/api/v1/captures/{self.walk}/tracks/audio/hls.m3u8"):
            self.assertEqual(self.client.get(path).status, 404, path)

    def test_the_original_comes_back_byte_for_byte_and_cannot_run(self):
        answer = self.client.get(f"/api/v1/captures/{self.mine['photo']['capture']}/file")
        self.assertEqual(answer.body, pathlib.Path(self.mine["photo"]["file_bytes"]).read_bytes())
        self.assertEqual(answer.fields["content-type"], "image/jpeg")
        self.assertEqual(answer.fields["content-disposition"], 'inline; filename="photo.jpg"')
        self.assertEqual(answer.fields["content-security-policy"], "default-src 'none'; sandbox")
        self.assertEqual(answer.fields["x-content-type-options"], "nosniff")
        self.assertEqual(self.client.get(f"/api/v1/captures/{self.walk}/file").status, 404)

    def test_derived_files_come_as_made_and_404_until_then(self):
        self.assertEqual(self.client.get(f"/api/v1/captures/{self.walk}/thumbnail").body, b"thumbnail")
        self.assertEqual(self.client.get(f"/api/v1/captures/{self.walk}/sprite").body, b"sprite")
        self.assertEqual(self.client.get(f"/api/v1/captures/{self.walk}/sprite.json").json()["columns"], 2)
        photo = self.mine["photo"]["capture"]
        self.assertEqual(self.client.get(f"/api/v1/captures/{photo}/thumbnail").status, 404)

    def test_static_files_are_compressed_cached_and_fall_back_to_the_app(self):
        path = "/assets/app-0123abcd.js"
        for accepted, body, coding in (("gzip, br", b"as brotli", "br"), ("gzip", b"as gzip", "gzip"),
                                       ("br;q=0", SCRIPT.encode(), None), ("identity", SCRIPT.encode(), None)):
            answer = self.world.client().get(path, **{"Accept-Encoding": accepted})
            self.assertEqual((answer.status, answer.body, answer.fields.get("content-encoding")),
                             (200, body, coding))
            self.assertEqual(answer.fields["cache-control"], "public, max-age=31536000, immutable")
            self.assertEqual(answer.fields["vary"], "Accept-Encoding")
        for page in ("/", f"/projects/{self.mine['project']}", "/anything"):
            answer = self.world.client().get(page)
            self.assertEqual((answer.status, answer.body), (200, b"<title>app</title>"))
            self.assertEqual(answer.fields["cache-control"], "no-cache")
        for page in ("/agent/", "/agent/index.html", "/agent/anything"):
            self.assertEqual(self.world.client().get(page).body, b"<title>agent</title>", page)
        self.assertEqual(self.world.client().get("/agent/assets/film-0123abcd.js").fields["cache-control"],
                         "public, max-age=31536000, immutable")
        worker = self.world.client().get("/agent/sw.js")
        self.assertEqual((worker.body, worker.fields["cache-control"]), (b"// worker", "no-cache"))
        self.assertEqual(self.world.client().get("/agents").body, b"<title>app</title>")
        for missing in ("/assets/gone-0123abcd.js", "/assets/only.js", "/agent/assets/gone-0123abcd.js"):
            self.assertEqual(self.world.client().get(missing).status, 404)

    def test_every_answer_carries_the_security_fields(self):
        for path in ("/", "/healthz", "/api/v1/projects", "/nothing", f"/segments/{self.walk}/video/5"):
            fields = self.client.get(path).fields
            self.assertEqual(fields["x-content-type-options"], "nosniff", path)
            self.assertEqual(fields["referrer-policy"], "no-referrer", path)
            policy = fields["content-security-policy"]
            for word in ("default-src 'none'", "frame-ancestors 'none'", "media-src 'self' blob:"):
                self.assertIn(word, policy, path)
            self.assertNotIn("unsafe", policy, path)
            self.assertNotIn("strict-transport-security", fields, path)

    def test_unknown_methods_and_malformed_requests_are_refused(self):
        answer = self.client.send("PUT", "/api/v1/projects", {"X-Sitecast": "1"})
        self.assertEqual((answer.status, answer.fields["allow"]), (405, "GET, HEAD"))
        for request, status in ((b"GET / HTTP/1.1\r\n\r\n", 400), (b"\x16\x03\x01\x00\r\n\r\n", 400),
                                (b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n", 431),
                                (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n", 413)):
            with self.client.connect() as connection:
                connection.sendall(request)
                self.assertEqual(read_answer(connection, False)[0].status, status, request[:40])

    def test_requests_follow_each_other_on_one_connection(self):
        with self.client.connect() as connection:
            for _ in range(3):
                connection.sendall(self.client.head("GET", f"/segments/{self.walk}/video/5", {}) +
                                   self.client.head("GET", "/healthz", {}))
                first, rest = read_answer(connection, False)
                self.assertEqual(first.status, 200)
                while b'{"status":"ok"}' not in rest:
                    rest += connection.recv(4096)

    def test_who_sends_half_a_request_is_cut_off_and_others_are_served(self):
        slow = [self.client.connect() for _ in range(50)]
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        self.assertEqual(self.world.client().get("/healthz").status, 200)
        for connection in slow:
            connection.settimeout(60)
            self.assertEqual(connection.recv(1), b"")
            connection.close()
        self.assertIn("sitecast_gateway_deadlines_missed_total", self.world.metrics())

    def test_metrics_are_on_their_own_listener_only(self):
        self.assertIn("sitecast_gateway_requests_ok_total", self.world.metrics())
        self.assertNotIn(b"sitecast_gateway_requests", self.world.client().get("/metrics").body)


class Tls(WorldTest):
    PORT_BASE = 21532
    TLS = True

    def test_the_whole_of_it_works_over_tls(self):
        client = self.world.client()
        answer = client.sign_in("ana", PASSWORD, Origin=f"https://127.0.0.1:{self.world.port}")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.fields["set-cookie"].startswith("__Host-sitecast_session="))
        for word in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, answer.fields["set-cookie"])
        mine = self.world.made["mine"]
        segment = client.get(f"/segments/{mine['walk']['capture']}/video/5", Range="bytes=10-")
        self.assertEqual(segment.body, pathlib.Path(mine["walk"]["segment_bytes"]).read_bytes()[10:])
        self.assertEqual(segment.fields["strict-transport-security"], "max-age=31536000")
        _, socket = client.open(f"/api/v1/captures/{mine['live']['capture']}/live")
        self.world.publish(mine["live"]["topic"], mine["live"]["frames"][0])
        frame = pathlib.Path(mine["live"]["frames"][0]).read_bytes()
        self.assertEqual(socket.frame(20), (BINARY, b"\x05video" + frame))
        socket.close()

    def test_the_cookie_of_a_plain_connection_is_not_taken(self):
        client = self.world.client("ana")
        client.cookie = client.cookie.replace("__Host-", "")
        self.assertEqual(client.get("/api/v1/session").status, 401)

    def test_old_tls_and_no_tls_get_nothing(self):
        old = ssl.create_default_context(cafile=self.world.dir / "tls.crt")
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionResetError)):
            Client(self.world.port, old).get("/healthz")
        with self.assertRaises((EOFError, ConnectionResetError, ValueError, IndexError)):
            Client(self.world.port).get("/healthz")


class BehindAProxy(WorldTest):
    """TLS ends at a proxy: this test's own connections are the proxy's."""
    PORT_BASE = 21532
    CONFIG = 'public_origin = "https://site.example"\ntrusted_proxy = ["127.0.0.1"]\n'
    LIMITS = "connections_per_address = 2"
    ORIGIN = {"Origin": "https://site.example"}

    def sign_in(self, password, forwarded_for):
        return self.world.client().sign_in("ana", password, **self.ORIGIN, **{"X-Forwarded-For": forwarded_for})

    def test_the_cookie_is_for_tls_only(self):
        client = self.world.client()
        answer = client.sign_in("ana", PASSWORD, **self.ORIGIN)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.fields["set-cookie"].startswith("__Host-sitecast_session="))
        self.assertIn("; Secure", answer.fields["set-cookie"])
        self.assertIn("strict-transport-security", answer.fields)
        self.assertEqual(client.get("/api/v1/session").status, 200)
        client.cookie = client.cookie.replace("__Host-", "")
        self.assertEqual(client.get("/api/v1/session").status, 401)

    def test_a_guesser_is_slowed_down_by_the_address_that_the_proxy_says(self):
        for _ in range(5):
            self.assertEqual(self.sign_in("guess", "198.51.100.2").status, 401)
        self.assertEqual(self.sign_in("guess", "198.51.100.2").status, 429)
        # What the guesser writes itself stands before what the proxy adds.
        self.assertEqual(self.sign_in("guess", "198.51.100.9, 198.51.100.2").status, 429)
        self.assertEqual(self.sign_in(PASSWORD, "198.51.100.3").status, 200)

    def test_connections_are_counted_for_whom_the_proxy_carries(self):
        client = self.world.client()
        open_ = []
        def ask(address):
            open_.append(client.connect())
            open_[-1].sendall(client.head("GET", "/healthz", {"X-Forwarded-For": address}))
            return read_answer(open_[-1], False)[0].status
        self.assertEqual([ask("198.51.100.4") for _ in range(3)], [200, 200, 429])
        self.assertEqual([ask("198.51.100.5") for _ in range(2)], [200, 200])
        for connection in open_:
            connection.close()


class Start(WorldTest):
    PORT_BASE = 21532

    def test_sigterm_ends_open_sockets_and_the_process_with_0(self):
        client = self.world.client("ana")
        _, socket = client.open(f"/api/v1/projects/{self.world.made['mine']['project']}/updates")
        idle = client.connect()
        self.world.gateway.send_signal(signal.SIGTERM)
        self.assertEqual(socket.close_code(20), 1001)
        self.assertEqual(self.world.gateway.wait(20), 0)
        idle.close()
        with self.assertRaises(ConnectionRefusedError):
            sockets.create_connection(("127.0.0.1", self.world.port), timeout=5)

    def test_a_bad_configuration_is_refused_by_the_name_of_its_key(self):
        good = self.world.config.read_text()
        for old, new, reason in (
                ("[broker]", "colour = 1\n[broker]", "colour"),
                ("[broker]", "[broker]\nport = 1", "broker.port"),
                ('listen = "127.0.0.1:%d"\nweb' % self.world.port, 'listen = "0.0.0.0:1"\nweb', "tls"),
                ("mqtt://127.0.0.1", "mqtt://192.0.2.1", "mqtts"),
                ("[broker]", 'log_level = "loud"\n[broker]', "log_level"),
                ("[broker]", 'trusted_proxy = ["proxy.example"]\n[broker]', "trusted_proxy"),
                ('state_dir = "gateway"\n', "", "state_dir")):
            self.assertIn(old, good)
            self.world.config.write_text(good.replace(old, new))
            done = self.world.account("list", check=False)
            self.assertNotEqual(done.returncode, 0, reason)
            self.assertIn(reason, done.stderr)
        self.world.config.write_text(good)

    def test_a_broker_called_by_mqtts_has_no_tunnel_so_no_browser_is_enrolled(self):
        good = self.world.config.read_text()
        self.world.gateway.send_signal(signal.SIGTERM)
        self.world.gateway.wait(20)
        self.world.make_certificate()
        self.world.config.write_text(good.replace('url = "mqtt://', 'ca_file = "tls.crt"\nurl = "mqtts://'))
        gateway = self.world.start([str(world.BIN / "sitecast-gateway"), "--config", str(self.world.config), "run"],
                                   stdout=subprocess.PIPE)
        self.assertEqual(world.first_line(gateway), "ready")
        client = self.world.client("carl")
        answer, socket = client.open("/api/v1/mqtt")
        self.assertEqual((answer.status, socket), (503, None))
        answer = client.send("POST", f"/api/v1/projects/{self.world.made['mine']['project']}/enrolments",
                             {"X-Sitecast": "1"}, b'{"name":"phone","minutes":30}')
        self.assertEqual((answer.status, answer.json()["error"]["code"]), (503, "no_tunnel"))
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(20)
        self.world.config.write_text(good)
        self.world.start_gateway()

    def test_a_folder_that_is_not_the_hubs_is_refused_at_the_start(self):
        good = self.world.config.read_text()
        self.world.config.write_text(good.replace('hub_state_dir = "hub"', 'hub_state_dir = "hubb"'))
        done = self.world.run_gateway()
        self.world.config.write_text(good)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("hub_state_dir", done.stderr)
        self.assertIn("hubb", done.stderr)

    def test_an_archive_that_cannot_be_read_is_in_the_log_with_its_cause(self):
        client = self.world.client("ana")
        current = self.world.dir / "hub" / "index" / "CURRENT"
        good = current.read_bytes()
        try:
            current.write_text("nonsense\n")
            damaged = client.get("/api/v1/projects?secret=1")
            current.unlink()
            away = client.get("/api/v1/projects")
        finally:
            current.write_bytes(good)
        self.assertEqual((damaged.status, away.status), (500, 503))
        log = self.world.read_log()
        self.assertIn("GET /api/v1/projects answered 500: index/CURRENT names no index", log)
        self.assertIn("GET /api/v1/projects answered 503: there is no index yet", log)
        self.assertNotIn("secret", log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
