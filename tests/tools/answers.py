#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""answers ADDRESS: the servers that a machine asks, for stories of return traffic.

A name server on UDP port 53 that says of every name that it is ADDRESS (RFC 1035), and a time
server on UDP port 123 that gives its own time (RFC 5905). Both answer from ADDRESS, for ever.
"""
import selectors
import socket
import struct
import sys
import time

TYPE_A = 1
EPOCH_NTP_S = 2208988800  # 1900 to 1970


def name_answer(query, address):
    end = query.index(b"\0", 12) + 5  # the question: its name, type and class
    (kind,) = struct.unpack("!H", query[end - 4 : end - 2])
    records = 1 if kind == TYPE_A else 0
    head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, records, 0, 0)
    record = b"\xc0\x0c" + struct.pack("!HHIH", TYPE_A, 1, 60, 4) + socket.inet_aton(address)
    return head + query[12:end] + record * records


def time_answer(query, _address):
    now = struct.pack("!II", int(time.time()) + EPOCH_NTP_S, 0)
    return bytes([0x24, 1, 6, 0xEC]) + bytes(20) + query[40:48] + now + now


def main():
    address = sys.argv[1]
    ready = selectors.DefaultSelector()
    for port, answer in ((53, name_answer), (123, time_answer)):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((address, port))
        ready.register(server, selectors.EVENT_READ, answer)
    while True:
        for key, _ in ready.select():
            query, asker = key.fileobj.recvfrom(4096)
            key.fileobj.sendto(key.data(query, address), asker)


main()
