# SPDX-License-Identifier: Apache-2.0
"""Live over a path that loses 3 % of the packets each way, with each congestion control that is there, and how
soon after a silent cut it is where it was."""
import statistics
import time

from figures import percentile
from link import Link
from meter import live_delays_ms, sidecars
from sidecar import records_of
from site_with_link import Site
from stack import wait_until

SEED = 20240818
PATH = ("uplink rate 6M", "uplink queue 100ms", "delay 75", "loss 3")
LIVE_KBPS = 800
CONTROLS = ("bbr", "cubic")
STALL_US = 1_000_000
CUTS_S = (10, 60)
WINDOW_S = 5  # what is received in so many seconds is looked at
AVAILABLE = "/proc/sys/net/ipv4/tcp_available_congestion_control"


def lossy(context, folder, source, *options):
    """`source`, `options`: what is filmed."""
    seconds = 600 if context.full else 15 if context.quick else 120
    with open(AVAILABLE, encoding="ascii") as file:
        available = file.read().split()
    for control in CONTROLS:
        if control not in available:
            context.progress(f"uplink: this kernel has no {control}; it has {' '.join(available)}")
            continue
        with Link(context.build, SEED, *PATH) as link, \
                Site(context, folder / f"lossy-{control}", link) as site:
            for section, key, value in (("publish", "congestion_control", control),
                                        ("publish", "adapt", "on"), ("encode", "width", 640),
                                        ("encode", "height", 360),
                                        ("encode", "video_bitrate_kbps", LIVE_KBPS)):
                site.set(section, key, value)
            measure(context, site, control, seconds, source, options)


def measure(context, site, control, seconds, source, options):
    context.progress(f"uplink: live over 3 % loss with {control}, {seconds} s")
    with site.film(source, *options) as filming:
        wait_until("it is connected", 30, lambda: site.status()["link"]["hub_present"])
        time.sleep(4)
        began, rungs = now_us(), []
        for _ in range(seconds // WINDOW_S):
            time.sleep(WINDOW_S)
            link = site.status()["link"]
            rungs.append(link["live_quality"])
        if link["congestion_control"] != control:
            raise RuntimeError(f"the connection uses {link['congestion_control']}, not {control}")
        ended = now_us()
        after = [cut(context, site, lasts) for lasts in (CUTS_S[:1] if context.quick else CUTS_S)]
    site.deliver()

    def delays(begin, end):
        return live_delays_ms(site.state_dir, filming.capture, begin, end)

    whole, settled = delays(began, ended), delays(began + (ended - began) // 2, ended)
    context.result(
        "uplink.live_p95_with_loss", percentile(whole, 0.95), "ms", "target",
        {"bbr": 800, "cubic": 2000}[control], congestion_control=control,
        second_half_p95=round(percentile(settled, 0.95), 1), p50=round(percentile(whole, 0.5), 1),
        stalls_over_1_s=stalls(site.state_dir, filming.capture, began, ended), seconds=seconds,
        live_qualities=runs_of(rungs), path="150 ms round trip, 3 % loss each way, 6 Mbit/s")
    floor = statistics.median(whole)
    for lasts, back in zip(CUTS_S, after):
        begin = back + WINDOW_S * 1e6
        following = delays(begin, begin + WINDOW_S * 1e6)
        context.result("uplink.live_after_a_cut", statistics.median(following) if following else -1,
                       "ms", "floor: median before", floor, congestion_control=control, cut_s=lasts,
                       above_ms=round(statistics.median(following) - floor, 1) if following else None,
                       target="at most 200 ms above, 5 s after the cut")


def cut(context, site, lasts):
    """Ends when what follows it can be judged; when it was over."""
    context.progress(f"uplink: a cut of {lasts} s")
    site.link.do("down")
    time.sleep(lasts)
    site.link.do("up")
    back = now_us()
    time.sleep(4 * WINDOW_S)
    return back


def now_us():
    return time.time() * 1e6


def stalls(state_dir, capture, begin_us, end_us):
    """How often nothing live came for over a second."""
    arrived = sorted(record.received_us for path in sidecars(state_dir, capture)
                     for record in records_of(path)
                     if record.live and begin_us <= record.received_us < end_us)
    return sum(later - earlier > STALL_US for earlier, later in zip(arrived, arrived[1:]))


def runs_of(rungs):
    """full, full, 360p -> "full x2, 360p x1"; a look every five seconds."""
    counted = []
    for rung in rungs:
        if counted and counted[-1][0] == rung:
            counted[-1][1] += 1
        else:
            counted.append([rung, 1])
    return ", ".join(f"{rung} x{count}" for rung, count in counted)
