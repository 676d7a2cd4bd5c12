# SPDX-License-Identifier: Apache-2.0
"""A gateway of its own for one test program: broker, made archive, accounts. Two projects: `mine` with
member ana (agent), `other` with member olga (owner)."""
import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from client import Client

PASSWORD = "correct horse"
ROLES = {"carl": "centre", "ana": "agent", "olga": "owner", "nina": "agent"}  # nina: member of nothing
UNKNOWN_ID = "AaIQtPyxcAaCyEXGK_ydnA"
BIN = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
ROOT = pathlib.Path(__file__).resolve().parents[3]


def wait_until(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def first_line(process):
    line = []
    reader = threading.Thread(target=lambda: line.append(process.stdout.readline()), daemon=True)
    reader.start()
    reader.join(30)
    return line[0].strip() if line else ""


def routes():
    out = subprocess.run([BIN / "sitecast-gateway-fixture", "routes"], check=True, capture_output=True)
    return json.loads(out.stdout)


class World:
    def __init__(self, port_base, web=None, tls=False, config="", limits=""):
        self.mqtt_port, self.port, self.metrics_port = port_base, port_base + 1, port_base + 2
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sitecast-gateway-"))
        self.processes = []
        self.clients = []
        made = subprocess.run([BIN / "sitecast-gateway-fixture", "make", self.dir], check=True,
                              capture_output=True)
        self.made = json.loads(made.stdout)
        (self.dir / "password").write_text("reader\n")
        web = web or {"index.html": "<!doctype html><title>app</title>"}
        for name, text in web.items():
            (self.dir / "web" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.dir / "web" / name).write_text(text)
        self.tls = self.make_certificate() if tls else None
        self.config = self.dir / "gateway.toml"
        self.config.write_text(f"""listen = "127.0.0.1:{self.port}"
web_dir = "web"
hub_state_dir = "hub"
state_dir = "gateway"
{config}[broker]
url = "mqtt://127.0.0.1:{self.mqtt_port}"
reader_username = "gateway-reader"
reader_password_file = "password"
[metrics]
listen = "127.0.0.1:{self.metrics_port}"
[limits]
{limits}
""" + ('[tls]\ncertificate_file = "tls.crt"\nkey_file = "tls.key"\n' if tls else ""))
        (self.dir / "mosquitto.conf").write_text(
            f"listener {self.mqtt_port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self.log = open(self.dir / "log", "w+b")
        try:
            for user, role in ROLES.items():
                self.account("add", "--user", user, "--display-name", user, "--role", role,
                             password=PASSWORD)
            broker = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
            self.start([broker, "-c", str(self.dir / "mosquitto.conf")])
            self.start_gateway()
        except BaseException:
            self.stop()
            raise

    def make_certificate(self):
        """tls.crt and tls.key for 127.0.0.1; the client's side of it."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                        "-keyout", self.dir / "tls.key", "-out", self.dir / "tls.crt"],
                       check=True, capture_output=True)
        return ssl.create_default_context(cafile=self.dir / "tls.crt")

    def start(self, command, **how):
        process = subprocess.Popen(command, stderr=self.log, text=True, **{"stdout": self.log, **how})
        self.processes.append(process)
        return process

    def account(self, *words, password=None, check=True):
        return subprocess.run([str(BIN / "sitecast-gateway"), "--config", str(self.config), "account",
                               *words], input=password, text=True, capture_output=True, check=check)

    def start_gateway(self):
        self.gateway = self.start([str(BIN / "sitecast-gateway"), "--config", str(self.config), "run"],
                                  stdout=subprocess.PIPE)
        said = first_line(self.gateway)
        assert said == "ready", f"instead of ready: {said!r}\n{self.read_log()}"
        wait_until("the gateway is connected to the broker",
                   lambda: self.metric("sitecast_gateway_broker_connected") == 1)

    def restart_gateway(self):
        self.gateway.send_signal(signal.SIGTERM)
        self.gateway.wait(20)
        self.start_gateway()

    def run_gateway(self):
        """A second one that is to end by itself."""
        return subprocess.run([str(BIN / "sitecast-gateway"), "--config", str(self.config), "run"], text=True,
                              capture_output=True, timeout=30)

    def publish(self, topic, file, retained=False):
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", str(self.mqtt_port), "-q", "1",
                        "-t", topic, "-f", file, *(["-r"] if retained else [])], check=True)

    def metrics(self):
        try:
            return Client(self.metrics_port).get("/metrics").body.decode()
        except (OSError, EOFError):
            return ""

    def metric(self, name):
        """The value of a metric without labels; None while there is none. Help texts are not values."""
        values = [line.split(" ")[1] for line in self.metrics().splitlines() if line.startswith(name + " ")]
        return float(values[0]) if values else None

    def client(self, user=None):
        client = Client(self.port, self.tls)
        self.clients.append(client)
        if user:
            answer = client.sign_in(user, PASSWORD)
            assert answer.status == 200, answer.body
        return client

    def read_log(self):
        return (self.dir / "log").read_text(errors="replace")

    def stop(self):
        for client in self.clients:
            client.close()
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
            if process.stdout:
                process.stdout.close()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


class WorldTest(unittest.TestCase):
    """One world for the class; the names in capitals are the class's own."""
    PORT_BASE = 0
    WEB = None
    TLS = False
    CONFIG = ""  # lines of gateway.toml
    LIMITS = ""  # lines of its [limits]

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.PORT_BASE, cls.WEB, cls.TLS, cls.CONFIG, cls.LIMITS)
        cls.addClassCleanup(cls.world.stop)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            print(f"what broker and gateway said:\n{self.world.read_log()}\n{self.world.metrics()}", flush=True)


def path_of(route, made, *, unknown=False):
    """The route's path to something that is there in the project `made`. A parameter that this does not
    know fails: a new route is not tested until it says what it touches."""
    kind = "photo" if route["pattern"].endswith("/file") else "walk"
    values = {"{p}": made["project"], "{c}": made[kind]["capture"], "{t}": "video", "{n}": "5",
              "{r}": "5-9.m4s",
              "{h}": made["walk"]["init"]}
    if unknown:
        values.update({"{p}": UNKNOWN_ID, "{c}": UNKNOWN_ID})
    if route["pattern"] == "/*":
        return "/"
    path = "/".join(values[part] if part.startswith("{") else part for part in route["pattern"].split("/"))
    assert "{" not in path, path
    return path
