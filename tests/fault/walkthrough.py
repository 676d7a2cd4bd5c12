# SPDX-License-Identifier: Apache-2.0
"""An agent that films while faults happen, and what it captured so far."""
import signal
import subprocess
import sys
import threading
import time


class Walkthrough:
    """Keeps an agent recording: a killed one is started again at once, as a service manager would."""

    def __init__(self, stack, source, audio="", prefix=()):
        self.log_path = stack.dir / "agent.log"
        self.command = [*prefix, stack.agent, "--config", str(stack.device_config), "record",
                        "--source", source]
        if source.startswith("file:"):
            self.command.append("--loop")
        if audio:
            self.command += ["--audio", audio]
        self.log = open(self.log_path, "ab")
        self.stopping = False
        self.process = None
        self.starts = 0
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._keep_running)
        self.thread.start()

    def _keep_running(self):
        while True:
            with self.lock:
                if self.stopping:
                    return
                self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
                self.starts += 1
            code = self.process.wait()
            if code not in (0, -signal.SIGKILL) and not self.stopping:
                tail = self.log_path.read_text(errors="replace")[-400:]
                print(f"agent ended with {code}: {tail}", file=sys.stderr)
                time.sleep(1)  # what a service manager waits between starts

    def pid(self):
        with self.lock:
            return self.process.pid if self.process and self.process.poll() is None else None

    def stop(self):
        with self.lock:
            self.stopping = True
            process = self.process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        self.thread.join(30)
        if self.thread.is_alive():
            raise AssertionError("the agent did not stop within 30 s")


def lines_in(path):
    try:
        with open(path, "rb") as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0
