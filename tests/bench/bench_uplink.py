# SPDX-License-Identifier: Apache-2.0
"""uplink: what the agent makes of a bad link, and what its way of sending costs.

complete, resent   one file over a link that is cut again and again, beside tus and Paho's own
                   persistence on the same link with the same cuts, in turn
live p95           live of 1 Mbit/s with and without backfill beside it, on a link of 6 Mbit/s, in turn
with loss          live of 800 kbit/s at 150 ms and 3 % loss each way, per congestion control; after cuts
overhead           bytes of TCP for bytes of media on a clean link; kbit/s of voice alone
"""
import os
import pathlib
import statistics
import sys
import time

from figures import percentile
from link import Link, why_not
from stack import wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "uplink"))
from contenders import Paho, Sitecast, Tus  # noqa: E402
from cuts import Cuts  # noqa: E402
from lossy import lossy  # noqa: E402
from meter import Meter, live_delays_ms, media_bytes  # noqa: E402
from site_with_link import Site  # noqa: E402

SEED = 20240817
RATE_BITS = 6_000_000
WHOLE = (f"uplink rate {RATE_BITS}", "uplink queue 100ms", "delay 30")
SMALL_BYTES, FULL_BYTES, QUICK_BYTES = 40_000_000, 200_000_000, 4_000_000
PICTURE = "video/x-raw,width=640,height=360,framerate=30/1"
NOISE = f"gst:videotestsrc pattern=snow is-live=true ! {PICTURE}"
LIVE_PART_BYTES = 1_000_000 / 8 / 30
SOUND = "gst:audiotestsrc is-live=true wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2"


def run(context):
    if why_not():
        raise RuntimeError(why_not())
    with context.folder(None) as folder:
        overhead(context, folder)
        live_under_backfill(context, folder)
        lossy(context, folder, NOISE, "--audio", SOUND)
        cut_again_and_again(context, folder)


def cut_again_and_again(context, folder):
    size = FULL_BYTES if context.full else QUICK_BYTES if context.quick else SMALL_BYTES
    file = folder / "capture.bin"
    file.write_bytes(os.urandom(size))
    with Link(context.build, SEED, *WHOLE) as link, Site(context, folder / "cuts", link) as site:
        figures = {}
        for who in (Sitecast(site), Tus(context, link, folder), Paho(context, link, folder)):
            context.progress(f"uplink: {size / 1e6:.0f} MB over a link that is cut: {who.name}")
            figures[who.name] = bring(who, file, link)
            context.progress(f"uplink: {who.name}: {figures[who.name]}")
    ours, tus, paho = (figures[name] for name in ("sitecast", "tus", "paho"))
    about = {"megabytes": size / 1e6, "link": f"{RATE_BITS / 1e6:g} Mbit/s, 60 ms, 100 ms drop-tail",
             "cuts": ours["cuts"], "down_s": ours["down_s"], "limit_s": round(size * 8 / RATE_BITS, 1)}
    done = {name: f["seconds"] for name, f in figures.items() if "seconds" in f}
    if "sitecast" not in done:
        raise RuntimeError(f"ours did not arrive: {ours['failed']}")
    peers = {name: seconds for name, seconds in done.items() if name != "sitecast"}
    fastest = min(peers, key=peers.get, default=None)
    context.result("uplink.complete", done["sitecast"], "s", fastest and f"{fastest} (the faster peer)",
                   peers.get(fastest), **about, tus=tus, paho=paho)
    extra = {name: figures[name]["beyond_the_file_mb"] for name in done}
    thriftiest = min(peers, key=extra.get, default=None)
    context.result("uplink.resent", extra["sitecast"], "MB beyond the file, all headers counted",
                   thriftiest and f"{thriftiest} (the thriftier peer)", extra.get(thriftiest), **about,
                   sent_again_bytes=ours["sent_again_bytes"], tus_mb=extra.get("tus"),
                   paho_mb=extra.get("paho"))


def bring(who, file, link):
    """Seconds until it is there, and what was put onto the link beyond the file's own bytes."""
    who.prepare(file)
    meter = Meter(link)
    began = time.monotonic()
    try:
        with Cuts(link, SEED) as cuts:
            ended_at, more = who.send(file)
    except RuntimeError as problem:
        return {"failed": str(problem)}
    beyond = meter.read()["ip_bytes"] - file.stat().st_size
    return {"seconds": round(ended_at - began, 2), "beyond_the_file_mb": round(beyond / 1e6, 3),
            "cuts": cuts.count, "down_s": round(cuts.down_s, 1), **more}


def live_under_backfill(context, folder):
    pairs, seconds = (1, 4) if context.quick else (3, 12)
    with Link(context.build, SEED, *WHOLE) as link, Site(context, folder / "backfill", link) as site:
        site.set("encode", "video_bitrate_kbps", 1000)
        site.set("encode", "width", 640)
        site.set("encode", "height", 360)
        alone, beside, used = [], [], []
        for number in range(pairs):
            for with_backfill in ((False, True) if number % 2 == 0 else (True, False)):
                context.progress(f"uplink: pair {number + 1}/{pairs}: live "
                                 f"{'beside backfill' if with_backfill else 'alone'}")
                if with_backfill:
                    leave_behind(site, (seconds + 8) * RATE_BITS / 8)
                delays, share, left = film_live(site, seconds)
                if with_backfill and left < 500_000:
                    raise RuntimeError("the backfill was over before the measurement was")
                (beside if with_backfill else alone).append(percentile(delays, 0.95))
                if with_backfill:
                    used.append(share)
                site.deliver()
    context.result("uplink.live_p95_under_backfill", statistics.median(beside), "ms",
                   "live alone", statistics.median(alone),
                   rise_ms=round(statistics.median([b - a for a, b in zip(alone, beside)]), 1),
                   each_alone=[round(x, 1) for x in alone], each_beside=[round(x, 1) for x in beside],
                   target="at most 1.25 or 20 ms more")
    context.result("uplink.used_by_live_and_backfill", statistics.median(used), "of the link",
                   "the link", 1.0, each=[round(x, 3) for x in used], target=0.9,
                   link=f"{RATE_BITS / 1e6:g} Mbit/s, 60 ms, 100 ms drop-tail")


def leave_behind(site, size):
    """Footage like the live one, about so many bytes, on the device; rendered, which is faster than filmed."""
    site.link.do("down")
    try:
        frames = int(size / LIVE_PART_BYTES)
        site.agent("record", "--source", f"gst:videotestsrc pattern=snow num-buffers={frames} ! {PICTURE}",
                   "--demonstration", "--captured-at", "2024-08-17T08:00:00Z")
    finally:
        site.link.do("up")
    if site.status()["waiting_bytes"] < size * 0.8:
        raise RuntimeError("too little was left behind")


def film_live(site, seconds):
    """Delays of live parts, share of the link that was used, bytes that still waited at the end."""
    with site.film(NOISE, "--audio", SOUND) as filming:
        wait_until("it is connected", 30, lambda: site.status()["link"]["hub_present"])
        time.sleep(4)
        meter, began, began_us = Meter(site.link), time.monotonic(), time.time() * 1e6
        time.sleep(seconds)
        carried = meter.read()["carried_bytes"]
        took, ended_us = time.monotonic() - began, time.time() * 1e6
        left = site.status()["waiting_bytes"]
    delays = live_delays_ms(site.state_dir, filming.capture, began_us, ended_us)
    return delays, carried * 8 / RATE_BITS / took, left


def overhead(context, folder):
    seconds = 5 if context.quick else 30
    with Link(context.build, SEED, *WHOLE) as link, Site(context, folder / "overhead", link) as site:
        site.set("encode", "video_bitrate_kbps", 2000)  # of a picture of this size; smaller ones get less
        site.set("encode", "width", 640)
        site.set("encode", "height", 360)
        context.progress("uplink: overhead of a capture of 2 Mbit/s")
        meter = Meter(link)
        with site.film(NOISE, "--audio", SOUND) as filming:
            time.sleep(seconds)
        site.deliver()
        sent = meter.read()
        media = media_bytes(site.state_dir, filming.capture)
        context.result("uplink.overhead", sent["tcp_payload_bytes"] / media,
                       "TCP payload / (moof+mdat)", limit=1.04, media_bytes=media,
                       tcp_payload_bytes=sent["tcp_payload_bytes"], with_ip=round(
                           sent["ip_bytes"] / media, 4),
                       capture="2 Mbit/s 640x360 with sound, 33 ms parts, TLS")
        voice(context, site)


def voice(context, site):
    """On a link on which the ladder leaves voice alone."""
    site.set("publish", "adapt", "on")
    seconds = 4 if context.quick else 15
    context.progress("uplink: voice alone")
    with site.film(NOISE, "--audio", SOUND):
        site.link.do("uplink queue 600ms")
        site.link.do("uplink rate 75k")
        rates = []
        deadline = time.monotonic() + 240
        while len(rates) < 3:
            if time.monotonic() > deadline:
                raise RuntimeError("the ladder did not rest at voice alone")
            if not at_voice(site):
                time.sleep(1)
                continue
            meter, began = Meter(site.link), time.monotonic()
            steady = stays_at_voice(site, seconds)
            sent, took = meter.read(), time.monotonic() - began
            if steady:
                rates.append((sent["tcp_payload_bytes"] * 8e-3 / took, sent["ip_bytes"] * 8e-3 / took))
        site.link.do(WHOLE[0])
        site.link.do(WHOLE[1])
    site.deliver()
    payload, with_ip = (statistics.median(column) for column in zip(*rates))
    context.result("uplink.voice", payload, "kbit/s of TCP payload", limit=56,
                   with_ip_kbps=round(with_ip, 1), windows=len(rates), window_s=seconds)


def stays_at_voice(site, seconds):
    """False as soon as the ladder tries a still: that is not voice alone."""
    ended = time.monotonic() + seconds
    while (left := ended - time.monotonic()) > 0:
        time.sleep(min(1, left))
        if not at_voice(site):
            return False
    return True


def at_voice(site):
    """Voice alone is live, and none of it waits."""
    status = site.status()
    waiting = [track["parts"] - track["parts_at_hub"] for capture in status["captures"]
               for track in capture["tracks"] if track["track"] == "audio"]
    return status["link"]["live_quality"] == "voice" and all(parts < 40 for parts in waiting)
