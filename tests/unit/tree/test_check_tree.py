#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Feeds check_tree.py small trees, one defect each, and insists that it names that defect and nothing else."""
import tempfile
import unittest
from pathlib import Path

from check_tree import check_tree

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

# path, content below the licence line, words of the complaint
BAD = [
    ("base/a.c", '#include "rtc/rtp/rtp.h"\n', "base/ may use only"),
    ("rtc/rtp/a.c", '#include "relay/room/room.h"\n', "rtc/ may use only"),
    ("rtc/ice/a.c", '#include "cluster/cluster.h"\n', "rtc/ may use only"),
    ("rtc/ice/a.c", '#include "rtc/transport/transport.h"\n', "composes this folder"),
    ("cluster/a.c", '#include "rtc/rtp/rtp.h"\n', "cluster/ may use only"),
    ("relay/room/a.c", '#include "signaling/store/store.h"\n', "relay/ may use only"),
    ("relay/forward/a.c", '#include "relay/worker/worker.h"\n', "relay/forward/ may use only"),
    ("signaling/ws/a.c", '#include "rtc/dtls/dtls.h"\n', "signaling/ may use only"),
    ("signaling/consult/step.c", '#include "signaling/store/store.h"\n', "may use only"),
    ("client-lib/io/a.c", '#include "signaling/proto/method.h"\n', "client-lib/ may use only"),
    ("loadtest/link/a.c", '#include "relay/forward/forward.h"\n', "loadtest/link/ may use only"),
    ("include/shanqiao/a.h", '#include "base/time.h"\n', "include/ may use only"),
    ("relay/worker/a.c", '#include "tests/support/prng.h"\n', "relay/ may use only"),
    ("relay/control/a.c", "#include <nanomsg/nn.h>\n", "belongs in cluster"),
    ("rtc/transport/a.c", "#include <srtp2/srtp.h>\n", "belongs in rtc/srtp"),
    ("client-lib/video/a.c", "#include <opus/opus.h>\n", "belongs in client-lib/audio"),
    ("relay/forward/a.c", "#include <vpx/vpx_encoder.h>\n", "belongs in client-lib/video"),
    ("signaling/store/a.c", "#include <libwebsockets.h>\n", "belongs in signaling/ws"),
    ("signaling/audit/a.c", "#include <sqlite3.h>\n", "belongs in signaling/store"),
    ("relay/control/a.c", "#include <yaml.h>\n", "belongs in base"),
    ("base/a.c", "#include <jansson.h>\n", "belongs in inspect or relay/control"),
    ("cluster/a.c", "#include <jansson.h>\n", "belongs in inspect or relay/control"),
    ("rtc/rtp/a.c", "#include <jansson.h>\n", "belongs in inspect or relay/control"),
    ("base/a.c", "#include <criterion/criterion.h>\n", "belongs in tests"),
    ("rtc/ice/a.c", "#include <sys/socket.h>\n", "knows no sockets"),
    ("rtc/ice/a.c", "#include <pthread.h>\n", "knows no sockets"),
    ("rtc/nack/a.c", "int64_t f(void) { return clock_monotonic_us(); }\n", "take now_us"),
    ("relay/forward/a.c", "long f(void) { return time(0); }\n", "take now_us"),
    ("relay/worker/a.c", "void f(void) { clock_gettime(0, 0); }\n", "past base/time.h"),
    ("base/a.c", "#include <assert.h>\n", "use CHECK"),
    ("base/a.c", 'void f(char *o) { sprintf(o, "x"); }\n', "without a bound"),
    ("relay/room/a.c", 'void f(char *o, const char *i) { strcpy(o, i); }\n', "without a bound"),
    ("tests/unit/rtc/a.c", "void f(void) { usleep(10); }\n", "sleeps"),
    ("base/a.c", "/* TO" "DO: later */\n", "unfinished"),
    ("scripts/a.sh", "# FIX" "ME\n", "unfinished"),
    ("base/a.c", "int a; \n", "ends in blanks"),
    ("base/a.c", "int a;\n" * 600, "two ideas"),
]

GOOD = [
    ("base/a.c", '#include "base/a.h"\n#include "shanqiao/error.h"\n#include <yaml.h>\n#include <time.h>\n'),
    ("rtc/transport/a.c", '#include "rtc/ice/ice.h"\n/* clock_monotonic_us() is for others */\n'),
    ("rtc/rtp/a.c", 'const char *s = "time("; int timeout(int); int x = 1; int y = timeout(1);\n'),
    ("rtc/dtls/a.c", "#include <sys/time.h>\n#include <openssl/ssl.h>\n"),
    ("cluster/a.c", "#include <nanomsg/nn.h>\n#include <sodium.h>\n"),
    ("tests/unit/relay/a.c", '#include "relay/room/room.h"\n#include <jansson.h>\n'),
    ("relay/worker/a.c", '#include "a.h"\n#include "relay/forward/forward.h"\n#include <sys/socket.h>\n'),
]


class CheckTree(unittest.TestCase):
    def look(self, path, text):
        with tempfile.TemporaryDirectory() as root:
            file = Path(root, path)
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
            return check_tree(root)

    def test_each_defect_is_found_alone(self):
        for path, text, words in BAD:
            with self.subTest(path=path, words=words):
                licence = SPDX if path.endswith((".c", ".h")) else "# SPDX-License-Identifier: Apache-2.0\n"
                looked_at, problems = self.look(path, licence + text)
                self.assertEqual(looked_at, 1)
                self.assertEqual(len(problems), 1, problems)
                self.assertIn(words, problems[0])
                self.assertTrue(problems[0].startswith(path + ":"))

    def test_good_files_pass(self):
        for path, text in GOOD:
            with self.subTest(path=path, text=text):
                self.assertEqual(self.look(path, SPDX + text), (1, []))

    def test_a_missing_licence_is_found(self):
        for path, text in (("base/a.c", "int a;\n"), ("scripts/run", "#!/bin/sh\ntrue\n")):
            self.assertEqual(len(self.look(path, text)[1]), 1)

    def test_an_empty_tree_is_seen(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(check_tree(root), (0, []))


if __name__ == "__main__":
    unittest.main()
