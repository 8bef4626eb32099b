# SPDX-License-Identifier: Apache-2.0
"""What the terminal's options promise, seen on the real programs: whose certificate is believed, which SRTP profile is
spoken, how much is sent, and that a muted person sends no speech."""
import json
import subprocess
import time
import unittest

import test_system
from test_interactive import Person
from test_system import LIB, TALK_SECONDS, demo, program

DISTRUST_SECONDS = 5  # several attempts to connect
MAX_KBPS, ROOM = 150, 1.2


class Options(test_system.System):
    def talk(self, *extra):
        specialist = self.specialist(TALK_SECONDS, *extra)
        village = self.village(*extra)
        self.wait_end(village, specialist)
        self.assert_completed(village)
        return specialist.report(), village.report()

    def test_server_of_another_installation_is_not_believed(self):
        other = self.out / "other"
        subprocess.run([program("shanqiaoctl"), "tls-init", other, "localhost", "127.0.0.1"], check=True,
                       capture_output=True)
        terminal = self.terminal("specialist", "specialist", demo.COUNTY, "--opinion", LIB / "demo-opinion.json",
                                 "--ca", other / "ca.crt")  # the last --ca counts
        forged = lambda: [e for e in terminal.events() if e["event"] == "connection" and e["error"] == "SQ_ERR_FORGED"]
        self.wait(forged, "the refusal of the certificate", test_system.SIGN_IN_SECONDS)
        end = time.monotonic() + DISTRUST_SECONDS
        self.wait(lambda: terminal.first("signed_in") or time.monotonic() > end, "some more attempts")
        self.assertIsNone(terminal.first("signed_in"))
        self.assertIsNone(terminal.first("on_duty"))
        self.assertIsNone(terminal.process.poll(), "it keeps trying: the server may be put right")
        terminal.process.terminate()
        terminal.process.wait(test_system.SIGN_IN_SECONDS)

    def test_narrow_link_gets_short_tags(self):
        for report in self.talk("--narrow"):
            self.assertEqual(report["srtp_profile"], "AES_CM_128_HMAC_SHA1_32")
            self.assertGreater(report["video"]["frames_decoded"], 0)

    def test_no_more_is_sent_than_allowed(self):
        for report in self.talk("--max-kbps", MAX_KBPS):
            self.assertLessEqual(report["estimate_kbps"], MAX_KBPS)
            sent = report["audio"]["bitrate_kbps"] + report["video"]["bitrate_kbps"]
            self.assertLess(sent, ROOM * MAX_KBPS)
            self.assertGreater(report["video"]["frames_decoded"], 0)

    def test_muted_person_sends_no_speech(self):
        specialist = self.specialist(TALK_SECONDS)
        village = Person(self, "village", "doctor", demo.VILLAGE, "--consultation", LIB / "demo-request.json")
        self.wait(lambda: specialist.first("ring"), "the ring")
        village.type("mute")
        for state, word in (("delivered", "acknowledge"), ("acknowledged", "outcome agrees well"),
                            ("outcome_recorded", "archive")):
            village.reaches(state)
            village.type(word)
        village.ends(0)
        self.wait_end(specialist)
        sent = json.loads((self.out / "village.json").read_text())  # the relay would hide it: it pauses the track, too
        self.assertGreater(sent["video"]["frames_sent"], 25, "pictures go on")
        self.assertLess(sent["audio"]["sent_packets"], 100, "50 a second when not muted")


def load_tests(loader, tests, pattern):
    """The cases of this file; those that Options inherits run under their own name."""
    own = [name for name in vars(Options) if name.startswith("test_")]
    return unittest.TestSuite(Options(name) for name in own)


if __name__ == "__main__":
    unittest.main(verbosity=2)
