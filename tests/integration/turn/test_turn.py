# SPDX-License-Identifier: Apache-2.0
"""What a terminal gets as iceServers opens a real coturn over TLS, for this account and for a while only; a configuration
as docs/turn.md has it reaches the relay and nothing else."""
import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
sys.path.insert(0, str(ROOT / "tests" / "integration" / "signaling"))
import installation  # noqa: E402
import wire  # noqa: E402

SECRET = "a-secret-of-this-test-and-no-other"
COOKIE = 0x2112A442
ALLOCATE, CREATE_PERMISSION = 0x003, 0x008
USERNAME, INTEGRITY, ERROR, PEER, REALM, NONCE, TRANSPORT = 0x006, 0x008, 0x009, 0x012, 0x014, 0x015, 0x019
UDP = bytes([17, 0, 0, 0])


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def peer_address(ip):
    raw = struct.unpack(">I", socket.inet_aton(ip))[0]
    return attribute(PEER, struct.pack(">BBHI", 0, 1, 4000 ^ (COOKIE >> 16), raw ^ COOKIE))


class Turn:
    """As much of RFC 8656 as asks for an allocation and a permission."""

    def __init__(self, port, username, password):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20))
        self.username, self.password, self.realm, self.nonce = username, password, None, None

    def exchange(self, method, body):
        """(class bits: 0x0100 success, 0x0110 refusal; attributes)"""
        if self.realm:
            body += attribute(USERNAME, self.username.encode()) + attribute(REALM, self.realm) + attribute(NONCE, self.nonce)
        head = struct.pack(">HHI", method, len(body) + (24 if self.realm else 0), COOKIE) + os.urandom(12)
        message = head + body
        if self.realm:
            key = hashlib.md5(self.username.encode() + b":" + self.realm + b":" + self.password.encode()).digest()
            message += attribute(INTEGRITY, hmac.new(key, message, hashlib.sha1).digest())
        self.socket.sendall(message)
        kind, size = struct.unpack(">HH", self.take(20)[:4])
        data, found = self.take(size), {}
        while data:
            name, length = struct.unpack(">HH", data[:4])
            found[name] = data[4:4 + length]
            data = data[4 + length + -length % 4:]
        return kind & 0x0110, found

    def take(self, count):
        got = b""
        while len(got) < count:
            data = self.socket.recv(count - len(got))
            if not data:
                raise ConnectionError("coturn closed")
            got += data
        return got

    def allocate(self):
        """0, or the error code that coturn gives."""
        kind, found = self.exchange(ALLOCATE, attribute(TRANSPORT, UDP))
        assert kind == 0x0110 and code_of(found) == 401, "the first is always asked who it is"
        self.realm, self.nonce = found[REALM], found[NONCE]
        kind, found = self.exchange(ALLOCATE, attribute(TRANSPORT, UDP))
        return 0 if kind == 0x0100 else code_of(found)

    def permit(self, ip):
        kind, found = self.exchange(CREATE_PERMISSION, peer_address(ip))
        return 0 if kind == 0x0100 else code_of(found)


def code_of(found):
    return found[ERROR][2] * 100 + found[ERROR][3]


class Credentials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-turn-"))
        cls.server = installation.Installation(cls.folder / "installation")
        cls.plain, cls.tls = installation.free_ports(2)
        secret = cls.server.write("turn.secret", SECRET + "\n")
        cls.urls = [f"turns:127.0.0.1:{cls.tls}?transport=tcp", f"turn:127.0.0.1:{cls.plain}?transport=udp"]
        cls.server.turn = (cls.urls, secret)
        cls.server.start_relay()
        cls.server.start_signaling()
        cls.start_coturn()

    @classmethod
    def start_coturn(cls):
        conf = cls.server.write("turnserver.conf", f"""\
realm=turn.example.org
use-auth-secret
static-auth-secret={SECRET}
listening-ip=127.0.0.1
relay-ip=127.0.0.1
listening-port={cls.plain}
tls-listening-port={cls.tls}
cert={cls.server.folder / "tls/server.crt"}
pkey={cls.server.folder / "tls/server.key"}
no-cli
no-multicast-peers
allow-loopback-peers
denied-peer-ip=0.0.0.0-255.255.255.255
allowed-peer-ip=127.0.0.1
userdb={cls.folder / "turndb"}
pidfile={cls.folder / "turn.pid"}
log-file=stdout
simple-log
""")
        cls.server.start("coturn", [shutil.which("turnserver") or "/usr/bin/turnserver", "-c", conf])
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", cls.tls), timeout=1).close()
                return
            except OSError:
                cls.server.check("coturn")
                assert time.monotonic() < end, "coturn answers"
                time.sleep(0.05)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.folder)

    def ice_servers(self):
        """Of the village's transport in a consultation that rings."""
        t = wire.Terminal(self.server.https)
        self.addCleanup(t.close)
        t.result("auth.login", {"account": "acc_village", "password": self.server.passwords["village"], "takeover": True})
        other = wire.Terminal(self.server.https)
        self.addCleanup(other.close)
        other.result("auth.login", {"account": "acc_specialist", "password": self.server.passwords["specialist"], "takeover": True})
        panel = t.result("directory.panels")["panels"][0]["id"]
        other.result("duty.set", {"panelId": panel, "onDuty": True})
        request = json.loads((ROOT / "scripts/lib/demo-request.json").read_text())
        request = {**request, "kind": "live", "panelId": panel}
        case = t.result("consultation.submit", request)["consultation"]["id"]
        try:
            return t.result("media.createTransport", {"room": case, "direction": "send"})["iceServers"]
        finally:
            t.result("consultation.cancel", {"id": case, "reason": "over"})

    def at_the_server(self, username, password):
        turn = Turn(self.tls, username, password)
        self.addCleanup(turn.socket.close)
        return turn

    def test_they_open_the_server_for_a_while(self):
        servers = self.ice_servers()
        self.assertEqual(len(servers), 1)
        self.assertEqual(servers[0]["urls"], self.urls)
        end, account = re.fullmatch(r"(\d+):(.+)", servers[0]["username"]).groups()
        self.assertEqual(account, "acc_village")
        self.assertTrue(abs(int(end) - time.time() - 12 * 3600) < 60, end)
        turn = self.at_the_server(servers[0]["username"], servers[0]["credential"])
        self.assertEqual(turn.allocate(), 0)
        self.assertEqual(turn.permit("127.0.0.1"), 0, "the relay")
        self.assertEqual(turn.permit("10.0.0.1"), 403, "nothing else")

    def test_nobody_makes_one_up(self):
        server = self.ice_servers()[0]
        end, account = server["username"].split(":")
        for username, password in ((server["username"], "A" * len(server["credential"])),
                                   (f"{end}:acc_other", server["credential"]), (f"{int(end) + 3600}:{account}", server["credential"])):
            self.assertEqual(self.at_the_server(username, password).allocate(), 401, username)

    def test_one_that_is_over_opens_nothing(self):
        username = f"{int(time.time()) - 10}:acc_village"
        password = base64.b64encode(hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()).decode()
        self.assertEqual(self.at_the_server(username, password).allocate(), 401)

    def test_the_secret_is_in_no_log(self):
        self.assertNotIn(SECRET, (self.server.folder / "signaling.log").read_text())


if __name__ == "__main__":
    unittest.main(verbosity=2)
