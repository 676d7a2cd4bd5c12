# SPDX-License-Identifier: Apache-2.0
"""Reads the hub's sidecars by their written format (hub/archive/sidecar.h, proto/schema) for tests and benchmarks;
shares no code with the product. Checksums are archive_checker.py's business."""
import struct
from dataclasses import dataclass

HEADER_BYTES = 28
FIXED = struct.Struct(">BBQIq32s")  # version, flags, offset, size, received_at_us, part hash
ARRIVED_LIVE = 1  # a flag


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
    def sequence(self):
        return self.envelope.get(1, 0)

    @property
    def media_time(self):
        """Of a block: its offset in the document."""
        return self.envelope.get(2, 0)

    @property
    def duration(self):
        return self.envelope.get(3, 0)

    @property
    def init_segment(self):
        return self.envelope.get(6)

    @property
    def captured_us(self):
        """When its first picture or sound was captured; only beside an init segment."""
        return self.envelope.get(7)

    @property
    def live(self):
        return bool(self.flags & ARRIVED_LIVE)


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
