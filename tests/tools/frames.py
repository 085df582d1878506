#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""frames.py PORT MAC SOURCE DESTINATION SECONDS: TCP SYNs as bare frames to a virtual machine.

Its NIC is a UDP socket of loopback (qemu's -netdev dgram): a datagram is a frame. A thousand frames
a second from one source, from before the machine starts until it ends, bounded by SECONDS.
"""
import socket
import struct
import sys
import time


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def syn(mac, source, destination, port):
    source, destination = socket.inet_aton(source), socket.inet_aton(destination)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, source, destination)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    tcp = struct.pack("!HHIIBBHHH", port, 80, 1, 0, 0x50, 2, 65535, 0, 0)
    pseudo = source + destination + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ethernet = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex("020000000002") + b"\x08\x00"
    return (ethernet + ip + tcp).ljust(60, b"\0")


def main():
    port, mac, source, destination, seconds = sys.argv[1:]
    to = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end = time.monotonic() + float(seconds)
    number = 0
    while time.monotonic() < end:
        for _ in range(10):
            number += 1
            try:
                to.sendto(syn(mac, source, destination, 1024 + number % 60000), ("127.0.0.1", int(port)))
            except OSError:
                pass  # the machine is not there yet
        time.sleep(0.01)


main()
