#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""raw_cases.py CASES NAME=PROXY_PORT:CONTAINER_PORT...: the same bytes through several proxies.

Serves as the container of each proxy on 127.0.0.1:CONTAINER_PORT, sends every case of the file to
127.0.0.1:PROXY_PORT, and prints a table of what the client was answered and what the container got:

    STATUS [STATUS...][: METHOD TARGET HOST [cl=N|chunked] [BODY][, cut] [+ ...]]

The first proxy is the one under test: exit code 1 when it does other than the case wants, or when
it differs from another one and the case does not say why.
"""
import re
import socket
import sys
import threading

# A proxy that has said nothing at all, or nothing more, for so long is waiting for us.
SILENT_S, QUIET_S = 0.5, 0.1


def read_cases(path):
    cases = []
    for block in open(path, encoding="ascii").read().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith("#")]
        if lines:
            case = dict(line.split(": ", 1) for line in lines)
            case["bytes"] = case["send"].encode().decode("unicode_escape").encode("latin-1")
            cases.append(case)
    return cases


def printable(data):
    return data.decode("latin-1").encode("unicode_escape").decode()


class Container:
    """Reads requests as their framing says, answers each, and keeps what it read."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.lock = threading.Lock()
        self.seen = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def keep(self, summary):
        with self.lock:
            self.seen.append(summary)

    def take(self):
        with self.lock:
            seen, self.seen = self.seen, []
        return seen

    def serve(self, peer):
        peer.settimeout(5)
        reader = peer.makefile("rb")
        try:
            while self.serve_one(peer, reader):
                pass
        except OSError:
            pass
        peer.close()

    def serve_one(self, peer, reader):
        head = []
        while True:
            line = reader.readline()
            if not line:
                return False
            if line in (b"\r\n", b"\n"):
                break
            head.append(line.rstrip(b"\r\n"))
        words = head[0].split(b" ")
        fields = [(name.lower(), value.strip()) for name, _, value in
                  (line.partition(b":") for line in head[1:])]
        host = b",".join(value for name, value in fields if name == b"host")
        summary = f"{printable(words[0])} {printable(b' '.join(words[1:-1]))} {printable(host)}"
        lengths = [value for name, value in fields if name == b"content-length"]
        codings = [value for name, value in fields if name == b"transfer-encoding"]
        whole, body = True, b""
        if codings:
            summary += " chunked"
            whole, body = self.read_chunks(reader)
        elif lengths:
            summary += f" cl={printable(b','.join(lengths))}"
            size = int(lengths[0])
            body = reader.read(size)
            whole = len(body) == size
        summary += (f" {printable(body)}" if body else "") + ("" if whole else ", cut")
        self.keep(summary)
        if whole:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return whole

    @staticmethod
    def read_chunks(reader):
        body = b""
        while True:
            line = reader.readline()
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError:
                return False, body
            if not size:
                break
            data = reader.read(size)
            body += data
            if len(data) < size or reader.readline() != b"\r\n":
                return False, body
        while True:
            line = reader.readline()
            if line in (b"\r\n", b""):
                return line == b"\r\n", body


def ask(port, data, patience):
    """The statuses of what comes back."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.settimeout(SILENT_S * patience)
        try:
            peer.sendall(data)
            while True:
                part = peer.recv(65536)
                if not part:
                    break
                answer += part
                peer.settimeout(QUIET_S * patience)
        except OSError:
            pass
    statuses = re.findall(rb"(?:^|\r\n\r\n|>\n)HTTP/[0-9.]+ ([0-9]{3})", answer)
    return [status.decode() for status in statuses] or ["not HTTP/1.x" if answer else "closed"]


def run_case(port, container, case, patience):
    statuses = ask(port, case["bytes"], patience)
    # A request that was cut is over for the container when the proxy has closed.
    threading.Event().wait(0.03 * patience)
    seen = container.take()
    return " ".join(statuses) + (": " + " + ".join(seen) if seen else "")


def run(port, container, cases, results, is_ours):
    for case in cases:
        result = run_case(port, container, case, 1)
        # On a busy machine an answer may have been on its way still.
        if is_ours and result != case["want"]:
            threading.Event().wait(0.05)
            container.take()
            result = run_case(port, container, case, 2)
        results.append(result)


def lets_through(result):
    return result.partition(": ")[2]


def judge(case, names, row):
    failures = []
    if row[0] != case["want"]:
        failures.append(f"{case['name']}: {names[0]} did '{row[0]}', wanted '{case['want']}'")
    differs = any(lets_through(other) != lets_through(row[0]) for other in row[1:])
    if differs and "why" not in case:
        failures.append(f"{case['name']}: differs without a reason: {row}")
    return failures


def main():
    cases, names, results, threads = read_cases(sys.argv[1]), [], [], []
    for argument in sys.argv[2:]:
        name, ports = argument.split("=")
        port, container_port = map(int, ports.split(":"))
        names.append(name)
        results.append([])
        threads.append(threading.Thread(target=run, args=(
            port, Container(container_port), cases, results[-1], len(names) == 1)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("| case | " + " | ".join(names) + " | why |\n" + "|---" * (len(names) + 2) + "|")
    failures = []
    for i, case in enumerate(cases):
        row = [result[i] for result in results]
        cells = (f"`{cell}`".replace("|", "\\|") for cell in row)
        print(f"| {case['name']} | {' | '.join(cells)} | {case.get('why', '')} |")
        failures += judge(case, names, row)
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(bool(failures))


main()
