#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The agent against a real broker over TLS: who is not known to be the broker gets nothing, and the
agent says what is wrong and what to do, in its status and, once, in its log."""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from agent_chain import free_port_base, wait_until
from stack_files import mosquitto_path

OPTIONS = None
KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(folder, name):
    openssl("req", "-x509", *KEY, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt",
            "-days", "30", "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def make_certificate(folder, name, authority, names, dates=("20200101000000Z", "20400101000000Z")):
    """name.crt and name.key; `openssl ca` is the command that takes any dates."""
    openssl("req", *KEY, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj",
            f"/CN={name}")
    (folder / "index.txt").write_text("", encoding="utf-8")
    (folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca = it\n[it]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\n"
        "default_md = sha256\npolicy = any\nx509_extensions = more\n[any]\ncommonName = supplied\n"
        f"[more]\nsubjectAltName = {names}\nbasicConstraints = CA:FALSE\n", encoding="utf-8")
    subprocess.run(["openssl", "ca", "-batch", "-config", "ca.cnf", "-cert", f"{authority}.crt",
                    "-keyfile", f"{authority}.key", "-in", f"{name}.csr", "-out", f"{name}.crt",
                    "-notext", "-startdate", dates[0], "-enddate", dates[1]], cwd=folder, check=True,
                   capture_output=True)


class AgentTlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-tls-")
        cls.addClassCleanup(folder.cleanup)
        cls.dir = pathlib.Path(folder.name)
        make_authority(cls.dir, "right")
        make_authority(cls.dir, "other")
        here = "DNS:localhost,IP:127.0.0.1"
        make_certificate(cls.dir, "good", "right", here)
        make_certificate(cls.dir, "elsewhere", "right", "DNS:hub.example,IP:192.0.2.7")
        make_certificate(cls.dir, "expired", "right", here, ("20200101000000Z", "20200201000000Z"))
        make_certificate(cls.dir, "early", "right", here, ("20390101000000Z", "20400101000000Z"))
        cls.ports = {}
        base = free_port_base(OPTIONS.port_base, 6)
        lines = ["allow_anonymous true", "persistence false"]
        if os.geteuid() == 0:
            lines.append("user root")  # so that it may read this folder
        for index, name in enumerate(("good", "elsewhere", "expired", "early", "plain")):
            cls.ports[name] = base + index
            lines.append(f"listener {base + index} localhost")
            if name != "plain":
                lines += [f"certfile {cls.dir}/{name}.crt", f"keyfile {cls.dir}/{name}.key"]
        cls.ports["nobody"] = base + 5
        (cls.dir / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        broker = subprocess.Popen([mosquitto_path(), "-c", str(cls.dir / "mosquitto.conf")],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(broker.wait, 30)
        cls.addClassCleanup(broker.terminate)
        wait_until("the broker listens", 20, cls.broker_listens)

    @classmethod
    def broker_listens(cls):
        try:
            socket.create_connection(("127.0.0.1", cls.ports["plain"]), 5).close()
            return True
        except OSError:
            return False

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-tls-")
        self.addCleanup(folder.cleanup)
        self.device = pathlib.Path(folder.name)
        self.config = self.device / "agent.toml"
        self.log = self.device / "agent.log"

    def configure(self, listener, ca, host="localhost"):
        ids = [base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=") for _ in range(2)]
        ca_file = "" if ca is None else self.dir / ca
        self.config.write_text(
            f'device_id = "{ids[0]}"\nproject_id = "{ids[1]}"\n[broker]\n'
            f'url = "mqtts://{host}:{self.ports[listener]}"\nca_file = "{ca_file}"\n'
            "[spool]\nreserve_bytes = 4194304\n", encoding="utf-8")
        self.agent("keygen")

    def agent(self, *arguments):
        return subprocess.run([OPTIONS.build + "/bin/sitecast-agent", "--config", str(self.config),
                               *arguments], capture_output=True, text=True, timeout=60, check=True)

    def status(self):
        return json.loads(self.agent("status", "--json").stdout)

    def run_until(self, what, condition):
        """Lets the agent deliver until its status fulfils the condition; gives that status."""
        self.agent("note", "--text", "到现场")  # something that waits
        with self.delivering():
            deadline = time.monotonic() + 30
            while not condition(status := self.status()):
                self.assertLess(time.monotonic(), deadline, f"not within 30 s: {what}: {status}")
            return status

    @contextlib.contextmanager
    def delivering(self):
        with open(self.log, "wb") as log:
            agent = subprocess.Popen([OPTIONS.build + "/bin/sitecast-agent", "--config",
                                      str(self.config), "run"], stdout=log, stderr=log)
        try:
            wait_until("the agent is ready", 30, lambda: "ready" in self.log.read_text())
            yield
        finally:
            agent.send_signal(signal.SIGTERM)
            agent.wait(30)
        self.assertEqual(agent.returncode, 0, self.log.read_text())

    def assert_not_trusted(self, listener, ca, *says, host="localhost"):
        self.configure(listener, ca, host)
        # Through several attempts.
        status = self.run_until("it says why it does not connect",
                                lambda s: s["cause"] == "not_trusted")
        self.assertFalse(status["link"]["connected"])
        for words in says:
            self.assertIn(words, status["detail"])
        log = self.log.read_text()
        self.assertEqual(log.count(status["detail"]), 1, log)
        self.assertIn("error", log)

    def test_the_right_broker_is_connected_to_by_name_and_by_address(self):
        for host in ("localhost", "127.0.0.1"):
            with self.subTest(host=host):
                self.configure("good", "right.crt", host)
                self.run_until("it connects", lambda s: s["link"]["connected"])
                self.assertNotIn("error", self.log.read_text())

    def test_a_certificate_of_another_authority_is_refused(self):
        self.assert_not_trusted("good", "other.crt", "'/CN=right'", str(self.dir / "other.crt"),
                                "set broker.ca_file")

    def test_an_authority_that_this_system_does_not_know_is_refused(self):
        self.assert_not_trusted("good", None, "'/CN=right'", "this system", "set broker.ca_file")

    def test_a_certificate_for_another_host_is_refused(self):
        for host in ("localhost", "127.0.0.1"):
            with self.subTest(host=host):
                self.assert_not_trusted("elsewhere", "right.crt", "is for hub.example, 192.0.2.7",
                                        f"not for {host}", "broker.url", host=host)

    def test_an_expired_certificate_is_refused(self):
        self.assert_not_trusted("expired", "right.crt", "expired on 2020-02-01", "renewed", "clock")

    def test_a_certificate_of_the_future_is_refused(self):
        self.assert_not_trusted("early", "right.crt", "valid only from 2039-01-01", "clock")

    def test_a_missing_file_of_authorities_is_named(self):
        self.assert_not_trusted("good", "absent.crt", str(self.dir / "absent.crt"),
                                "No such file or directory", "put the certificate")

    def test_a_file_without_certificates_is_named(self):
        (self.dir / "empty.crt").write_text("hello\n", encoding="utf-8")
        self.assert_not_trusted("good", "empty.crt", str(self.dir / "empty.crt"), "PEM")

    def test_a_plain_listener_is_named_as_such(self):
        self.assert_not_trusted("plain", "right.crt", "does not speak TLS", "broker.url")

    def test_a_broker_that_is_not_there_is_no_matter_of_trust(self):
        self.configure("nobody", "right.crt")
        status = self.run_until("it says that there is no link",
                                lambda s: "Connection refused" in s["detail"])
        self.assertEqual(status["cause"], "no_link")
        self.assertNotIn("error", self.log.read_text())

    def test_filming_goes_on_and_all_is_delivered_once_the_file_is_right(self):
        self.configure("good", "later.crt")
        (self.dir / "later.crt").unlink(missing_ok=True)
        done = self.agent("record", "--source", "test:", "--duration", "1", "--json")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["reason"], "stopped")
        self.assertIn(str(self.dir / "later.crt"), done.stderr)
        with self.delivering():
            wait_until("it says why", 30, lambda: self.status()["cause"] == "not_trusted")
            (self.dir / "later.crt").write_bytes((self.dir / "right.crt").read_bytes())
            wait_until("it connects without a restart", 30,
                       lambda: self.status()["link"]["connected"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--port-base", type=int, required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
