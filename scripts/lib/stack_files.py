# SPDX-License-Identifier: Apache-2.0
"""Where a stack keeps what, and the configuration files it writes. Everything is under one folder:

  DIR/hub.toml, hub/          configuration and state of the hub
  DIR/gateway.toml, gateway/  of the gateway
  DIR/broker/                 what mosquitto reads, and nothing else (its user owns it)
  DIR/device/                 the enrolled device: agent.toml, key, password, spool
  DIR/secrets/                passwords of hub and gateway at the broker; 0700
  DIR/accounts.json           people's passwords for this stack; 0600
  DIR/tls/                    the local certificate authority and its certificate (only with TLS)
  DIR/log/                    one file per process
"""
import json
import os
import pwd
import re
import secrets
import shutil
import subprocess
from pathlib import Path

from stack_processes import StackError, end_with_parent

ROOT = Path(__file__).resolve().parents[2]

# From the port base on. TLS listeners stand beside the plain ones, which stay on loopback.
MQTT, HTTP, HUB_METRICS, GATEWAY_METRICS, MQTT_TLS = range(5)


def toml(values, table=None):
    """One table as TOML; strings, numbers, booleans."""
    lines = [f"[{table}]"] if table else []
    for key, value in values.items():
        lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n\n"


def write_private(path, text):
    """Mode 0600 from the first byte on; a kill leaves the old text or the new one, never a part."""
    new = path.with_name(path.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


class StackFiles:
    def __init__(self, folder, build, port_base, lan_host=None):
        self.dir = Path(folder).resolve()
        self.bin = Path(build).resolve() / "bin"
        self.port_base = port_base
        self.lan_host = lan_host
        self.held = ()  # descriptors that every process started here keeps open to its end
        self.hub_config = self.dir / "hub.toml"
        self.hub_state = self.dir / "hub"
        self.gateway_config = self.dir / "gateway.toml"
        self.broker = self.dir / "broker"
        self.device = self.dir / "device"
        self.secrets = self.dir / "secrets"
        self.accounts = self.dir / "accounts.json"
        self.tls = self.dir / "tls"
        self.log = self.dir / "log"

    def port(self, which):
        return self.port_base + which

    @property
    def mqtt_url(self):
        return f"mqtt://127.0.0.1:{self.port(MQTT)}"

    @property
    def http_url(self):
        if self.lan_host:
            return f"https://{self.lan_host}:{self.port(HTTP)}"
        return f"http://127.0.0.1:{self.port(HTTP)}"

    def command(self, program, *arguments):
        config = {"sitecast-hub": self.hub_config, "sitecast-gateway": self.gateway_config}[program]
        return [str(self.bin / program), "--config", str(config), *arguments]

    def run(self, command, text_in=None):
        """Runs one of our commands to its end; its stdout. StackError with what it said."""
        parent = os.getpid()
        done = subprocess.run(command, input=text_in, capture_output=True, text=True, check=False,
                              pass_fds=self.held, preexec_fn=lambda: end_with_parent(parent))
        if done.returncode != 0:
            shown = " ".join(Path(word).name if word.startswith("/") else word for word in command)
            raise StackError(f"`{shown}` failed with code {done.returncode}:\n"
                             f"{done.stdout}{done.stderr}")
        return done.stdout

    def make_folders(self):
        for folder in (self.dir, self.hub_state, self.dir / "gateway", self.broker, self.device,
                       self.log):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.mkdir(mode=0o700, exist_ok=True)

    def write_configuration(self):
        self.hub_config.write_text(
            toml({"state_dir": "hub", "log_level": "info"}) +
            toml({"url": self.mqtt_url, "username": "hub", "password_file": "secrets/hub.password"},
                 "broker") +
            toml({"listen": f"127.0.0.1:{self.port(HUB_METRICS)}"}, "metrics") +
            toml({"worker": str(self.bin / "sitecast-derive"), "enabled": True}, "derive"),
            encoding="utf-8")
        listen = f"{'0.0.0.0' if self.lan_host else '127.0.0.1'}:{self.port(HTTP)}"
        gateway = toml({"listen": listen, "web_dir": str(ROOT / "viewer" / "web" / "dist"),
                        "hub_state_dir": "hub", "state_dir": "gateway", "log_level": "info"})
        if self.lan_host:
            gateway += toml({"certificate_file": "tls/server.crt", "key_file": "tls/server.key"},
                            "tls")
        gateway += toml({"url": self.mqtt_url,
                         "reader_username": "gateway-reader",
                         "reader_password_file": "secrets/gateway-reader.password",
                         "publisher_username": "gateway-publisher",
                         "publisher_password_file": "secrets/gateway-publisher.password"},
                        "broker")
        gateway += toml({"listen": f"127.0.0.1:{self.port(GATEWAY_METRICS)}"}, "metrics")
        self.gateway_config.write_text(gateway, encoding="utf-8")

    def write_broker_files(self):
        """The broker's files anew from the hub's enrolment records. Under root it runs as the user
        `mosquitto`, who may enter none of our folders: so it is started inside its own folder, owns it,
        and finds everything there by relative names."""
        command = self.command("sitecast-hub", "broker-files", "--out", str(self.broker), "--port",
                               str(self.port(MQTT)))
        if self.lan_host:
            command += ["--tls-port", str(self.port(MQTT_TLS)), "--tls-certificate",
                        str(self.tls / "server.crt"), "--tls-key", str(self.tls / "server.key")]
        if not (self.secrets / "hub.password").exists():
            command.append("--new-passwords")
        self.run(command)
        for password in self.broker.glob("*.password"):
            shutil.move(password, self.secrets / password.name)
        if owner := broker_account():
            for path in (self.broker, *self.broker.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        os.chmod(self.broker, 0o700)

    def point_device_at_broker(self):
        """The stack may have been started on other ports than when the device was enrolled."""
        config = self.device / "agent.toml"
        old = config.read_text(encoding="utf-8")
        new = re.sub(r"""(?m)^url = (["'])mqtt://.*\1$""", f'url = "{self.mqtt_url}"', old)
        if new != old:
            write_private(config, new)

    def password(self, user):
        return (self.secrets / f"{user}.password").read_text(encoding="utf-8").strip()

    def load_accounts(self):
        if not self.accounts.exists():
            return {}
        return json.loads(self.accounts.read_text(encoding="utf-8"))

    def save_accounts(self, accounts):
        write_private(self.accounts, json.dumps(accounts, ensure_ascii=False, indent=1) + "\n")


def new_password():
    return secrets.token_urlsafe(12)


def broker_account():
    """Whose rights the broker has when we are root; None: ours."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mosquitto")
    except KeyError:
        return None


def mosquitto_path():
    for candidate in (shutil.which("mosquitto"), "/usr/sbin/mosquitto"):
        if candidate and Path(candidate).exists():
            return candidate
    raise StackError("mosquitto is not installed; run scripts/setup")


def default_build():
    for preset in ("release", "dev"):
        if (ROOT / "build" / preset / "bin" / "sitecast-hub").exists():
            return ROOT / "build" / preset
    raise StackError("nothing is built yet; run `cmake --workflow --preset dev`, or name a build "
                     "folder with --build")
