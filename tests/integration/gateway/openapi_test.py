# SPDX-License-Identifier: Apache-2.0
"""openapi.yaml says what the gateway does: the same routes, and real answers fit its schemas."""
import unittest
import urllib.parse

import jsonschema

from openapi_schema import SPEC, check, check_schema
from world import WorldTest, path_of, routes


class RouteTable(unittest.TestCase):
    def test_the_file_has_exactly_the_routes_of_the_table(self):
        table = {(route["method"].lower(), route["pattern"]): (route["action"], route["object"])
                 for route in routes()}
        file = {(method, path): (operation["x-action"], operation["x-object"])
                for path, item in SPEC["paths"].items()
                for method, operation in item.items() if method != "parameters"}
        self.assertEqual(file, table)

    def test_a_websocket_is_said_to_be_one(self):
        for route in routes():
            responses = SPEC["paths"][route["pattern"]][route["method"].lower()]["responses"]
            self.assertEqual("101" in responses, route["websocket"], route)

    def test_only_what_is_public_goes_without_a_session(self):
        for route in routes():
            operation = SPEC["paths"][route["pattern"]][route["method"].lower()]
            self.assertEqual(operation.get("security") == [], route["object"] == "public", route)


class Answers(WorldTest):
    PORT_BASE = 21520

    def operation(self, route):
        return SPEC["paths"][route["pattern"]][route["method"].lower()]

    def fits(self, route, answer):
        responses = self.operation(route)["responses"]
        self.assertIn(str(answer.status), responses, (route, answer.body))
        response = responses[str(answer.status)]
        if "$ref" in response:
            response = SPEC["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
        content = response.get("content", {}).get("application/json")
        if content:
            self.assertEqual(answer.fields["content-type"], "application/json")
            check_schema(answer.json(), content["schema"])

    def test_real_answers_of_every_route_fit_the_file(self):
        client = self.world.client("ana")
        for route in routes():
            if route["websocket"]:
                for answer in (client.get(path_of(route, self.world.made["mine"])),
                               client.get(path_of(route, self.world.made["other"]))):
                    self.fits(route, answer)
                continue
            if route["method"] != "GET":
                continue
            for path in (path_of(route, self.world.made["mine"]), path_of(route, self.world.made["other"])):
                self.fits(route, client.get(path))
            self.fits(route, self.world.client().get(path_of(route, self.world.made["mine"])))

    def test_signing_in_and_out_fits_the_file(self):
        by_method = {route["method"]: route for route in routes() if route["pattern"] == "/api/v1/session"}
        client = self.world.client()
        self.fits(by_method["POST"], client.sign_in("ana", "not it at all"))
        self.fits(by_method["POST"], client.send("POST", "/api/v1/session", {"X-Sitecast": "1"}, b"[]"))
        self.fits(by_method["POST"], client.send("POST", "/api/v1/session", {}, b"{}"))
        self.fits(by_method["DELETE"], client.send("DELETE", "/api/v1/session", {"X-Sitecast": "1"}))
        self.fits(by_method["POST"], client.sign_in("ana", "correct horse"))
        gone = client.send("DELETE", "/api/v1/session", {"X-Sitecast": "1"})
        self.assertEqual(gone.status, 204)
        self.fits(by_method["DELETE"], gone)

    def pages(self, **query):
        """Ids in the order of pages of one."""
        client = self.world.client("ana")
        address = f"/api/v1/projects/{self.world.made['mine']['project']}/timeline?"
        address += urllib.parse.urlencode({"limit": 1, **query})
        seen, path = [], address
        while path:
            page = client.get(path).json()
            self.assertLessEqual(len(page["items"]) + len(page["remarks"]), 1)
            for item in page["items"]:
                check(item, "Capture")
            for remark in page["remarks"]:
                check(remark, "Event")
            seen += [item["id"] for item in page["items"] + page["remarks"]]
            path = page["next"] and f"{address}&before={page['next']}"
        return seen

    def test_pages_of_the_timeline_follow_each_other_and_fit(self):
        made = self.world.made["mine"]
        captures = [made[kind]["capture"] for kind in ("live", "photo", "walk")]
        north, south = made["remarks"]  # said after and before all captures
        self.assertEqual(self.pages(), [north, *captures, south])
        self.assertEqual(self.pages(area="north"), [north, *captures])
        self.assertEqual(self.pages(area="south"), [south])
        self.assertEqual(self.pages(kind="remark"), [north, south])
        self.assertEqual(self.pages(kind="photo"), captures[1:2])
        self.assertEqual(self.pages(from_us=1_700_000_000_000_001), [north, *captures])
        self.assertEqual(self.pages(until_us=1_700_000_000_000_001), [south])

    def test_a_remark_of_no_capture_says_what_where_and_how_far(self):
        project = self.world.made["mine"]["project"]
        page = self.world.client("ana").get(f"/api/v1/projects/{project}/timeline?area=south").json()
        [remark] = page["remarks"]
        self.assertEqual([remark[name] for name in ("kind", "text", "area", "stage", "percentage", "capture_id")],
                         ["progress", "said of south", "south", "roof", 65, None])
        self.assertEqual((page["items"], page["next"]), ([], None))

    def test_the_detail_says_what_the_archive_holds(self):
        walk = self.world.made["mine"]["walk"]["capture"]
        detail = self.world.client("ana").get(f"/api/v1/captures/{walk}").json()
        self.assertEqual(detail["state"], "complete")
        self.assertEqual((detail["stage"], detail["percentage"], detail["note_count"]), ("roof", 42.5, 1))
        self.assertEqual(detail["title"], 'title "of" walkthrough')
        self.assertEqual([event["kind"] for event in detail["events"]].count("note"), 1)
        self.assertEqual(detail["track_infos"][0]["part_count_total"], 23)

    def test_messages_of_the_schemas_are_refused_when_they_are_not(self):
        for wrong in ({"type": "ended"}, {"type": "dropped", "track": "video"}, {"type": "what"}):
            with self.assertRaises(jsonschema.ValidationError):
                check(wrong, "LiveMessage")


if __name__ == "__main__":
    unittest.main(verbosity=2)
