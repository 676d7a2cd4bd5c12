# SPDX-License-Identifier: Apache-2.0
"""What an emulated link and the hub's archive say of an upload."""
import sys

from sidecar import records_of, timescale_of

TCP_IP_BYTES = 52  # IPv4, TCP, timestamps: on every packet but the first of a connection


class Meter:
    """Counts what the device puts onto the link."""

    def __init__(self, link):
        self.link = link
        link.do("clear")

    def read(self):
        uplink = self.link.stats()["uplink"]
        return {"ip_bytes": uplink["bytes_in"],
                "tcp_payload_bytes": uplink["bytes_in"] - TCP_IP_BYTES * uplink["packets_in"],
                "carried_bytes": uplink["bytes_out"]}


def sidecars(state_dir, capture):
    """`capture` as the agent prints it."""
    return [path for path in (state_dir / "archive").glob("*/*/*/*.sidecar")
            if path.parent.name == capture]


def media_bytes(state_dir, capture):
    return sum(record.size for path in sidecars(state_dir, capture) for record in records_of(path))


def document(state_dir, capture):
    """The bytes of a document's only track, its blocks in their order."""
    path, = sidecars(state_dir, capture)
    media = path.with_suffix(".media").read_bytes()
    blocks = sorted(records_of(path), key=lambda record: record.media_time)
    return b"".join(media[block.offset:block.offset + block.size] for block in blocks)


def live_delays_ms(state_dir, capture, since_us=0, until_us=sys.maxsize):
    """Of each part that came to the hub live in that time: from the moment when its first picture or sound was
    captured, so its own duration and its encoding are in it."""
    delays = []
    for path in sidecars(state_dir, capture):
        anchor_us = anchor_time = scale = None
        for record in records_of(path):
            if record.init_segment and record.captured_us:
                anchor_us, scale = record.captured_us, timescale_of(record.init_segment)
                anchor_time = record.media_time
            if scale and record.live and since_us <= record.received_us < until_us:
                captured_us = anchor_us + (record.media_time - anchor_time) * 1e6 / scale
                delays.append((record.received_us - captured_us) / 1000)
    return delays
