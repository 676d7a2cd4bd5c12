# SPDX-License-Identifier: Apache-2.0
"""Silent cuts of an emulated link: nothing arrives at either end, and nobody says so."""
import random
import threading
import time

UP_S = (4.0, 6.7)  # 50 cuts in the 267 s that 200 MB take at 6 Mbit/s
DOWN_S = (0.5, 8.0)


class Cuts:
    """While entered, the link is cut again and again; the same seed makes the same plan, so that everybody
    meets the same cuts at the same seconds after their start."""

    def __init__(self, link, seed):
        self.link = link
        self.chance = random.Random(seed)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.count = 0
        self.down_s = 0.0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        return False

    def _run(self):
        while not self.over.wait(self.chance.uniform(*UP_S)):
            began = time.monotonic()
            self.link.do("down")
            self.count += 1
            self.over.wait(self.chance.uniform(*DOWN_S))
            self.link.do("up")
            self.down_s += time.monotonic() - began
