#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tagger WIRE NAME TAG...: a VLAN interface NAME on WIRE, in user space.

For stories on kernels without 8021q. TAG is ETHERTYPE:ID, outermost first: 8100:7 is VLAN 7,
88a8:7 8100:8 is VLAN 8 inside service VLAN 7. What NAME sends leaves WIRE with the tags, what
comes in with exactly these tags reaches NAME without them. Runs for ever.
"""
import fcntl
import os
import selectors
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 2, 0x1000
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
ETH_P_ALL = 3
VLAN_VALID, TPID_VALID = 0x10, 0x40
ADDRESSES_BYTES = 12


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def open_wire(name):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    wire.bind((name, ETH_P_ALL))
    wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    wire.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    return wire


def receive(wire):
    """A frame as it was on the wire: the kernel takes the outermost tag off and tells it aside."""
    frame, asides, _, _ = wire.recvmsg(65536, 128)
    for _, kind, aside in asides:
        status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", aside[:20])
        if kind == PACKET_AUXDATA and status & VLAN_VALID:
            ethertype = tpid if status & TPID_VALID else 0x8100
            tag = struct.pack("!HH", ethertype, tci)
            frame = frame[:ADDRESSES_BYTES] + tag + frame[ADDRESSES_BYTES:]
    return frame


def main():
    wire, tap = open_wire(sys.argv[1]), open_tap(sys.argv[2])
    tags = b""
    for tag in sys.argv[3:]:
        ethertype, vlan = tag.split(":")
        tags += struct.pack("!HH", int(ethertype, 16), int(vlan))
    ready = selectors.DefaultSelector()
    ready.register(wire, selectors.EVENT_READ)
    ready.register(tap, selectors.EVENT_READ)
    end = ADDRESSES_BYTES + len(tags)
    while True:
        for key, _ in ready.select():
            if key.fileobj is wire:
                frame = receive(wire)
                if frame[ADDRESSES_BYTES:end] == tags:
                    os.write(tap, frame[:ADDRESSES_BYTES] + frame[end:])
            else:
                frame = os.read(tap, 65536)
                wire.send(frame[:ADDRESSES_BYTES] + tags + frame[ADDRESSES_BYTES:])


main()
