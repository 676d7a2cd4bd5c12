# SPDX-License-Identifier: Apache-2.0
"""The checker finds what it is there to find: an archive of two parts, then damaged in each way."""
import hashlib
import pathlib
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import archive_checker  # noqa: E402


def record(sequence, offset, media, stored_hash=None):
    envelope = bytes([0x08, sequence])
    digest = stored_hash or hashlib.sha256(envelope + media).digest()
    body = archive_checker.FIXED.pack(1, 0, offset, len(media), 0, digest)
    body += struct.pack(">H", len(envelope)) + envelope + struct.pack(">H", 0)
    return struct.pack(">II", len(body), archive_checker.crc32c(body)) + body


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name) / "archive" / "p" / "s" / "c"
        self.dir.mkdir(parents=True)
        self.ledger = {("c", "video", n): hashlib.sha256(bytes([0x08, n]) + media).hexdigest()
                       for n, media in ((1, b"one"), (2, b"two"))}

    def problems(self, records, media=b"onetwo"):
        (self.dir / "video.sidecar").write_bytes(bytes(28) + b"".join(records))
        (self.dir / "video.media").write_bytes(media)
        return archive_checker.compare(self.ledger, archive_checker.read_archive(self.folder.name))

    def both(self):
        return [record(1, 0, b"one"), record(2, 3, b"two")]

    def test_whole_archive_has_no_problem(self):
        self.assertEqual(self.problems(self.both()), [])

    def test_missing_part_is_named(self):
        self.assertIn("I1 ('c', 'video', 2)", self.problems(self.both()[:1])[0])

    def test_changed_media_is_found(self):
        self.assertTrue(any("differs" in p for p in self.problems(self.both(), b"onetwO")))

    def test_part_stored_twice_is_found(self):
        records = self.both() + [record(2, 6, b"two")]
        self.assertTrue(any("twice" in p for p in self.problems(records, b"onetwotwo")))

    def test_part_that_was_never_captured_is_found(self):
        records = self.both() + [record(3, 6, b"new")]
        self.assertTrue(any(p.startswith("I6") for p in self.problems(records, b"onetwonew")))

    def test_torn_record_is_found(self):
        records = self.both()
        records[1] = records[1][:-1]
        self.assertTrue(any("torn" in p for p in self.problems(records)))


if __name__ == "__main__":
    unittest.main()
