"""An API server that has one ready pod, web, and answers port-forward with a
WebSocket of no subprotocol.  Prints its port.
"""
import base64
import hashlib
import http.server
import json

POD = {'apiVersion': 'v1', 'kind': 'Pod',
       'metadata': {'name': 'web', 'namespace': 'default', 'uid': '1', 'resourceVersion': '1'},
       'spec': {'containers': [{'name': 'c'}]},
       'status': {'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}}


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
            self.end_headers()
            self.close_connection = True
            return
        body = json.dumps({'kind': 'PodList', 'apiVersion': 'v1', 'metadata': {'resourceVersion': '1'},
                           'items': [POD]}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
