# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client that can misbehave: frames are built by hand, so that a test sends what no library would."""
import base64
import json
import os
import socket
import ssl
import struct

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
TIMEOUT_SECONDS = 40


def connect(port):
    """A TLS connection to the server; its certificate is of the installation's own authority, which is not the point here."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS))


def request(port, text):
    """Sends bytes, returns (status, headers and body as text); status 0 when the server just closed."""
    with connect(port) as s:
        s.sendall(text.encode() if isinstance(text, str) else text)
        answer = b""
        try:
            while data := s.recv(65536):
                answer += data
                head, found, body = answer.partition(b"\r\n\r\n")
                if found and len(body) >= content_length(head):
                    break
        except (ConnectionError, ssl.SSLError):
            pass
    return (int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0), answer.decode("latin-1")


def content_length(head):
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 1 << 30


def upgrade(port, path="/v1", protocol="shanqiao.v1", origin=None, extra=""):
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            + (f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else "")
            + (f"Origin: {origin}\r\n" if origin is not None else "") + extra + "\r\n")


class Closed(Exception):
    def __init__(self, code):
        super().__init__(f"closed with {code}")
        self.code = code


class Terminal:
    """One connection. `notifications` collects what came between replies."""

    def __init__(self, port, **how):
        self.socket, self.bytes, self.notifications = connect(port), b"", []
        self.socket.sendall(upgrade(port, **how).encode())
        while b"\r\n\r\n" not in self.bytes:
            data = self.socket.recv(65536)
            if not data:
                break
            self.bytes += data
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.status = int(head.split()[1]) if head else 0

    def close(self):
        self.socket.close()

    def frame(self, data, opcode=TEXT, final=True, masked=True):
        size = len(data)
        head = bytes([(0x80 if final else 0) | opcode])
        bit = 0x80 if masked else 0
        if size < 126:
            head += bytes([bit | size])
        elif size < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", size)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", size)
        mask = os.urandom(4)
        if masked:
            pattern = mask * (size // 4 + 1)
            data = (int.from_bytes(data, "big") ^ int.from_bytes(pattern[:size], "big")).to_bytes(size, "big")
            head += mask
        self.socket.sendall(head + data)

    def take(self, count):
        while len(self.bytes) < count:
            try:
                data = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLError):
                data = b""
            if not data:
                raise Closed(None)
            self.bytes += data
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def receive(self):
        """The next text as JSON; answers pings; raises Closed."""
        while True:
            first, second = self.take(2)
            size = second & 127
            if size == 126:
                size = struct.unpack(">H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.take(8))[0]
            data = self.take(size)
            opcode = first & 15
            if opcode == PING:
                self.frame(data, PONG)
            elif opcode == CLOSE:
                raise Closed(struct.unpack(">H", data[:2])[0] if len(data) >= 2 else None)
            elif opcode == TEXT:
                return json.loads(data)

    def closed(self):
        """Reads until the server closes; the close code."""
        try:
            while True:
                self.receive()
        except Closed as end:
            return end.code

    def send(self, method, params, key):
        self.frame(json.dumps({"jsonrpc": "2.0", "id": key, "method": method, "params": params}).encode())

    def call(self, method, params=None, key=None):
        """The whole reply: with `result` or `error`."""
        key = key or base64.urlsafe_b64encode(os.urandom(9)).decode()
        self.send(method, params or {}, key)
        while True:
            message = self.receive()
            if message.get("id") == key:
                return message
            self.notifications.append(message)

    def result(self, method, params=None, key=None):
        reply = self.call(method, params, key)
        if "error" in reply:
            raise AssertionError(f"{method}: {reply['error']}")
        return reply["result"]

    def told(self, method):
        """Waits for the next notification of that method; its params."""
        while True:
            for i, message in enumerate(self.notifications):
                if message.get("method") == method:
                    return self.notifications.pop(i)["params"]
            self.notifications.append(self.receive())


def error_of(reply):
    return reply.get("error", {}).get("data", {}).get("error")
