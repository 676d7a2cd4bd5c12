# SPDX-License-Identifier: Apache-2.0
"""What an emulated link and the hub's archive say of an upload."""
import struct
import sys
from dataclasses import dataclass

TCP_IP_BYTES = 52  # IPv4, TCP, timestamps: on every packet but the first of a connection
HEADER_BYTES = 28  # of a sidecar: hub/archive/sidecar.h
FIXED = struct.Struct(">BBQIq32s")  # version, flags, offset, size, received_at_us, part hash
ARRIVED_LIVE = 1


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


def fields_of(message):
    """{number: newest value} of a protobuf message: int, or bytes."""
    at, found = 0, {}

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 2:
            size = varint()
            found[key >> 3] = message[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {key & 7}")
    return found


@dataclass
class Record:
    flags: int
    offset: int  # of the media in the track's file
    size: int    # of moof+mdat, or of a block
    received_us: int
    envelope: dict

    @property
    def media_time(self):
        """Of a block: its offset in the document."""
        return self.envelope.get(2, 0)


def records_of(sidecar):
    """Each whole record; the file may be growing."""
    data = sidecar.read_bytes()
    at = HEADER_BYTES
    while at + 8 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        body = data[at + 8:at + 8 + size]
        if len(body) < size:
            return
        _version, flags, offset, media_size, received_us, _hash = FIXED.unpack_from(body, 0)
        envelope_size = struct.unpack_from(">H", body, FIXED.size)[0]
        envelope = body[FIXED.size + 2:FIXED.size + 2 + envelope_size]
        yield Record(flags, offset, media_size, received_us, fields_of(envelope))
        at += 8 + size


def timescale_of(init_segment):
    """Of the track's mdhd box (ISO/IEC 14496-12 section 8.4.2), version 0 or 1."""
    at = init_segment.index(b"mdhd") + 4
    return struct.unpack_from(">I", init_segment, at + (20 if init_segment[at] else 12))[0]


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
            envelope = record.envelope
            if 6 in envelope and 7 in envelope:
                anchor_us, scale = envelope[7], timescale_of(envelope[6])
                anchor_time = record.media_time
            if scale and record.flags & ARRIVED_LIVE and since_us <= record.received_us < until_us:
                captured_us = anchor_us + (record.media_time - anchor_time) * 1e6 / scale
                delays.append((record.received_us - captured_us) / 1000)
    return delays
