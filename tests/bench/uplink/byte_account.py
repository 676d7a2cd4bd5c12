#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an agent's bytes are: stands between agent and broker on loopback, without TLS, and counts what goes up
by kind of packet and, of parts, by media, envelope, proof, topic and MQTT header. `--rate` (bit/s) reads so
slowly that the ladder goes down. TLS is reckoned: 22 bytes for each packet, which Paho writes in one record.

    byte_account.py --build build/dev [--seconds 20] [--windows 1] [--kbps 2000] [--rate 75000]
"""
import argparse
import asyncio
import collections
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from stack import Stack  # noqa: E402

PORT_BASE, PROXY = 25260, 25275
PICTURE = "video/x-raw,width=640,height=360,framerate=30/1"
VIDEO = f"gst:videotestsrc pattern=snow is-live=true ! {PICTURE}"
SOUND = "gst:audiotestsrc is-live=true wave=pink-noise volume=0.1 ! audio/x-raw,rate=48000,channels=2"
TLS_RECORD_BYTES = 22  # TLS 1.3: header 5, type 1, tag 16
NAMES = {1: "CONNECT", 3: "PUBLISH", 4: "PUBACK", 8: "SUBSCRIBE", 12: "PINGREQ", 14: "DISCONNECT"}


class Account:
    def __init__(self):
        self.open = False
        self.aliases = {}
        self.clear()

    def clear(self):
        self.parts = collections.defaultdict(collections.Counter)
        self.others = collections.defaultdict(collections.Counter)

    def packet(self, first, head_bytes, body):
        size = head_bytes + len(body)
        if first >> 4 != 3:
            self.others[NAMES.get(first >> 4, str(first >> 4))].update(count=1, bytes=size)
            return
        at = 2 + int.from_bytes(body[:2], "big")
        topic = body[2:at].decode()
        at += 2 if first & 6 else 0
        properties = body[at + 1:at + 1 + body[at]]
        at += 1 + body[at]
        if properties[:1] == b"\x23":  # topic alias
            topic = self.aliases.setdefault(properties, topic) if not topic else topic
            self.aliases[properties] = topic
        words = topic.split("/")[4:]
        if words[0] not in ("live", "fill"):
            self.others[words[0]].update(count=1, bytes=size)
            return
        payload = body[at:]
        envelope = int.from_bytes(payload[1:3], "big")
        proof = int.from_bytes(payload[3 + envelope:5 + envelope], "big")
        media = len(payload) - 5 - envelope - proof
        self.parts[f"{words[0]} {words[2]}"].update(
            count=1, media=media, envelope=envelope + 5, proof=proof, mqtt=head_bytes + at, bytes=size)

    def print(self, seconds):
        total = packets = media = 0
        for name, part in sorted(self.parts.items()):
            n = part["count"]
            print(f"{name:14} {n / seconds:6.1f}/s  {part['bytes'] * 8e-3 / seconds:8.1f} kbit/s  a part: " + ", ".join(
                f"{what} {part[what] / n:.1f}" for what in ("media", "envelope", "proof", "mqtt")))
            media += part["media"]
        for name, other in sorted(self.others.items()):
            print(f"{name:14} {other['count'] / seconds:6.1f}/s  {other['bytes'] * 8e-3 / seconds:8.1f} kbit/s"
                  f"  each: {other['bytes'] / other['count']:.1f}")
        for counter in [*self.parts.values(), *self.others.values()]:
            total += counter["bytes"]
            packets += counter["count"]
        with_tls = total + TLS_RECORD_BYTES * packets
        print(f"all {total * 8e-3 / seconds:.1f} kbit/s, with TLS {with_tls * 8e-3 / seconds:.1f}; "
              f"over media: {total / media:.4f}, with TLS {with_tls / media:.4f}")


async def read_packets(reader, writer, account, pace):
    while True:
        head = await reader.readexactly(1)
        length = shift = 0
        while True:
            byte = await reader.readexactly(1)
            head += byte
            length |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                break
        body = b""
        while len(body) < length:
            piece = await reader.read(min(1024, length - len(body)))
            if not piece:
                return
            body += piece
            await pace(len(piece))
        account.packet(head[0], len(head), body)
        writer.write(head + body)


async def serve(account, broker_port, rate):
    async def pace(size):
        if rate:
            await asyncio.sleep(size * 8 / rate)

    async def client(reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", broker_port)
        account.aliases.clear()

        async def down():
            while data := await up_reader.read(65536):
                writer.write(data)
            writer.close()
        task = asyncio.create_task(down())
        try:
            await read_packets(reader, up_writer, account, pace)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        up_writer.close()
        await task

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if rate:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("127.0.0.1", PROXY))
    return await asyncio.start_server(client, sock=listener, limit=2048 if rate else 1 << 16)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build" / "dev"))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--kbps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--windows", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Stack(arguments.build, folder, PORT_BASE) as stack:
        config = stack.device_config.read_text()
        port = int(re.search(r"mqtt://[^:]+:(\d+)", config).group(1))
        stack.set_agent_option("broker", "url", f"mqtt://127.0.0.1:{PROXY}")
        for key, value in (("width", 640), ("height", 360), ("video_bitrate_kbps", arguments.kbps),
                           ("master", "off")):
            stack.set_agent_option("encode", key, value)
        stack.set_agent_option("publish", "adapt", "on" if arguments.rate else "off")
        account = Account()
        server = await serve(account, port, arguments.rate)
        command = [stack.agent, "--config", str(stack.device_config), "--json"]
        agent = subprocess.Popen([*command, "record", "--source", VIDEO, "--audio", SOUND],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        async def status():
            process = await asyncio.create_subprocess_exec(*command, "status", stdout=subprocess.PIPE,
                                                           stderr=subprocess.DEVNULL)
            out, _ = await process.communicate()
            return json.loads(out)["link"] if out.strip() else {}
        try:
            deadline = time.monotonic() + 120
            await asyncio.sleep(5)
            while arguments.rate and (await status()).get("live_quality") != "voice":
                if time.monotonic() > deadline:
                    raise SystemExit("the ladder did not come to voice alone")
                await asyncio.sleep(1)
            for _ in range(arguments.windows):
                account.clear()
                began = time.monotonic()
                await asyncio.sleep(arguments.seconds)
                account.print(time.monotonic() - began)
                if arguments.rate:
                    print("rung now:", (await status()).get("live_quality"))
        finally:
            agent.send_signal(signal.SIGINT)
            await asyncio.sleep(2)
            if agent.poll() is None:
                agent.kill()
            agent.wait()
            server.close()


asyncio.run(main())
