#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients of a control socket, kind and unkind: control_client.py SOCKET KIND

Each runs until SIGTERM, and then exits with 0 if a proper request is still answered and what its
kind promises was seen. It is stopped and continued meanwhile."""

import json
import os
import signal
import socket
import sys
import time

PATH, KIND = sys.argv[1:3]
ENDED = False
CONTINUED = 0
RUNTIME = b'{"jsonrpc":"2.0","id":1,"method":"runtime"}\n'


def end(_signal, _frame):
    global ENDED
    ENDED = True


def go_on(_signal, _frame):
    global CONTINUED
    CONTINUED += 1


def connect(timeout=10):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(timeout)
    client.connect(PATH)
    return client


def read_line(client):
    line = b''
    while not line.endswith(b'\n'):
        data = client.recv(1 << 16)
        if not data:
            raise ConnectionError('closed')
        line += data
    return line


def ask(client, request=RUNTIME):
    client.sendall(request)
    return json.loads(read_line(client))


def wants(condition, what):
    if not condition:
        print('control_client:', KIND + ':', what)
        sys.exit(1)


def attempts(function):
    """Again and again; a server that refuses or disconnects is what unkind clients get."""
    count = 0
    while not ENDED:
        try:
            function()
        except (OSError, ValueError):
            time.sleep(0.002)
        count += 1
    return count


def finish(note=''):
    """The others are gone: a proper request is answered."""
    deadline = time.monotonic() + 10
    while True:
        try:
            with connect() as client:
                reply = ask(client)
                if 'result' in reply:
                    break
        except OSError as error:
            reply = error
        wants(time.monotonic() < deadline, 'no proper answer afterwards: %r' % reply)
        time.sleep(0.05)
    wants(reply['result']['nodes'], 'no nodes')
    print('%s: %s' % (KIND, note or 'served afterwards'))


def polite():
    """A hundred times a second; the round trip's distribution."""
    trips = []
    client = connect()
    due = time.monotonic()
    while not ENDED:
        due += 0.01
        late = time.monotonic() - due
        if late > 0.05:  # was stopped meanwhile
            due = time.monotonic()
        elif late < 0:
            time.sleep(-late)
        began = time.perf_counter()
        reply = ask(client)
        took = time.perf_counter() - began
        wants('result' in reply, 'answered %r' % reply)
        trips.append(took * 1e3)
    # Whenever it was stopped one trip may have been under way.
    trips = sorted(trips)[:-CONTINUED or None]
    p99 = trips[int(len(trips) * 0.99)]
    wants(p99 < 5, 'p99 of the round trip is %.2f ms' % p99)
    finish('%d round trips, median %.2f ms, p99 %.2f ms, longest %.2f ms'
           % (len(trips), trips[len(trips) // 2], p99, trips[-1]))


def connections():
    """A thousand at a time."""
    def crowd():
        clients = []
        try:
            for _ in range(1000):
                clients.append(connect(1))
            time.sleep(0.2)
        finally:
            for client in clients:
                client.close()
    finish('%d crowds' % attempts(crowd))


def halves():
    """Half a request on as many connections as there may be, held open."""
    def hold():
        clients = []
        try:
            for _ in range(60):
                clients.append(connect(1))
                clients[-1].sendall(RUNTIME[:len(RUNTIME) // 2])
            while not ENDED:
                time.sleep(0.05)
                clients[0].sendall(b' ')
        finally:
            for client in clients:
                client.close()
    attempts(hold)
    finish()


def huge():
    """Lines of a gigabyte."""
    block = b'x' * (1 << 20)
    errors = []

    def line():
        with connect(30) as client:
            client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"')
            for _ in range(1024):
                if ENDED:
                    break
                client.sendall(block)
            client.sendall(b'"}\n')
            errors.append(json.loads(read_line(client))['error']['code'])
    attempts(line)
    wants(errors and set(errors) == {-32003}, 'answered %r' % errors[:10])
    finish('%d lines refused' % len(errors))


def noise(text):
    """The same bytes over and over."""
    def shout():
        with connect(5) as client:
            client.settimeout(0.02)
            while not ENDED:
                try:
                    client.sendall(text)
                except socket.timeout:
                    pass
                try:
                    while client.recv(1 << 16):
                        pass
                    return
                except socket.timeout:
                    pass
    attempts(shout)
    finish()


def disconnect():
    """Gone before the reply is."""
    def leave():
        client = connect(1)
        client.sendall(RUNTIME * 8)
        client.close()
    finish('%d times' % attempts(leave))


def deaf():
    """Subscribes, asks, and never reads."""
    subscribe = (b'{"jsonrpc":"2.0","id":1,"method":"subscribe",'
                 b'"params":{"method":"runtime","interval_msec":100}}\n')

    def ignore():
        clients = [connect(1) for _ in range(16)]
        for client in clients:
            client.settimeout(0.01)
            client.sendall(subscribe * 16)
        while not ENDED:
            for client in clients:
                try:
                    client.sendall(RUNTIME * 16)
                except socket.timeout:
                    pass
            time.sleep(0.01)
    attempts(ignore)
    finish()


def flood(requests):
    """As many as the socket takes; replies are read and thrown away."""
    block = b''.join(requests) * (65536 // len(b''.join(requests)) + 1)
    answered = 0

    def pour():
        nonlocal answered
        with connect(5) as client:
            client.setblocking(False)
            left = b''
            while not ENDED:
                left = left or block
                try:
                    left = left[client.send(left):]
                except BlockingIOError:
                    pass
                try:
                    answered += client.recv(1 << 18).count(b'\n')
                except BlockingIOError:
                    pass
    began = time.monotonic()
    attempts(pour)
    wants(answered > 100, 'only %d answers' % answered)
    finish('%d answers in %.1f s' % (answered, time.monotonic() - began))


def web(path):
    """The same by HTTP: as many as one connection takes, one behind the other."""
    request = ('GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % path).encode()
    answered = 0

    def get():
        nonlocal answered
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(5)
            client.connect(PATH + '.http')
            data = b''
            while not ENDED:
                client.sendall(request)
                while b'\r\n\r\n' not in data:
                    data += client.recv(1 << 18)
                head, _, body = data.partition(b'\r\n\r\n')
                wants(b' 200 ' in head.split(b'\r\n')[0], head)
                length = int(head.lower().split(b'content-length:')[1].split(b'\r\n')[0])
                while len(body) < length:
                    body += client.recv(1 << 18)
                data = body[length:]
                answered += 1
    began = time.monotonic()
    attempts(get)
    wants(answered > 100, 'only %d answers' % answered)
    finish('%d answers in %.1f s' % (answered, time.monotonic() - began))


def call(method, **params):
    return json.dumps({'jsonrpc': '2.0', 'id': 7, 'method': method, 'params': params}
                      ).encode() + b'\n'


KINDS = {
    'polite': polite,
    'connections': connections,
    'halves': halves,
    'huge': huge,
    'garbage': lambda: noise(os.urandom(65536)),
    'utf8': lambda: noise(b'{"jsonrpc":"2.0","id":1,"method":"\xff\xc0\x80\xed\xa0\x80"}\n' * 100),
    'deep': lambda: noise((b'[' * 30000 + b']' * 30000 + b'\n') * 4),
    'disconnect': disconnect,
    'deaf': deaf,
    'dead': lambda: flood([call('nodes.set', node='nobody', state='disabled'),
                           call('processes.signal', process='nobody', events=1),
                           call('processes.signal', process='9999.1', events=1),
                           call('nodes.set', node='x' * 1000, state='enabled')]),
    'api': lambda: web('/api/runtime'),
    'metrics': lambda: web('/metrics'),
    'flood': lambda: flood([RUNTIME]),
    'commands': lambda: flood([call('nodes.set', node='count', state='enabled')]),
}

signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGCONT, go_on)
KINDS[KIND]()
