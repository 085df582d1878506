#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""taker.py SOCKET: ask a running proxy for its sockets, say how many came, and die with them when standard
input ends: a new proxy that is killed before it serves."""
import json
import socket
import sys

control = socket.socket(socket.AF_UNIX)
control.connect(sys.argv[1])
control.sendall(b'{"version": 1, "verb": "takeover"}\n')
line, fds, _, _ = socket.recv_fds(control, 65536, 253)
reply = json.loads(line)
print("ok" if reply["ok"] else reply["diags"][0]["text"], len(fds), flush=True)
sys.stdin.read()
