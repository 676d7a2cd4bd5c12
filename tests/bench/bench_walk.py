# SPDX-License-Identifier: Apache-2.0
"""walk: a walk-through of twenty minutes over a recorded mobile uplink, with bursts of loss and with cuts.

The agent films two renditions while the uplink is drained as ATT-LTE-driving-2016 was,
with three bursts of 30 % loss and cuts of 10 s, 2 and 5 minutes; after the last one the uplink is that of
Verizon-LTE-short. Nothing is measured while it runs: the hub's journals say of each part when it arrived,
and the traces say how much could have been carried. --quick makes a tenth of it, and
SITECAST_WALK_SCALE=0.3 that share: cuts and bursts become as much shorter, so catching up less so.
"""
import bisect
import contextlib
import os
import pathlib
import sys
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "fault"))
from field import Field, why_not  # noqa: E402
from sidecar import records_of, timescale_of  # noqa: E402

DATA = pathlib.Path(os.environ.get("SITECAST_TEST_DATA", ROOT.parent / "shared" / "data"))
DRIVING = DATA / "lte-traces" / "ATT-LTE-driving-2016.up"
AFTERWARDS = DATA / "lte-traces" / "Verizon-LTE-short.up"
PACKET_BYTES = 1500  # one line of a trace
AROUND_BYTES = 140  # a part's envelope, MQTT, TLS, TCP and IP
DELAY_S = 0.06  # the path's round trip
CUTS = [(200, 10), (400, 120), (680, 300)]  # begin and length, seconds; the last ends in AFTERWARDS
BURSTS = [(120, 10), (300, 10), (600, 10)]  # 30 % of the packets are lost
ENDS = 1200
VOICE_KBIT_PER_S = 96  # a link that gives this much carries voice
VOICE_LATE_S = 2.0
WINDOW_S = 5
WINDOW_BYTES = 8 << 20  # the product's default


@dataclass
class Part:
    track: str
    captured_at: float  # its end, unix seconds
    received_at: float
    size_bytes: int
    live: bool


class Trace:
    """What a looped trace could carry since it was switched on."""

    def __init__(self, path, switched_on):
        self.moments = [int(line) / 1000 for line in path.read_text().split()]
        self.period = self.moments[-1]
        self.switched_on = switched_on

    def bytes_between(self, begin, end):
        return self._until(end) - self._until(begin)

    def voice_alone_s(self, spoken):
        """How late the latest of these parts would be for a sender with nothing else to send and an empty queue."""
        latest, room, opportunity = 0.0, 0, -1
        for part in sorted(spoken, key=lambda part: part.captured_at):
            ready = part.captured_at + DELAY_S / 2
            following = self._count(ready)
            if following > opportunity:
                opportunity, room = following, PACKET_BYTES
            room -= part.size_bytes + AROUND_BYTES
            if room < 0:
                opportunity, room = opportunity + 1, PACKET_BYTES - part.size_bytes - AROUND_BYTES
            latest = max(latest, self._moment(opportunity) + DELAY_S / 2 - part.captured_at)
        return latest

    def _count(self, moment):
        """Opportunities before that moment."""
        rounds, rest = divmod(max(0.0, moment - self.switched_on), self.period)
        return int(rounds) * len(self.moments) + bisect.bisect_left(self.moments, rest)

    def _moment(self, number):
        rounds, index = divmod(number, len(self.moments))
        return self.switched_on + rounds * self.period + self.moments[index]

    def _until(self, moment):
        rounds, rest = divmod(max(0.0, moment - self.switched_on), self.period)
        within = sum(1 for at in self.moments if at <= rest)
        return (int(rounds) * len(self.moments) + within) * PACKET_BYTES


def run(context):
    if why_not():
        raise RuntimeError(f"walk needs an emulated link: {why_not()}")
    if not DRIVING.exists() or not AFTERWARDS.exists():
        raise RuntimeError(f"walk needs the recorded links in {DRIVING.parent} (SITECAST_TEST_DATA)")
    scale = 0.1 if context.quick else float(os.environ.get("SITECAST_WALK_SCALE", "1"))
    # Two renditions, as on a device that can encode both: what live leaves out is in the other one. The window
    # is the one that people run: that of the fault tests is small, so that cuts meet it full.
    options = [("publish", "window_bytes", WINDOW_BYTES),
               ("encode", "master", "on"), ("encode", "video_bitrate_kbps", 2500),
               ("encode", "width", 1280), ("encode", "height", 720)]
    with contextlib.redirect_stdout(sys.stderr), \
            Field(context.build, 1, options=options) as field:
        walked = Walk(context, field, scale)
        walked.walk()
        state = field.stack.hub_state_dir
        problems = field.finish(keep=True)
        parts = [part for path in sorted((state / "archive").glob("*/*/*/*.sidecar"))
                 for part in read_parts(path)]
        field.remove()
    if not parts:
        raise RuntimeError("nothing was archived")
    context.result("walk.archive_problems", len(problems), "", "limit", 0, parts=len(parts),
                   minutes=round(ENDS * scale / 60, 1))
    walked.judge(parts)


class Walk:
    def __init__(self, context, field, scale):
        self.context = context
        self.field = field
        self.scale = scale
        self.began = 0.0

    def at(self, seconds):
        """Unix time of a moment of the plan."""
        return self.began + seconds * self.scale

    def walk(self):
        plan = [(ENDS, None)]
        for begin, lasts in BURSTS:
            plan += [(begin, "uplink loss 30"), (begin + lasts, "uplink loss 0")]
        for begin, lasts in CUTS:
            plan += [(begin, "down"), (begin + lasts, "up")]
        self.field.link.do("uplink queue 600ms")
        self.began = time.time()
        self.driving = self.switch_to(DRIVING)
        for seconds, command in sorted(plan, key=lambda step: step[0]):
            time.sleep(max(0.0, self.at(seconds) - time.time()))
            self.context.progress(f"walk: {seconds * self.scale:.0f} s: {command or 'the end'}")
            if command == "up" and seconds == sum(CUTS[-1]):
                self.afterwards = self.switch_to(AFTERWARDS)
            if command:
                self.field.link.do(command)
        self.ended = time.time()

    def switch_to(self, path):
        self.field.link.do(f"uplink trace {path}")
        return Trace(path, time.time())

    def carried(self, begin, end):
        """Bytes that the link could carry; `begin` and `end` lie in no cut and on one trace."""
        return self.trace_at(begin).bytes_between(begin, end)

    def trace_at(self, moment):
        return self.afterwards if moment >= self.afterwards.switched_on else self.driving

    def judge(self, parts):
        back = self.afterwards.switched_on
        missing = [part for part in parts if part.captured_at < back < part.received_at]
        done = max((part.received_at for part in missing), default=back)
        beside = sum(part.size_bytes for part in parts
                     if part.captured_at >= back and part.received_at <= done)
        missing_bytes = sum(part.size_bytes for part in missing)
        could = self.carried(back, done)
        self.context.result(
            "walk.catch_up", done - back, "s", "1.2 x (missing + live meanwhile) / link",
            1.2 * (missing_bytes + beside) / max(1, could) * (done - back),
            missing_mb=round(missing_bytes / 1e6, 2), live_meanwhile_mb=round(beside / 1e6, 2),
            link_could_mb=round(could / 1e6, 2), used=round((missing_bytes + beside) / max(1, could), 3))
        self.judge_voice([part for part in parts if part.track == "audio"])
        for track in ("video", "master", "audio"):
            seconds = {}
            for part in parts:
                if part.track == track:
                    seconds.setdefault(int(part.captured_at), []).append(part.live)
            whole = sum(all(lives) for lives in seconds.values())
            self.context.result("walk.live_seconds", whole / max(1, len(seconds)), "share", track=track,
                                seconds=len(seconds))

    def judge_voice(self, voice):
        free = [(0, CUTS[0][0])]
        for (begin, lasts), following in zip(CUTS, [*(cut[0] for cut in CUTS[1:]), ENDS]):
            free.append((begin + lasts, following))
        in_time = {True: [], False: []}  # by whether packets were lost on purpose meanwhile
        worst = 0.0
        hopeless = 0  # windows in which voice with nothing beside it would be late too
        for begin, end in free:
            window = self.at(begin) + WINDOW_S
            # What is said just before a cut is caught by it.
            while window + WINDOW_S + VOICE_LATE_S <= self.at(end):
                spoken = [part for part in voice if window <= part.captured_at < window + WINDOW_S]
                could_kbit = self.carried(window, window + WINDOW_S) * 8 / 1000
                if could_kbit >= VOICE_KBIT_PER_S * WINDOW_S and spoken:
                    late = max(part.received_at - part.captured_at for part in spoken)
                    lossy = any(self.at(at) - WINDOW_S <= window < self.at(at + lasts) + WINDOW_S
                                for at, lasts in BURSTS)
                    in_time[lossy].append(late <= VOICE_LATE_S)
                    if not lossy:
                        worst = max(worst, late)
                        alone_s = self.trace_at(window).voice_alone_s(spoken)
                        hopeless += alone_s > VOICE_LATE_S
                window += WINDOW_S
        windows = in_time[False]
        self.context.result("walk.voice_windows", sum(windows) / max(1, len(windows)), "share", "limit",
                            1.0, windows=len(windows), in_time=sum(windows), worst_s=round(worst, 2),
                            late_for_voice_alone=hopeless,
                            in_bursts=f"{sum(in_time[True])} of {len(in_time[True])}")


def read_parts(sidecar):
    """Of a track that is heard or seen."""
    track = sidecar.name[: -len(".sidecar")]
    records = list(records_of(sidecar))
    first = next((record for record in records if record.init_segment and record.captured_us), None)
    if first is None:
        return []
    timescale = timescale_of(first.init_segment)
    began = first.captured_us / 1e6 - first.media_time / timescale
    return [Part(track, began + (record.media_time + record.duration) / timescale,
                 record.received_us / 1e6, record.size, record.live) for record in records]
