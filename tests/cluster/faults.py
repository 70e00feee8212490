"""faults DIR UPSTREAM: an HTTPS proxy in front of an API server, which fails as told.

Listens on a free port of 127.0.0.1 (printed) with DIR/tls.crt and DIR/tls.key.
UPSTREAM is HOST:PORT.  What is asked of it is logged in DIR/log, a JSON object
a line: ms method path status token rule.  DIR/token, where it is there, is the
real token: then only those in DIR/accepted (a line each) are taken, and
replaced by it.  DIR/rules is read with each request, a rule a line; the first
that applies is carried out:

    COUNT REGEX ACTION [ARGUMENT...]

SIGHUP cuts all connections.  COUNT: N the first N requests that match, */N every Nth, * all.
REGEX is searched in "METHOD PATH".  ACTION:
    status CODE [RETRY-AFTER [MESSAGE]]   answered without the server
    text WORDS        answered 200 with that line, without the server
    hang SECONDS      answered that much later
    none              the connection is closed without an answer
    lost              carried out, and closed without an answer
    close             answered, and closed without a word about that
    body N            the body is cut after N bytes
    badjson           the body ends after half of it, as if that were all
    stream N [half]   the stream is cut after N lines, in the midst of the next
    badline N         the N+1st line is half of one, and the stream goes on
    gone N            after N lines the stream says 410 and ends
"""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIR, UPSTREAM = sys.argv[1:3]
lock = threading.Lock()
connections = set()
seen = {}  # how often a rule's line has matched


def lines(name):
    try:
        with open(os.path.join(DIR, name)) as f:
            return [line.rstrip('\n') for line in f if line.strip()]
    except FileNotFoundError:
        return None


def applies(count, n):
    if count == '*':
        return True
    if count.startswith('*/'):
        return n % int(count[2:]) == 0
    return n <= int(count)


def rule_for(what):
    for line in lines('rules') or []:
        count, regex, action, *args = line.split(None, 5)
        if not re.search(regex, what):
            continue
        with lock:
            n = seen[line] = seen.get(line, 0) + 1
        if applies(count, n):
            return action, args
    return None, []


class Cut(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def note(self, status, rule):
        token = (self.headers.get('Authorization') or '').replace('Bearer ', '')
        entry = {'ms': round(time.monotonic() * 1000, 1), 'method': self.command, 'path': self.path,
                 'status': status, 'token': token if len(token) < 20 else 'long', 'rule': rule}
        with lock, open(os.path.join(DIR, 'log'), 'a') as f:
            f.write(json.dumps(entry) + '\n')

    def cut(self, after=0.0):
        """Ends the connection with a reset, once what was sent has come through."""
        time.sleep(after)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        raise Cut

    def status(self, code, retry_after=None, message='told to fail'):
        body = json.dumps({'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': code,
                           'reason': {401: 'Unauthorized', 404: 'NotFound', 409: 'Conflict', 410: 'Expired'}.get(code, 'Told'), 'message': message}).encode()
        self.send_response(code)
        if retry_after and retry_after != '-':
            self.send_header('Retry-After', retry_after)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def text(self, words):
        body = ' '.join(words).encode() + b'\n'
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        action, args = rule_for(f'{self.command} {self.path}')
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ('host', 'connection', 'accept-encoding')}
        real = lines('token')
        if real:
            if (self.headers.get('Authorization') or '').replace('Bearer ', '') not in (lines('accepted') or []):
                self.note(401, 'token')
                return self.status(401, message='Unauthorized')
            headers['Authorization'] = 'Bearer ' + real[0]
        if action == 'status':
            self.note(int(args[0]), action)
            return self.status(int(args[0]), *args[1:])
        if action == 'text':
            self.note(200, action)
            return self.text(args)
        if action == 'none':
            self.note(0, action)
            self.cut()
        if action == 'hang':
            time.sleep(float(args[0]))
        up = http.client.HTTPSConnection(UPSTREAM, context=ssl._create_unverified_context())
        up.request(self.command, self.path, body or None, headers)
        answer = up.getresponse()
        self.note(answer.status, action)
        try:
            self.pass_on(answer, action, args)
        finally:
            up.close()

    def pass_on(self, answer, action, args):
        if action == 'lost':
            answer.read()
            self.cut()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ('content-length', 'transfer-encoding', 'connection', 'date', 'server'):
                self.send_header(key, value)
        if answer.getheader('Content-Length') is None:
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            return self.pass_stream(answer, action, args)
        body = answer.read()
        if action == 'badjson':
            body = body[:len(body) // 2]
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body[:int(args[0])] if action == 'body' else body)
        if action == 'body':
            self.cut(0.1)
        self.close_connection = action == 'close'

    def chunk(self, data):
        self.wfile.write(b'%x\r\n%s\r\n' % (len(data), data))
        self.wfile.flush()

    def pass_stream(self, answer, action, args):
        left = int(args[0]) if action in ('stream', 'badline', 'gone', 'body') else None
        if action == 'body':
            self.chunk(answer.read(left))
            self.cut(0.1)
        if action == 'badjson':
            body = answer.read()
            self.chunk(body[:len(body) // 2])
            return self.wfile.write(b'0\r\n\r\n')
        if action is None or action == 'close':
            while data := answer.read1(65536):
                self.chunk(data)
            self.close_connection = action == 'close'
            return self.wfile.write(b'0\r\n\r\n')
        while True:
            if left == 0 and action == 'gone':
                status = {'kind': 'Status', 'apiVersion': 'v1', 'status': 'Failure', 'code': 410, 'reason': 'Expired',
                          'message': 'too old resource version: 1 (2)'}
                self.chunk(json.dumps({'type': 'ERROR', 'object': status}).encode() + b'\n')
                break
            if not (line := answer.readline()):
                break
            if left == 0 and action == 'stream':
                if args[1:] == ['half']:
                    self.chunk(line[:len(line) // 2])
                self.cut(0.1)
            if left == 0 and action == 'badline':
                line = line[:len(line) // 2] + b'\n'
            self.chunk(line)
            left = left - 1 if left is not None else None
        self.wfile.write(b'0\r\n\r\n')

    def do_GET(self):
        try:
            self.serve()
        except (Cut, OSError, http.client.HTTPException, ValueError):
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def finish_request(self, request, client_address):
        # in the connection's thread: a slow handshake holds nobody up
        with tls.wrap_socket(request, server_side=True) as secured:
            with lock:
                connections.add(secured)
            try:
                self.RequestHandlerClass(secured, client_address, self)
            finally:
                with lock:
                    connections.discard(secured)

    def handle_error(self, *_):
        pass


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(os.path.join(DIR, 'tls.crt'), os.path.join(DIR, 'tls.key'))
if lines('idle'):  # seconds after which an unused connection is closed
    Handler.timeout = float(lines('idle')[0])


def cut_all(*_):
    for secured in list(connections):
        secured.shutdown(socket.SHUT_RDWR)


signal.signal(signal.SIGHUP, cut_all)
server = Server(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
