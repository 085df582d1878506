#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""odd_frames.py IFACE COUNT SEED: send random frames, near to valid ones; print how many bytes."""
import random
import socket
import struct
import sys

interface, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pick = random.Random(seed)
SIZES = [14, 15, 20, 33, 34, 40, 54, 60, 64, 100, 590, 1500, 1514]
TYPES = [0x0800] * 6 + [0x86DD, 0x8100, 0x88A8, 0x0806, 0x88CC, 0x1234, 0x0010]
FROM = ["198.51.100.2", "198.51.100.66", "8.8.8.8", "127.0.0.1", "0.0.0.0"]
TO = ["203.0.113.10", "203.0.113.99", "198.51.100.1", "255.255.255.255", "224.0.0.1"]
MACS = ["020000000001", "ffffffffffff", "01005e000001", "020000000099"]


def ipv4(body):
    """Make most of the bytes look like an IPv4 header."""
    body[0] = pick.choice([0x45] * 8 + [0x46, 0x4F, 0x40, 0x44, 0x65, 0x00])
    length = pick.choice([len(body)] * 5 + [0, 20, len(body) + 1, 65535])
    body[2:4] = struct.pack("!H", length)
    body[6:8] = pick.choice([b"\0\0"] * 4 + [b"\x20\0", b"\0\1", b"\x40\0"])
    body[9] = pick.choice([6] * 5 + [17, 1, 0, 255])
    body[12:16] = socket.inet_aton(pick.choice(FROM))
    body[16:20] = socket.inet_aton(pick.choice(TO))


wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((interface, 0))
total = 0
for _ in range(count):
    ethertype = pick.choice(TYPES)
    payload = bytearray(pick.randbytes(pick.choice(SIZES) - 14))
    if ethertype == 0x0800 and len(payload) > 20 and pick.random() < 0.8:
        ipv4(payload)
    head = bytes.fromhex(pick.choice(MACS) + "020000000002") + struct.pack("!H", ethertype)
    total += wire.send(head + payload)
print(total)
