# SPDX-License-Identifier: Apache-2.0
"""ingest: durable MB/s into the archive, beside the broker's and the disk's own limit.

For parts of 8, 64 and 256 KiB, QoS 1, every part with other bytes:
  ours    device -> broker -> hub -> receipt, archive read back and hashed afterwards
  broker  the same messages to mosquitto_sub writing to /dev/null (same broker settings, no hub)
  disk    append + fdatasync per part of the same size on the same disk
in alternating rounds of one run, at least five seconds each. Then 100 devices, each with its own
account and key, at 2 Mbit/s: receipt times.
"""
import json
import pathlib
import re
import statistics
import subprocess
import time
import tomllib

from figures import cpu_seconds, ratio_interval
from stack import Stack, wait_until

PORT_BASE = 24600
TARGET = 0.7
DEVICES = 100
PROBE_BYTES = 64 << 20
LONGEST_BYTES = 3 << 30  # of parts in memory


def run_json(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[1]}: {done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def account_of(device_config):
    config = tomllib.loads(device_config.read_text())
    password_file = device_config.parent / config["broker"]["password_file"]
    return {"project_id": config["project_id"], "device_id": config["device_id"],
            "password": password_file.read_text().strip()}


def enrol(context, stack, project, count, folder):
    """Accounts of new devices, each with a key of its own."""
    accounts = []
    for number in range(count):
        device = folder / f"device{number}"
        device.mkdir()
        key_config = device / "keygen.toml"
        key_config.write_text('key_file = "device.key"\n')
        public_key = subprocess.run(
            [context.binary("sitecast-agent"), "--config", str(key_config), "keygen"],
            check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run(
            [context.binary("sitecast-hub"), "--config", str(stack.hub_config), "device", "enrol",
             "--name", f"load {number}", "--project", project, "--public-key", public_key,
             "--out", str(device)], check=True, capture_output=True)
        accounts.append(account_of(device / "agent.toml"))
    return accounts


class PeerBroker:
    """mosquitto with the stack's own limits, without access control, and mosquitto_sub on it."""

    def __init__(self, context, folder, port, stack_conf):
        self.load = context.binary("sitecast-bench-load")
        keep = [line for line in stack_conf.read_text().splitlines()
                if re.match(r"(max_inflight|max_packet|set_tcp_nodelay|persistence)", line)]
        # The hub's receipts hold a sender back; nothing does here, and what the broker dropped
        # would never arrive.
        keep += ["max_queued_messages 0", "max_queued_bytes 0"]
        self.conf = folder / "peer.conf"
        self.conf.write_text("\n".join(
            keep + [f"listener {port} 127.0.0.1", "allow_anonymous true", "log_dest stderr",
                    "log_type subscribe", ""]))
        self.log = folder / "peer.log"
        self.port = port

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["mosquitto", "-c", str(self.conf)],
                                            stdout=subprocess.DEVNULL, stderr=log)
        wait_until("the peer broker accepts", 10, self._accepts)
        return self

    def _accepts(self):
        return subprocess.run(["mosquitto_pub", "-p", str(self.port), "-t", "x", "-m", "x"],
                              capture_output=True).returncode == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def run(self, part_bytes, total_bytes):
        count = total_bytes // part_bytes
        before = self._subscriptions()
        subscriber = subprocess.Popen(
            ["mosquitto_sub", "-V", "5", "-p", str(self.port), "-q", "1", "-C", str(count),
             "-D", "CONNECT", "receive-maximum", "65535", "-t", "sitecast/1/+/+/fill/#"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sender = None
        try:
            wait_until("mosquitto_sub is subscribed", 10, lambda: self._subscriptions() > before)
            sender = subprocess.Popen(
                [self.load, "publish", "--port", str(self.port), "--part-bytes", str(part_bytes),
                 "--total-bytes", str(total_bytes)], stdout=subprocess.PIPE, text=True)
            sender.stdout.readline()  # its parts are made
            started = time.monotonic()
            if subscriber.wait(120) != 0 or sender.wait(30) != 0:
                raise RuntimeError("the peer's run failed")
            seconds = time.monotonic() - started
        finally:
            for process in (subscriber, sender):
                if process and process.poll() is None:
                    process.kill()
                    process.wait()
        return {"mb_per_s": count * part_bytes / 1e6 / seconds, "seconds": seconds, "parts": count}

    def _subscriptions(self):
        return self.log.read_text(errors="replace").count("/fill/#")


class Throughput:
    """One size of parts: ours, the broker's and the disk's in turn."""

    def __init__(self, context, stack, broker, accounts, part_bytes, seconds):
        load = context.binary("sitecast-bench-load")
        self.context = context
        self.stack = stack
        self.part_bytes = part_bytes
        self.seconds = seconds
        sizes = ["--part-bytes", str(part_bytes), "--total-bytes"]
        ingest = [load, "ingest", "--port", str(PORT_BASE), "--accounts", str(accounts),
                  "--state-dir", str(stack.hub_state_dir), *sizes]
        append = [load, "append", "--dir", str(stack.hub_state_dir), *sizes]
        self.runs = {"ours": lambda total: run_json([*ingest, str(total)]),
                     "broker": lambda total: broker.run(part_bytes, total),
                     "disk": lambda total: run_json([*append, str(total)])}
        self.totals = {}
        self.found = {who: [] for who in self.runs}
        self.cpu = []  # (hub, broker) in ms per MB, of our rounds

    def probe(self):
        """Warms up and finds how much makes a run long enough."""
        for who, run in self.runs.items():
            rate = run(PROBE_BYTES if who != "disk" else PROBE_BYTES // 4)["mb_per_s"]
            self.totals[who] = min(int(rate * 1e6 * self.seconds * 1.2), LONGEST_BYTES)

    def one(self, who):
        """A run of at least the seconds asked for: a shorter one is done again with more."""
        while True:
            pids = [self.stack.child_pid(name) for name in ("hub", "broker")]
            before = [cpu_seconds(pid) for pid in pids]
            figures = self.runs[who](self.totals[who])
            spent = [(cpu_seconds(pid) - b) * 1000 for pid, b in zip(pids, before)]
            if figures["seconds"] >= self.seconds or self.totals[who] >= LONGEST_BYTES:
                break
            self.totals[who] = min(
                int(self.totals[who] * self.seconds / figures["seconds"] * 1.15), LONGEST_BYTES)
        self.found[who].append(figures)
        if who == "ours":
            megabytes = figures["parts"] * self.part_bytes / 1e6
            self.cpu.append([milliseconds / megabytes for milliseconds in spent])

    def rates(self, who):
        return [figures["mb_per_s"] for figures in self.found[who]]

    def report(self):
        limits = [min(pair) for pair in zip(self.rates("broker"), self.rates("disk"))]
        broker, disk = (statistics.median(self.rates(who)) for who in ("broker", "disk"))
        name = "mosquitto_sub to /dev/null" if broker < disk else "append + fdatasync per part"
        ratio, low, high = ratio_interval(list(zip(self.rates("ours"), limits)))
        ours = self.found["ours"]
        kib = self.part_bytes // 1024
        self.context.result(
            "ingest.durable", statistics.median(self.rates("ours")), "MB/s", name,
            min(broker, disk), part_kib=kib, median_ratio=round(ratio, 3),
            ratio_95=[round(low, 3), round(high, 3)], target=TARGET,
            broker_mb_per_s=round(broker, 1), disk_mb_per_s=round(disk, 1), rounds=len(ours),
            seconds_each=round(min(figures["seconds"] for figures in ours), 1),
            parts_read_back_equal=sum(figures["equal_in_archive"] for figures in ours),
            receipt_p99_ms=round(statistics.median(f["receipt_p99_ms"] for f in ours), 1))
        hub, broker = (statistics.median(column) for column in zip(*self.cpu))
        self.context.result("ingest.hub_cpu_per_mb", hub, "ms/MB", "mosquitto in the same run",
                            broker, part_kib=kib)


def run(context):
    rounds = 1 if context.quick else 5
    with context.folder(None) as folder, Stack(context.build, folder / "stack", PORT_BASE) as stack:
        first = account_of(stack.device_config)
        accounts = folder / "accounts.json"
        accounts.write_text(json.dumps([first]))
        stack_conf = next(pathlib.Path(stack.dir).rglob("mosquitto.conf"))
        for kib in (8, 64, 256):
            with PeerBroker(context, folder, PORT_BASE + 50, stack_conf) as broker:
                sizes = Throughput(context, stack, broker, accounts, kib * 1024,
                                   1 if context.quick else 5)
                sizes.probe()
                for number in range(rounds):
                    for who in (("ours", "broker", "disk") if number % 2 == 0
                                else ("disk", "broker", "ours")):
                        context.progress(f"ingest: {kib} KiB, round {number + 1}/{rounds}: {who}")
                        sizes.one(who)
                sizes.report()
        receipts(context, stack, first["project_id"], folder)


def receipts(context, stack, project, folder):
    context.progress(f"ingest: enrolling {DEVICES} devices")
    many = folder / "many.json"
    many.write_text(json.dumps(enrol(context, stack, project, DEVICES, folder)))
    context.progress(f"ingest: {DEVICES} devices at 2 Mbit/s")
    pids = [stack.child_pid(name) for name in ("hub", "broker")]
    before = [cpu_seconds(pid) for pid in pids]
    figures = run_json([context.binary("sitecast-bench-load"), "devices", "--port", str(PORT_BASE),
                        "--accounts", str(many), "--seconds", "3" if context.quick else "30"])
    hub, broker = (cpu_seconds(pid) - b for pid, b in zip(pids, before))
    seconds = figures["seconds"]
    context.result("ingest.receipt.p99", figures["receipt_p99_ms"], "ms",
                   p50_ms=round(figures["receipt_p50_ms"], 2), devices=figures["devices"],
                   mbit_per_s_each=2, parts=figures["parts"], part_bytes=figures["part_bytes"],
                   seconds=round(seconds, 1),
                   sender_latest_ms=round(figures["sender_latest_ms"], 1),
                   hub_percent_of_a_core=round(hub / seconds * 100, 1),
                   broker_percent_of_a_core=round(broker / seconds * 100, 1))
