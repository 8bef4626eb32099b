# SPDX-License-Identifier: Apache-2.0
"""The real programs, together: a whole consultation, and what happens to it when one of them dies."""
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

import compare  # noqa: E402
import demo  # noqa: E402
from installation import Installation, program  # noqa: E402

TALK_SECONDS = 6
SIGN_IN_SECONDS = 30
CONSULTATION_SECONDS = 120
LIB = ROOT / "scripts" / "lib"
# A sanitizer makes the codecs miss their deadlines on a small machine; what is scored there is that media flows.
SANITIZED = bool(os.environ.get("SHANQIAO_SANITIZE"))
FRAMES_SHARE, SSIM, CORRELATION = (0.5, 0.80, 0.30) if SANITIZED else (0.9, 0.90, 0.75)


class System(unittest.TestCase):
    def setUp(self):
        self.out = Path(tempfile.mkdtemp(prefix="shanqiao-test-"))
        self.addCleanup(self.keep_or_remove)
        self.installation = Installation(self.out / "installation", log_level="debug")
        self.addCleanup(self.installation.stop)
        self.installation.start_relay()
        self.installation.start_signaling()

    def keep_or_remove(self):
        """A failed test leaves its folder, named, for whoever looks into it."""
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            print(f"logs of {self.id()} are in {self.out}", file=sys.stderr)
        else:
            shutil.rmtree(self.out)

    def terminal(self, name, role, media, *extra):
        return demo.Terminal(self.installation, self.out, name, role, media, list(extra))

    def specialist(self, seconds=TALK_SECONDS, *extra):
        t = self.terminal("specialist", "specialist", demo.COUNTY, "--opinion", LIB / "demo-opinion.json", "--seconds",
                          seconds, "--session", self.out / "specialist.session", *extra)
        self.wait(lambda: t.first("on_duty") or t.first("resumed"), "the specialist's sign-in", SIGN_IN_SECONDS)
        return t

    def village(self, *extra):
        return self.terminal("village", "doctor", demo.VILLAGE, "--consultation", LIB / "demo-request.json", *extra)

    def wait(self, condition, what, seconds=CONSULTATION_SECONDS):
        demo.wait_until(condition, seconds, what)

    def wait_end(self, *terminals):
        self.wait(lambda: all(t.process.poll() is not None for t in terminals), "the end of the terminals")
        for t in terminals:
            log = (self.installation.folder / f"{t.name}.log").read_text(errors="replace")
            self.assertEqual(t.process.returncode, 0, f"{t.name}:\n{log[-1500:]}")

    def count(self, sql, *args):
        with sqlite3.connect(f"file:{self.installation.folder}/shanqiao.db?mode=ro", uri=True) as db:
            return db.execute(sql, args).fetchone()[0]

    def assert_completed(self, village):
        report = village.report()
        self.assertIn(report["consultation"]["state"], ("archived", "delivered"))
        self.assertTrue(report["consultation"]["opinion_verified"])

    def assert_uninterrupted(self, *terminals):
        for report in [] if SANITIZED else [t.report() for t in terminals]:
            self.assertLess(report["video"]["freeze_ms"], 500)
            self.assertLess(report["audio"]["concealed_ms"], 200)

    def check_media(self, receiver, sender, source):
        got, sent = receiver.report(), sender.report()
        self.assertGreaterEqual(got["video"]["frames_decoded"], FRAMES_SHARE * sent["video"]["frames_sent"])
        self.assertIn("GCM", got["srtp_profile"])
        video = compare.compare_video(receiver.dir, sender.dir, source["video"])
        speech = compare.compare_speech(receiver.dir, sender.dir, source["speech"])
        self.assertGreaterEqual(video["ssim"], SSIM, video)
        self.assertGreaterEqual(speech["correlation"], CORRELATION, speech)

    def test_consultation_from_request_to_verified_opinion(self):
        specialist = self.specialist()
        village = self.village()
        self.wait_end(village, specialist)
        self.assert_completed(village)
        self.check_media(specialist, village, demo.VILLAGE)
        self.check_media(village, specialist, demo.COUNTY)
        self.assert_uninterrupted(specialist, village)
        verdict = subprocess.run([program("shanqiaoctl"), "audit", "verify", "--db",
                                  self.installation.folder / "shanqiao.db", "--keys",
                                  self.installation.folder / "keys"], capture_output=True, text=True)
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)

    def private_words(self):
        request = json.loads((LIB / "demo-request.json").read_text())
        opinion = json.loads((LIB / "demo-opinion.json").read_text())
        words = [request["patient"]["name"], request["complaint"], request["purpose"], request["history"],
                 request["allergy"], *opinion.values(), *self.installation.passwords.values()]
        session = (self.out / "specialist.session").read_text()
        return words + re.findall(r"[A-Za-z0-9_-]{32,}", session)

    def provoke(self):
        """What makes servers complain: a wrong password, a second sign-in, garbage on every port."""
        wrong = demo.Terminal(self.installation, self.out, "village", "doctor", demo.VILLAGE,
                              ["--consultation", LIB / "demo-request.json"], password="not the password")
        second = self.terminal("specialist", "specialist", demo.COUNTY, "--opinion", LIB / "demo-opinion.json")
        self.wait(lambda: wrong.process.poll() is not None and second.process.poll() is not None, "refusals", 30)
        random = Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for _ in range(200):
                udp.sendto(random.randbytes(random.randrange(1, 200)), ("127.0.0.1", self.installation.media))
        for port in (self.installation.https, self.installation.media, self.installation.commands):
            with socket.create_connection(("127.0.0.1", port)) as tcp:
                tcp.sendall(random.randbytes(300))

    def test_logs_and_database_hold_nothing_private(self):
        specialist = self.specialist(6)
        self.provoke()
        village = self.village()
        self.wait(lambda: village.state() == "in_progress", "the talk")
        self.installation.kill("signaling")
        self.installation.start_signaling()
        self.wait_end(village, specialist)
        self.installation.stop()
        folder = self.installation.folder
        words = self.private_words()
        self.assertGreater(len(words), 12)
        for path in [folder / "relay.log", folder / "signaling.log", *folder.glob("shanqiao.db*")]:
            content = path.read_bytes()
            for word in words:
                self.assertNotIn(word.encode(), content, path.name)
        for name in ("relay.log", "signaling.log"):
            lines = [line for line in (folder / name).read_text().splitlines() if line]
            self.assertTrue(lines, f"{name} is empty: the scan would prove nothing")
            for line in lines:
                self.assertIn("key", json.loads(line), "each line is one JSON object")
                self.assertNotRegex(line, r"\b\d{1,3}(\.\d{1,3}){3}\b|::1", "an address")

    def test_media_over_tcp_when_udp_is_not_wanted(self):
        specialist = self.specialist(TALK_SECONDS, "--force-tcp")
        village = self.village("--force-tcp")
        self.wait_end(village, specialist)
        self.assert_completed(village)
        self.assertTrue(village.report()["over_tcp"] and specialist.report()["over_tcp"])

    def test_vp9_is_understood(self):
        specialist = self.specialist(TALK_SECONDS, "--codec", "vp9")
        village = self.village("--codec", "vp9")
        self.wait_end(village, specialist)
        self.check_media(specialist, village, demo.VILLAGE)
        for report in (specialist.report()["video"], village.report()["video"]):
            self.assertEqual((report["sent_codec"], report["received_codec"]), ("vp9", "vp9"))

    def test_killed_specialist_returns_to_the_same_consultation(self):
        first = self.specialist(3600)
        village = self.village()
        self.wait(lambda: village.state() == "in_progress", "the talk")
        self.installation.kill("specialist")
        first.dir.rename(self.out / "specialist-before")
        again = self.specialist()
        self.wait_end(village, again)
        self.assert_completed(village)
        self.assertEqual(again.first("resumed")["id"], village.report()["consultation"]["id"])
        self.assertEqual(self.count("SELECT count(*) FROM consultation"), 1)
        self.assertGreater(again.report()["video"]["frames_decoded"], 0)

    def test_media_outlives_killed_signaling_and_the_consultation_is_signed(self):
        specialist = self.specialist(8)
        village = self.village()
        self.wait(lambda: village.state() == "in_progress" and specialist.state() == "in_progress", "the talk")
        acknowledged = village.first("submitted")["id"]
        frames = lambda: len(compare.read_csv(specialist.dir / "frames.csv"))
        self.wait(lambda: frames() > 25, "pictures")
        self.installation.kill("signaling")
        before = frames()
        self.wait(lambda: frames() > before + 50, "pictures without signalling", 20)
        self.installation.start_signaling()
        self.wait_end(village, specialist)
        self.assert_completed(village)
        self.assertEqual(village.report()["consultation"]["id"], acknowledged)
        self.assertEqual(self.count("SELECT count(*) FROM consultation"), 1)
        if not SANITIZED:
            self.assertLess(specialist.report()["video"]["freeze_ms"], 500)
            self.assertLess(specialist.report()["audio"]["concealed_ms"], 500)

    def cluster_processes(self):
        """The living nanomsg processes of relay and signalling."""
        pids = set()
        for name in ("relay", "signaling"):
            parent = self.installation.processes[name].pid
            for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                try:
                    state = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
                except FileNotFoundError:
                    continue  # reaped just now
                if state != "Z":
                    pids.add(int(child))
        return pids

    def test_no_call_notices_that_the_nanomsg_process_dies(self):
        specialist = self.specialist(8)
        village = self.village()
        self.wait(lambda: village.state() == "in_progress", "the talk")
        killed = set()
        for _ in range(3):
            self.wait(lambda: len(self.cluster_processes() - killed) == 2, "both processes, started again", 20)
            for pid in self.cluster_processes():
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        self.assertEqual(len(killed), 6)
        self.wait_end(village, specialist)
        self.assert_completed(village)
        if not SANITIZED:
            self.assertLess(specialist.report()["video"]["freeze_ms"], 500)
            self.assertLess(specialist.report()["audio"]["concealed_ms"], 200)

    def test_a_killed_relay_that_comes_back_gets_its_consultation_again(self):
        specialist = self.specialist(15)
        village = self.village()
        frames = lambda: len(compare.read_csv(specialist.dir / "frames.csv")) if specialist.dir.exists() else 0
        self.wait(lambda: frames() > 25, "pictures")
        self.installation.kill("relay")
        self.wait(lambda: any(e.get("state") == "interrupted" for e in village.events() if e["event"] == "call"),
                  "the word that the link is down", 20)
        self.installation.start_relay()
        before = frames()
        self.wait(lambda: frames() > before + 25, "pictures over the new relay", 30)
        self.wait_end(village, specialist)
        self.assert_completed(village)
        self.assertEqual(self.count("SELECT count(*) FROM consultation"), 1)

    def test_wrong_password_is_refused_plainly(self):
        self.installation.passwords["village"] = "not the password"
        village = self.village("--language", "en")
        self.wait(lambda: village.process.poll() is not None, "the refusal", 30)
        self.assertEqual(village.process.returncode, 1)
        error = village.first("error")
        self.assertEqual((error["method"], error["error"]), ("auth.login", "SQ_ERR_UNAUTHENTICATED"))

    def test_second_sign_in_is_refused_unless_it_takes_over(self):
        first = self.specialist(3600)
        second = self.terminal("specialist", "specialist", demo.COUNTY, "--opinion", LIB / "demo-opinion.json")
        self.wait(lambda: second.process.poll() is not None, "the refusal", 30)
        self.assertEqual(second.first("error")["error"], "SQ_ERR_CONFLICT")
        self.assertIsNone(first.process.poll())
        third = self.terminal("specialist", "specialist", demo.COUNTY, "--opinion", LIB / "demo-opinion.json",
                              "--take-over")
        self.wait(lambda: first.process.poll() is not None, "the end of the first session", 30)
        self.wait(lambda: third.first("on_duty"), "duty of the new session", 30)
        third.process.terminate()
        third.process.wait()


if __name__ == "__main__":
    unittest.main(verbosity=2)
