# SPDX-License-Identifier: Apache-2.0
"""Terminals as people use them: commands typed on standard input, words read on the screen."""
import json
import subprocess
import sys
import threading
import unittest

from test_system import LIB, ROOT, System, demo, program

sys.path.insert(0, str(ROOT / "tests" / "integration" / "signaling"))
import wire  # noqa: E402


class Person:
    """A terminal whose keyboard and screen are pipes."""

    def __init__(self, test, name, role, media, *extra):
        self.test, self.dir = test, test.out / name
        self.events_file = test.out / f"{name}-events.jsonl"
        self.events_file.touch()
        installation = test.installation
        password = installation.write(f"{name}.password", installation.passwords[name] + "\n")
        self.process = subprocess.Popen(
            [str(a) for a in (program("shanqiao-terminal"), "--as", role, "--server", installation.url, "--ca",
                              installation.folder / "tls" / "ca.crt", "--account", f"acc_{name}", "--password-file",
                              password, "--headless", "--language", "en", "--video", media["video"], "--audio",
                              media["speech"], "--events", self.events_file, "--record", self.dir, "--report",
                              test.out / f"{name}.json", *extra)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        test.addCleanup(self.stop)
        self.screen = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.screen += line

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stdin.close()
        self.reader.join()
        self.process.stdout.close()

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def sees(self, words, count=1):
        self.test.wait(lambda: self.screen.count(words) >= count, f"'{words}' on the screen of {self.dir.name}", 30)

    def events(self, kind):
        lines = self.events_file.read_text().splitlines()
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return [e for e in events if e["event"] == kind]

    def event(self, kind):
        return self.events(kind)[0]

    def states(self):
        return [e["state"] for e in self.events("state")]

    def reaches(self, state):
        self.test.wait(lambda: self.states() and self.states()[-1] == state, f"{state} at {self.dir.name}", 30)

    def ends(self, code):
        self.test.wait(lambda: self.process.poll() is not None, f"the end of {self.dir.name}", 30)
        self.test.assertEqual(self.process.returncode, code, self.screen)


class Interactive(unittest.TestCase):
    setUp, keep_or_remove, wait, count = System.setUp, System.keep_or_remove, System.wait, System.count

    def specialist(self):
        person = Person(self, "specialist", "specialist", demo.COUNTY)
        person.sees("On duty")
        return person

    def village(self):
        return Person(self, "village", "doctor", demo.VILLAGE, "--consultation", LIB / "demo-request.json")

    def talk(self):
        specialist, village = self.specialist(), self.village()
        specialist.sees("type accept")
        specialist.type("accept")
        for person in (specialist, village):
            person.reaches("in_progress")
            person.sees("Sound and picture are connected")
        return specialist, village

    def state_on_server(self):
        return self.count("SELECT state FROM consultation")

    def test_leaving_is_not_ending_and_only_the_person_comes_back(self):
        specialist, village = self.talk()
        specialist.type("leave")
        village.reaches("interrupted")
        village.sees("left")
        self.assertEqual(specialist.states()[-1], "interrupted")
        village.type("mute")  # time for a terminal that would come back by itself
        village.type("unmute")
        self.assertEqual(village.states()[-1], "interrupted")
        self.assertEqual(specialist.screen.count("Sound and picture are connected"), 1)
        specialist.type("enter")
        for person in (specialist, village):
            person.reaches("in_progress")
        specialist.sees("Sound and picture are connected", 2)

    def test_the_opinion_that_is_typed_is_signed_read_and_archived(self):
        specialist, village = self.talk()
        village.type("end")
        specialist.sees("Write your opinion")
        specialist.type("opinion findings ST elevation in V1 to V4")
        specialist.type("opinion advice call 120 now")
        specialist.type("sign")
        village.reaches("delivered")
        village.sees("Findings: ST elevation in V1 to V4")
        village.sees("Advice: call 120 now")
        village.sees("signature is valid")
        village.type("acknowledge")
        village.reaches("acknowledged")
        village.type("archive")
        village.sees("Not done")
        village.type("outcome agrees went home after nine days")
        village.reaches("outcome_recorded")
        village.type("archive")
        village.ends(0)

    def test_nothing_is_signed_when_a_field_is_refused(self):
        specialist, village = self.talk()
        village.type("end")
        specialist.sees("Write your opinion")
        specialist.type("opinion findings a good draft")
        specialist.type("opinion plan turned \u202e around")
        specialist.sees("Not done")
        specialist.type("sign")
        specialist.sees("Not done", 2)
        self.assertEqual(village.states()[-1], "opinion_drafted")
        specialist.type("opinion plan straight")
        specialist.type("sign")
        village.reaches("delivered")

    def test_a_refusal_tells_the_doctor_its_reason(self):
        specialist, village = self.specialist(), self.village()
        specialist.sees("type accept")
        specialist.type("refuse in the operating theatre")
        village.ends(2)
        self.assertRegex(village.screen, "Reason: .*(operating theatre|choose another panel)")

    def test_nobody_on_duty_is_said_in_words(self):
        village = self.village()
        village.ends(2)
        self.assertIn("nobody of this panel is on duty", village.screen)

    def test_cancelling_and_quitting_stop_the_ringing(self):
        specialist, village = self.specialist(), self.village()
        specialist.sees("type accept")
        village.type("cancel the patient feels better")
        village.ends(2)
        specialist.sees("It stopped ringing")
        again = self.village()
        specialist.sees("type accept", 2)
        again.type("quit")
        again.ends(2)
        specialist.sees("It stopped ringing", 2)
        specialist.type("quit")
        specialist.ends(1)

    def coordinator(self):
        """Somebody of the hospital who signs in by the wire alone."""
        installation = self.installation
        directory = {"institutions": [], "panels": [], "accounts": [
            {"id": "acc_office", "name": "会诊中心（演示）", "institution": "ins_county", "roles": ["coordinator"],
             "language": "en", "password": "password-office"}]}
        path = installation.write("office.json", json.dumps(directory, ensure_ascii=False))
        subprocess.run([program("shanqiaoctl"), "import", "--db", installation.database, "--keys",
                        installation.folder / "keys", path], check=True, capture_output=True)
        office = wire.Terminal(installation.https)
        self.addCleanup(office.close)
        office.result("auth.login", {"account": "acc_office", "password": "password-office"})
        return office

    def test_who_is_taken_out_is_told_and_asks_for_nothing_more(self):
        specialist, village = self.talk()
        case = village.event("submitted")["id"]
        self.coordinator().result("consultation.removeMember", {"id": case, "accountId": "acc_specialist"})
        specialist.sees("You were taken out of this consultation")
        specialist.sees("On duty", 2)
        village.ends(2)  # nobody else is on duty
        specialist.type("nonsense")
        specialist.sees("Unknown command")
        self.assertEqual([e["id"] for e in specialist.events("taken_out")], [case])
        self.assertNotIn("can't be connected", specialist.screen)
        self.assertEqual([e["state"] for e in specialist.events("call")], ["connected"])
        self.assertEqual(self.count("SELECT COUNT(*) FROM audit WHERE act = 'media.join' AND detail <> ''"), 0)

    def test_typing_what_makes_no_sense_is_answered(self):
        specialist = self.specialist()
        specialist.type("accept")
        specialist.sees("Nothing rings")
        specialist.type("enter")
        specialist.sees("no talk to enter")
        specialist.type("dance")
        specialist.sees("Unknown command")


del System  # or its tests would run here again

if __name__ == "__main__":
    unittest.main(verbosity=2)
