# SPDX-License-Identifier: Apache-2.0
"""ingest: durable MB/s into the archive, beside the broker's and the disk's own limit.

For parts of 8, 64 and 256 KiB, QoS 1, every part with other bytes:
  ours    device -> broker -> hub -> receipt, archive read back and hashed afterwards
  broker  the same messages to mosquitto_sub writing to /dev/null (same broker settings, no hub)
  disk    append + fdatasync per part of the same size on the same disk
in alternating rounds of one run. Then 100 devices at 2 Mbit/s: receipt times.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import tomllib

from stack import Stack, wait_until

PORT_BASE = 24300
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


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


class PeerBroker:
    """mosquitto with the stack's own limits, without access control, and mosquitto_sub on it."""

    def __init__(self, folder, port, stack_conf):
        keep = [line for line in stack_conf.read_text().splitlines()
                if re.match(r"(max_|set_tcp_nodelay|persistence|memory_limit|message_size)", line)]
        self.conf = folder / "peer.conf"
        self.conf.write_text("\n".join(
            keep + [f"listener {port} 127.0.0.1", "allow_anonymous true", ""]))
        self.port = port

    def __enter__(self):
        self.process = subprocess.Popen(["mosquitto", "-c", str(self.conf)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until("the peer broker accepts", 10, self._accepts)
        return self

    def _accepts(self):
        return subprocess.run(["mosquitto_pub", "-p", str(self.port), "-t", "x", "-m", "x"],
                              capture_output=True).returncode == 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def mb_per_s(self, context, part_bytes, total_bytes):
        count = total_bytes // part_bytes
        with open("/dev/null", "wb") as null:
            subscriber = subprocess.Popen(
                ["mosquitto_sub", "-V", "5", "-p", str(self.port), "-q", "1", "-C", str(count),
                 "-t", "sitecast/1/+/+/fill/#", "-d"],
                stdout=null, stderr=null)
            # Subscribed when a probe under the filter would arrive; the broker counts subscriptions.
            wait_until("mosquitto_sub is subscribed", 10, self._subscribed)
            sender = subprocess.Popen(
                [context.binary("sitecast-bench-load"), "publish", "--port", str(self.port),
                 "--part-bytes", str(part_bytes), "--total-bytes", str(total_bytes)],
                stdout=subprocess.PIPE, text=True)
            sender.stdout.readline()
            started = time.monotonic()
            cpu = cpu_seconds(self.process.pid)
            subscriber.wait(120)
            seconds = time.monotonic() - started
            cpu = cpu_seconds(self.process.pid) - cpu
            if sender.wait(30) != 0 or subscriber.returncode != 0:
                raise RuntimeError("the peer run failed")
        megabytes = count * part_bytes / 1e6
        return megabytes / seconds, cpu * 1000 / megabytes

    def _subscribed(self):
        shown = subprocess.run(
            ["mosquitto_sub", "-p", str(self.port), "-t", "$SYS/broker/subscriptions/count",
             "-C", "1", "-W", "2"], capture_output=True, text=True).stdout.strip()
        return shown.isdigit() and int(shown) >= 1


def enrol(context, stack, project, count, folder):
    accounts = []
    for number in range(count):
        out = folder / f"device{number}"
        out.mkdir()
        key_config = out / "agent.toml"
        public_key = subprocess.run(
            [context.binary("sitecast-agent"), "--config", str(stack.device_config), "keygen"],
            check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run(
            [context.binary("sitecast-hub"), "--config", str(stack.hub_config), "device", "enrol",
             "--name", f"load {number}", "--project", project, "--public-key", public_key,
             "--out", str(out)], check=True, capture_output=True)
        accounts.append(account_of(key_config))
    return accounts


def run(context):
    seconds = 1 if context.quick else 5
    rounds = 1 if context.quick else 3
    with tempfile.TemporaryDirectory(prefix="sitecast-bench-") as folder:
        folder = pathlib.Path(folder)
        with Stack(context.build, folder / "stack", PORT_BASE) as stack:
            first = account_of(stack.device_config)
            accounts = folder / "accounts.json"
            accounts.write_text(json.dumps([first]))
            stack_conf = next(pathlib.Path(stack.dir).rglob("mosquitto.conf"))
            for kib in (8, 64, 256):
                throughput(context, stack, stack_conf, folder, accounts, kib * 1024, seconds, rounds)
            many = folder / "many.json"
            many.write_text(json.dumps(enrol(context, stack, first["project_id"], 100, folder)))
            hub_cpu = cpu_seconds(stack.child_pid("hub"))
            figures = run_json([context.binary("sitecast-bench-load"), "devices", "--port",
                                str(PORT_BASE), "--accounts", str(many), "--seconds",
                                "3" if context.quick else "15"])
            context.result("ingest.receipt.p99", figures["receipt_p99_ms"], "ms",
                           p50_ms=round(figures["receipt_p50_ms"], 2), devices=figures["devices"],
                           mbit_per_s_each=2, parts=figures["parts"],
                           sender_latest_ms=round(figures["sender_latest_ms"], 1),
                           hub_cpu_s=round(cpu_seconds(stack.child_pid("hub")) - hub_cpu, 2))


def throughput(context, stack, stack_conf, folder, accounts, part_bytes, seconds, rounds):
    load = context.binary("sitecast-bench-load")
    port = str(PORT_BASE)
    ingest = [load, "ingest", "--port", port, "--accounts", str(accounts), "--state-dir",
              str(stack.hub_state_dir), "--part-bytes", str(part_bytes)]
    append = [load, "append", "--dir", str(stack.hub_state_dir), "--part-bytes", str(part_bytes)]
    # A first short round warms up and says how much makes `seconds`.
    probe = 16 << 20
    with PeerBroker(folder, PORT_BASE + 50, stack_conf) as broker:
        rates = {
            "ours": run_json(ingest + ["--total-bytes", str(probe)])["mb_per_s"],
            "disk": run_json(append + ["--total-bytes", str(probe)])["mb_per_s"],
            "broker": broker.mb_per_s(context, part_bytes, probe)[0],
        }
        totals = {name: int(max(rate, 1) * 1e6 * seconds * 1.3) for name, rate in rates.items()}
        found = {"ours": [], "disk": [], "broker": []}
        hub_ms, broker_ms, receipt = [], [], []
        for number in range(rounds):
            order = ("ours", "broker", "disk") if number % 2 == 0 else ("disk", "broker", "ours")
            for who in order:
                context.progress(f"ingest {part_bytes // 1024} KiB, round {number + 1}/{rounds}: {who}")
                if who == "broker":
                    rate, cpu = broker.mb_per_s(context, part_bytes, totals[who])
                    found[who].append(rate)
                    continue
                pids = [stack.child_pid(name) for name in ("hub", "broker")]
                before = [cpu_seconds(pid) for pid in pids]
                command = ingest if who == "ours" else append
                figures = run_json(command + ["--total-bytes", str(totals[who])])
                found[who].append(figures["mb_per_s"])
                if who == "ours":
                    megabytes = figures["parts"] * part_bytes / 1e6
                    spent = [(cpu_seconds(pid) - b) * 1000 / megabytes for pid, b in zip(pids, before)]
                    hub_ms.append(spent[0])
                    broker_ms.append(spent[1])
                    receipt.append(figures["receipt_p99_ms"])
    ours, disk, broker_rate = (statistics.median(found[name]) for name in ("ours", "disk", "broker"))
    limit_name, limit = min((("mosquitto_sub to /dev/null", broker_rate),
                             ("append + fdatasync per part", disk)), key=lambda pair: pair[1])
    kib = part_bytes // 1024
    context.result("ingest.durable", ours, "MB/s", limit_name, limit, part_kib=kib,
                   broker_mb_per_s=round(broker_rate, 1), disk_mb_per_s=round(disk, 1),
                   rounds=rounds, receipt_p99_ms=round(statistics.median(receipt), 1))
    context.result("ingest.hub_cpu_per_mb", statistics.median(hub_ms), "ms/MB",
                   "mosquitto in the same run", statistics.median(broker_ms), part_kib=kib)
