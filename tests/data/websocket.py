"""A WebSocket client of the API server, made to look at the bytes.

websocket.py [-H HEADER] [-m METHOD] [-p SUBPROTOCOL] [-u UPGRADE] [-s SEND] PATH

Takes the server, the CA and the token from the environment (SERVER, CACERT,
TOKEN), sends SEND on channel 0, and prints the status and a refusal's message,
or each message as "CHANNEL BYTES", and how it ended.
"""
import base64
import getopt
import hashlib
import json
import os
import socket
import ssl
import struct
import sys


class WebSocket:
    def __init__(self, path, method='GET', protocol='v4.channel.k8s.io', upgrade='websocket', headers=()):
        host, port = os.environ['SERVER'].split('//')[1].split(':')
        tls = ssl.create_default_context(cafile=os.environ['CACERT'])
        self.s = tls.wrap_socket(socket.create_connection((host, int(port)), 10), server_hostname=host)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f'{method} {path} HTTP/1.1', f'Host: {host}', f'Authorization: Bearer {os.environ["TOKEN"]}', *headers]
        if method == 'POST':
            lines.append('Content-Length: 0')
        if upgrade:
            lines += ['Connection: keep-alive, Upgrade', f'Upgrade: {upgrade}']
        if upgrade == 'websocket':
            lines += ['Sec-WebSocket-Version: 13', f'Sec-WebSocket-Key: {key}']
        if protocol:
            lines.append(f'Sec-WebSocket-Protocol: {protocol}')
        self.s.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode())
        self.f = self.s.makefile('rb')
        self.status = int(self.f.readline().split()[1])
        self.headers = {}
        while (line := self.f.readline().strip()):
            name, value = line.decode().split(': ', 1)
            self.headers[name.lower()] = value
        if self.status == 101:
            want = hashlib.sha1((key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()
            assert self.headers['sec-websocket-accept'] == base64.b64encode(want).decode()
            self.message = None
        else:
            body = json.loads(self.f.read(int(self.headers['content-length'])))
            assert body['kind'] == 'Status' and body['code'] == self.status
            self.message = body['message']

    def frame(self, opcode, data, fin=1, masked=1):
        n = len(data)
        head = bytes([fin << 7 | opcode]) + (
            bytes([masked << 7 | n]) if n < 126 else
            bytes([masked << 7 | 126]) + struct.pack('>H', n) if n < 65536 else
            bytes([masked << 7 | 127]) + struct.pack('>Q', n))
        if masked:
            mask = os.urandom(4)
            long = (mask * (n // 4 + 1))[:n]
            data = mask + (int.from_bytes(data, 'big') ^ int.from_bytes(long, 'big')).to_bytes(n, 'big')
        self.s.sendall(head + data)

    def send(self, data, channel=0):
        self.frame(2, bytes([channel]) + data)

    def receive(self):
        """(opcode, data), or None at the end"""
        head = self.f.read(2)
        if len(head) < 2:
            return None
        n = head[1]
        assert n < 128, 'servers do not mask'
        if n > 125:
            n = int.from_bytes(self.f.read(2 if n == 126 else 8), 'big')
        return head[0] & 15, self.f.read(n)

    def collect(self):
        """What came on each channel, behind its port, and the close frame."""
        channels = {}
        while (m := self.receive()):
            if m[0] == 8:
                return channels, m[1]
            channels[m[1][0]] = channels.get(m[1][0], b'') + m[1][1:]
        return channels, None


def main():
    spec, send = {'headers': []}, None
    options, (path,) = getopt.getopt(sys.argv[1:], 'H:m:p:s:u:')
    for o, value in options:
        if o == '-H':
            spec['headers'].append(value)
        elif o == '-s':
            send = value.encode().decode('unicode_escape').encode()
        else:
            spec[{'-m': 'method', '-p': 'protocol', '-u': 'upgrade'}[o]] = value
    w = WebSocket(path, **spec)
    print(w.status, w.message or w.headers.get('sec-websocket-protocol', '-'))
    if w.status != 101:
        return
    if send:
        w.send(send)
    while (m := w.receive()) and m[0] != 8:
        print(m[1][0], repr(m[1][1:])[2:-1])
    print('end', m and int.from_bytes(m[1], 'big'), repr(w.receive()))


if __name__ == '__main__':
    main()
