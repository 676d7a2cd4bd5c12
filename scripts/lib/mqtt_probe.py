# SPDX-License-Identifier: Apache-2.0
"""Just enough MQTT 5 to ask a broker whom it lets in (OASIS MQTT 5.0, sections 3.1, 3.2, 3.8, 3.9)."""
import socket
import struct

SUCCESS = 0x00
NOT_REFUSED_BELOW = 0x80  # reason codes from here on mean failure


class ProbeError(Exception):
    """The broker could not be reached or did not speak MQTT 5."""


def _text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def _packet(kind, body):
    size = len(body)
    length = b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


class Connection:
    """One TCP connection. After connect(), `reason` holds the CONNACK's reason code."""

    def __init__(self, port, username=None, password=None, client_id="", timeout_s=5.0):
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        except OSError as problem:
            raise ProbeError(f"connect to port {port}: {problem}") from problem
        flags = 0x02 | (0x80 if username is not None else 0) | (0x40 if password is not None else 0)
        body = _text("MQTT") + bytes([5, flags]) + struct.pack(">H", 30) + b"\x00" + _text(client_id)
        if username is not None:
            body += _text(username)
        if password is not None:
            body += _text(password)
        self.socket.sendall(_packet(0x10, body))
        kind, answer = self._receive()
        if kind >> 4 != 2 or len(answer) < 2:
            raise ProbeError("the broker did not answer with a CONNACK")
        self.reason = answer[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                piece = self.socket.recv(size - len(data))
            except OSError as problem:
                raise ProbeError(f"no answer: {problem}") from problem
            if not piece:
                raise ProbeError("the broker closed the connection")
            data += piece
        return data

    def _receive(self):
        kind = self._exactly(1)[0]
        size = shift = 0
        while True:
            digit = self._exactly(1)[0]
            size |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                break
        return kind, self._exactly(size)

    def subscribe(self, topic):
        """The reason code of the SUBACK."""
        self.socket.sendall(_packet(0x82, struct.pack(">H", 1) + b"\x00" + _text(topic) + b"\x01"))
        while True:
            kind, answer = self._receive()
            if kind >> 4 == 9:
                return answer[-1]


def connect_reason(port, username=None, password=None, client_id=""):
    """Reason code of an attempt to connect; a connection that is simply closed counts as refused."""
    try:
        with Connection(port, username, password, client_id) as connection:
            return connection.reason
    except ProbeError as problem:
        if "closed the connection" in str(problem):
            return 0x87  # Not authorized
        raise
