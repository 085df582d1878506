#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""websocket.py serve ADDRESS PORT | ask ADDRESS PORT HOST: an echo over WebSocket, both sides.

`ask` sends text, a megabyte of bytes, many small messages without waiting, a ping, and says goodbye;
it prints what held. The interpreter is the distribution's, whose packages have websockets.
"""
import asyncio
import sys

import websockets


async def echo(socket):
    async for message in socket:
        await socket.send(message)
    print("closed by the client with", socket.close_code, flush=True)


async def serve(address, port):
    async with websockets.serve(echo, address, port, max_size=None, compression=None):
        await asyncio.Future()


async def ask(address, port, name):
    async with websockets.connect(f"ws://{name}/", host=address, port=port, max_size=None,
                                  compression=None) as socket:
        await socket.send("grüße")
        print("text", await socket.recv() == "grüße")
        data = bytes(range(256)) * 4096
        await socket.send(data)
        print("bytes", await socket.recv() == data)
        for i in range(1000):
            await socket.send(str(i))
        print("many", [await socket.recv() for i in range(1000)] == [str(i) for i in range(1000)])
        await asyncio.wait_for(await socket.ping(), 5)
        print("ping", True)
    print("code", socket.close_code)


command, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
asyncio.run(serve(address, port) if command == "serve" else ask(address, port, sys.argv[4]))
