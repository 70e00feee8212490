#!/usr/bin/python3
"""An HTTP server for tests of what speaks HTTP: http-server.py PORT

  /echo...        JSON: method, path, headers, body
  /status/N       that status, with a JSON body
  /delay/MS       answers after so long
  /flaky/NAME/N   503 for the first N requests, then 200 with {"attempt": N+1}
  /text           text/plain
  /close          closes the connection without an answer
  /raw            answers with the request's body as it stands, then closes
  /s3.../FAULT    what an S3 server may answer to a PUT: slow, inside, refuse, moved, lost
  /seen           JSON: what came so far, and how many at a time at most
"""
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
seen = []
flaky = {}
busy = {'now': 0, 'most': 0}


def s3_error(code):
    return ('<?xml version="1.0"?><Error><Code>%s</Code><Message>so it is'
            '</Message></Error>' % code)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, status, body, kind='application/json', **headers):
        data = body.encode()
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def first(self, name, times):
        """Whether this is one of the first requests of that name."""
        with lock:
            flaky[name] = flaky.get(name, 0) + 1
            return flaky[name] <= times

    def s3(self, part):
        if len(part) < 2:
            return self.answer(409, s3_error('BucketAlreadyOwnedByYou'), 'application/xml')
        if part[1] == 'slow':  # twice SlowDown, then fine
            if self.first(self.path, 2):
                return self.answer(503, s3_error('SlowDown'), 'application/xml')
        elif part[1] == 'inside':  # once an error within a 200
            if self.first(self.path, 1):
                return self.answer(200, s3_error('InternalError'), 'application/xml')
        elif part[1] == 'refuse':
            return self.answer(400, s3_error('InvalidDigest'), 'application/xml')
        elif part[1] == 'moved':
            return self.answer(301, s3_error('PermanentRedirect'), 'application/xml',
                               Location='https://elsewhere/')
        elif part[1] == 'lost':  # once a lost connection
            if self.first(self.path, 1):
                self.close_connection = True
                return None
        return self.answer(200, '', ETag='"0123"')

    def handle_one(self):
        length = int(self.headers.get('Content-Length') or 0)
        body = self.rfile.read(length).decode(errors='replace')
        path = self.path.split('?')[0]
        part = path.strip('/').split('/')
        with lock:
            if part[0] != 'seen':
                seen.append('%s %s' % (self.command, self.path))
        if part[0] == 'echo':
            self.answer(200, json.dumps({
                'method': self.command, 'path': self.path, 'body': body,
                'id': 42, 'name': 'a "quoted" \\ name', 'ratio': 0.5, 'none': None,
                'headers': {k.lower(): v for k, v in self.headers.items()},
            }), X_Test='one two', Server_Timing='db;dur=1.5, app;dur=2.25;desc="x"')
        elif part[0] == 'status':
            self.answer(int(part[1]), '{"error": "no luck"}' if part[1] != '204' else '')
        elif part[0] == 'delay':
            time.sleep(int(part[1]) / 1000)
            self.answer(200, '{"waited": %s}' % part[1])
        elif part[0] == 'flaky':
            again = self.first(part[1], int(part[2]))
            self.answer(503 if again else 200, '{"attempt": %d}' % flaky[part[1]])
        elif part[0] == 'text':
            self.answer(200, 'plain words', 'text/plain; charset=utf-8')
        elif part[0] == 'close':
            self.close_connection = True
        elif part[0] == 'raw':
            self.wfile.write(body.encode())
            self.close_connection = True
        elif part[0].startswith('s3'):
            self.s3(part)
        elif part[0] == 'seen':
            self.answer(200, json.dumps({'seen': seen, 'most': busy['most']}))
        else:
            self.answer(404, '{"error": "not found"}')

    def do_any(self):
        with lock:
            busy['now'] += 1
            busy['most'] = max(busy['most'], busy['now'])
        try:
            self.handle_one()
        finally:
            with lock:
                busy['now'] -= 1

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_any


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
