# SPDX-License-Identifier: Apache-2.0
"""Who may reach what: every route of the table, asked by everybody, for what is theirs, what is foreign and
what does not exist."""
import itertools
import json
import socket
import threading
import unittest

from client import CLOSE
from world import PASSWORD, ROLES, UNKNOWN_ID, WorldTest, path_of, routes, wait_until

OBJECTS = ("mine", "other", "unknown")
# user -> projects that are theirs; None is nobody.
THEIRS = {"carl": {"mine", "other"}, "ana": {"mine"}, "olga": {"other"}, "nina": set(), None: set()}


class Matrix(WorldTest):
    PORT_BASE = 21524

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clients = {user: cls.world.client(user) for user in (*ROLES, None)}

    def ask(self, user, route, path):
        client = self.clients[user]
        if route["websocket"]:
            answer, socket = client.open(path)
            if socket:
                socket.close()
            return answer
        return client.get(path)

    def expected(self, user, route, which):
        kind = route["object"]
        if route["action"] == "decide" and user is not None:
            # Devices are let in by the hub, and none runs here: 503 tells who came through.
            return 503 if which in THEIRS[user] and ROLES[user] == "centre" else 404
        if kind == "public":
            return 101 if route["websocket"] else 200
        if user is None:
            return 401
        if kind in ("own_session", "project_list"):
            return 200
        self.assertIn(kind, ("project", "capture"))
        if which not in THEIRS[user]:
            return 404
        return 101 if route["websocket"] else 200

    def test_every_route_for_everybody_and_every_object(self):
        asked = 0
        for route, user, which in itertools.product(routes(), THEIRS, OBJECTS):
            if route["method"] != "GET":
                self.assertTrue(route["pattern"] == "/api/v1/session" or route["action"] in ("decide", "state", "direct", "enrol"),
                                "say here how this one is tested")
                continue
            made = self.world.made["mine" if which == "unknown" else which]
            path = path_of(route, made, unknown=which == "unknown")
            answer = self.ask(user, route, path)
            self.assertEqual(answer.status, self.expected(user, route, which), (user, which, path))
            asked += 1
        self.assertGreater(asked, 200)

    def test_who_may_not_state_gets_the_answer_of_what_does_not_exist(self):
        """What the body says is looked at only behind the guard: an empty one tells who came through."""
        behind = {"/api/v1/projects/{p}/plan/preview": 200, "/api/v1/projects/{p}/plan/baselines": 400,
                  "/api/v1/projects/{p}/plan/statements": 400,
                  "/api/v1/projects/{p}/enrolments": 400, "/api/v1/projects/{p}/enrolments/cancel": 400,
                  "/api/v1/projects/{p}/devices/revoke": 400,
                  "/api/v1/projects/{p}/directions": 400, "/api/v1/captures/{c}/directions": 400}
        stating = [route for route in routes()
                   if route["action"] in ("decide", "state", "direct") and route["method"] == "POST"]
        self.assertEqual({route["pattern"] for route in stating}, set(behind))
        for route, user, which in itertools.product(stating, THEIRS, OBJECTS):
            made = self.world.made["mine" if which == "unknown" else which]
            path = path_of(route, made, unknown=which == "unknown")
            answer = self.clients[user].send("POST", path, {"X-Sitecast": "1"}, b"")
            may = which in THEIRS[user] and (ROLES[user] == "centre" or route["action"] == "direct" or
                                             route["action"] == "state" and ROLES[user] == "agent")
            expected = 401 if user is None else behind[route["pattern"]] if may else 404
            self.assertEqual(answer.status, expected, (user, which, path, answer.body))
            self.assertEqual(self.clients[user].send("POST", path, {}, b"").status, 403, (user, path))

    def test_an_enrolment_reaches_only_over_what_its_maker_may_decide(self):
        """carl is centre everywhere; what he names must exist, and nobody else comes that far."""
        mine, other = (self.world.made[which]["project"] for which in ("mine", "other"))
        path = f"/api/v1/projects/{mine}/enrolments"
        for user, also, status in (("carl", [other], 503), ("carl", ["nonsense"], 404), ("carl", "x", 400),
                                   ("ana", [], 404), ("olga", [mine], 404)):
            body = json.dumps({"name": "phone", "minutes": 30, "also_projects": also}).encode()
            self.assertEqual(self.clients[user].send("POST", path, {"X-Sitecast": "1"}, body).status, status,
                             (user, also))
        for minutes in (0, 1441, "30", 1.5, None):
            body = json.dumps({"name": "phone", "minutes": minutes}).encode()
            self.assertEqual(self.clients["carl"].send("POST", path, {"X-Sitecast": "1"}, body).status, 400, minutes)

    def test_who_holds_no_token_of_ours_form_is_told_so_and_the_hub_is_not_asked(self):
        for path, body, status in (("/api/v1/enrolment", b"", 400), ("/api/v1/enrolment/look", b"[]", 400),
                                   ("/api/v1/enrolment/look", b'{"enrolment_id":"x","token":"y"}', 400),
                                   ("/api/v1/enrolment/look", json.dumps(
                                       {"enrolment_id": UNKNOWN_ID, "token": "A" * 32}).encode(), 503)):
            self.assertEqual(self.clients[None].send("POST", path, {"X-Sitecast": "1"}, body).status, status, body)
            self.assertEqual(self.clients[None].send("POST", path, {}, body).status, 403, path)

    def test_only_the_centre_can_make_the_door_hold_a_file(self):
        path = f"/api/v1/projects/{self.world.made['mine']['project']}/plan/preview"
        sheet = "序号,名称,开始,完成\n1,基础,2026-03-01,2026-03-20\n".encode() + b"   \n" * 9_000
        for user, status in (("carl", 200), ("ana", 413)):
            client = self.world.client(user)
            answer = client.send("POST", path, {"X-Sitecast": "1"}, sheet)
            self.assertEqual(answer.status, status, (user, answer.body))
        shown = self.clients["carl"].send("POST", path, {"X-Sitecast": "1"}, sheet).json()
        self.assertEqual((shown["line_count"], shown["after"]), (1, 0))
        self.assertEqual(shown["preview"]["items"][0]["name"], "基础")
        # Without a hub nothing is said to be stored.
        query = f"?id={UNKNOWN_ID}&sha256={shown['sha256']}&after=0&name=plan.csv"
        answer = self.clients["carl"].send("POST", path.replace("preview", "baselines") + query,
                                           {"X-Sitecast": "1"}, sheet)
        self.assertEqual(answer.status, 503, answer.body)

    def test_foreign_and_unknown_are_the_same_answer(self):
        for route in routes():
            if route["object"] not in ("project", "capture") or route["method"] != "GET":
                continue
            foreign = self.ask("ana", route, path_of(route, self.world.made["other"]))
            unknown = self.ask("ana", route, path_of(route, self.world.made["mine"], unknown=True))
            self.assertEqual((foreign.status, foreign.body, foreign.fields),
                             (unknown.status, unknown.body, unknown.fields), route)

    def test_the_list_holds_only_what_is_theirs(self):
        for user, theirs in THEIRS.items():
            if user is None:
                continue
            listed = {project["id"] for project in self.clients[user].get("/api/v1/projects").json()["projects"]}
            self.assertEqual(listed, {self.world.made[which]["project"] for which in theirs}, user)

    def test_a_search_finds_and_counts_only_what_is_theirs(self):
        ids = {self.world.made[which]["project"]: which for which in ("mine", "other")}
        for user, theirs in THEIRS.items():
            if user is None:
                continue
            found, after = [], ""
            while after is not None:
                page = self.clients[user].get("/api/v1/search?q=rem&limit=1" + after).json()
                found += page["results"]
                after = page["next"] and "&after=" + page["next"]
            self.assertEqual({ids[one["project_id"]] for one in found}, theirs, user)
            for one in found:
                self.assertEqual([part["text"] for part in one["snippet"] if part["found"]], ["rem"])
                self.assertIsNotNone(one["event"]["media_time_us"])
        # The place of a foreign result is no place at all.
        foreign = self.clients["olga"].get("/api/v1/search?q=rem").json()["results"][0]["event"]["id"]
        for id in (foreign, UNKNOWN_ID):
            answers = [self.clients["ana"].get(path + "?after=" + id) for path in
                       ("/api/v1/search", f"/api/v1/projects/{self.world.made['mine']['project']}/search")]
            self.assertEqual([answer.status for answer in answers], [400, 400])
        for query in ("limit=0", "limit=51", "from_us=soon", "colour=red", "after=x", "q=%ff"):
            self.assertEqual(self.clients["ana"].get("/api/v1/search?" + query).status, 400, query)

    def test_no_path_leads_out_of_the_archive_or_the_web_files(self):
        made = self.world.made["mine"]
        capture = made["walk"]["capture"]
        for path in (f"/segments/{capture}/..%2f..%2fevents/0", f"/segments/{capture}/video/../../../index",
                     f"/segments/{capture}/../{capture}/video/0", f"/segments/{capture}/video/5/",
                     f"/segments/{capture}/video/-1", f"/segments/{capture}/video/5x",
                     f"/segments/{capture}/video/init/../5", f"/segments/{capture}//video/5",
                     f"/segments/{capture}/image.media/0", f"/api/v1/captures/../captures/{capture}",
                     f"/api/v1/captures/{capture}/tracks/%2e%2e/playlist", "/api/v1/../../gateway.toml",
                     "/api/v1/captures/" + "A" * 22, "/segments/", "/api/"):
            self.assertEqual(self.clients["carl"].get(path).status, 404, path)
        for path in ("/../gateway.toml", "/%2e%2e/gateway.toml", "/..%5cgateway.toml", "//etc/passwd"):
            answer = self.clients["carl"].get(path)
            self.assertIn(answer.status, (200, 400, 404), path)
            self.assertNotIn(b"reader_password_file", answer.body, path)
            if answer.status == 200:
                self.assertIn(b"<title>app</title>", answer.body, path)

    def test_changes_need_our_header_and_our_origin(self):
        body = b'{"user":"ana","password":"correct horse"}'
        anonymous = self.world.client()
        for headers in ({}, {"X-Sitecast": "0"}, {"X-Sitecast": "1", "Origin": "http://evil.example"},
                        {"X-Sitecast": "1", "Origin": "null"},
                        {"X-Sitecast": "1", "Origin": f"https://127.0.0.1:{self.world.port}"}):
            answer = anonymous.send("POST", "/api/v1/session", headers, body)
            self.assertEqual(answer.status, 403, headers)
            self.assertNotIn("set-cookie", answer.fields)
        signed = self.world.client("ana")
        self.assertEqual(signed.send("DELETE", "/api/v1/session", {}).status, 403)
        self.assertEqual(signed.get("/api/v1/session").status, 200)
        answer, _ = signed.open(f"/api/v1/projects/{self.world.made['mine']['project']}/updates",
                                Origin="http://evil.example")
        self.assertEqual(answer.status, 403)
        ours = {"X-Sitecast": "1", "Origin": f"http://127.0.0.1:{self.world.port}"}
        self.assertEqual(anonymous.send("POST", "/api/v1/session", ours, body).status, 200)

    def test_the_cookie_is_for_the_browser_only_and_dies_with_the_session(self):
        client = self.world.client()
        answer = client.sign_in("ana", PASSWORD)
        for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, answer.fields["set-cookie"])
        self.assertNotIn(PASSWORD, self.world.read_log())
        token = client.cookie.split("=")[1]
        self.assertNotIn(token, self.world.read_log())
        self.assertNotIn(token.encode(), (self.world.dir / "gateway" / "accounts.db").read_bytes())
        self.assertEqual(client.send("DELETE", "/api/v1/session", {"X-Sitecast": "1"}).status, 204)
        self.assertEqual(client.get("/api/v1/projects").status, 401)


class Accounts(WorldTest):
    PORT_BASE = 21524

    def test_guessing_is_slowed_down_and_locks_nobody_else_out(self):
        guesser = self.world.client()
        answers = [guesser.sign_in("ana", f"guess {i}") for i in range(7)]
        self.assertEqual({answer.status for answer in answers[:5]}, {401})
        self.assertEqual(answers[-1].status, 429)
        self.assertGreaterEqual(int(answers[-1].fields["retry-after"]), 1)
        self.assertEqual(self.world.client().sign_in("carl", PASSWORD).status, 200)

    def test_wrong_codes_of_an_enrolment_lock_no_other_out(self):
        """A hub in the real one's place says of one enrolment that it is over, and of others nothing."""
        ours, wrong = UNKNOWN_ID, UNKNOWN_ID[:-1] + "Q"

        def answer(door):
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                with connection, connection.makefile("rwb") as file:
                    question = json.loads(file.readline())
                    state = "expired" if question["id"] == ours else "unknown"
                    file.write(json.dumps({"result": {"state": state}}).encode() + b"\n")

        def look(enrolment):
            body = json.dumps({"enrolment_id": enrolment, "token": "A" * 32}).encode()
            return self.world.client().send("POST", "/api/v1/enrolment/look", {"X-Sitecast": "1"}, body).status

        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self.world.dir / "hub" / "enrol.sock"))
            door.listen(16)
            threading.Thread(target=answer, args=(door,), daemon=True).start()
            try:
                tries = [look(wrong) for _ in range(7)]
                self.assertEqual((tries[:5], tries[-1]), ([404] * 5, 429))
                self.assertEqual(look(ours), 410)
            finally:
                door.shutdown(socket.SHUT_RDWR)
                (self.world.dir / "hub" / "enrol.sock").unlink()

    def test_names_and_passwords_that_no_account_can_have_are_not_remembered(self):
        for user, password in (("u" * 15000, "not it at all"), ("a b", "not it at all"), ("", "not it at all"),
                               ("nina", "p" * 15000)):
            # As often as would slow the pair down: nothing is counted.
            answers = [self.world.client().sign_in(user, password) for _ in range(8)]
            self.assertEqual({answer.status for answer in answers}, {401}, user[:20])
        self.assertEqual(self.world.client().sign_in("nina", PASSWORD).status, 200)

    def test_unknown_users_and_wrong_passwords_are_one_answer(self):
        wrong = self.world.client().sign_in("nina", "not it at all")
        unknown = self.world.client().sign_in("nobody", "not it at all")
        self.assertEqual((wrong.status, wrong.body), (unknown.status, unknown.body))
        self.assertEqual(wrong.status, 401)

    def test_removing_an_account_closes_its_sockets_and_sessions(self):
        self.world.account("add", "--user", "temp", "--display-name", "T", "--role", "centre", password=PASSWORD)
        client = wait_until("the new account signs in", lambda: self.signed_in("temp"))
        _, socket = client.open(f"/api/v1/projects/{self.world.made['mine']['project']}/updates")
        self.world.account("remove", "temp")
        self.assertEqual(socket.close_code(10), 1008)
        self.assertEqual(client.get("/api/v1/projects").status, 401)
        self.assertEqual(self.world.client().sign_in("temp", PASSWORD).status, 401)

    def test_a_new_password_ends_all_sessions(self):
        self.world.account("add", "--user", "other", "--display-name", "O", "--role", "centre", password=PASSWORD)
        client = wait_until("the new account signs in", lambda: self.signed_in("other"))
        _, socket = client.open(f"/api/v1/captures/{self.world.made['mine']['live']['capture']}/live")
        self.world.account("passwd", "other", password="quite another")
        self.assertEqual(socket.close_code(10), 1008)
        self.assertEqual(client.get("/api/v1/projects").status, 401)

    def signed_in(self, user):
        client = self.world.client()
        return client if client.sign_in(user, PASSWORD).status == 200 else None

    def test_a_signed_out_session_closes_its_sockets(self):
        client = self.world.client("olga")
        _, socket = client.open(f"/api/v1/projects/{self.world.made['other']['project']}/updates")
        self.assertEqual(client.send("DELETE", "/api/v1/session", {"X-Sitecast": "1"}).status, 204)
        opcode, payload = socket.frame(10)
        self.assertEqual((opcode, payload[:2]), (CLOSE, b"\x03\xf0"))

    def test_bad_accounts_are_refused_with_a_reason(self):
        for words, password, reason in (
                (("add", "--user", "a b", "--display-name", "x", "--role", "agent"), PASSWORD, "letters"),
                (("add", "--user", "short", "--display-name", "x", "--role", "agent"), "short", "8"),
                (("add", "--user", "x", "--display-name", "x", "--role", "king"), PASSWORD, "centre"),
                (("add", "--user", "carl", "--display-name", "x", "--role", "agent"), PASSWORD, "carl"),
                (("remove", "nobody"), None, "nobody")):
            done = self.world.account(*words, password=password or "", check=False)
            self.assertNotEqual(done.returncode, 0, words)
            self.assertIn(reason, done.stderr, words)


if __name__ == "__main__":
    unittest.main(verbosity=2)
