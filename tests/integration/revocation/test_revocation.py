# SPDX-License-Identifier: Apache-2.0
"""Somebody loses a right in the middle of a live call. Each case prints {act, last_packet_ms}: from the acknowledgement
of the act to the last media packet that reached the person's terminal (negative: it was over before the reply came).
What is asserted is order: told, then nothing more, at the terminal and at the relay."""
import json
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "scripts" / "lib"), str(ROOT / "tests" / "integration" / "signaling")]

import compare  # noqa: E402
import demo  # noqa: E402
import wire  # noqa: E402
from installation import Installation, program  # noqa: E402

LIB = ROOT / "scripts" / "lib"
PASSWORD = "a long password"
SECONDS = 60


class Revocation(unittest.TestCase):
    def setUp(self):
        self.out = Path(tempfile.mkdtemp(prefix="shanqiao-test-"))
        self.addCleanup(self.keep_or_remove)
        self.installation = Installation(self.out / "installation", log_level="debug")
        self.addCleanup(self.installation.stop)
        for login, role, institution in (("admin", "admin", "ins_county"), ("desk", "coordinator", "ins_county"),
                                         ("home", "coordinator", "ins_village")):
            self.ctl("account", "add", "--name", login, "--institution", institution, "--role", role, login,
                     input=PASSWORD + "\n")
        self.installation.start_relay()
        self.installation.start_signaling()
        self.talk()

    def keep_or_remove(self):
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            print(f"logs of {self.id()} are in {self.out}", file=sys.stderr)
        else:
            shutil.rmtree(self.out)

    def ctl(self, group, verb, *rest, **how):
        done = subprocess.run([program("shanqiaoctl"), group, verb, "--db", self.installation.database, "--keys",
                               self.installation.folder / "keys", *rest], capture_output=True, text=True, **how)
        self.assertEqual(done.returncode, 0, done.stderr)

    def wait(self, condition, what):
        demo.wait_until(condition, SECONDS, what)

    def talk(self):
        """A live call with pictures from the village."""
        terminal = lambda *a: demo.Terminal(self.installation, self.out, *a)
        self.specialist = terminal("specialist", "specialist", demo.COUNTY,
                                   ["--opinion", LIB / "demo-opinion.json", "--seconds", 3600])
        self.wait(lambda: self.specialist.first("on_duty"), "duty")
        self.village = terminal("village", "doctor", demo.VILLAGE, ["--consultation", LIB / "demo-request.json"])
        frames = self.specialist.dir / "frames.csv"
        self.wait(lambda: self.specialist.state() == "in_progress" and len(compare.read_csv(frames)) > 25, "the talk")
        self.id_of_case = self.village.first("submitted")["id"]

    def signed_in(self, login):
        person = wire.Terminal(self.installation.https)
        self.addCleanup(person.close)
        person.result("auth.login", {"account": login, "password": PASSWORD})
        return person

    def metric(self, name, label):
        page = urllib.request.urlopen(f"http://127.0.0.1:{self.installation.metrics}/metrics", timeout=10).read().decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines()
                   if line.startswith(name + "{") and label in line)

    def told_after(self, utc_us):
        """When the terminal first knew: its session is over, or its call is no more."""
        return next((e["utc_us"] for e in self.specialist.events() if e["utc_us"] >= utc_us and (
            (e["event"] == "connection" and e["state"] == "ended") or
            (e["event"] == "call" and e["state"] != "connected") or
            (e["event"] == "state" and e["state"] not in ("accepted", "in_progress", "interrupted")) or
            e["event"] in ("taken_out", "error"))), None)

    def lose(self, name, act, transports=1):
        """Carries out the act; the relay serves nobody whose right is gone, and sends that one nothing more."""
        began_us = int(time.time() * 1e6)
        act()
        acknowledged_us = int(time.time() * 1e6)
        self.wait(lambda: self.metric("shanqiao_relay_objects", 'kind="transport"') == transports, "closed media")
        self.wait(lambda: self.told_after(began_us), "the word to the terminal")
        sent = self.metric("shanqiao_relay_rtp_packets_total", 'direction="out"')
        if transports:
            taken = self.metric("shanqiao_relay_rtp_packets_total", 'direction="in"')
            self.wait(lambda: self.metric("shanqiao_relay_rtp_packets_total", 'direction="in"') >= taken + 50,
                      "more packets from the village")
            self.assertEqual(self.metric("shanqiao_relay_rtp_packets_total", 'direction="out"'), sent)
            self.assertEqual(self.metric("shanqiao_relay_objects", 'kind="consumer"'), 0)
        if self.specialist.process.poll() is None:
            self.specialist.process.terminate()
            self.specialist.process.wait()
        last_us = self.specialist.report()["timing"]["last_packet_utc_us"]
        self.assertGreater(last_us, began_us - 1_000_000, "the call was live")
        told_us = self.told_after(began_us)
        self.assertLessEqual(last_us, told_us, "a packet after the terminal was told")
        print(json.dumps({"act": name, "last_packet_ms": round((last_us - acknowledged_us) / 1000, 1),
                          "told_ms": round((told_us - acknowledged_us) / 1000, 1)}), flush=True)

    def test_an_account_is_locked(self):
        admin = self.signed_in("admin")
        self.lose("account.disable", lambda: admin.result("account.disable", {"accountId": "acc_specialist"}))

    def test_sessions_are_revoked(self):
        admin = self.signed_in("admin")
        self.lose("account.revokeSessions",
                  lambda: admin.result("account.revokeSessions", {"accountId": "acc_specialist"}))

    def test_roles_are_taken_away(self):
        admin = self.signed_in("admin")
        self.lose("account.setRoles", lambda: admin.result("account.setRoles", {
            "accountId": "acc_specialist", "roles": ["coordinator"]}))

    def test_an_account_is_locked_by_another_program(self):
        self.lose("shanqiaoctl account disable", lambda: self.ctl("account", "disable", "acc_specialist"))

    def test_roles_are_taken_away_by_another_program(self):
        self.lose("shanqiaoctl account roles",
                  lambda: self.ctl("account", "roles", "--role", "coordinator", "acc_specialist"))

    def test_a_member_is_removed(self):
        """The only specialist: the case goes back to be routed anew, and its room closes."""
        desk = self.signed_in("desk")
        self.lose("consultation.removeMember", lambda: desk.result("consultation.removeMember", {
            "id": self.id_of_case, "accountId": "acc_specialist", "reason": "called to the theatre"}), transports=0)

    def test_the_patient_takes_consent_back(self):
        home = self.signed_in("home")
        self.lose("consent.withdraw", lambda: home.result("consent.withdraw", {
            "consultationId": self.id_of_case, "purposes": ["share"], "by": {"name": "Patient", "relation": "self"},
            "reason": "changed my mind"}), transports=0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
