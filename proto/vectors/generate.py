#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden vectors (except cmaf.json) beside itself, without using any code of the product.

Python's standard library makes base64url and hashes, `openssl` the Ed25519 signatures, and a few lines
below the protobuf bytes, so that C++ and TypeScript are held to a third opinion. Run it only when the
wire changes, and look at the difference it makes.
"""
import base64
import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def write(name, content):
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def text_of(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sha256(*pieces):
    return hashlib.sha256(b"".join(pieces)).digest()


# ---- protobuf encoding (proto3: default values are left out), fields in the order given


def varint(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if value:
            out.append(byte | 0x80)
        else:
            out.append(byte)
            return bytes(out)


def uint(field, value):
    return varint(field << 3) + varint(value) if value else b""


def data(field, value):
    raw = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(raw)) + raw if raw else b""


def message(field, value):  # present even when empty
    return varint(field << 3 | 2) + varint(len(value)) + value


def double(field, value):
    return varint(field << 3 | 1) + struct.pack("<d", value) if value else b""


# ---- fixed values

PROJECT = bytes.fromhex("01935a7c80017001800102030405060a")
DEVICE = bytes.fromhex("01935a7c80017001800102030405060d")
CAPTURE = bytes.fromhex("01935a7c80017001800102030405060c")
CONTINUED = bytes.fromhex("01935a7c80017001800102030405060b")
EVENT = bytes.fromhex("01935a7c80017001800102030405060e")
NIL = bytes(16)
SEED = bytes(range(32))
MEDIA = bytes.fromhex("000000086d64617400")
INIT = b"an init segment, opaque to the frame"
TIME_US = 1_732_500_000_000_000
LATEST_US = 253_402_300_799_999_999


def make_ids():
    ids = [PROJECT, DEVICE, NIL, bytes([0xFF] * 16), bytes.fromhex("017f22e279b07cc398c4dc0c0c07398f")]
    good = text_of(PROJECT)
    return {
        "valid": [{"hex": raw.hex(), "text": text_of(raw)} for raw in ids],
        "invalid": [
            {"text": "", "why": "empty"},
            {"text": good[:-1], "why": "21 characters"},
            {"text": good + "A", "why": "23 characters"},
            {"text": good + "==", "why": "padding"},
            {"text": good[:-1] + "h", "why": "bits after the last byte"},
            {"text": good[:-2] + "+A", "why": "standard base64"},
            {"text": " " + good[1:], "why": "space"},
        ],
    }


def make_base64url():
    samples = [b"", b"f", b"fo", b"foo", b"foob", b"fooba", b"foobar", bytes([0xFB, 0xFF]),
               bytes([0xFF, 0xFE, 0xFD]), bytes(range(256))]
    return {
        "valid": [{"hex": raw.hex(), "text": text_of(raw)} for raw in samples],
        "invalid": [
            {"text": "A", "why": "six bits are no byte"},
            {"text": "Zg==", "why": "padding"},
            {"text": "Zh", "why": "bits after the last byte"},
            {"text": "Zm9=", "why": "padding"},
            {"text": "Zm9", "why": "bits after the last byte"},
            {"text": "+/+/", "why": "standard base64"},
            {"text": "Zm9v\n", "why": "line feed"},
            {"text": "Zm 9v", "why": "space"},
            {"text": "Zm9v\u00e9", "why": "not ASCII"},
        ],
    }


def make_topics():
    project, device, capture = text_of(PROJECT), text_of(DEVICE), text_of(CAPTURE)
    base = f"sitecast/1/{project}/{device}/"
    valid = []
    for kind in ("event", "hello", "receipt", "down", "talk", "status"):
        valid.append({"topic": base + kind, "kind": kind, "project": project, "device": device})
    for kind, track in (("live", "video"), ("fill", "master"), ("live", "audio.0"),
                        ("fill", "image.12"), ("fill", "file.9999"), ("live", "talk.1")):
        valid.append({"topic": f"{base}{kind}/{capture}/{track}", "kind": kind, "project": project,
                      "device": device, "capture": capture, "track": track})
    nil = text_of(NIL)
    invalid = [
        "", "sitecast", "sitecast/1/", base, base + "event/", base + "event/x", base + "Event",
        base + "feed", "/" + base + "event", "sitecast/2/" + base[11:] + "event", base + "live",
        f"{base}live/{capture}", f"{base}live/{capture}/", f"{base}live/{capture}/video/",
        f"{base}live/{capture}/film", f"{base}live/{capture}/video.01",
        f"{base}live/{capture}/video.10000", f"{base}live/{capture}/video.",
        f"{base}live/{capture}/Video", f"{base}live/{nil}/video", base + "+", base + "#",
        f"{base}live/+/video", f"sitecast/1/{nil}/{device}/event", f"sitecast/1/{project}/event",
        f"sitecast/1/{project}=/{device}/event", f"sitecast/1/{project}//event",
    ]
    feed = f"sitecast/1/{project}/feed"
    return {"valid": valid, "invalid": invalid, "feed_valid": [{"topic": feed, "project": project}],
            "feed_invalid": [feed + "/", base + "feed", f"sitecast/1/{nil}/feed", "sitecast/1/feed"]}


# ---- part frames


def envelope(sequence=0, media_time=0, duration=0, key=False, hash8=b"", init=b"", captured=0,
             file=None, last=False):
    return (uint(1, sequence) + uint(2, media_time) + uint(3, duration) + uint(4, key) +
            data(5, hash8) + data(6, init) + uint(7, captured) +
            (b"" if file is None else message(8, file)) + uint(9, last))


def file_info(name="roof.jpg", media_type="image/jpeg", size=9, digest=None):
    return (data(1, name) + data(2, media_type) + uint(3, size) +
            data(4, sha256(MEDIA) if digest is None else digest))


def head(sequence, running, signature):
    return uint(1, sequence) + data(2, running) + data(3, signature)


def proof(part_hash16, signed=None):
    return data(1, part_hash16) + (b"" if signed is None else message(2, signed))


def frame(envelope_bytes, proof_bytes, media):
    return (b"\x01" + struct.pack(">H", len(envelope_bytes)) + envelope_bytes +
            struct.pack(">H", len(proof_bytes)) + proof_bytes + media)


def make_part_frames():
    hash8 = sha256(INIT)[:8]
    envelopes = {
        "key frame with init segment": (
            dict(sequence=0, duration=3000, key=True, hash8=hash8, init=INIT, captured=TIME_US)),
        "ordinary frame": dict(sequence=7, media_time=21_000, duration=3000, hash8=hash8),
        "last part, large numbers": dict(sequence=(1 << 40) - 1, media_time=(1 << 53) - 1,
                                         duration=384_000, hash8=hash8, last=True),
        "block 0 of a file": dict(file=file_info()),
        "block 2 of a file": dict(sequence=2, media_time=131_072, last=True),
    }
    valid = []
    for name, fields in envelopes.items():
        raw = envelope(**fields)
        digest = sha256(raw, MEDIA)
        signed = head(fields.get("sequence", 0), sha256(b"running"), bytes(range(64)))
        proof_bytes = proof(digest[:16], signed if fields.get("last") else None)
        valid.append({
            "name": name, "frame": frame(raw, proof_bytes, MEDIA).hex(), "envelope": raw.hex(),
            "proof": proof_bytes.hex(), "media": MEDIA.hex(), "part_hash": digest.hex(),
            "fields": {
                "sequence": fields.get("sequence", 0), "media_time": fields.get("media_time", 0),
                "duration": fields.get("duration", 0), "key_frame": fields.get("key", False),
                "init_hash8": fields.get("hash8", b"").hex(),
                "init_segment": fields.get("init", b"").hex(),
                "captured_at_us": fields.get("captured", 0), "has_file": "file" in fields,
                "last": fields.get("last", False), "has_head": bool(fields.get("last")),
            },
        })
    good = envelope(**envelopes["ordinary frame"])
    good_proof = proof(sha256(good, MEDIA)[:16])
    whole = frame(good, good_proof, MEDIA)
    header_size = 5 + len(good) + len(good_proof)
    invalid = [{"name": f"cut to {size} bytes", "frame": whole[:size].hex(), "refused_by": "frame"}
               for size in (0, 1, 2, 4, 3 + len(good), 4 + len(good), header_size - 1)]
    invalid.append({"name": "version 2", "frame": (b"\x02" + whole[1:]).hex(), "refused_by": "frame"})
    for name, raw in {
        "envelope is no message": b"\xff\xff\xff",
        "sequence 2^40": envelope(sequence=1 << 40, hash8=hash8),
        "media time 2^53": envelope(media_time=1 << 53, hash8=hash8),
        "duration beyond 2 s at 192 kHz": envelope(duration=384_001, hash8=hash8),
        "init_hash8 of 7 bytes": envelope(hash8=hash8[:7]),
        "init_hash8 is not the hash of the init segment": envelope(hash8=bytes(8), init=INIT),
        "init segment without init_hash8": envelope(sequence=1, init=INIT),
        "init segment of 1025 bytes": envelope(hash8=sha256(bytes(1025))[:8], init=bytes(1025)),
        "captured after the year 9999": envelope(hash8=hash8, captured=LATEST_US + 1),
        "captured before 1970": envelope(hash8=hash8) + uint(7, (1 << 64) - 1),
        "file info on a media track": envelope(hash8=hash8, file=file_info()),
        "block 0 without file info": envelope(captured=1),
        "block 1 with file info": envelope(sequence=1, file=file_info()),
        "block with duration": envelope(sequence=1, duration=1),
        "block that is a key frame": envelope(sequence=1, key=True),
        "block beyond the largest file": envelope(sequence=1, media_time=(2 << 30) + 1),
        "file without name": envelope(file=file_info(name="")),
        "file name of 257 bytes": envelope(file=file_info(name="n" * 257)),
        "file name that is not UTF-8": envelope(file=file_info(name=b"\xff")),
        "file larger than 2 GiB": envelope(file=file_info(size=(2 << 30) + 1)),
        "file hash of 31 bytes": envelope(file=file_info(digest=bytes(31))),
    }.items():
        invalid.append({"name": name, "frame": frame(raw, good_proof, MEDIA).hex(),
                        "refused_by": "envelope"})
    for name, raw in {
        "proof is no message": b"\xff",
        "empty proof": b"",
        "part_hash16 of 15 bytes": proof(bytes(15)),
        "running hash of 31 bytes": proof(bytes(16), head(1, bytes(31), bytes(64))),
        "signature of 63 bytes": proof(bytes(16), head(1, bytes(32), bytes(63))),
        "head of sequence 2^40": proof(bytes(16), head(1 << 40, bytes(32), bytes(64))),
    }.items():
        invalid.append({"name": name, "frame": frame(good, raw, MEDIA).hex(), "refused_by": "proof"})
    return {"valid": valid, "invalid": invalid}


# ---- hashes and signatures


def ed25519(messages):
    """Public key of SEED and its signatures, by openssl."""
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key.der"
        key.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + SEED)  # RFC 8410
        public = subprocess.run(
            ["openssl", "pkey", "-inform", "DER", "-in", key, "-pubout", "-outform", "DER"],
            check=True, capture_output=True).stdout[-32:]
        signatures = []
        for each in messages:
            path = pathlib.Path(folder) / "message"
            path.write_bytes(each)
            signatures.append(subprocess.run(
                ["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key, "-in", path],
                check=True, capture_output=True).stdout)
    return public, signatures


def make_running_hashes():
    tracks = []
    for capture, track in ((CAPTURE, "video"), (CAPTURE, "audio"), (CONTINUED, "file.12")):
        parts = [sha256(f"part {n}".encode()) for n in range(3)]
        values = [sha256(b"sitecast track v1", capture, track.encode())]
        for part in parts:
            values.append(sha256(values[-1], part))
        signing = [b"sitecast head v1" + capture + bytes([len(track)]) + track.encode() +
                   struct.pack(">Q", n) + values[n + 1] for n in range(3)]
        public, signatures = ed25519(signing)
        tracks.append({
            "capture": capture.hex(), "track": track, "part_hashes": [p.hex() for p in parts],
            "running_hashes": [v.hex() for v in values],
            "heads": [{"sequence": n, "signing_bytes": signing[n].hex(),
                       "signature": signatures[n].hex()} for n in range(3)],
        })
    return {"secret_key": (SEED + public).hex(), "public_key": public.hex(), "tracks": tracks}


# ---- events


def event(kind, body=b"", event_id=EVENT, stated=TIME_US, capture=b"", media_time_us=None, area="",
          actor=None):
    out = data(1, event_id) + data(2, kind) + uint(3, stated) + data(4, capture)
    if media_time_us is not None:
        out += uint(5, media_time_us) + uint(6, 1)
    out += data(7, area)
    if actor is not None:
        out += message(8, data(1, actor[0]) + data(2, actor[1]))
    return out + body


def make_events():
    note = message(22, data(1, "墙体已完成\n窗户未装"))
    opened = message(20, data(1, "walkthrough") + uint(2, TIME_US) + data(3, "video") +
                     data(3, "audio") + data(4, "东侧") + data(5, CONTINUED) + data(7, "v4l2") +
                     uint(8, 3))
    photo = message(20, data(1, "photo") + uint(2, TIME_US) + data(3, "image") + message(
        6, uint(1, 4000) + uint(2, 3000) + uint(3, 6) + data(4, "2024:11:25 09:59:59") +
        data(5, "+08:00") + uint(6, 1) + double(7, 30.75) + double(8, 120.75) + data(9, "Pixel 4")))
    track_end = (data(1, "video") + uint(2, 300) + data(3, bytes([0x72] * 32)) +
                 message(4, head(299, bytes([0x72] * 32), bytes([0x73] * 64))))
    closed = message(21, message(1, track_end) + message(1, data(1, "audio")) + data(2, "stopped"))
    progress = message(23, data(1, "主体结构") + uint(2, 1) + double(3, 92.5))
    quality = message(24, data(1, "too_dark") + uint(2, 1) + double(3, 11.25))
    project = message(25, data(1, "锂电池隔膜项目") + data(2, "Separator film plant") + data(3, "嘉兴") +
                      data(4, "Asia/Shanghai") + data(5, "1号厂房") + data(5, "辅助用房") +
                      data(6, "主体结构"))
    member = message(26, data(1, "li") + data(2, "owner"))
    gap = message(27, data(1, "video") + uint(2, 1_000_000) + uint(3, 2_000_000) + data(4, "disk_full"))
    pin = message(31, double(1, 0.25) + double(2, 1.0) + data(3, "这里是什么？"))
    said = message(32, data(1, "请往左一点"))
    # A signed number as the wire zigzags it: 20,510 days.
    request = message(33, data(1, "请拍一下水泵房的管道接口") + uint(2, 2 * 20_510) + data(3, DEVICE) +
                      data(4, "入口阀门") + data(4, "2号泵"))
    answered = message(34, data(1, EVENT) + uint(3, 2))
    actor = ("li", "李工")
    # name, bytes, kind, origins that may state it
    valid = [
        ("note on a moment", event("note", note, capture=CAPTURE, media_time_us=12_500_000,
                                   area="1号厂房"), "note", ["device"]),
        ("note at media time 0", event("note", note, capture=CAPTURE, media_time_us=0), "note",
         ["device"]),
        ("note by a person", event("note", note, capture=CAPTURE, actor=actor), "note", ["gateway"]),
        ("capture opened", event("capture.opened", opened, capture=CAPTURE), "capture.opened",
         ["device"]),
        ("photo opened", event("capture.opened", photo, capture=CAPTURE), "capture.opened", ["device"]),
        ("capture closed", event("capture.closed", closed, capture=CAPTURE), "capture.closed",
         ["device"]),
        ("progress", event("progress", progress, capture=CAPTURE, area="1号厂房"), "progress",
         ["device"]),
        ("quality", event("quality", quality, capture=CAPTURE, media_time_us=0), "quality", ["device"]),
        ("project stated by the hub", event("project.stated", project), "project.stated", ["hub"]),
        ("project stated by a person", event("project.stated", project, actor=actor),
         "project.stated", ["gateway"]),
        ("member added", event("member.added", member), "member.added", ["hub"]),
        ("member removed", event("member.removed", member), "member.removed", ["hub"]),
        ("gap", event("gap", gap, capture=CAPTURE), "gap", ["device"]),
        ("unknown kind with unknown body", event("weather", message(127, b"abc")), "weather",
         ["device", "hub"]),
        ("unknown decision", event("milestone.concluded"), "milestone.concluded", ["hub"]),
        ("gap by a person", event("gap", gap, capture=CAPTURE, actor=actor), "gap", []),
        ("pin by a person", event("pin", pin, capture=CAPTURE, media_time_us=0, actor=actor), "pin",
         ["gateway"]),
        ("pin by a device", event("pin", pin, capture=CAPTURE, media_time_us=0), "pin", []),
        ("message by a person", event("message", said, actor=actor), "message", ["gateway"]),
        ("message by a device", event("message", said, capture=CAPTURE), "message", ["device"]),
        ("request by a person", event("request", request, area="辅助用房", actor=actor), "request",
         ["gateway"]),
        ("request by a device", event("request", request), "request", []),
        ("request accepted", event("request.accepted", message(34, data(1, EVENT))),
         "request.accepted", ["device"]),
        ("request answered", event("request.answered", answered, capture=CAPTURE, media_time_us=5),
         "request.answered", ["device"]),
        ("request closed by a person", event("request.closed", message(34, data(1, EVENT)), actor=actor),
         "request.closed", ["gateway"]),
        ("request closed by a device", event("request.closed", message(34, data(1, EVENT))),
         "request.closed", []),
    ]
    invalid = [
        ("empty", b""),
        ("no message", b"\xff\xff"),
        ("id of 15 bytes", event("note", note, event_id=EVENT[:15])),
        ("nil id", event("note", note, event_id=NIL)),
        ("no kind", event("", note)),
        ("kind with a capital", event("Note", note)),
        ("kind of 65 bytes", event("k" * 65, note)),
        ("body of another kind", event("note", gap, capture=CAPTURE)),
        ("known kind without a body", event("note")),
        ("capture id of 3 bytes", event("note", note, capture=b"abc")),
        ("media time without a capture", event("note", note, media_time_us=5)),
        ("negative media time", event("note", note, capture=CAPTURE, media_time_us=(1 << 64) - 1)),
        ("stated after the year 9999", event("note", note, stated=LATEST_US + 1)),
        ("line feed in an area", event("note", note, area="a\nb")),
        ("area of 257 bytes", event("note", note, area="a" * 257)),
        ("actor without a user", event("note", note, actor=("", "x"))),
        ("empty note", event("note", message(22, b""))),
        ("note of 8193 bytes", event("note", message(22, data(1, "t" * 8193)))),
        ("note that is not UTF-8", event("note", message(22, data(1, b"\xff")))),
        ("101 percent", event("progress", message(23, uint(2, 1) + double(3, 101.0)))),
        ("minus one percent", event("progress", message(23, uint(2, 1) + double(3, -1.0)))),
        ("percentage is not a number", event("progress", message(23, uint(2, 1) + double(3, float("nan"))))),
        ("percentage that is not announced", event("progress", message(23, double(3, 5.0)))),
        ("progress that says nothing", event("progress", message(23, b""))),
        ("unknown warning", event("quality", message(24, data(1, "ugly")), capture=CAPTURE)),
        ("gap that ends where it begins", event("gap", message(27, data(1, "video") + uint(2, 5) + uint(3, 5)), capture=CAPTURE)),
        ("unknown capture kind", event("capture.opened", message(20, data(1, "film") + data(3, "video")), capture=CAPTURE)),
        ("capture without tracks", event("capture.opened", message(20, data(1, "photo")), capture=CAPTURE)),
        ("unknown track", event("capture.opened", message(20, data(1, "photo") + data(3, "film")), capture=CAPTURE)),
        ("closed for an unknown reason", event("capture.closed", message(21, data(2, "bored")), capture=CAPTURE)),
        ("project without a name", event("project.stated", message(25, data(2, "x")))),
        ("unknown role", event("member.added", message(26, data(1, "li") + data(2, "king")))),
        ("pin beside the picture", event("pin", message(31, double(1, 1.01)), capture=CAPTURE,
                                         media_time_us=0)),
        ("pin that is nowhere", event("pin", message(31, double(2, float("nan"))), capture=CAPTURE,
                                      media_time_us=0)),
        ("pin without a moment", event("pin", pin, capture=CAPTURE)),
        ("pin without a capture", event("pin", pin)),
        ("message without a word", event("message", message(32, b""))),
        ("message of 2049 bytes", event("message", message(32, data(1, "t" * 2049)))),
        ("request without a word", event("request", message(33, uint(2, 4)))),
        ("request with a shot twice", event("request", message(33, data(1, "x") + data(4, "a") * 2))),
        ("request with 33 shots", event("request", message(33, data(1, "x") + b"".join(
            data(4, str(n)) for n in range(33))))),
        ("request due in the year 2200", event("request", message(33, data(1, "x") + uint(2, 168_000)))),
        ("answer without footage", event("request.answered", answered)),
        ("answer to nothing", event("request.answered", message(34, uint(3, 1)), capture=CAPTURE)),
        ("answer with the 33rd shot", event("request.answered", message(34, data(1, EVENT) + uint(3, 33)),
                                            capture=CAPTURE)),
    ]
    return {
        "valid": [{"name": name, "bytes": raw.hex(), "kind": kind, "origins": origins}
                  for name, raw, kind, origins in valid],
        "invalid": [{"name": name, "bytes": raw.hex()} for name, raw in invalid],
    }


# ---- control messages


def make_control():
    def hello(protocol=1, capture=CAPTURE, track="video", next_sequence=301):
        return (uint(1, protocol) + data(2, "sitecast-agent 0.1.0") +
                message(3, data(1, capture) + data(2, track) + uint(3, next_sequence)))

    def receipt(contiguous=10, running=bytes([0x72] * 32), ranges=((12, 3),)):
        track = data(1, CAPTURE) + data(2, "video") + uint(3, contiguous) + data(4, running)
        for first, count in ranges:
            track += message(5, uint(1, first) + uint(2, count))
        return message(1, track + uint(6, 4000))

    refusal = message(3, uint(1, 1) + data(2, CAPTURE) + data(3, "audio") + uint(4, 7) +
                      data(6, "disk below its reserve"))

    def status(at=TIME_US, track="video", cause="hub_absent"):
        return (uint(1, 1) + uint(2, at) + message(3, data(1, CAPTURE) + data(2, track)) + uint(4, 12) +
                uint(5, 123_456) + data(6, cause))

    said = event("message", message(32, data(1, "请往左一点")), actor=("li", "李工"))

    def down(stated=said, device=DEVICE, received=TIME_US):
        return message(1, data(1, stated) + data(2, device) + uint(3, received))

    def talk(capture=CAPTURE, speaker="王女士", opus=b"\xf8\xff\xfe", packet=7):
        return data(1, capture) + data(2, speaker) + uint(3, packet) + data(4, opus)

    def cases(pairs):
        return [{"name": name, "bytes": raw.hex()} for name, raw in pairs]

    return {
        "hello": {
            "valid": cases([("one track", hello()), ("no tracks", uint(1, 1)),
                            ("a question", hello() + uint(4, 300)),
                            ("asks what was said", uint(1, 1) + uint(5, 1) + uint(6, TIME_US))]),
            "invalid": cases([("empty", b""), ("protocol 2", hello(protocol=2)),
                              ("unknown track", hello(track="film")),
                              ("nil capture", hello(capture=NIL)),
                              ("position beyond 2^40", hello(next_sequence=(1 << 40) + 1))]),
        },
        "receipt": {
            "valid": cases([("empty", b""), ("parts, an event and a refusal",
                                             receipt() + data(2, EVENT) + refusal),
                            ("nothing contiguous", receipt(contiguous=0, running=b"")),
                            ("adjacent ranges", receipt(ranges=((11, 2), (13, 1)))),
                            ("an answer", receipt() + uint(4, 300)),
                            ("an answer and nothing else", uint(4, 300))]),
            "invalid": cases([("range at the gap", receipt(ranges=((10, 1),))),
                              ("empty range", receipt(ranges=((12, 0),))),
                              ("overlapping ranges", receipt(ranges=((12, 3), (14, 1)))),
                              ("no running hash", receipt(running=b"")),
                              ("running hash of nothing", receipt(contiguous=0)),
                              ("event id of 3 bytes", data(2, b"abc"))]),
        },
        "down": {
            "valid": cases([("empty", b""), ("a message", down()),
                            ("all requests, none of them", uint(2, 1) + uint(3, 1))]),
            "invalid": cases([("device id of 3 bytes", down(device=b"abc")),
                              ("event that is none", down(stated=b"\xff\xff")),
                              ("event of a wrong shape", down(stated=event("message"))),
                              ("received after the year 9999", down(received=LATEST_US + 1))]),
        },
        "talk": {
            "valid": cases([("a packet", talk()), ("longest packet", talk(opus=bytes(1275))),
                            ("takes the floor", data(1, CAPTURE) + data(2, "王女士")),
                            ("nobody speaks", data(1, CAPTURE))]),
            "invalid": cases([("nil capture", talk(capture=NIL)), ("no capture", data(2, "王女士")),
                              ("packet beyond 1275 bytes", talk(opus=bytes(1276))),
                              ("sound of nobody", data(1, CAPTURE) + data(4, b"\xf8")),
                              ("name with a line feed", talk(speaker="a\nb")),
                              ("number beyond 2^40", talk(packet=1 << 40))]),
        },
        "status": {
            "valid": cases([("online and waiting", status()), ("last will", uint(2, TIME_US))]),
            "invalid": cases([("cause is a sentence", status(cause="no link!")),
                              ("unknown track", status(track="film")),
                              ("after the year 9999", status(at=LATEST_US + 1))]),
        },
    }


write("ids.json", make_ids())
write("base64url.json", make_base64url())
write("topics.json", make_topics())
write("part_frames.json", make_part_frames())
write("running_hashes.json", make_running_hashes())
write("events.json", make_events())
write("control.json", make_control())
