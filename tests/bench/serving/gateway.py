# SPDX-License-Identifier: Apache-2.0
"""A real sitecast-gateway on an archive of its own, without hub and broker, and a client that is
signed in."""
import json
import pathlib
import signal
import socket
import subprocess
import threading
import time

USER, PASSWORD = "olga", "bench olga bench"


class Client:
    """One kept-alive connection; as little as possible beside what is measured."""

    def __init__(self, port, cookie=None):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = port
        self.cookie = cookie
        self.buffer = bytearray(4 << 20)

    def close(self):
        self.socket.close()

    def get(self, path):
        """(seconds to the last byte, body). RuntimeError unless 200."""
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        return self._exchange(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                              f"{cookie}\r\n".encode(), path)[:2]

    def sign_in(self, login=None):
        body = json.dumps(login or {"user": USER, "password": PASSWORD})
        head = self._exchange(f"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                              f"X-Sitecast: 1\r\nContent-Type: application/json\r\n"
                              f"Content-Length: {len(body)}\r\n\r\n{body}".encode(), "session")[2]
        for line in head.decode().split("\r\n"):
            if line.lower().startswith("set-cookie:"):
                self.cookie = line.split(":", 1)[1].split(";")[0].strip()

    def _exchange(self, request, what):
        view = memoryview(self.buffer)
        started = time.perf_counter()
        self.socket.sendall(request)
        have = 0
        head_end = -1
        total = None
        while total is None or have < total:
            got = self.socket.recv_into(view[have:])
            if got == 0:
                raise RuntimeError(f"{what}: the connection was closed")
            have += got
            if total is None:
                head_end = self.buffer.find(b"\r\n\r\n", 0, have)
                if head_end >= 0:
                    total = head_end + 4 + self._length(bytes(view[:head_end]))
                    if total > len(self.buffer):
                        raise RuntimeError(f"{what}: an answer of {total} bytes")
        seconds = time.perf_counter() - started
        head = bytes(view[:head_end])
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{what}: {head[:80]!r} {bytes(view[head_end:total])[:200]!r}")
        return seconds, bytes(view[head_end + 4:total]), head

    @staticmethod
    def _length(head):
        at = head.lower().find(b"content-length:")
        return int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0


class Gateway:
    def __init__(self, context, folder, state_dir, port):
        self.binary = context.binary("sitecast-gateway")
        self.dir = pathlib.Path(folder)
        self.state_dir = pathlib.Path(state_dir)
        self.port = port
        self.config = self.dir / "gateway.toml"
        self.process = None
        self.cookie = None

    def __enter__(self):
        self.dir.mkdir(parents=True)
        (self.dir / "reader.password").write_text("nobody listens\n")
        # As scripts/stack writes it, but for the broker: nothing listens on the port beside.
        self.config.write_text(
            f'listen = "127.0.0.1:{self.port}"\nhub_state_dir = {json.dumps(str(self.state_dir))}\n'
            f'state_dir = "state"\nlog_level = "info"\n'
            f'[broker]\nurl = "mqtt://127.0.0.1:{self.port + 1}"\n'
            f'reader_password_file = "reader.password"\n')
        subprocess.run([self.binary, "--config", str(self.config), "account", "add", "--user", USER,
                        "--display-name", "Olga", "--role", "owner"], input=PASSWORD + "\n",
                       text=True, check=True, capture_output=True)
        self.log = open(self.dir / "log", "wb")
        self.process = subprocess.Popen([self.binary, "--config", str(self.config), "run"],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = []
        reader = threading.Thread(target=lambda: line.append(self.process.stdout.readline()),
                                  daemon=True)
        reader.start()
        reader.join(30)
        if not line or line[0].strip() != "ready":
            self.__exit__()
            raise RuntimeError("the gateway did not start: " +
                               (self.dir / "log").read_text(errors="replace")[-2000:])
        client = self.client()
        client.sign_in()
        self.cookie = client.cookie
        client.close()
        return self

    def client(self):
        return Client(self.port, self.cookie)

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        self.log.close()
