#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""steady.py ADDRESS NAME: clients without a pause, until SIGTERM.

Three open a connection for each request by HTTP, one by TLS, and two keep theirs for as long as the
server lets them. Whatever is not a whole answer with status 200 is a failure; a kept connection that is
closed before a byte of the answer is one too, because nobody may repeat a POST. At the end one line:
ANSWERS answers, FAILURES failed, and the first failures."""
import http.client
import signal
import socket
import ssl
import sys
import threading

address, name = sys.argv[1:3]
stop = threading.Event()
lock = threading.Lock()
answers, failures = 0, []


def note(error=None):
    global answers
    with lock:
        if error:
            failures.append(error)
        else:
            answers += 1


def connect(tls):
    sock = socket.create_connection((address, 443 if tls else 80), timeout=10)
    if not tls:
        return sock
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(sock, server_hostname=name)


def client(what, tls=False, keeps=False):
    connection = None
    while not stop.is_set():
        try:
            if connection is None:
                connection = http.client.HTTPConnection(name)
                connection.sock = connect(tls)
            connection.request("POST", "/", b"x", {} if keeps else {"Connection": "close"})
            response = connection.getresponse()
            response.read()
            note(None if response.status == 200 else f"{what}: status {response.status}")
            if not keeps or response.will_close:
                connection.close()
                connection = None
        except OSError as error:
            note(f"{what}: {error!r}")
            connection = None
        except http.client.HTTPException as error:
            note(f"{what}: {error!r}")
            connection = None
        stop.wait(0.002)


signal.signal(signal.SIGTERM, lambda *_: stop.set())
threads = [threading.Thread(target=client, args=a)
           for a in [("http",)] * 3 + [("tls", True)] + [("kept", False, True)] * 2]
for thread in threads:
    thread.start()
while not stop.wait(0.1):
    pass
for thread in threads:
    thread.join()
print(f"{answers} answers, {len(failures)} failed", *failures[:5], sep="\n  ")
