#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""soak_apps.py CERT KEY APP:ADDRESS:HTTP:TLS...: the containers behind a mixed load, until they are killed.

Every byte that an app sends follows from its name and the seed that was asked for (GET /content/SEED/BYTES), so
that soak.py knows each answer beforehand, and which app it has to be from. POST /sum answers with the sum of
what came; a connection that asks for an upgrade gets its bytes back. One answer in ten goes out in chunks."""
import asyncio
import contextlib
import functools
import hashlib
import random
import ssl
import sys

BLOCK_BYTES = 65537  # of no size that anything here is cut by: a piece out of place shows
SEEDS = 64


@functools.cache
def block(app, seed):
    return random.Random(f"{app} {seed}").randbytes(BLOCK_BYTES)


def content(app, seed, size):
    return (block(app, seed) * (size // BLOCK_BYTES + 1))[:size]


def fields(head):
    lines = (line.split(":", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ":" in line)
    return {name.lower(): value.strip() for name, value in lines}


async def chunks(reader):
    """The data of a chunked body."""
    data = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        data += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return bytes(data)


def in_chunks(data, sizes):
    """The same data as a chunked body, in pieces of random size."""
    at = 0
    while at < len(data):
        piece = data[at:at + sizes.choice((1, 100, 5000, 70000))]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
        at += len(piece)
    yield b"0\r\n\r\n"


async def read_message(reader):
    """Start line, fields and body of a request or an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    named = fields(head)
    if named.get("transfer-encoding") == "chunked":
        body = await chunks(reader)
    else:
        body = await reader.readexactly(int(named.get("content-length", 0)))
    return head.decode("latin-1").split("\r\n", 1)[0], named, body


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def answer(app, reader, writer):
    """One request. Is there to be another one?"""
    start, named, body = await read_message(reader)
    path = start.split(" ")[1]
    if "upgrade" in named:
        writer.write(f"HTTP/1.1 101 Echo\r\nX-App: {app}\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n".encode())
        await echo(reader, writer)
        return False
    head = f"HTTP/1.1 200 OK\r\nX-App: {app}\r\n"
    if path == "/sum":
        body = hashlib.sha256(body).hexdigest().encode()
    elif path.startswith("/content/"):
        seed, size = path.split("/")[2:]
        body = content(app, int(seed), int(size))
    else:
        body = app.encode()
    if path.endswith("7"):
        writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        writer.writelines(in_chunks(body, random))
    else:
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    return named.get("connection") != "close"


async def serve(certificate, key, *containers):
    async def client(app, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await answer(app, reader, writer):
                pass
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    for container in containers:
        app, address, http, tls = container.split(":")
        for port, secret in ((http, None), (tls, context)):
            await asyncio.start_server(functools.partial(client, app), address, int(port), ssl=secret)
    await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
