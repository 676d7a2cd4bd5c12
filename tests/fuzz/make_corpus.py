#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes seeds for the fuzz targets from the golden vectors. Inputs that fuzzing found stay."""
import json
import pathlib
import struct

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
                       for seed in raw(control[name]["valid"])] + [committed])
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
