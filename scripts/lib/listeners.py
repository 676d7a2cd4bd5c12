# SPDX-License-Identifier: Apache-2.0
"""Where a process listens, from /proc (proc(5): /proc/net/tcp)."""
import os
import socket
import struct
from pathlib import Path

LISTEN = "0A"


def _address(text):
    """Kernel's hexadecimal form, in host order by words, to (text, port)."""
    raw, port = text.split(":")
    words = bytes.fromhex(raw)
    data = b"".join(struct.pack("=I", *struct.unpack(">I", words[i:i + 4]))
                    for i in range(0, len(words), 4))
    family = socket.AF_INET if len(data) == 4 else socket.AF_INET6
    return socket.inet_ntop(family, data), int(port, 16)


def listening_sockets(pid):
    """[(address, port)] of the TCP sockets on which process `pid` listens."""
    owned = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(descriptor)
        except OSError:
            continue
        if target.startswith("socket:["):
            owned.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and fields[9] in owned:
                found.append(_address(fields[1]))
    return found
