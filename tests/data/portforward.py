"""An API server that has one Service, its pods, and port-forward over
WebSockets (v4.channel.k8s.io).  Behind port 80 of a pod is an echo that says
which pod it is first; port 81 refuses.

portforward.py DIR: prints its port; DIR/pods holds the names of the ready
pods, one a line, read at every list; DIR/cut, when it appears, ends watches.
"""
import base64
import hashlib
import http.server
import json
import os
import struct
import sys
import time
import urllib.parse

folder = sys.argv[1]


def pods():
    with open(os.path.join(folder, 'pods')) as f:
        names = f.read().split()
    return [{'apiVersion': 'v1', 'kind': 'Pod',
             'metadata': {'name': n, 'namespace': 'x', 'uid': n,
                          'resourceVersion': '1', 'labels': {'app': 'web'}},
             'spec': {'containers': [{'name': 'c', 'ports': [{'name': 'http', 'containerPort': 80}]}]},
             'status': {'phase': 'Running',
                        'conditions': [{'type': 'Ready', 'status': 'True'}]}} for n in names]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path, _, query = self.path.partition('?')
        args = urllib.parse.parse_qs(query)
        if path.endswith('/services/web'):
            self.answer(200, {'kind': 'Service', 'metadata': {'name': 'web'}, 'spec': {
                'selector': {'app': 'web'}, 'ports': [
                    {'name': 'http', 'port': 8000, 'targetPort': 'http'},
                    {'name': 'odd', 'port': 8001, 'targetPort': 81}]}})
        elif path.endswith('/portforward'):
            self.forward(path.split('/')[-2], int(args['ports'][0]))
        elif path.endswith('/pods') and 'watch' in args:
            self.watch()
        elif path.endswith('/pods'):
            items = [p for p in pods() if 'fieldSelector' not in args or
                     args['fieldSelector'] == ['metadata.name=' + p['metadata']['name']]]
            self.answer(200, {'kind': 'PodList', 'metadata': {'resourceVersion': '1'}, 'items': items})
        else:
            self.answer(404, {'kind': 'Status', 'status': 'Failure', 'reason': 'NotFound',
                              'message': 'services "none" not found', 'code': 404})

    def watch(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        known = {p['metadata']['name']: p for p in pods()}
        while not os.path.exists(os.path.join(folder, 'cut')):
            now = {p['metadata']['name']: p for p in pods()}
            for kind, a, b in (('DELETED', known, now), ('ADDED', now, known)):
                for name in a.keys() - b.keys():
                    self.wfile.write(json.dumps({'type': kind, 'object': a[name]}).encode() + b'\n')
            self.wfile.flush()
            known = now
            time.sleep(0.05)

    # a frame each way
    def send(self, channel, data):
        data = bytes([channel]) + data
        n = len(data)
        head = b'\x82' + (bytes([n]) if n < 126 else b'\x7e' + struct.pack('>H', n)
                          if n < 65536 else b'\x7f' + struct.pack('>Q', n))
        self.wfile.write(head + data)
        self.wfile.flush()

    def receive(self):
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] & 15 == 8:
            return None
        n = head[1] & 127
        if n == 126:
            n, = struct.unpack('>H', self.rfile.read(2))
        elif n == 127:
            n, = struct.unpack('>Q', self.rfile.read(8))
        assert head[1] & 128, 'clients mask'
        mask = self.rfile.read(4) * (n // 4 + 1)
        data = self.rfile.read(n)
        return (int.from_bytes(data, 'big') ^ int.from_bytes(mask[:n], 'big')).to_bytes(n, 'big')

    def forward(self, pod, port):
        self.close_connection = True
        if pod not in (p['metadata']['name'] for p in pods()):
            self.answer(404, {'message': 'no such pod'})
            return
        key = self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
        self.send_response(101)
        self.send_header('Upgrade', 'websocket')
        self.send_header('Connection', 'Upgrade')
        self.send_header('Sec-WebSocket-Accept', base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        if not os.path.exists(os.path.join(folder, 'no-protocol')):
            self.send_header('Sec-WebSocket-Protocol', self.headers['Sec-WebSocket-Protocol'])
        self.end_headers()
        for channel in 0, 1:
            self.send(channel, struct.pack('<H', port))
        if port == 81:
            self.send(1, b'connection refused by 81')
            return
        self.send(0, pod.encode() + b'\n')
        while (data := self.receive()) is not None:
            self.send(data[0], data[1:])
            if data.endswith(b'bye\n'):
                return


http.server.ThreadingHTTPServer.request_queue_size = 512
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
