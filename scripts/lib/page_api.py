# SPDX-License-Identifier: Apache-2.0
"""The gateway's API as the browser uses it, for one person who has signed in."""
import http.cookiejar
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from stack_processes import StackError

LIMIT_S = 30  # the gateway answers within 5 s; a machine that has just started everything is slower


class Page:
    """`info`: what the stack prints when it is ready."""

    def __init__(self, info, user="centre"):
        context = ssl.create_default_context(cafile=info["ca_file"]) if "ca_file" in info else None
        self.base = info["http"]
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            urllib.request.HTTPSHandler(context=context))
        self.post("/api/v1/session", {"user": user, "password": info["accounts"][user]})

    def get(self, path, **query):
        return self._ask(path, query, None, None)

    def post(self, path, body, **query):
        """`body`: a value for JSON, or bytes."""
        if isinstance(body, bytes):
            return self._ask(path, query, body, "application/octet-stream")
        return self._ask(path, query, json.dumps(body).encode(), "application/json")

    def _ask(self, path, query, data, media_type):
        address = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {"X-Sitecast": "1", "Origin": self.base}
        if media_type:
            headers["Content-Type"] = media_type
        request = urllib.request.Request(address, data=data, headers=headers)
        try:
            with self.opener.open(request, timeout=LIMIT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as refusal:
            said = refusal.read().decode(errors="replace")
            raise StackError(f"{request.get_method()} {path} was refused ({refusal.code}): {said}") from refusal
        return json.loads(text) if text else None
