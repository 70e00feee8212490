"""An API server that has one ready pod, web, and answers port-forward by the
pod's port: 80 with a WebSocket of no subprotocol; 81 says half of something and
is gone; 82 says after a while why it refuses, and is gone.  Prints its port.
"""
import base64
import hashlib
import http.server
import json
import socket
import struct
import time

POD = {'apiVersion': 'v1', 'kind': 'Pod',
       'metadata': {'name': 'web', 'namespace': 'default', 'uid': '1', 'resourceVersion': '1'},
       'spec': {'containers': [{'name': 'c'}]},
       'status': {'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}}


def message(channel, data):
    return bytes([0x82, 1 + len(data), channel]) + data


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def do_GET(self):
        if '/portforward' in self.path:
            key = self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
            self.send_response(101)
            self.send_header('Upgrade', 'websocket')
            self.send_header('Connection', 'Upgrade')
            self.send_header('Sec-WebSocket-Accept', base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
            if not self.path.endswith('=80'):
                self.send_header('Sec-WebSocket-Protocol', 'v4.channel.k8s.io')
            self.end_headers()
            self.close_connection = True
            if not self.path.endswith('=80'):
                self.speak()
            return
        body = json.dumps({'kind': 'PodList', 'apiVersion': 'v1', 'metadata': {'resourceVersion': '1'},
                           'items': [POD]}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def speak(self):
        self.wfile.write(message(0, b'PP') + message(1, b'PP'))
        if self.path.endswith('=81'):
            self.wfile.write(message(0, b'half'))
            return
        time.sleep(0.5)
        self.wfile.write(message(1, b'no more room'))
        # a reset, as from a server that has not read all it was sent
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.connection.close()


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
