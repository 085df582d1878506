#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""soak.py ADDRESS CACERT SECONDS: a mixed load on a proxy, whose every answer is known beforehand.

blog.example and shop.example must never fail. The containers of brittle.example die: what is cut there is
counted, not held against anybody. comes.example is added and taken out, now of one app, now of the other. At
the end a line for each kind of client: KIND RIGHT FAILED WRONG CUT BYTES, then the first failures. WRONG is
a byte out of place or an answer from another app; what hangs has failed, whoever it was that should answer."""
import asyncio
import collections
import contextlib
import hashlib
import random
import socket
import ssl
import struct
import sys
import time

from soak_apps import SEEDS, content, in_chunks, read_message

HANGS_S = 60
KEPT_S = 20
BULK_BYTES = 8 << 20
STEADY = ("blog.example", "shop.example")


class Wrong(Exception):
    pass


class Absent(Exception):
    """No such route now, or no container of it is there."""


class Connection:
    def __init__(self, load, host, tls=False):
        self.load, self.host, self.tls = load, host, tls

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(
            self.load.address, 443 if self.tls else 80, ssl=self.load.context if self.tls else None,
            server_hostname=self.host if self.tls else None)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    def reset(self):
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def send(self, method, path, more=""):
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{more}\r\n".encode())
        await self.writer.drain()

    async def receive(self, apps):
        """The answer's app, fields and body."""
        start, fields, body = await read_message(self.reader)
        status = start.split(" ")[1]
        if status in ("404", "502", "503"):
            raise Absent(start)
        if status != "200":
            raise OSError(start)
        if fields.get("x-app") not in (apps or [self.host.split(".")[0]]):
            raise Wrong(f"{self.host} was answered by {fields.get('x-app')}")
        return fields["x-app"], fields, body

    async def get(self, size, more="", apps=None):
        """The answer's fields."""
        seed = random.randrange(SEEDS)
        await self.send("GET", f"/content/{seed}/{size}", more)
        app, fields, body = await self.receive(apps)
        if body != content(app, seed, size):
            raise Wrong(f"{len(body)} bytes of {self.host}, not the {size} of seed {seed}")
        self.load.count("bytes", size)
        return fields


class Load:
    def __init__(self, address, cacert, seconds):
        self.address, self.until = address, time.monotonic() + float(seconds)
        self.context = ssl.create_default_context(cafile=cacert)
        self.seen = collections.defaultdict(collections.Counter)
        self.failures = []

    def count(self, what, number=1):
        self.seen[asyncio.current_task().get_name()][what] += number

    async def again(self, client, host, cuts):
        """One kind of client until the time is over."""
        while time.monotonic() < self.until:
            failure = None
            try:
                async with asyncio.timeout(HANGS_S):
                    await client(self, host or random.choice(STEADY))
            except Wrong as error:
                failure, what = error, "wrong"
            except TimeoutError:
                failure, what = "hangs", "failed"
            except (OSError, EOFError, Absent) as error:
                failure, what = (None, "cut") if cuts else (error, "failed")
            else:
                what = "right"
            self.count(what)
            if failure:
                name = asyncio.current_task().get_name()
                self.failures.append(f"{name} after {time.monotonic() - BEGAN:.1f} s: {failure!r}")
            if what != "right":
                await asyncio.sleep(0.05)

    async def run(self):
        tasks = [asyncio.create_task(self.again(client, host, cuts), name=client.__name__)
                 for client, number, host, cuts in KINDS for _ in range(number)]
        await asyncio.gather(*tasks)
        for kind, seen in self.seen.items():
            print(kind, *(seen[what] for what in ("right", "failed", "wrong", "cut", "bytes")))
        print("\n".join(self.failures[:20]))


# ---- the kinds of clients -------------------------------------------------------------------------


async def short(load, host):
    async with Connection(load, host) as it:
        await it.get(random.randrange(20000), "Connection: close\r\n")


async def secret(load, host):
    async with Connection(load, host, tls=True) as it:
        for _ in range(random.randrange(1, 20)):
            await it.get(random.randrange(100000))


async def kept(load, host):
    """As many requests as the server likes; no pause, because nobody can tell when it has had enough."""
    until = min(load.until, time.monotonic() + KEPT_S)
    async with Connection(load, host) as it:
        while (await it.get(random.randrange(20000))).get("connection") != "close":
            if time.monotonic() > until:
                break


async def bulk(load, host):
    async with Connection(load, host) as it:
        await it.get(BULK_BYTES, "Connection: close\r\n")


async def upload(load, host):
    data = content("upload", random.randrange(SEEDS), random.randrange(1 << 20))
    async with Connection(load, host) as it:
        await it.send("POST", "/sum", "Connection: close\r\nTransfer-Encoding: chunked\r\n")
        for piece in in_chunks(data, random):
            it.writer.write(piece)
            await it.writer.drain()
        if (await it.receive(None))[2] != hashlib.sha256(data).hexdigest().encode():
            raise Wrong(f"{len(data)} bytes came otherwise")
        load.count("bytes", len(data))


async def tunnel(load, host):
    """Both ways at once, for a while, closed one way first."""
    data = content("tunnel", random.randrange(SEEDS), random.randrange(1 << 20))
    async with Connection(load, host) as it:
        await it.send("GET", "/echo", "Connection: upgrade\r\nUpgrade: echo\r\n")
        head = await it.reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise OSError(head)
        if f"\r\nx-app: {host.split('.')[0]}\r\n".encode() not in head.lower():
            raise Wrong(f"{host} was answered by {head}")

        async def speak():
            for at in range(0, len(data), 60000):
                it.writer.write(data[at:at + 60000])
                await it.writer.drain()
                await asyncio.sleep(random.choice((0, 0, 0.2)))
            it.writer.write_eof()

        _, back = await asyncio.gather(speak(), it.reader.read(-1))
        if back != data:
            raise Wrong(f"{len(back)} of {len(data)} bytes came back")
        load.count("bytes", len(data))


async def aborted(load, host):
    """Gone in mid-request, in mid-answer, or before a word; with a reset, or without."""
    async with Connection(load, host) as it:
        how = random.randrange(4)
        if how == 1:
            it.writer.write(b"POST /sum HTTP/1.1\r\nHost: " + host.encode())
        elif how == 2:
            await it.send("POST", "/sum", "Content-Length: 100000\r\n")
            it.writer.write(bytes(1000))
        elif how == 3:
            await it.send("GET", f"/content/1/{BULK_BYTES}")
            await it.reader.read(1)
        await asyncio.sleep(random.random() / 20)
        if random.randrange(2):
            it.reset()


async def brittle(load, host):
    async with Connection(load, host) as it:
        for _ in range(20):
            if (await it.get(random.randrange(200000))).get("connection") == "close":
                break


async def comes(load, host):
    async with Connection(load, host) as it:
        with contextlib.suppress(Absent):
            await it.get(random.randrange(2000), "Connection: close\r\n", ("blog", "shop"))
    await asyncio.sleep(0.02)


# Client, how many of them, host, whether its containers die.
KINDS = ((short, 3, None, False), (secret, 2, None, False), (kept, 3, None, False), (bulk, 1, None, False),
         (upload, 2, None, False), (tunnel, 3, None, False), (aborted, 3, None, True),
         (brittle, 3, "brittle.example", True), (comes, 2, "comes.example", False))
BEGAN = time.monotonic()

asyncio.run(Load(*sys.argv[1:]).run())
