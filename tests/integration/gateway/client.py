# SPDX-License-Identifier: Apache-2.0
"""HTTP and WebSocket (RFC 6455) as the gateway's tests need them: over a plain socket, so that a test can
also send what no library would."""
import base64
import json
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Answer:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields  # lower-case names
        self.body = body

    def json(self):
        return json.loads(self.body)


class WebSocket:
    def __init__(self, connection, rest):
        self.connection = connection
        self.rest = rest

    def _take(self, count):
        while len(self.rest) < count:
            more = self.connection.recv(65536)
            if not more:
                raise EOFError("connection closed")
            self.rest += more
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def frame(self, timeout_s):
        """(opcode, payload). Pings are answered on the way."""
        self.connection.settimeout(timeout_s)
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            payload = self._take(size)
            assert first & 0x80, "fragmented message"
            if first & 0x0F == PING:
                self.send(PONG, payload)
                continue
            return first & 0x0F, payload

    def send(self, opcode, payload=b""):
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.connection.sendall(bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked)

    def text(self, timeout_s):
        """The next text message, as JSON; binary messages before it are skipped."""
        while True:
            opcode, payload = self.frame(timeout_s)
            if opcode == TEXT:
                return json.loads(payload)
            assert opcode == BINARY, f"close instead of text: {payload!r}"

    def close_code(self, timeout_s):
        """Reads to the end; the close code, or None when the connection just ended."""
        try:
            while True:
                opcode, payload = self.frame(timeout_s)
                if opcode == CLOSE:
                    return struct.unpack(">H", payload[:2])[0]
        except (EOFError, ConnectionResetError):
            return None

    def close(self):
        self.connection.close()


class Client:
    def __init__(self, port, tls=None):
        self.port = port
        self.tls = tls  # ssl.SSLContext
        self.cookie = None
        self.sockets = []

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return self.tls.wrap_socket(connection, server_hostname="127.0.0.1") if self.tls else connection

    def head(self, method, path, headers):
        fields = {"Host": f"127.0.0.1:{self.port}", **headers}
        if self.cookie and "Cookie" not in fields:
            fields["Cookie"] = self.cookie
        lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def send(self, method, path, headers=None, body=b""):
        """One request on a connection of its own. With an upgrade, (Answer, WebSocket or None)."""
        headers = dict(headers or {})
        if body:
            headers["Content-Length"] = str(len(body))
        headers.setdefault("Connection", "close")
        with self.connect() as connection:
            connection.sendall(self.head(method, path, headers) + body)
            answer, rest = read_answer(connection, method == "HEAD")
            assert not rest, f"bytes after the answer: {rest[:80]!r}"
            return answer

    def get(self, path, **headers):
        return self.send("GET", path, headers)

    def open(self, path, **headers):
        """(Answer, WebSocket or None)."""
        connection = self.connect()
        connection.sendall(self.head("GET", path, {
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **headers}))
        answer, rest = read_answer(connection, False)
        if answer.status == 101:
            self.sockets.append(WebSocket(connection, rest))
            return answer, self.sockets[-1]
        connection.close()
        return answer, None

    def close(self):
        for socket_ in self.sockets:
            socket_.close()

    def sign_in(self, user, password, **headers):
        body = json.dumps({"user": user, "password": password}).encode()
        answer = self.send("POST", "/api/v1/session", {"X-Sitecast": "1", **headers}, body)
        if answer.status == 200:
            self.cookie = answer.fields["set-cookie"].split(";")[0]
        return answer


def read_answer(connection, head_only):
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            raise EOFError(f"closed before an answer; received {received!r}")
        received += more
    head, received = received.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, value = line.split(": ", 1)
        assert name.lower() not in fields, f"field {name} twice"
        fields[name.lower()] = value
    status = int(lines[0].split()[1])
    size = 0 if head_only or status == 101 else int(fields.get("content-length", "0"))
    while len(received) < size:
        more = connection.recv(65536)
        if not more:
            raise EOFError("closed within the body")
        received += more
    return Answer(status, fields, received[:size]), received[size:]
