# An API server of one namespace over TLS, and a proxy, for tests of what a
# kubeconfig says about connections: one_api.py CERT KEY CLIENT-CA LOG
# prints the ports of server and proxy.  LOG gets a line for each request: its
# path, the name that TLS asked for, the client certificate's subject, the
# Authorization; and one for each connection that the proxy makes.
import http.server, json, select, socket, socketserver, ssl, sys, threading

cert, key, ca, log = sys.argv[1:5]
names = {}
namespace = {"metadata": {"name": "one", "uid": "u", "resourceVersion": "1"}, "status": {"phase": "Active"}}
resources = [{"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": ["list"], "shortNames": ["ns"]}]


def write(line):
    with open(log, "a") as f:
        f.write(line + "\n")


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        peer = self.connection.getpeercert() or {}
        who = dict(x[0] for x in peer.get("subject", ())).get("commonName", "-")
        write("%s sni=%s cert=%s auth=%s" % (self.path.split("?")[0], names.get(self.connection, "-"), who,
                                            self.headers.get("Authorization", "-")))
        body = {"resources": resources} if self.path == "/api/v1" else {"kind": "NamespaceList", "apiVersion": "v1",
                "metadata": {"resourceVersion": "1"}, "items": [namespace]}
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


class Proxy(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            pass
        write("proxy %s %s" % (line[0], line[1]))
        host, port = line[1].rsplit(":", 1)
        with socket.create_connection(("127.0.0.1" if host == "api.test" else host, int(port))) as up:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            pair = {self.connection: up, up: self.connection}
            while True:
                for s in select.select(list(pair), [], [])[0]:
                    data = s.recv(65536)
                    if not data:
                        return
                    pair[s].sendall(data)


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(cert, key)
tls.load_verify_locations(ca)
tls.verify_mode = ssl.CERT_OPTIONAL
tls.sni_callback = lambda s, name, context: names.__setitem__(s, name or "-")
api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
api.socket = tls.wrap_socket(api.socket, server_side=True)
proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
proxy.daemon_threads = True
threading.Thread(target=proxy.serve_forever, daemon=True).start()
print(api.server_port, proxy.server_address[1], flush=True)
api.serve_forever()
