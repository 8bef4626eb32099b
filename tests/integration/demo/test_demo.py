# SPDX-License-Identifier: Apache-2.0
"""scripts/lib/demo.py as a person runs it: what it leaves, what it refuses, and when it calls itself failed."""
import contextlib
import copy
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LIB = Path(__file__).resolve().parents[3] / "scripts" / "lib"
sys.path.insert(0, str(LIB))
import demo  # noqa: E402

SANITIZED = bool(os.environ.get("SHANQIAO_SANITIZE"))  # too slow for the thresholds
KEYS = {
    "consultation": {"id", "state", "opinion_verified"},
    "timing": {"submit_to_ring_ms", "accept_to_first_audio_ms", "accept_to_first_frame_ms"},
}
SIDE = {
    "audio": {"sent_packets", "received_packets", "lost_packets", "concealed_ms", "bitrate_kbps"},
    "video": {"frames_sent", "frames_decoded", "freeze_ms", "width", "height", "bitrate_kbps"},
}
GOOD_SIDE = {"audio": {"concealed_ms": 0}, "video": {"frames_sent": 100, "frames_decoded": 90, "freeze_ms": 0},
             "srtp_profile": "AEAD_AES_128_GCM", "received_quality": {"ssim": 0.90}}
GOOD = {"consultation": {"state": "archived", "opinion_verified": True},
        "village": GOOD_SIDE, "specialist": copy.deepcopy(GOOD_SIDE)}
BAD = [  # path in the report, a value just beyond the bound
    (("consultation", "state"), "live"), (("consultation", "opinion_verified"), False),
    (("village", "video", "frames_decoded"), 89), (("specialist", "video", "freeze_ms"), 500),
    (("village", "audio", "concealed_ms"), 200), (("specialist", "srtp_profile"), "AES128_CM_SHA1_80"),
    (("village", "received_quality", "ssim"), 0.89), (("village", "video", "frames_sent"), 0),
    (("specialist", "video", "frames_sent"), 101),
]


def start(*argv):
    return subprocess.Popen([sys.executable, "-B", LIB / "demo.py", "--language", "en", *map(str, argv)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*argv):
    process = start(*argv)
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def processes_naming(folder):
    """Command lines with the folder in them, of programs that still run."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in line:
                found.append(line)
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="demo test ")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def test_leaves_report_and_picture(self):
        out = self.folder / "out of it"
        code, text, err = run("--seconds", 6, "--out", out)
        self.assertTrue((out / "report.json").is_file(), text + err)
        report = json.loads((out / "report.json").read_text())
        for name, keys in KEYS.items():
            self.assertLessEqual(keys, report[name].keys())
        for side in ("village", "specialist"):
            self.assertLessEqual({"rtt_ms", "srtp_profile", "recording"}, report[side].keys())
            for name, keys in SIDE.items():
                self.assertLessEqual(keys, report[side][name].keys())
        self.assertEqual((out / "specialist-saw.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
        if SANITIZED:
            self.assertEqual(code, 1 if demo.missed(report) else 0, err)
            return
        self.assertEqual(code, 0, err)
        self.reaches(report)

    def reaches(self, report):
        self.assertIn(report["consultation"]["state"], ("archived", "delivered"))
        self.assertIs(report["consultation"]["opinion_verified"], True)
        for side, other in (("village", "specialist"), ("specialist", "village")):
            self.assertGreaterEqual(report[side]["video"]["frames_decoded"],
                                    0.9 * report[other]["video"]["frames_sent"])
            self.assertLess(report[side]["video"]["freeze_ms"], 500)
            self.assertLess(report[side]["audio"]["concealed_ms"], 200)
            self.assertIn("GCM", report[side]["srtp_profile"])
            self.assertGreaterEqual(report[side]["received_quality"]["ssim"], 0.90)

    def test_refuses_a_folder_of_others(self):
        kept = self.folder / "thesis.txt"
        kept.write_text("mine")
        for out in (self.folder, kept):
            code, _, err = run("--out", out)
            self.assertEqual(code, 1)
            self.assertIn("Name ", err)
            self.assertNotIn("Traceback", err)
            self.assertEqual([p.name for p in self.folder.iterdir()], ["thesis.txt"])
            self.assertEqual(kept.read_text(), "mine")

    def test_a_signal_stops_the_servers(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = start("--seconds", 60, "--out", self.folder / "run")  # each time over the former one
            for line in process.stdout:
                if "specialist goes on duty" in line:
                    break
            process.send_signal(number)
            _, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, err), (130, "stopped\n"))
            self.assertEqual(processes_naming(self.folder), [])

    def test_a_missed_threshold_fails_and_is_named(self):
        self.assertEqual(demo.verdict(GOOD, demo.TEXT["en"]), 0)
        for path, value in BAD:
            report = copy.deepcopy(GOOD)
            at = report
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = value
            self.assertNotEqual(report, GOOD)
            said = io.StringIO()
            with contextlib.redirect_stderr(said):
                self.assertEqual(demo.verdict(report, demo.TEXT["en"]), 1, path)
            self.assertEqual(len(said.getvalue().splitlines()), 1, said.getvalue())


if __name__ == "__main__":
    unittest.main(verbosity=2)
