# SPDX-License-Identifier: Apache-2.0
"""Two signalling nodes on one PostgreSQL, a relay, real terminals: a call between the nodes, and what happens to calls
and rings when a node dies or hangs. Times of taking over are printed as one line of JSON, not asserted tightly."""
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))

import compare  # noqa: E402
import demo  # noqa: E402
from installation import Installation, free_ports, program  # noqa: E402
from postgres import Postgres  # noqa: E402

LIB = ROOT / "scripts" / "lib"
SIGN_IN_SECONDS = 30
CONSULTATION_SECONDS = 120
TAKE_OVER_SECONDS = 30  # a lease lasts 3 s; the rest is for machines under load
SANITIZED = bool(os.environ.get("SHANQIAO_SANITIZE"))
FRAMES_SHARE = 0.5 if SANITIZED else 0.9


class Nodes(unittest.TestCase):
    def setUp(self):
        self.out = Path(tempfile.mkdtemp(prefix="shanqiao-test-"))
        self.addCleanup(self.keep_or_remove)
        self.postgres = Postgres()
        self.addCleanup(self.postgres.stop)
        self.postgres.start()
        self.installation = Installation(self.out / "installation", log_level="debug",
                                         database=self.postgres.create("shanqiao"))
        self.addCleanup(self.installation.stop)
        self.installation.start_relay()
        self.urls = {}
        for name, port in zip(("node-a", "node-b"), free_ports(2)):
            self.installation.start_signaling(name, port)
            self.urls[name] = self.installation.url_of(port)

    def keep_or_remove(self):
        """A failed test leaves its folder, named, for whoever looks into it."""
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            print(f"logs of {self.id()} are in {self.out}", file=sys.stderr)
        else:
            shutil.rmtree(self.out)

    # ---- people ----

    def terminal(self, name, role, media, nodes, *extra):
        """nodes: in the order in which the terminal tries them."""
        self.installation.url = ",".join(self.urls[node] for node in nodes)
        return demo.Terminal(self.installation, self.out, name, role, media, list(extra))

    def specialist(self, nodes, seconds):
        t = self.terminal("specialist", "specialist", demo.COUNTY, nodes, "--opinion", LIB / "demo-opinion.json",
                          "--seconds", seconds)
        self.wait(lambda: t.first("on_duty"), "the specialist's sign-in", SIGN_IN_SECONDS)
        return t

    def village(self, nodes):
        return self.terminal("village", "doctor", demo.VILLAGE, nodes, "--consultation", LIB / "demo-request.json")

    # ---- looking ----

    def wait(self, condition, what, seconds=CONSULTATION_SECONDS):
        demo.wait_until(condition, seconds, what)

    def ask(self, sql):
        return self.postgres.query(sql, "shanqiao")

    def http_status(self, node, path):
        port = int(self.urls[node].split(":")[2].split("/")[0])
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=ssl._create_unverified_context())
        connection.request("GET", path, headers={"Authorization": "Bearer no-matter-which"})
        status = connection.getresponse().status
        connection.close()
        return status

    def node_of(self, account):
        return self.ask(f"SELECT node FROM session WHERE account = 'acc_{account}' AND ended_us IS NULL")

    def owners(self):
        return self.ask("SELECT DISTINCT node FROM room_owner").split()

    @staticmethod
    def frames(terminal):
        return len(compare.read_csv(terminal.dir / "frames.csv")) if terminal.dir.exists() else 0

    def log_time(self, node, key):
        """Seconds since the epoch of the first line with this key."""
        for line in (self.installation.folder / f"{node}.log").read_text().splitlines():
            entry = json.loads(line)
            if entry["key"] == key:
                return datetime.fromisoformat(entry["ts"].replace("Z", "+00:00")).timestamp()
        return None

    def resumed_at(self, account, since):
        text = self.ask("SELECT MIN(at_us) FROM audit WHERE act = 'session.resume' AND account ="
                        f" 'acc_{account}' AND at_us > {int(since * 1e6)}")
        return int(text) / 1e6 if text else None

    # ---- judging ----

    def wait_end(self, *terminals):
        self.wait(lambda: all(t.process.poll() is not None for t in terminals), "the end of the terminals")
        for t in terminals:
            log = (self.installation.folder / f"{t.name}.log").read_text(errors="replace")
            self.assertEqual(t.process.returncode, 0, f"{t.name}:\n{log[-1500:]}")

    def assert_completed(self, village, specialist):
        report = village.report()
        self.assertIn(report["consultation"]["state"], ("archived", "delivered"))
        self.assertTrue(report["consultation"]["opinion_verified"])
        self.assertEqual(self.ask("SELECT count(*) FROM consultation"), "1")
        self.assertEqual(self.ask("SELECT state FROM consultation"), report["consultation"]["state"])
        for got, sent in ((village, specialist), (specialist, village)):
            self.assertGreaterEqual(got.report()["video"]["frames_decoded"],
                                    FRAMES_SHARE * sent.report()["video"]["frames_sent"])
        verdict = subprocess.run([program("shanqiaoctl"), "audit", "verify", "--db", self.installation.database,
                                  "--keys", self.installation.folder / "keys"], capture_output=True, text=True)
        self.assertEqual(verdict.returncode, 0, verdict.stdout + verdict.stderr)

    def assert_uninterrupted(self, *terminals):
        """By what a busy machine can't do to it: each call came up once, stayed, and lost nothing on loopback."""
        for t in terminals:
            self.assertEqual([e["state"] for e in t.events() if e["event"] == "call"], ["connected"], t.name)
            if not SANITIZED:
                self.assertEqual(t.report()["audio"]["lost_packets"], 0, t.name)
                self.assertEqual(t.report()["video"]["lost_packets"], 0, t.name)

    def figures(self, what, **numbers):
        print(json.dumps({"test": what} | numbers), flush=True)

    def kill_and_measure(self, *accounts):
        """Kills node-a; waits until sessions and rooms are node-b's; the times since, in ms."""
        killed = time.time()
        self.installation.kill("node-a")
        self.wait(lambda: all(self.node_of(a) == "node-b" for a in accounts), "the sessions' return", TAKE_OVER_SECONDS)
        self.wait(lambda: self.owners() == ["node-b"], "the rooms' new owner", TAKE_OVER_SECONDS)
        ms = lambda at: round((at - killed) * 1000)
        return {f"kill_to_{a}_resumed_ms": ms(self.resumed_at(a, killed)) for a in accounts} | {
            "kill_to_rooms_taken_ms": ms(self.log_time("node-b", "across.taken_over"))}

    # ---- the cases ----

    def test_a_call_between_two_nodes(self):
        specialist = self.specialist(["node-b"], 6)
        village = self.village(["node-a"])
        self.wait(lambda: village.state() == "in_progress", "the talk")
        self.assertEqual((self.node_of("village"), self.node_of("specialist")), ("node-a", "node-b"))
        self.assertEqual(self.owners(), ["node-a"])
        self.wait_end(village, specialist)
        self.assert_completed(village, specialist)
        self.assert_uninterrupted(village, specialist)
        self.assertEqual(self.ask("SELECT count(*) FROM node_mail"), "0")
        self.assertEqual(self.owners(), [])
        ring = (specialist.first("ring")["utc_us"] - village.report()["timing"]["submit_utc_us"]) / 1000
        self.figures("call_between_nodes", submit_to_ring_ms=round(ring, 1))

    def test_a_node_dies_in_the_middle_of_a_call(self):
        specialist = self.specialist(["node-b", "node-a"], 12)
        village = self.village(["node-a", "node-b"])
        self.wait(lambda: village.state() == "in_progress" and self.frames(specialist) > 25, "the talk")
        acknowledged = village.first("submitted")["id"]
        before = self.frames(specialist)
        times = self.kill_and_measure("village")
        self.wait(lambda: self.frames(specialist) > before + 25, "pictures meanwhile", 20)
        self.wait_end(village, specialist)
        self.assert_completed(village, specialist)
        self.assert_uninterrupted(village, specialist)
        self.assertEqual(village.report()["consultation"]["id"], acknowledged)
        self.figures("node_killed_in_call", **times,
                     freeze_ms=[t.report()["video"]["freeze_ms"] for t in (village, specialist)],
                     concealed_ms=[t.report()["audio"]["concealed_ms"] for t in (village, specialist)])

    def test_a_node_dies_while_it_rings(self):
        specialist = self.specialist(["node-a", "node-b"], 6)
        self.installation.processes["specialist"].send_signal(signal.SIGSTOP)  # nobody takes the call yet
        village = self.village(["node-a", "node-b"])
        self.wait(lambda: village.first("submitted"), "the request")
        self.assertEqual(self.ask("SELECT count(*) FROM ring WHERE state = 0"), "1")
        times = self.kill_and_measure("village")
        self.installation.processes["specialist"].send_signal(signal.SIGCONT)
        self.wait_end(village, specialist)
        self.assert_completed(village, specialist)
        self.assertEqual(specialist.first("ring")["id"], village.report()["consultation"]["id"])
        self.figures("node_killed_while_ringing", **times)

    def test_the_database_crashes_in_the_middle_of_a_call(self):
        specialist = self.specialist(["node-b"], 30)  # longer than the database is away
        village = self.village(["node-a"])
        self.wait(lambda: village.state() == "in_progress" and self.frames(specialist) > 25, "the talk")
        audit_rows = int(self.ask("SELECT count(*) FROM audit"))
        before = self.frames(specialist)
        self.postgres.kill()
        self.assertEqual(self.http_status("node-a", "/statistics"), 503, "nobody is told to sign in again")
        self.wait(lambda: self.frames(specialist) > before + 75, "pictures without a database", 20)
        self.postgres.start()
        self.wait_end(village, specialist)
        self.assert_completed(village, specialist)
        self.assert_uninterrupted(village, specialist)
        self.assertGreater(int(self.ask("SELECT count(*) FROM audit")), audit_rows)
        for node in self.urls:
            self.installation.check(node)

    def test_a_node_that_hung_is_fenced_and_its_sessions_go_on(self):
        specialist = self.specialist(["node-b", "node-a"], 12)
        village = self.village(["node-a", "node-b"])
        self.wait(lambda: village.state() == "in_progress" and self.frames(specialist) > 25, "the talk")
        hung = self.installation.processes["node-a"]
        hung.send_signal(signal.SIGSTOP)
        self.wait(lambda: self.owners() == ["node-b"], "the rooms' new owner", TAKE_OVER_SECONDS)
        hung.send_signal(signal.SIGCONT)
        self.assertEqual(hung.wait(TAKE_OVER_SECONDS), 1, "it ends by itself")
        self.assertIsNotNone(self.log_time("node-a", "nodes.lease_lost"))
        self.wait(lambda: self.node_of("village") == "node-b", "the doctor's return", TAKE_OVER_SECONDS)
        self.wait_end(village, specialist)
        self.assert_completed(village, specialist)
        self.assert_uninterrupted(village, specialist)


if __name__ == "__main__":
    unittest.main()
