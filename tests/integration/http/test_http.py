# SPDX-License-Identifier: Apache-2.0
"""The HTTP side of the front door over real sockets: streams both ways, ranges, refusals, and peers that misbehave."""
import hashlib
import http.client
import json
import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts" / "lib"))
import installation  # noqa: E402

DIRECTORY = {
    "institutions": [{"id": "ins_village", "name": "云岭村卫生室", "level": "village", "kind": "village_clinic"}],
    "accounts": [{"id": "acc_village", "name": "village", "institution": "ins_village", "roles": ["village_doctor"],
                  "language": "zh-CN", "password": "password-village"}],
    "panels": [],
}
SESSIONS = 3
BIG = 24 * 1024 * 1024


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


class Rig:
    """Keys, certificate and store of an installation, sessions prepared in the store, and the test's own server."""

    def __init__(self, folder):
        self.folder, self.log = folder, folder / "rig.log"
        self.port, = installation.free_ports(1)
        ctl = installation.program("shanqiaoctl")
        installation.make_folder(folder, 0o700)
        installation.call(ctl, "init", "--db", folder / "s.db", "--keys", folder / "keys")
        installation.call(ctl, "tls-init", folder / "tls", "localhost", "127.0.0.1")
        (folder / "directory.json").write_text(json.dumps(DIRECTORY, ensure_ascii=False))
        installation.call(ctl, "import", "--db", folder / "s.db", "--keys", folder / "keys", folder / "directory.json")
        self.tokens = [f"token-{i}-of-this-test" for i in range(SESSIONS)]
        now = time.time_ns() // 1000
        self.sql(*(("INSERT INTO session (id, token_hash, account, device, created_us, expires_us)"
                    " VALUES (?, ?, 'acc_village', 'test', ?, ?)",
                    (f"ses_{i}", hashlib.sha256(t.encode()).digest(), now, now + 3600 * 1000000))
                   for i, t in enumerate(self.tokens)))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([os.environ["HTTP_RIG"], folder / "tls/server.crt", folder / "tls/server.key",
                                             folder / "s.db", folder / "keys", str(self.port)], stdout=log, stderr=log)
        end = time.monotonic() + installation.START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def sql(self, *statements):
        with sqlite3.connect(self.folder / "s.db", timeout=20) as db:
            rows = [db.execute(*s).fetchall() for s in statements]
        db.close()
        return rows[-1]

    def connect(self):
        return context().wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=int(os.environ.get("HTTP_SECONDS", 40))))

    def stop(self):
        self.process.terminate()
        return self.process.wait(20)


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-http-"))
        cls.rig = Rig(cls.folder / "rig")

    @classmethod
    def tearDownClass(cls):
        status = cls.rig.stop()
        log = cls.rig.log.read_text()
        shutil.rmtree(cls.folder)
        assert status == 0 and "ERROR" not in log, log

    def setUp(self):
        self.client = http.client.HTTPSConnection("127.0.0.1", self.rig.port, timeout=int(os.environ.get("HTTP_SECONDS", 40)), context=context())

    def tearDown(self):
        self.client.close()
        self.assertIsNone(self.rig.process.poll(), "the program is still there")

    def ask(self, method, path, body=None, token=0, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["Authorization"] = f"Bearer {self.rig.tokens[token]}"
        self.client.request(method, path, body, headers)
        answer = self.client.getresponse()
        return answer.status, dict((n.lower(), v) for n, v in answer.getheaders()), answer.read()

    def raw(self, text):
        """Sends bytes, returns all that came until the server closed."""
        with self.rig.connect() as s:
            s.sendall(text.encode() if isinstance(text, str) else text)
            answer = b""
            try:
                while data := s.recv(65536):
                    answer += data
            except (ConnectionError, ssl.SSLError):
                pass
        return answer.decode("latin-1")

    def head(self, line, more=""):
        return (f"{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.rig.tokens[0]}\r\n{more}\r\n")


class Case(Base):
    """Streams, keep-alive, refusals, acts, peers that misbehave."""

    # --- streams ---

    def test_a_body_streams_in_and_out_unchanged(self):
        data = os.urandom(BIG)
        for name, query in (("plain", ""), ("paused", "?pause=1&halting=1")):
            size = BIG if not query else 300 * 1024
            status, headers, _ = self.ask("PATCH", f"/files/{name}{query}", data[:size])
            self.assertEqual((status, headers["upload-offset"]), (204, str(size)))
            status, headers, body = self.ask("GET", f"/files/{name}{query}")
            self.assertEqual((status, int(headers["content-length"])), (200, size))
            self.assertEqual(hashlib.sha256(body).digest(), hashlib.sha256(data[:size]).digest(), name)
            self.assertEqual(self.ask("DELETE", f"/files/{name}")[0], 204)
            self.assertEqual(self.ask("GET", f"/files/{name}")[0], 404)

    def test_ranges_and_head(self):
        self.ask("PATCH", "/files/ranged", bytes(range(256)) * 4096)
        status, _, body = self.ask("GET", "/files/ranged", Range="bytes=1000-70000")
        self.assertEqual((status, body), (206, (bytes(range(256)) * 4096)[1000:70001]))
        status, headers, body = self.ask("HEAD", "/files/ranged")
        self.assertEqual((status, headers["content-length"], body), (200, str(256 * 4096), b""))
        self.assertEqual(self.ask("GET", "/say")[0], 200, "the connection goes on after HEAD")
        self.ask("DELETE", "/files/ranged")

    def test_an_empty_body_ends_at_once(self):
        self.assertEqual(self.ask("PATCH", "/files/empty", b"")[0], 204)
        self.assertEqual(self.ask("DELETE", "/files/empty")[0], 204)

    def test_a_room_may_answer_before_the_body_ended(self):
        for size in (3, 100, 16384, 200000):
            self.assertEqual(self.ask("PATCH", f"/files/early{size}?early=1", b"x" * size)[0], 200)
            self.client.close()
            self.assertEqual(self.ask("DELETE", f"/files/early{size}")[0], 204)

    def test_a_slow_reader_gets_all_of_it(self):
        data = os.urandom(BIG)  # more than the buffers between the two hold
        self.ask("PATCH", "/files/slow", data)
        with self.rig.connect() as s:
            s.sendall(self.head("GET /files/slow", "Connection: close\r\n").encode())
            self.assertEqual(self.ask("GET", "/say")[0], 200, "others are served meanwhile")
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += s.recv(4096)
            body = bytearray(answer.partition(b"\r\n\r\n")[2])
            while len(body) < BIG:
                body += s.recv(65536)
        self.assertEqual(hashlib.sha256(body).digest(), hashlib.sha256(data).digest())
        self.ask("DELETE", "/files/slow")

    def test_expect_continue_is_answered(self):
        with self.rig.connect() as s:
            s.sendall(self.head("PATCH /files/expecting", "Content-Length: 3\r\nExpect: 100-continue\r\n").encode())
            first = s.recv(65536)
            self.assertTrue(first.startswith(b"HTTP/1.1 100 Continue\r\n\r\n"), first)
            s.sendall(b"abc")
            self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 204 "))
        self.assertEqual(self.ask("GET", "/files/expecting")[2], b"abc")
        self.ask("DELETE", "/files/expecting")

    # --- keep-alive ---

    def test_pipelined_requests_are_answered_in_order(self):
        text = (self.head("PATCH /files/p", "Content-Length: 3\r\n") + "abc" + self.head("HEAD /files/p")
                + self.head("GET /files/p") + self.head("POST /act", "Content-Length: 0\r\n")
                + self.head("DELETE /files/p") + self.head("GET /files/p", "Connection: close\r\n"))
        answer = self.raw(text)
        statuses = [line.split()[1] for line in answer.split("\r\n") if "HTTP/1.1 " in line]
        self.assertEqual(statuses, ["204", "200", "200", "204", "204", "404"], answer)

    def test_a_late_answer_keeps_its_place(self):
        with self.rig.connect() as s:
            s.sendall((self.head("GET /late") + self.head("GET /files/none", "Connection: close\r\n")).encode())
            self.assertEqual(self.ask("POST", "/open", token=None)[0], 204)
            answer = b""
            while data := s.recv(65536):
                answer += data
        first, second = answer.find(b"late\n"), answer.find(b"404")
        self.assertTrue(0 < first < second, answer)

    def test_many_requests_on_one_connection(self):
        for i in range(300):
            self.assertEqual(self.ask("GET", "/say")[0], 200)

    # --- refusals ---

    def test_transfer_encoding_is_refused_and_closed(self):
        for more in ("Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                     "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"):
            answer = self.raw(self.head("PATCH /files/te", more) + "0\r\n\r\n" + self.head("DELETE /files/te"))
            self.assertTrue(answer.startswith("HTTP/1.1 411 "), answer)
            self.assertEqual(answer.count("HTTP/1.1"), 1, "nothing behind it is answered")

    def test_odd_lengths_are_refused(self):
        for more, status in (("Content-Length: 3\r\nContent-Length: 3\r\n", 400), ("Content-Length: +3\r\n", 400),
                             ("Content-Length: 3x\r\n", 400), ("Content-Length: -3\r\n", 400), ("", 411),
                             ("Content-Length: 99999999999999999999\r\n", 400),
                             (f"Content-Length: {65 * 1024 * 1024}\r\n", 413)):
            answer = self.raw(self.head("PATCH /files/length", more) + "abc")
            self.assertTrue(answer.startswith(f"HTTP/1.1 {status} "), (more, answer))
            self.assertEqual(answer.count("HTTP/1.1"), 1, "nothing behind it is answered")
        self.assertEqual(self.ask("GET", "/files/length")[0], 404)
        self.assertTrue(self.raw(self.head("GET /say", "Content-Length: 3\r\n") + "abc").startswith("HTTP/1.1 413 "))

    def test_unknown_paths_and_methods(self):
        self.assertEqual(self.ask("GET", "/nowhere")[0], 404)
        status, headers, _ = self.ask("POST", "/files/x", b"")
        self.assertEqual(status, 405)
        self.assertEqual(set(headers["allow"].split(", ")), {"GET", "HEAD", "PATCH", "DELETE"})
        self.assertEqual(self.ask("POST", "/nowhere", b"")[0], 404)
        self.assertEqual(self.ask("POST", "/healthz", b"")[1]["allow"], "GET")
        self.assertEqual(self.ask("GET", "/act")[1]["allow"], "POST")

    def test_a_session_is_wanted(self):
        status, headers, body = self.ask("GET", "/files/x", token=None)
        self.assertEqual((status, headers["www-authenticate"]), (401, "Bearer"))
        self.assertEqual(json.loads(body)["error"]["code"], "SQ_ERR_UNAUTHENTICATED")
        for value in ("Bearer nonsense", "Basic YTpi", "Bearer", f"bearer  {self.rig.tokens[0]}x"):
            self.assertEqual(self.ask("GET", "/files/x", token=None, Authorization=value)[0], 401)
        self.assertIsNone(json.loads(self.ask("GET", "/say", token=None)[2])["caller"])
        self.assertEqual(json.loads(self.ask("GET", "/say")[2])["caller"], "acc_village")
        # an early refusal is readable although the body was on its way
        status, _, body = self.ask("PATCH", "/files/x", os.urandom(2 * 1024 * 1024), token=None)
        self.assertEqual(status, 401)

    def test_queries_are_clean_text(self):
        say = json.loads(self.ask("GET", "/say?a=%E5%BF%83&b&c=1%3D2&a=x%26y")[2])
        self.assertEqual(say["query"], [["a", "心"], ["b", ""], ["c", "1=2"], ["a", "x&y"]])
        for bad in ("%ff", "%c0%af", "%ed%a0%80", "%c2%85", "%7f"):
            self.assertEqual(self.ask("GET", f"/say?a={bad}")[0], 400, bad)
            self.client.close()
        for bad in ("%0d%0a", "%00", "%1b"):  # refused, or dropped by libwebsockets
            text = self.raw(self.head(f"GET /say?a=x{bad}y", "Connection: close\r\n")).partition("\r\n\r\n")[2]
            self.assertFalse(any(sign in text for sign in ("\\u00", "\r", "\\r", "\\n")), text)
        self.assertIn(self.raw(self.head("GET /say?" + "&".join("a=1" for _ in range(100)), ""))[9:12], ("400", ""))

    def test_a_room_cannot_write_a_header_by_accident(self):
        self.ask("PATCH", "/files/name", b"x")
        _, headers, _ = self.ask("GET", "/files/name")
        self.assertEqual(headers["content-disposition"], 'attachment; filename="a__b"')
        for name in ("strict-transport-security", "x-content-type-options", "date"):
            self.assertIn(name, headers)
        self.ask("DELETE", "/files/name")

    # --- acts ---

    def test_an_act_is_stored_or_leaves_no_trace(self):
        language = ("SELECT language FROM account WHERE id = 'acc_village'",)
        rows = ("SELECT count(*) FROM audit WHERE act = 'rig.act'",)
        self.rig.sql(("UPDATE account SET language = 'zh-CN' WHERE id = 'acc_village'",))
        before, = self.rig.sql(rows)[0]
        status, _, body = self.ask("POST", "/act?fail=1", b"")
        self.assertEqual((status, json.loads(body)["error"]["messageEn"]), (409, "Not now."))
        self.assertEqual(self.rig.sql(language)[0][0], "zh-CN")
        self.assertEqual(self.ask("POST", "/act", b"")[0], 204)
        self.assertEqual(self.rig.sql(language)[0][0], "en")
        self.assertEqual(self.rig.sql(rows)[0][0], before + 1)

    # --- peers that misbehave ---

    def told(self, name, least):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if json.loads(self.ask("GET", "/say")[2])[name] >= least:
                return
        self.fail(f"{name} stays below {least}")

    def test_a_peer_that_goes_away_is_noticed(self):
        broken = json.loads(self.ask("GET", "/say")[2])["broken"]
        with self.rig.connect() as s:  # amid its body
            s.sendall((self.head("PATCH /files/gone", "Content-Length: 1000000\r\n") + "x" * 50000).encode())
            self.ask("GET", "/say")  # the room has it by now
        self.told("broken", broken + 1)
        self.ask("PATCH", "/files/big", os.urandom(BIG))
        with self.rig.connect() as s:  # amid its response
            s.sendall(self.head("GET /files/big").encode())
            s.recv(1000)
        self.told("broken", broken + 2)
        with self.rig.connect() as s:  # while the room thinks
            s.sendall(self.head("GET /late").encode())
            self.ask("GET", "/say")  # the room has it by now
            s.shutdown(socket.SHUT_RDWR)
        self.told("broken", broken + 3)
        self.ask("POST", "/open", token=None)
        for name in ("gone", "big"):
            self.ask("DELETE", f"/files/{name}")

    def test_too_many_at_a_time_are_refused(self):
        held = []
        for _ in range(16):
            held.append(self.rig.connect())
            held[-1].sendall(self.head("PATCH /files/many", "Content-Length: 10\r\n").encode())
        end = time.monotonic() + 30
        status = 0
        while status != 429 and time.monotonic() < end:
            status, _, body = self.ask("GET", "/files/many")
        self.assertEqual((status, json.loads(body)["error"]["code"]), (429, "SQ_ERR_LIMIT"))
        for s in held:
            s.close()
        while status == 429 and time.monotonic() < end:
            status = self.ask("GET", "/files/many")[0]
        self.assertNotEqual(status, 429)
        self.ask("DELETE", "/files/many")

    def test_an_ended_session_loses_its_transfer(self):
        with self.rig.connect() as s:
            text = self.head("PATCH /files/ended", "Content-Length: 1000000\r\n").replace(*self.rig.tokens[:2])
            s.sendall((text + "x" * 5000).encode())
            self.assertEqual(self.ask("GET", "/say")[0], 200, "what came before it was read")
            self.rig.sql(("UPDATE session SET ended_us = 1 WHERE id = 'ses_1'",))
            self.assertEqual(s.recv(1000), b"", "closed without an answer")
        self.ask("DELETE", "/files/ended")

    def test_slow_headers_are_closed(self):
        sockets = [self.rig.connect() for _ in range(50)]
        for s in sockets:
            s.sendall(b"GET /say HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        self.assertEqual(self.ask("GET", "/say")[0], 200)
        for s in sockets:
            self.assertEqual(s.recv(1000), b"", "closed after SERVER_HANDSHAKE_S")
            s.close()


class Slow(Base):
    """Takes HTTP_IDLE_US; has its own server so that it runs beside nothing else."""

    def test_a_body_that_drips_is_closed(self):
        with self.rig.connect() as s:
            s.settimeout(2)
            s.sendall(self.head("PATCH /files/drip", "Content-Length: 1000000\r\n").encode())
            began, gone = time.monotonic(), False
            while not gone and time.monotonic() - began < 90:
                try:
                    s.sendall(b"x")
                    gone = s.recv(100) == b""
                except TimeoutError:
                    pass
                except (ConnectionError, ssl.SSLError):
                    gone = True
            took = time.monotonic() - began
        self.assertTrue(gone and 55 < took < 80, took)


if __name__ == "__main__":
    unittest.main()
