# SPDX-License-Identifier: Apache-2.0
"""scripts/stack: broker, hub and gateway in the foreground, all state under one folder."""
import argparse
import contextlib
import fcntl
import json
import sys
import time
import tomllib
from pathlib import Path

import local_ca
import mqtt_probe
from listeners import listening_sockets
from stack_files import (GATEWAY_METRICS, HTTP, HUB_METRICS, MQTT, MQTT_TLS, StackFiles,
                         broker_account, default_build, mosquitto_path, new_password, write_private)
from stack_processes import (STOP_LIMIT_S, Child, StackError, Supervisor, say,
                             stop_on_signals)

READY_LIMIT_S = 30

# Who may sign in. The centre's person sees every project, the others where they are members.
PEOPLE = [
    {"user": "centre", "display_name": "招商中心 王敏", "role": "centre"},
    {"user": "agent", "display_name": "服务专员 李强", "role": "agent"},
    {"user": "owner", "display_name": "业主 陈先生", "role": "owner"},
]
PROJECT = {
    "name": "测试项目", "name_en": "Test project", "place": "", "time_zone": "Asia/Shanghai",
    "areas": ["1号厂房 Hall 1", "2号厂房 Hall 2"], "stages": ["土方 Earthworks", "主体 Structure"],
    "device": "测试设备 Test device",
}


class Stack:
    """One stack. start() leaves everything running and proven; stop() ends it in order."""

    def __init__(self, files, supervise=False, project=None):
        self.files = files
        self.project = project or PROJECT
        self.supervisor = Supervisor(supervise)
        self.broker = self.hub = self.gateway = None
        self.locks = []

    def start(self):
        files = self.files
        files.make_folders()
        self._lock()
        files.write_configuration()
        if files.lan_host:
            local_ca.ensure(files.tls, files.lan_host)
        facts = self._ensure_project()
        files.point_device_at_broker()
        self._ensure_accounts()
        self.broker = self._child("broker", [mosquitto_path(), "-c", "mosquitto.conf"],
                                  cwd=files.broker, before_start=files.write_broker_files,
                                  account=broker_account())
        self._prove_broker(facts)
        self.hub = self._child("hub", files.command("sitecast-hub", "run"))
        self.hub.wait_ready(READY_LIMIT_S)
        self.gateway = self._child("gateway", files.command("sitecast-gateway", "run"))
        self.gateway.wait_ready(READY_LIMIT_S)
        return self._info(facts)

    def stop(self):
        self.supervisor.stop()
        for lock in self.locks:
            lock.close()

    def _lock(self):
        """One stack at a time. The second lock is open in every part as well: those of a stack that was
        killed may need a moment to end, and have files and ports until then."""
        if not self._locked("stack.lock"):
            raise StackError(f"another stack runs in {self.files.dir}")
        if not self._locked("parts.lock"):
            say("waiting for what a killed stack left running to end")
            deadline = time.monotonic() + STOP_LIMIT_S
            while not self._locked("parts.lock"):
                if time.monotonic() > deadline:
                    raise StackError(f"it still runs after {STOP_LIMIT_S} s; `fuser "
                                     f"{self.files.dir}/parts.lock` names its processes")
                time.sleep(0.02)
        self.files.held = (self.locks[-1].fileno(),)

    def _locked(self, name):
        file = open(self.files.dir / name, "w", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self.locks.append(file)
        return True

    def _child(self, name, command, **options):
        return self.supervisor.add(Child(name, command, self.files.log / f"{name}.log",
                                         held=self.files.held, **options))

    def _ensure_project(self):
        """Project, members and one device, made on the first start; {"project_id", "device_id"}."""
        facts_path = self.files.dir / "project.json"
        if facts_path.exists():
            return json.loads(facts_path.read_text(encoding="utf-8"))
        if (self.files.device / "agent.toml").exists():
            # The first start was interrupted just after the device was enrolled.
            return self._keep_facts(self._facts_of_device())
        files, project = self.files, self.project
        command = files.command("sitecast-hub", "project", "add", "--name", project["name"],
                                "--name-en", project["name_en"], "--time-zone",
                                project["time_zone"])
        if project["place"]:
            command += ["--place", project["place"]]
        for area in project["areas"]:
            command += ["--area", area]
        for stage in project["stages"]:
            command += ["--stage", stage]
        project_id = json.loads(files.run(command))["project_id"]
        for person in PEOPLE:
            files.run(files.command("sitecast-hub", "member", "add", "--project", project_id,
                                    "--user", person["user"], "--role", person["role"]))
        device_id = self._enrol_device(project_id, project["device"])
        return self._keep_facts({"project_id": project_id, "device_id": device_id})

    def _keep_facts(self, facts):
        write_private(self.files.dir / "project.json", json.dumps(facts) + "\n")
        return facts

    def _facts_of_device(self):
        config = tomllib.loads((self.files.device / "agent.toml").read_text(encoding="utf-8"))
        return {name: config[name] for name in ("project_id", "device_id")}

    def _enrol_device(self, project_id, name):
        """The device makes its key and shows only the public half; the hub gives it a configuration."""
        files = self.files
        # Without agent.toml it is left of an enrolment that was killed: no agent can have used it.
        (files.device / "broker.password").unlink(missing_ok=True)
        seed_config = files.device / "keygen.toml"
        seed_config.write_text('key_file = "device.key"\n', encoding="utf-8")
        key = files.run([str(files.bin / "sitecast-agent"), "--config", str(seed_config),
                         "keygen"]).strip()
        seed_config.unlink()
        made = files.run(files.command("sitecast-hub", "device", "enrol", "--name", name,
                                       "--project", project_id, "--public-key", key, "--out",
                                       str(files.device)))
        return json.loads(made)["device_id"]

    def _ensure_accounts(self):
        accounts = self.files.load_accounts()
        missing = [person for person in PEOPLE if person["user"] not in accounts]
        if not missing:
            return
        # One that is there all the same: a start was killed before it could keep the password.
        made = {line.split()[0] for line in self.files.run(
            self.files.command("sitecast-gateway", "account", "list")).splitlines() if line.strip()}
        for person in missing:
            password = new_password()
            if person["user"] in made:
                command = ["account", "passwd", person["user"]]
            else:
                command = ["account", "add", "--user", person["user"], "--display-name",
                           person["display_name"], "--role", person["role"], "--locale", "zh-CN"]
            self.files.run(self.files.command("sitecast-gateway", *command),
                           text_in=password + "\n")
            accounts[person["user"]] = {**person, "password": password}
            self.files.save_accounts(accounts)

    def _prove_broker(self, facts):
        """By real connections: the right credentials are let in, wrong ones and none are not, and a
        device reads only its own topics. An empty or unreadable rights file must not pass for ready."""
        port = self.files.port(MQTT)
        deadline = time.monotonic() + READY_LIMIT_S
        while not self._broker_listens():
            if time.monotonic() > deadline:
                raise StackError(f"the broker does not listen on port {port}:\n"
                                 f"{self.broker.log_tail()}")
            time.sleep(0.02)
        self._prove_listeners()
        device_id = facts["device_id"]
        device_password = (self.files.device / "broker.password").read_text(encoding="utf-8").strip()
        right = [("hub", self.files.password("hub")),
                 ("gateway-reader", self.files.password("gateway-reader")),
                 (device_id, device_password)]
        for user, password in right:
            reason = mqtt_probe.connect_reason(port, user, password)
            if reason != mqtt_probe.SUCCESS:
                raise StackError(f"the broker refuses {user} with reason 0x{reason:02x}\n"
                                 f"{self.broker.log_tail()}")
        for what, user, password in [("a wrong password", "hub", "not-" + device_password),
                                     ("an unknown user", "nobody", device_password),
                                     ("anonymous", None, None)]:
            reason = mqtt_probe.connect_reason(port, user, password)
            if reason < mqtt_probe.NOT_REFUSED_BELOW:
                raise StackError(f"the broker lets in {what}; its rights file is not in force")
        with mqtt_probe.Connection(port, device_id, device_password) as device:
            for topic in ("#", f"sitecast/1/{facts['project_id']}/+/live/#"):
                if device.subscribe(topic) < mqtt_probe.NOT_REFUSED_BELOW:
                    raise StackError(f"the broker lets a device subscribe to {topic}")

    def _broker_listens(self):
        """Our broker itself, not another program on its port."""
        port = self.files.port(MQTT)
        if self.broker.process.poll() is None:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ends just now
                return ("127.0.0.1", port) in listening_sockets(self.broker.pid)
        self.broker.process.wait()
        raise StackError(f"the broker ended with code {self.broker.process.returncode}:\n"
                         f"{self.broker.log_tail()}")

    def _prove_listeners(self):
        """The broker listens where it was told to and nowhere else: one wrong line in its configuration
        opens its default port on every address."""
        allowed = {("127.0.0.1", self.files.port(MQTT))}
        if self.files.lan_host:
            allowed |= {("0.0.0.0", self.files.port(MQTT_TLS)), ("::", self.files.port(MQTT_TLS))}
        for address, port in listening_sockets(self.broker.pid):
            if (address, port) not in allowed:
                raise StackError(f"the broker also listens on {address}:{port}")

    def _info(self, facts):
        files = self.files
        person = files.load_accounts()["centre"]
        info = {
            "mqtt": files.mqtt_url, "http": files.http_url,
            "hub_pid": self.hub.pid, "gateway_pid": self.gateway.pid,
            "broker_pid": self.broker.pid,
            "device_config": str(files.device / "agent.toml"),
            "login": {"user": person["user"], "password": person["password"]},
            "accounts": {user: account["password"]
                         for user, account in files.load_accounts().items()},
            "project_id": facts["project_id"], "device_id": facts["device_id"],
            "hub_config": str(files.hub_config), "hub_state_dir": str(files.hub_state),
            "gateway_config": str(files.gateway_config),
            "hub_metrics": f"http://127.0.0.1:{files.port(HUB_METRICS)}/metrics",
            "gateway_metrics": f"http://127.0.0.1:{files.port(GATEWAY_METRICS)}/metrics",
        }
        if files.lan_host:
            info["mqtt_tls"] = f"mqtts://{files.lan_host}:{files.port(MQTT_TLS)}"
            info["ca_file"] = str(files.tls / "ca.crt")
        return info


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/stack", description="Runs broker, hub and gateway in the foreground and prints "
        "one line of JSON when they are ready. SIGTERM or Ctrl-C stops them.")
    parser.add_argument("--dir", required=True, type=Path, help="all state is kept here")
    parser.add_argument("--port-base", required=True, type=int, metavar="N",
                        help="MQTT on N, HTTP on N+1, metrics on N+2 (hub) and N+3 (gateway)")
    parser.add_argument("--seed", choices=["demo"], help="fill the archive on the first start")
    parser.add_argument("--build", type=Path, help="folder with bin/ (default: build/release, else "
                        "build/dev)")
    parser.add_argument("--supervise", action="store_true", help="start a part that died again")
    parser.add_argument("--lan", metavar="ADDRESS", help="serve TLS for this address of the machine, "
                        "with a local certificate authority; MQTT with TLS on N+4")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as cleanup:
        try:
            files = StackFiles(arguments.dir, arguments.build or default_build(),
                               arguments.port_base, arguments.lan)
            if arguments.seed:
                import demo_seed  # only here: the demo's story is no part of a plain stack
                stack = Stack(files, arguments.supervise, demo_seed.PROJECT)
            else:
                stack = Stack(files, arguments.supervise)
            stop_on_signals(stack.supervisor)
            cleanup.callback(stack.stop)
            info = stack.start()
            if arguments.seed:
                demo_seed.seed(files, info, stack.supervisor.stopping)
        except StackError as problem:
            say(str(problem))
            return 1
        print(json.dumps(info, ensure_ascii=False), flush=True)
        return 0 if stack.supervisor.watch() else 1


if __name__ == "__main__":
    sys.exit(main())
