# SPDX-License-Identifier: Apache-2.0
"""shanqiao-loadtest signaling against a real server: every step of a consultation is answered without an error, and the
report names each of them."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STEPS = {"consultation.submit", "consultation.accept", "consultation.enter", "consultation.enter (2nd)",
         "consultation.end", "opinion.save", "opinion.sign", "consultation.acknowledge", "consultation.outcome",
         "consultation.archive"}


class Loadtest(unittest.TestCase):
    def test_a_short_run_reaches_the_archive_without_an_error(self):
        with tempfile.TemporaryDirectory(prefix="shanqiao-loadtest-") as folder:
            report = Path(folder) / "report.json"
            done = subprocess.run(["/usr/bin/python3", "-B", ROOT / "scripts/lib/bench_signaling.py", "6", "--idle", "20",
                                   "--rate", "30", "--applicants", "20", "--panels", "10", "--json", report],
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            read = json.loads(report.read_text())
            self.assertEqual(read["errors"], {})
            self.assertEqual(read["idle_connections"], 20)
            self.assertGreater(read["ring_ms"]["count"], 0)
            self.assertEqual(set(read["methods_ms"]), STEPS)
            self.assertGreater(read["methods_ms"]["consultation.archive"]["count"], 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
