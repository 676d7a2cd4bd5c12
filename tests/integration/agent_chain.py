# SPDX-License-Identifier: Apache-2.0
"""Broker and hub for the tests of the agent: real processes, loopback, everything under one folder."""
import argparse
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

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts" / "lib"), str(ROOT / "tests" / "fault")]
import archive_checker  # noqa: E402
from stack_files import MQTT, StackFiles, mosquitto_path  # noqa: E402


def wait_until(what, seconds, condition):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def free_port_base(first, count=5):
    """The first of `count` ports in a row that nobody listens on, from `first` on."""
    for base in range(first, first + 200, count):
        sockets = []
        try:
            for port in range(base, base + count):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
    raise AssertionError(f"no free ports from {first} on")


class Chain:
    """One enrolled device, its hub and broker."""

    def __init__(self, build, folder, port_base):
        self.files = StackFiles(folder, build, free_port_base(port_base))
        self.processes = {}
        self.agent = str(self.files.bin / "sitecast-agent")
        self.config = self.files.device / "agent.toml"
        self.ledger = self.files.dir / "ledger"
        self.files.make_folders()
        self.files.write_configuration()
        hub = self.files.hub_config.read_text(encoding="utf-8")
        # Thumbnails are none of the agent's business.
        self.files.hub_config.write_text(hub.replace("enabled = true", "enabled = false"),
                                         encoding="utf-8")
        self._enrol()
        self.files.write_broker_files()

    def add_device(self, name):
        """Another agent of the same project: its configuration file."""
        files = self.files
        folder = files.dir / name
        folder.mkdir()
        seed = folder / "keygen.toml"
        seed.write_text('key_file = "device.key"\n', encoding="utf-8")
        key = files.run([self.agent, "--config", str(seed), "keygen"]).strip()
        files.run(files.command("sitecast-hub", "device", "enrol", "--name", name, "--project",
                                self.project, "--public-key", key, "--out", str(folder)))
        config = folder / "agent.toml"
        text = config.read_text(encoding="utf-8")
        text += "\n" if "[spool]" in text else "\n[spool]\n"
        config.write_text(text.replace("[spool]\n", "[spool]\nreserve_bytes = 4194304\n"),
                          encoding="utf-8")
        return config

    def _enrol(self):
        files = self.files
        self.project = json.loads(files.run(files.command(
            "sitecast-hub", "project", "add", "--name", "一号厂房")))["project_id"]
        seed = files.device / "keygen.toml"
        seed.write_text('key_file = "device.key"\n', encoding="utf-8")
        key = files.run([self.agent, "--config", str(seed), "keygen"]).strip()
        self.device = json.loads(files.run(files.command(
            "sitecast-hub", "device", "enrol", "--name", "手机", "--project", self.project,
            "--public-key", key, "--out", str(files.device))))["device_id"]
        text = self.config.read_text(encoding="utf-8")
        text += "\n" if "[spool]" in text else "\n[spool]\n"
        text = text.replace("[spool]\n", f'[spool]\nledger = "{self.ledger}"\nreserve_bytes = 4194304\n')
        self.config.write_text(text, encoding="utf-8")

    # Processes.
    def _start(self, name, command, **options):
        with open(self.files.log / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, **options)

    def start_broker(self):
        self._start("broker", [mosquitto_path(), "-c", "mosquitto.conf"], cwd=self.files.broker)
        import mqtt_probe
        def answers():
            try:
                mqtt_probe.connect_reason(self.files.port(MQTT))
                return True
            except mqtt_probe.ProbeError:
                return False
        wait_until("the broker answers", 20, answers)

    def start_hub(self):
        log = self.files.log / "hub.log"
        before = log.read_text().count("ready") if log.exists() else 0
        self._start("hub", self.files.command("sitecast-hub", "run"))
        wait_until("the hub is ready", 30, lambda: log.read_text().count("ready") > before)

    def stop(self, name, how=signal.SIGTERM):
        process = self.processes.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        process.wait(30)

    def start(self):
        self.start_broker()
        self.start_hub()
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in ("agent", "hub", "broker"):
            self.stop(name, signal.SIGKILL if name == "agent" else signal.SIGTERM)
        return False

    # The agent.
    def run_agent(self, *arguments, timeout=90, check=True):
        done = subprocess.run([self.agent, "--config", str(self.config), *arguments],
                              capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"agent {arguments} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def start_agent(self, *arguments):
        self._start("agent", [self.agent, "--config", str(self.config), *arguments])
        return self.processes["agent"]

    def agent_json(self, *arguments, **options):
        out = self.run_agent(*arguments, "--json", **options).stdout
        return [json.loads(line) for line in out.splitlines()]

    def status(self):
        return self.agent_json("status")[0]

    def parts(self):
        try:
            with open(self.ledger, "rb") as file:
                return sum(1 for _ in file)
        except FileNotFoundError:
            return 0

    def spool_files(self):
        return sorted((self.files.device / "spool" / "captures").glob("*/*"))

    # The archive against what was filmed.
    def problems(self, ends_may_be_lost=False):
        """`ends_may_be_lost`: a track may end earlier than it was filmed, as after a power cut."""
        captured = archive_checker.read_ledger(self.ledger)
        assert captured, "nothing was filmed"
        archive = archive_checker.read_archive(self.files.hub_state)
        if ends_may_be_lost:
            ends = {(track.capture, track.name): max(track.hashes, default=-1) for track in archive}
            captured = {(capture, track, sequence): digest
                        for (capture, track, sequence), digest in captured.items()
                        if sequence <= ends[capture, track]}
        return archive_checker.compare(captured, archive)

    def check_hub(self):
        if " check " not in self.files.run([str(self.files.bin / "sitecast-hub"), "--help"]):
            return ""  # this hub has no such command
        done = subprocess.run(self.files.command("sitecast-hub", "check", "--read-data"),
                              capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def logs(self):
        text = ""
        for path in sorted(self.files.log.glob("*.log")):
            text += f"--- {path.name}\n" + path.read_text(errors="replace")[-3000:]
        return text


def crc32c(data):
    """CRC-32C as in RFC 3720, appendix B.4."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def alter_last_running_hash(path):
    """Writes another running hash into a spool file's last record, with the CRC that fits."""
    data = bytearray(path.read_bytes())
    start, at = 0, 0
    while at < len(data):
        start = at
        at += 8 + int.from_bytes(data[at:at + 4], "big")
    data[start + 49] ^= 1
    data[start + 4:start + 8] = crc32c(data[start + 8:]).to_bytes(4, "big")
    path.write_bytes(data)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)


class ChainTest(unittest.TestCase):
    """Each test has a chain of its own; its logs are printed when it fails. The file's main sets `options`."""

    options = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="sitecast-chain-")
        self.addCleanup(folder.cleanup)
        self.chain = Chain(self.options.build, folder.name, self.options.port_base)
        self.addCleanup(self.chain.__exit__)

    def tearDown(self):
        outcome = self._outcome.result
        if outcome.failures or outcome.errors:
            print(self.chain.logs(), file=sys.stderr)


def main(what):
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--build", required=True, help="folder with bin/")
    parser.add_argument("--port-base", type=int, default=24300)
    ChainTest.options, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], "-v", *rest])
