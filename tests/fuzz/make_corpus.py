#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzz targets from the golden vectors. Inputs that fuzzing found stay."""
import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parents[1] / "proto" / "vectors"


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def write(target, inputs):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("seed-*"):
        old.unlink()
    for number, content in enumerate(sorted(set(inputs))):
        (folder / f"seed-{number:02}").write_bytes(content)


def raw(cases, field="bytes"):
    return [bytes.fromhex(case[field]) for case in cases]


text = load("base64url.json")
ids = load("ids.json")
write("fuzz_base64url", [case["text"].encode() for case in
                         text["valid"] + text["invalid"] + ids["valid"]] + [b"00ff"])
topics = load("topics.json")
write("fuzz_topic", [case["topic"].encode() for case in topics["valid"] + topics["feed_valid"]])
frames = load("part_frames.json")["valid"]
write("fuzz_part_frame", raw(frames, "frame"))
write("fuzz_event", raw(load("events.json")["valid"]))
control = load("control.json")
committed = bytes([3, 0x0A, 3]) + b"abc" + bytes([0x12, 16]) + bytes(range(16)) + bytes([0x18, 5])
write("fuzz_control", [bytes([kind]) + seed for kind, name in enumerate(("hello", "receipt", "status"))
                       for seed in raw(control[name]["valid"])] + [committed] +
      [bytes([4]) + seed for seed in raw(control["down"]["valid"])] +
      [bytes([5]) + seed for seed in raw(control["talk"]["valid"])])
cmaf = load("cmaf.json")
write("fuzz_init", raw(cmaf["init_valid"]))
write("fuzz_chunk", raw(cmaf["chunk_valid"]))
sidecars = []
for frame in frames:
    envelope, proof = (bytes.fromhex(frame[name]) for name in ("envelope", "proof"))
    sidecars.append(struct.pack(">BBQIq", 1, 3, 4096, 9, 1_732_500_000_000_000) +
                    bytes.fromhex(frame["part_hash"]) + struct.pack(">H", len(envelope)) + envelope +
                    struct.pack(">H", len(proof)) + proof)
logged = [struct.pack(">Bq", 1, 1_732_500_000_000_000) + bytes(range(16)) + event
          for event in raw(load("events.json")["valid"])[:2]]
write("fuzz_journal", sidecars + logged)


# Photos: the smallest files that carry EXIF. TIFF: 6.0 section 2; JPEG: T.81 annex B; PNG: eXIf chunk;
# HEIC: ISO/IEC 23008-12, boxes of ISO/IEC 14496-12.
def tiff(order, entries, gps=()):
    """One folder of (tag, type, count, value bytes), and one for GPS."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    folders = [list(entries), list(gps)]
    if gps:
        folders[0].append((0x8825, 4, 1, b"GPS!"))
    sizes = [2 + 12 * len(folder) + 4 for folder in folders]
    starts = [8, 8 + sizes[0]]
    data_at = 8 + sum(sizes)
    out, data = b"", b""
    for folder in folders:
        out += struct.pack(order + "H", len(folder))
        for tag, kind, count, value in folder:
            if value == b"GPS!":
                value = struct.pack(order + "I", starts[1])
            out += struct.pack(order + "HHI", tag, kind, count)
            if len(value) <= 4:
                out += value.ljust(4, b"\0")
            else:
                out += struct.pack(order + "I", data_at + len(data))
                data += value
        out += struct.pack(order + "I", 0)
    return mark + struct.pack(order + "I", 8) + out + data


def ascii_entry(tag, text):
    return (tag, 2, len(text) + 1, text.encode() + b"\0")


def camera_tiff(order):
    def degrees(*parts):
        return (5, 3, b"".join(struct.pack(order + "II", part, 1) for part in parts))
    return tiff(order, [ascii_entry(0x010F, "Nokia"), ascii_entry(0x0110, "Nokia 3310"),
                        (0x0112, 3, 1, struct.pack(order + "H", 6)),
                        ascii_entry(0x0132, "2026:04:13 14:05:00")],
                [ascii_entry(1, "S"), (2, *degrees(31, 13, 49)), ascii_entry(3, "E"),
                 (4, *degrees(121, 28, 12))])


def jpeg(exif):
    app1 = b"Exif\0\0" + exif
    def segment(marker, body):
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body
    # Grey, 16 x 16: tables with one code each ("no difference", "end of block"), four blocks of it.
    one_code = bytes([1] + 15 * [0] + [0])
    return (b"\xff\xd8" + segment(0xE1, app1) + segment(0xDB, bytes([0] + 64 * [1])) +
            segment(0xC0, bytes([8, 0, 16, 0, 16, 1, 1, 0x11, 0])) +
            segment(0xC4, bytes([0x00]) + one_code + bytes([0x10]) + one_code) +
            segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + b"\0\xff\xd9")


def png(exif):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)) +
            chunk(b"eXIf", exif) + chunk(b"IDAT", zlib.compress(b"\0\0\0\0\0" * 4)) +
            chunk(b"IEND", b""))


def heic(exif):
    def box(name, body):
        return struct.pack(">I", 8 + len(body)) + name + body
    def full(name, body, version=0, flags=0):
        return box(name, struct.pack(">I", version << 24 | flags) + body)
    def entry(number, kind):
        return full(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), 2)
    picture, exif_item = b"\0\0\0\2\x26\1", struct.pack(">I", 0) + exif
    settings = bytes([1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 30, 0xF0, 0, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0,
                      0x0F, 0])
    def meta(at):
        places = struct.pack(">BBH", 0x44, 0, 2)
        for number, content in ((1, picture), (2, exif_item)):
            places += struct.pack(">HHHII", number, 0, 1, at, len(content))
            at += len(content)
        properties = box(b"ipco", box(b"hvcC", settings) + full(b"ispe", struct.pack(">II", 64, 64)))
        return full(b"meta", full(b"hdlr", struct.pack(">I4s12sB", 0, b"pict", b"", 0)) +
                    full(b"pitm", struct.pack(">H", 1)) + full(b"iloc", places) +
                    full(b"iinf", struct.pack(">H", 2) + entry(1, b"hvc1") + entry(2, b"Exif")) +
                    full(b"iref", box(b"cdsc", struct.pack(">HHH", 2, 1, 1))) +
                    box(b"iprp", properties + full(b"ipma", struct.pack(">IHBBB", 1, 1, 2, 0x81, 2))))
    kind = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    head = len(kind) + len(meta(0)) + 8
    return kind + meta(head) + box(b"mdat", picture + exif_item)


tiffs = [camera_tiff("<"), camera_tiff(">")]
write("fuzz_photo", tiffs + [make(tiffs[0]) for make in (jpeg, png, heic)])


# Schedule sheets: one of each format, and the parts of a workbook (see fuzz_plan.cpp).
PLAN_CSV = ("2026年计划,,,,\n序号,任务名称,开始时间,完成时间,完成百分比,前置任务,区域\n一,土建,,,,,1#厂房\n"
            "1,桩基,2026/3/5,3月20日,60%,,\n2,承台,05/03/26,5-Mar-26,0.6,1FS+2天,\n合计\n")
PLAN_XER = ("ERMHDR\t8.4\n%T\tCALENDAR\n%F\tclndr_id\tday_hr_cnt\n%R\t1\t8\n%T\tPROJWBS\n%F\twbs_id\t"
            "parent_wbs_id\tseq_num\twbs_short_name\twbs_name\n%R\t1\t\t0\tP\tPlant\n%T\tTASK\n%F\ttask_id\t"
            "wbs_id\ttask_code\ttask_name\tcomplete_pct_type\ttarget_drtn_hr_cnt\ttarget_start_date\n"
            "%R\t7\t1\tA1\tPiles\tCP_Drtn\t80\t2026-03-05 08:00\n%T\tTASKPRED\n%F\ttask_id\tpred_task_id\t"
            "pred_type\n%R\t7\t7\tPR_FS\n%E\n")
PLAN_XML = ("<Project><MinutesPerDay>480</MinutesPerDay><Tasks><Task><UID>1</UID><ID>1</ID><Name>a</Name>"
            "<OutlineLevel>1</OutlineLevel><Start>2026-03-05T08:00:00</Start><Duration>PT8H0M0S</Duration>"
            "<PredecessorLink><PredecessorUID>1</PredecessorUID><Type>1</Type><LinkLag>10</LinkLag>"
            "</PredecessorLink><Baseline><Number>0</Number></Baseline></Task></Tasks></Project>")
PLAN_SHEET = ('1\n<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>任务名称</v></c><c r="B1" t="inlineStr"><is>'
              '<t>开始</t></is></c></row><row r="2" hidden="1"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1">'
              '<v>46086</v></c></row></sheetData><mergeCells><mergeCell ref="B2:B9"/></mergeCells></worksheet>')
PLAN_STRINGS = "2\n<sst><si><r><t>甲</t></r><rPh><t>x</t></rPh></si></sst>"
PLAN_STYLES = ('3\n<styleSheet><numFmts><numFmt numFmtId="170" formatCode="m&quot;月&quot;d"/></numFmts><cellXfs>'
               '<xf numFmtId="0"/><xf numFmtId="170"><alignment indent="1"/></xf></cellXfs></styleSheet>')
write("fuzz_plan", [PLAN_CSV.encode(), PLAN_CSV.encode("gb18030"), PLAN_CSV.encode("utf-16")] +
      [text.encode() for text in (PLAN_XER, PLAN_XML, PLAN_SHEET, PLAN_STRINGS, PLAN_STYLES)])


def field(number, content):
    """A protobuf field: bytes and texts with their length, numbers as varints below 128, doubles as 8 bytes."""
    if isinstance(content, float):
        return bytes([*varint(number << 3 | 1)]) + struct.pack("<d", content)
    if isinstance(content, int):
        return bytes([*varint(number << 3), *varint(content)])
    content = content.encode() if isinstance(content, str) else content
    return bytes([*varint(number << 3 | 2), *varint(len(content))]) + content


def varint(value):
    while value > 127:
        yield value & 127 | 128
        value >>= 7
    yield value


def reading(*lines):
    """As the worker for sheets writes it: preview, lines and what is said of them (hub/plan/plan_lines.h)."""
    parts = (b'{"items":[]}', b"".join(field(1, line) for line in lines),
             field(3, len(lines)) + field(6, "csv") + field(9, field(1, 4) + field(2, "row_total")) + field(10, 1))
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


first, second = bytes(15) + b"\1", bytes(15) + b"\2"
write("fuzz_plan_reading", [
    reading(),
    reading(field(1, first) + field(2, 2) + field(3, 1) + field(5, "一") + field(6, "土建") + field(10, 1),
            field(1, second) + field(2, 3) + field(3, 2) + field(6, "桩基") + field(11, 41000) + field(12, 41030) +
            field(14, 2.5) + field(17, field(1, first) + field(2, "FS") + field(3, 2.0)))])


def zone_block(time_bytes):
    times = (-1325491558, 515527200, 527014800)
    return (b"".join(struct.pack(">i" if time_bytes == 4 else ">q", at) for at in times) + bytes([1, 0, 1]) +
            struct.pack(">iBB", 28800, 0, 0) + struct.pack(">iBB", 32400, 1, 4) + b"CST\0CDT\0")


def zone_head(version):
    return b"TZif" + version + bytes(15) + struct.pack(">6I", 0, 0, 0, 3, 2, 8)


write("fuzz_time_zone", [zone_head(b"\0") + zone_block(4),
                         zone_head(b"2") + zone_block(4) + zone_head(b"2") + zone_block(8) + b"\nCST-8\n"])


def mqtt_string(text):
    return struct.pack(">H", len(text)) + text


def mqtt_packet(first, body):
    return bytes([first, *varint(len(body))]) + body


CONNECT = mqtt_packet(0x10, mqtt_string(b"MQTT") + b"\5\xc6\0\x3c\x05\x11\0\0\0\x1e" + mqtt_string(b"") + b"\0" +
                      mqtt_string(b"sitecast/1/a/b/status") + mqtt_string(b"gone") +
                      mqtt_string(b"AaIeLRVNcAeRuzvw0QyVjQ") + mqtt_string(b"word"))
PUBLISH = mqtt_packet(0x32, mqtt_string(b"sitecast/1/a/b/event") + b"\0\1\0event")
write("fuzz_packet_gate", [CONNECT, CONNECT + PUBLISH + mqtt_packet(0xC0, b"") + mqtt_packet(0xE0, b"")])
