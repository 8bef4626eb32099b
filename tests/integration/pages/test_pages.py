# SPDX-License-Identifier: Apache-2.0
"""Pages over the signalling port as a browser meets them: exact headers, a nonce of its own for each response,
compressed and kept files, a session in a cookie, and requests of foreign pages refused."""
import gzip
import hashlib
import http.client
import re
import shutil
import ssl
import sqlite3
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

PAGE = ('<!doctype html><link rel="stylesheet" href="/main-AAAABBBB.css" nonce="{nonce}">'
        '<script type="module" src="/main-KE3XS6AC.js" nonce="{nonce}"></script>')
SCRIPT = "export const text = 'one line of many';\n" * 4000  # more than one piece of a response
SECRET = "never to be served"
COOKIE = "__Host-shanqiao"


def write_pages(folder):
    folder.mkdir()
    for name, text in (("index.html", PAGE), ("main-KE3XS6AC.js", SCRIPT), ("main-AAAABBBB.css", "body { margin: 0 }\n"),
                       ("sw.js", "self.addEventListener('fetch', () => 0);\n"), ("part-noHash.js", "1;\n"),
                       ("pdf-worker-bd888051.mjs", "export {};\n"), ("manifest.webmanifest", "{}\n"), ("viewer.wasm", "\0asm"),
                       ("favicon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>\n"), ("empty.js", ""),
                       ("notes.txt", SECRET), (".hidden.js", SECRET)):
        (folder / name).write_text(text)
    for name in ("main-KE3XS6AC.js", "index.html", "sw.js"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
    (folder / "deep").mkdir()
    (folder / "deep" / "inside.js").write_text(SECRET)
    (folder.parent / "outside.js").write_text(SECRET)
    (folder / "link.js").symlink_to(folder.parent / "outside.js")


def context():
    c = ssl.create_default_context()
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    return c


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-pages-"))
        write_pages(cls.folder / "pages")
        cls.server = installation.Installation(cls.folder / "installation", cls.folder / "pages")
        cls.server.start_signaling()
        cls.origin = f"https://127.0.0.1:{cls.server.https}"

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        log = (cls.server.folder / "signaling.log").read_text()
        shutil.rmtree(cls.folder)
        assert cls.server.processes["signaling"].returncode == 0, log[-4000:]  # leaks too, with sanitizers

    def setUp(self):
        self.client = http.client.HTTPSConnection("127.0.0.1", self.server.https, timeout=40, context=context())
        self.terminals = []

    def tearDown(self):
        self.client.close()
        for t in self.terminals:
            t.close()
        self.server.check("signaling")

    def ask(self, method, path, body=None, **headers):
        self.client.request(method, path, body, {n.replace("_", "-"): v for n, v in headers.items()})
        answer = self.client.getresponse()
        return answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read()

    def terminal(self, **how):
        self.terminals.append(wire.Terminal(self.server.https, **how))
        return self.terminals[-1]

    def sign_in(self, name="village", **more):
        t = self.terminal(origin=self.origin)
        t.login = t.result("auth.login", {"account": f"acc_{name}", "password": self.server.passwords[name], **more})
        return t

    def rows(self, query, *values):
        with sqlite3.connect(self.server.database, timeout=20) as db:
            found = db.execute(query, values).fetchall()
        db.close()
        return found


class Files(Case):
    def test_the_page_has_its_policy_and_a_nonce_of_its_own(self):
        nonces = set()
        for _ in range(3):
            status, headers, body = self.ask("GET", "/")
            found = re.fullmatch(PAGE.replace("{nonce}", "([A-Za-z0-9_-]{22})"), body.decode())
            self.assertEqual((status, headers["content-type"]), (200, "text/html; charset=utf-8"))
            self.assertTrue(found and found[1] == found[2], body)
            nonces.add(found[1])
            self.assertEqual(
                headers["content-security-policy"],
                f"default-src 'none'; script-src 'nonce-{found[1]}'; style-src 'self' 'nonce-{found[1]}'; "
                "img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; "
                f"connect-src 'self' wss://127.0.0.1:{self.server.https}; worker-src 'self'; manifest-src 'self'; "
                "frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
        self.assertEqual(len(nonces), 3)

    def test_the_page_has_the_other_strict_headers_once(self):
        self.client.request("GET", "/")
        answer = self.client.getresponse()
        answer.read()
        names = [n.lower() for n, _ in answer.getheaders()]
        self.assertEqual(len(names), len(set(names)), names)
        headers = {n.lower(): v for n, v in answer.getheaders()}
        for name, value in (("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"), ("x-frame-options", "DENY"),
                            ("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin"),
                            ("strict-transport-security", "max-age=15768000"), ("cache-control", "no-cache")):
            self.assertEqual(headers.get(name), value, name)
        features = headers["permissions-policy"].split(", ")
        for name in ("camera", "microphone", "display-capture"):
            self.assertIn(f"{name}=(self)", features)
        self.assertIn("geolocation=()", features)

    def test_a_foreign_host_is_not_named_in_the_policy(self):
        _, headers, _ = self.ask("GET", "/", Host="evil.example")
        self.assertIn("connect-src 'self';", headers["content-security-policy"])
        self.assertNotIn("evil", str(headers))

    def test_types(self):
        for name, kind in (("main-KE3XS6AC.js", "text/javascript; charset=utf-8"), ("pdf-worker-bd888051.mjs", "text/javascript; charset=utf-8"),
                           ("main-AAAABBBB.css", "text/css; charset=utf-8"), ("manifest.webmanifest", "application/manifest+json"),
                           ("viewer.wasm", "application/wasm"), ("favicon.svg", "image/svg+xml"), ("index.html", "text/html; charset=utf-8")):
            status, headers, _ = self.ask("GET", f"/{name}")
            self.assertEqual((status, headers["content-type"]), (200, kind), name)

    def test_scripts_as_workers_may_reach_this_server_only(self):
        _, headers, _ = self.ask("GET", "/pdf-worker-bd888051.mjs")
        self.assertEqual(headers["content-security-policy"],
                         "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'; "
                         "base-uri 'none'; form-action 'none'")

    def test_names_with_a_hash_are_kept_for_ever_and_others_asked_for(self):
        for name, kept in (("main-KE3XS6AC.js", True), ("main-AAAABBBB.css", True), ("pdf-worker-bd888051.mjs", True),
                           ("part-noHash.js", False), ("sw.js", False), ("favicon.svg", False), ("manifest.webmanifest", False)):
            _, headers, _ = self.ask("GET", f"/{name}")
            self.assertEqual(headers["cache-control"], "public, max-age=31536000, immutable" if kept else "no-cache", name)

    def test_compressed_where_taken(self):
        status, headers, body = self.ask("GET", "/main-KE3XS6AC.js", Accept_Encoding="br;q=1.0, GZIP;q=0.8")
        self.assertEqual((status, headers.get("content-encoding"), headers["vary"]), (200, "gzip", "accept-encoding"))
        self.assertEqual(gzip.decompress(body).decode(), SCRIPT)
        self.assertEqual(int(headers["content-length"]), len(body))
        plain_tag = self.ask("HEAD", "/main-KE3XS6AC.js", Accept_Encoding="identity")[1]["etag"]
        self.assertNotEqual(headers["etag"], plain_tag)
        for refused in ("identity", "gzip;q=0", "gzip; q=0.0, br", "xgzip"):
            _, headers, body = self.ask("GET", "/main-KE3XS6AC.js", Accept_Encoding=refused)
            self.assertNotIn("content-encoding", headers, refused)
            self.assertEqual((headers["vary"], body.decode()), ("accept-encoding", SCRIPT))

    def test_the_page_is_never_sent_compressed(self):
        """Its nonce differs each time; the twin would hold the place of it."""
        _, headers, body = self.ask("GET", "/", Accept_Encoding="gzip")
        self.assertNotIn("content-encoding", headers)
        self.assertNotIn(b"{nonce}", body)

    def test_not_modified(self):
        for path in ("/", "/sw.js", "/main-KE3XS6AC.js"):
            _, headers, body = self.ask("GET", path)
            tag = headers["etag"]
            self.assertTrue(body)
            for sent in (tag, f'"other", {tag}', f"W/{tag}", "*"):
                status, headers, body = self.ask("GET", path, If_None_Match=sent)
                self.assertEqual((status, headers["etag"], body), (304, tag, b""), sent)
            status, _, body = self.ask("GET", path, If_None_Match='"other"')
            self.assertEqual(status, 200)
            self.assertTrue(body)

    def test_a_page_that_is_kept_keeps_its_policy(self):
        """A new nonce beside the old body would stop its scripts."""
        tag = self.ask("GET", "/")[1]["etag"]
        status, headers, _ = self.ask("GET", "/", If_None_Match=tag)
        self.assertEqual(status, 304)
        self.assertNotIn("content-security-policy", headers)
        self.assertIn("x-content-type-options", headers)

    def test_head(self):
        for path in ("/", "/main-KE3XS6AC.js"):
            _, got, body = self.ask("GET", path)
            status, headers, none = self.ask("HEAD", path)
            self.assertEqual((status, none, headers["content-length"], headers["etag"]), (200, b"", str(len(body)), got["etag"]))

    def test_an_empty_file(self):
        status, headers, body = self.ask("GET", "/empty.js")
        self.assertEqual((status, headers["content-length"], body), (200, "0", b""))

    def test_nothing_beside_the_pages_is_served(self):
        for path in ("/../outside.js", "/%2e%2e/outside.js", "/..%2foutside.js", "/deep/../../outside.js", "/deep/inside.js", "/deep",
                     "/link.js", "/.hidden.js", "/notes.txt", "/main-KE3XS6AC.js.gz", "/index.html/", "//etc/passwd", "/sw.js%00.html",
                     "/\\..\\outside.js", "/nothing.js", "/nothing", "/v1", "/?x=1/../outside.js"):
            status, head = wire.request(self.server.https, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            self.assertNotIn(SECRET, head, path)
            self.assertIn(status, (200,) if path.startswith("/?") else (0, 400, 403, 404), path)  # 0: closed

    def test_other_methods(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            status, headers, _ = self.ask(method, "/")
            self.assertEqual((status, headers["allow"]), (405, "GET, HEAD"), method)
            self.client.close()

    def test_other_rooms_keep_their_paths(self):
        self.assertEqual(self.ask("GET", "/healthz")[2], b'{"status":"ok"}\n')
        self.assertEqual(self.ask("GET", "/materials/mat_x")[0], 401)
        self.assertEqual(self.ask("GET", "/fhir/metadata")[0], self.ask("GET", "/fhir/metadata")[0])

    def test_z_a_new_build_is_served_once_it_is_whole(self):
        pages = self.folder / "pages"
        (pages / "main-NEWBUILD.js").write_text("export const fresh = 1;\n")
        (pages / "index.html").write_text(PAGE.replace("main-KE3XS6AC", "main-NEWBUILD"))
        end = time.monotonic() + 20
        while b"NEWBUILD" not in self.ask("GET", "/")[2]:
            self.assertLess(time.monotonic(), end, "the new build is served")
            time.sleep(0.2)
        self.assertEqual(self.ask("GET", "/main-NEWBUILD.js")[2], b"export const fresh = 1;\n")
        (pages / "index.html").unlink()  # a broken one leaves the former in its place
        time.sleep(4)
        self.assertEqual(self.ask("GET", "/")[0], 200)
        (pages / "index.html").write_text(PAGE)


class Cookies(Case):
    def keep(self, token, **headers):
        return self.ask("POST", "/v1/session", "", Authorization=f"Bearer {token}", **headers)

    def test_the_cookie_is_out_of_reach(self):
        t = self.sign_in()
        status, headers, body = self.keep(t.login["token"], Origin=self.origin)
        self.assertEqual((status, body, headers["cache-control"]), (204, b"", "no-store"))
        parts = headers["set-cookie"].split("; ")
        self.assertEqual(parts[0], f"{COOKIE}={t.login['token']}")
        self.assertEqual(set(parts[1:-1]), {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"})
        name, seconds = parts[-1].split("=")
        self.assertEqual(name, "Max-Age")
        self.assertTrue(12 * 3600 - 60 <= int(seconds) <= 12 * 3600)

    def test_it_is_taken_away(self):
        t = self.sign_in()
        for cookie in (f"{COOKIE}={t.login['token']}", f"{COOKIE}=stale", None):
            more = {"Cookie": cookie} if cookie else {}
            status, headers, _ = self.ask("DELETE", "/v1/session", Origin=self.origin, **more)
            self.assertEqual((status, headers["set-cookie"]),
                             (204, f"{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"))

    def test_only_a_good_token_is_kept(self):
        t = self.sign_in()
        for headers in ({"Authorization": "Bearer " + "x" * 43}, {}, {"Cookie": f"{COOKIE}={t.login['token']}"}):
            status, got, _ = self.ask("POST", "/v1/session", "", Origin=self.origin, **headers)
            self.assertEqual(status, 401, headers)
            self.assertNotIn("set-cookie", got)

    def test_requests_by_cookie(self):
        t = self.sign_in()
        cookie = f"a=1; {COOKIE}={t.login['token']}; b=2"
        self.assertEqual(self.ask("GET", "/materials/mat_none", Cookie=cookie)[0], 404)
        self.assertEqual(self.ask("GET", "/materials/mat_none", Cookie=f"{COOKIE}=wrong")[0], 401)
        twice = f"{COOKIE}={t.login['token']}; {COOKIE}={t.login['token']}"
        self.assertEqual(self.ask("GET", "/materials/mat_none", Cookie=twice)[0], 401)
        # a token that was named counts, a bad one too
        self.assertEqual(self.ask("GET", "/materials/mat_none", Cookie=cookie, Authorization="Bearer wrong")[0], 401)

    def test_cookies_of_others_are_no_hindrance(self):
        for cookie in (b"x=\xff\xfe", b"x=" + b"y" * 2500):
            status, _ = wire.request(self.server.https, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookie +
                                     b"\r\nConnection: close\r\n\r\n")
            self.assertEqual(status, 200, cookie[:8])

    def test_foreign_pages_are_refused(self):
        t = self.sign_in()
        cookie, token = f"{COOKIE}={t.login['token']}", f"Bearer {t.login['token']}"
        upload = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Metadata": "type cGhvdG8="}
        for headers, good in (({"Cookie": cookie, "Origin": self.origin}, True),
                              ({"Cookie": cookie, "Origin": "https://evil.example"}, False),
                              ({"Cookie": cookie, "Origin": "null"}, False),
                              ({"Cookie": cookie, "Origin": self.origin + ".evil.example"}, False),
                              ({"Cookie": cookie}, False),  # browsers always say it
                              ({"Authorization": token}, True),  # terminals never do
                              ({"Authorization": token, "Origin": self.origin}, True),
                              ({"Authorization": token, "Origin": "https://evil.example"}, False)):
            status, _, body = self.ask("POST", "/materials/", "", **upload, **headers)
            self.assertEqual(status == 403 and b"signaling.origins" in body, not good, (headers, status, body))
        status, _, _ = self.ask("GET", "/materials/mat_none", Cookie=cookie, Origin="https://evil.example")
        self.assertEqual(status, 403)
        status, headers, _ = self.ask("DELETE", "/v1/session", Cookie=cookie, Origin="https://evil.example")
        self.assertEqual(status, 403)
        self.assertNotIn("set-cookie", headers)
        self.assertEqual(self.keep(t.login["token"], Origin="https://evil.example")[0], 403)

    def test_a_session_is_resumed_by_its_cookie(self):
        t = self.sign_in()
        t.close()
        page = self.terminal(origin=self.origin, extra=f"Cookie: other=1; {COOKIE}={t.login['token']}\r\n")
        back = page.result("session.resume", {"lastSeq": 0})
        self.assertEqual(back["sessionId"], t.login["sessionId"])
        page.result("consultation.list")
        for extra in ("", f"Cookie: {COOKIE}=wrong\r\n", f"Cookie: {COOKIE}x={t.login['token']}\r\n"):
            stranger = self.terminal(origin=self.origin, extra=extra)
            self.assertEqual(wire.error_of(stranger.call("session.resume", {"lastSeq": 0})), "SQ_ERR_UNAUTHENTICATED", extra)

    def test_a_foreign_page_opens_no_socket_with_the_cookie(self):
        t = self.sign_in()
        self.assertEqual(self.terminal(origin="https://evil.example", extra=f"Cookie: {COOKIE}={t.login['token']}\r\n").status, 403)

    def test_signing_out_ends_what_the_cookie_opens(self):
        t = self.sign_in()
        cookie = f"{COOKIE}={t.login['token']}"
        t.result("auth.logout")
        self.assertEqual(self.ask("GET", "/materials/mat_none", Cookie=cookie)[0], 401)
        page = self.terminal(origin=self.origin, extra=f"Cookie: {cookie}\r\n")
        self.assertEqual(wire.error_of(page.call("session.resume", {"lastSeq": 0})), "SQ_ERR_UNAUTHENTICATED")


class Confirm(Case):
    def test_the_password_opens_a_locked_page(self):
        t = self.sign_in("specialist")
        self.assertEqual(t.result("auth.confirm", {"password": self.server.passwords["specialist"]}, "same-id-1"), {})
        # the same id is asked anew: nothing of the secret is kept to compare it with
        self.assertEqual(t.result("auth.confirm", {"password": self.server.passwords["specialist"]}, "same-id-1"), {})
        self.assertEqual(self.rows("SELECT COUNT(*) FROM idempotency WHERE request = 'same-id-1'")[0][0], 0)
        rows = self.rows("SELECT object FROM audit WHERE act = 'auth.confirm' AND session = ?", t.login["sessionId"])
        self.assertEqual(rows, [(t.login["sessionId"],)] * 2)

    def test_wrong_ones_are_refused_counted_and_written_down(self):
        t = self.sign_in()
        errors = [wire.error_of(t.call("auth.confirm", {"password": f"wrong-{i}"})) for i in range(5)]
        self.assertEqual(errors, ["SQ_ERR_DENIED"] * 5)
        reply = t.call("auth.confirm", {"password": self.server.passwords["village"]})
        self.assertEqual(wire.error_of(reply), "SQ_ERR_LIMIT", "locked, as sign-in is")
        other = self.terminal(origin=self.origin)
        locked = other.call("auth.login", {"account": "acc_village", "password": self.server.passwords["village"], "takeover": True})
        self.assertEqual(wire.error_of(locked), "SQ_ERR_LIMIT", "one count for both doors")
        rows = self.rows("SELECT detail FROM audit WHERE act = 'auth.refused' AND session = ?", t.login["sessionId"])
        self.assertEqual([r[0] for r in rows], ["SQ_ERR_DENIED"] * 5 + ["SQ_ERR_LIMIT"])
        t.result("consultation.list")  # the session itself goes on
        end = time.monotonic() + 30
        while wire.error_of(t.call("auth.confirm", {"password": self.server.passwords["village"]})):
            self.assertLess(time.monotonic(), end, "the wait ends")
            time.sleep(0.5)

    def test_nobody_confirms_who_is_not_signed_in(self):
        self.assertEqual(wire.error_of(self.terminal().call("auth.confirm", {"password": "x"})), "SQ_ERR_UNAUTHENTICATED")

    def test_no_hash_of_the_password_is_kept(self):
        t = self.sign_in("specialist")
        password = self.server.passwords["specialist"]
        t.result("auth.confirm", {"password": password})
        digest = hashlib.sha256(b"auth.confirm\0" + f'{{"password":"{password}"}}'.encode()).digest()
        for path in self.server.folder.glob("shanqiao.db*"):
            self.assertNotIn(digest, path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
