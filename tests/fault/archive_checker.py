# SPDX-License-Identifier: Apache-2.0
"""Independent reader of the hub's archive and of the agent's ledger.

Shares no code with the product: it reads sidecars (tests/support/sidecar.py) and media by the format
written down in hub/archive/sidecar.h and compares them with the ledger that the agent wrote outside the spool
(agent.toml, [spool] ledger: "capture track sequence hash" a line). Checked here:
  I1 every ledgered part is in the archive, its SHA-256 equal
  I3 no part is stored twice
  I6 nothing is in the archive that was never captured
"""
import hashlib
import pathlib
import struct
import sys
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from sidecar import FIXED, HEADER_BYTES, fields_of, records_of  # noqa: E402


def _crc32c_table():
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


@dataclass
class Track:
    capture: str
    name: str
    hashes: dict = field(default_factory=dict)  # sequence -> hash recomputed from the bytes
    problems: list = field(default_factory=list)


def read_track(sidecar_path):
    """All whole records of one sidecar, each with the hash of what lies in the media file now."""
    capture = sidecar_path.parent.name
    track = Track(capture, sidecar_path.name[: -len(".sidecar")])
    data = sidecar_path.read_bytes()
    media = sidecar_path.with_suffix(".media").read_bytes()
    at = HEADER_BYTES
    used = []
    while at < len(data):
        if at + 8 > len(data):
            track.problems.append(f"torn record at {at}")
            break
        size, crc = struct.unpack_from(">II", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) < size or crc32c(body) != crc:
            track.problems.append(f"torn or damaged record at {at}")
            break
        version, _flags, offset, media_size, _received, stored = FIXED.unpack_from(body, 0)
        if version != 1:
            track.problems.append(f"record version {version} at {at}")
        envelope_size = struct.unpack_from(">H", body, FIXED.size)[0]
        envelope = body[FIXED.size + 2 : FIXED.size + 2 + envelope_size]
        sequence = fields_of(envelope).get(1, 0)
        piece = media[offset : offset + media_size]
        actual = hashlib.sha256(envelope + piece).digest()
        if len(piece) != media_size:
            track.problems.append(f"sequence {sequence}: media ends early")
        elif actual != stored:
            track.problems.append(f"sequence {sequence}: media differs from the sidecar's hash")
        if sequence in track.hashes:
            track.problems.append(f"sequence {sequence} is stored twice")
        track.hashes[sequence] = actual.hex()
        used.append((offset, media_size))
        at += 8 + size
    used.sort()
    for (a, a_size), (b, _) in zip(used, used[1:]):
        if a + a_size > b:
            track.problems.append(f"media ranges overlap at {b}")
    return track


def sequences_in(sidecar_path):
    """Sequences of the whole records of a sidecar that may be growing."""
    return [record.sequence for record in records_of(sidecar_path)]


def read_archive(hub_state_dir):
    root = pathlib.Path(hub_state_dir) / "archive"
    return [read_track(path) for path in sorted(root.glob("*/*/*/*.sidecar"))]


def read_ledger(path):
    """{(capture, track, sequence): hash}; a torn last line (kill -9) is no entry."""
    entries = {}
    text = pathlib.Path(path).read_text() if pathlib.Path(path).exists() else ""
    for line in text.splitlines(keepends=True):
        words = line.split()
        if not line.endswith("\n") or len(words) != 4:
            continue
        capture, track, sequence, digest = words
        entries[(capture, track, int(sequence))] = digest
    return entries


def compare(ledger, tracks, captures=None):
    """Problems as sentences; empty when the archive is exactly what was captured."""
    problems = []
    archived = {}
    for track in tracks:
        problems += [f"{track.capture}/{track.name}: {problem}" for problem in track.problems]
        for sequence, digest in track.hashes.items():
            key = (track.capture, track.name, sequence)
            if key in archived:
                problems.append(f"{key} is in two places")
            archived[key] = digest
    for key, digest in ledger.items():
        if key not in archived:
            problems.append(f"I1 {key} was captured and is not in the archive")
        elif archived[key] != digest:
            problems.append(f"I1 {key} differs from what was captured")
    for key in archived:
        if key not in ledger and (captures is None or key[0] in captures):
            problems.append(f"I6 {key} is in the archive and was never captured")
    return problems
