# SPDX-License-Identifier: Apache-2.0
"""Children of scripts/stack: started in order, watched, stopped in the opposite order."""
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

STOP_LIMIT_S = 20  # a child that has not ended this long after SIGTERM is killed, and said so
# A restarted child that dies again within this time is started more slowly each time.
QUICK_DEATH_S = 1.0
LONGEST_PAUSE_S = 2.0


class StackError(Exception):
    """Said to the person who started the stack, without a trace."""


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def end_with_parent(parent):
    """In the child before exec: SIGTERM when the stack is killed, so that nothing is left behind."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it was killed before that: nobody would tell us
        os._exit(1)


def say(text):
    print(f"stack: {text}", file=sys.stderr, flush=True)


class Child:
    """One program. Its stdout is read for the line `ready`; stderr goes to its log file."""

    def __init__(self, name, command, log, cwd=None, prints_ready=True, before_start=None,
                 account=None, held=()):
        self.name = name
        self.command = command
        self.log = log
        self.cwd = cwd
        self.prints_ready = prints_ready
        self.before_start = before_start  # called before every start
        # Whose rights it has (an entry of pwd) instead of ours. From its first instruction on: a program
        # that gives up root by itself loses what ends it with its parent (prctl(2)).
        self.account = account
        self.held = held  # descriptors it keeps open to its end
        self.process = None
        self.ready = threading.Event()
        self.started_at = 0.0
        self.pause_s = 0.0

    def start(self):
        if self.before_start:
            self.before_start()
        self.ready.clear()
        identity = {}
        if self.account:
            identity = {"user": self.account.pw_uid, "group": self.account.pw_gid,
                        "extra_groups": []}
        parent = os.getpid()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=log, preexec_fn=lambda: end_with_parent(parent), **identity,
                pass_fds=self.held, start_new_session=True)  # a Ctrl-C of the terminal is ours to pass on
        self.started_at = time.monotonic()
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _read(self, process):
        with open(self.log, "ab") as log:
            for line in process.stdout:
                if line.strip() == b"ready":
                    self.ready.set()
                log.write(line)
                log.flush()

    def wait_ready(self, limit_s):
        """Until it said `ready`; StackError with the end of its log when it died or said nothing."""
        deadline = time.monotonic() + limit_s
        while not self.ready.wait(0.02):
            if self.process.poll() is not None:
                raise StackError(f"{self.name} ended with code {self.process.returncode}:\n"
                                 f"{self.log_tail()}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} was not ready within {limit_s} s:\n{self.log_tail()}")

    def log_tail(self):
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join("    " + line for line in lines[-15:])

    @property
    def pid(self):
        return self.process.pid if self.process else None

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop within {STOP_LIMIT_S} s and was killed")
            self.process.kill()
            self.process.wait()
        if self.process.returncode != 0:
            say(f"{self.name} stopped with code {self.process.returncode}")


class Supervisor:
    """Watches children. Without `restart` the first death ends the watch."""

    def __init__(self, restart):
        self.restart = restart
        self.children = []
        self.stopping = threading.Event()
        self.trouble = False  # something went wrong that did not end a child

    def add(self, child):
        self.children.append(child)
        child.start()
        return child

    def watch(self):
        """Until stop is asked for (True) or a child died and is not restarted (False)."""
        while not self.stopping.wait(0.02):
            for child in self.children:
                if child.process.poll() is None:
                    continue
                if not self.restart:
                    say(f"{child.name} ended with code {child.process.returncode}; stopping\n"
                        f"{child.log_tail()}")
                    return False
                self._restart(child)
        return True

    def _restart(self, child):
        quick = time.monotonic() - child.started_at < QUICK_DEATH_S
        child.pause_s = min(LONGEST_PAUSE_S, child.pause_s * 2 + 0.1) if quick else 0.0
        say(f"{child.name} ended with code {child.process.returncode}; started again"
            + (f" in {child.pause_s:.1f} s" if child.pause_s else ""))
        if child.pause_s and self.stopping.wait(child.pause_s):
            return
        try:
            child.start()
        except StackError as problem:
            # Its files cannot be written now, because the hub is just being started for instance:
            # tried again like one that died at once.
            child.started_at = time.monotonic()
            say(f"{child.name} cannot be started: {problem}")

    def stop(self):
        self.stopping.set()
        for child in reversed(self.children):
            child.stop()


def stop_on_signals(supervisor):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.stopping.set())
