# SPDX-License-Identifier: Apache-2.0
"""shanqiao-signaling with something amiss: it ends, and its one sentence names the key, its place and the remedy."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts" / "lib"))
import installation  # noqa: E402


class Start(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-start-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.installation = installation.Installation(cls.folder / "i")
        cls.home = cls.installation.folder

    def run_with(self, *arguments, **settings):
        """The exit status and what was said, with `settings` as environment over a good installation."""
        good = {"TLS_CERTIFICATE": self.home / "tls/server.crt", "TLS_KEY": self.home / "tls/server.key",
                "STORE_DATABASE": self.home / "shanqiao.db", "STORE_KEYS": self.home / "keys",
                "CLUSTER_KEY_FILE": self.home / "cluster.keys", "SIGNALING_PORT": self.installation.https}
        environment = {f"SHANQIAO_{name}": str(value) for name, value in (good | settings).items()}
        ended = subprocess.run([installation.program("shanqiao-signaling"), *arguments], env=os.environ | environment,
                               capture_output=True, text=True, timeout=60)
        return ended.returncode, ended.stderr

    def test_it_ends_in_good_order_when_told(self):
        i = self.installation
        for number in (signal.SIGTERM, signal.SIGINT):
            i.start_signaling()
            i.processes["signaling"].send_signal(number)
            self.assertEqual(i.processes["signaling"].wait(20), 0, number)
            self.assertIn('"signaling.ended","error":0', (i.folder / "signaling.log").read_text().splitlines()[-1])

    def test_one_address_means_that_one_only(self):
        i = self.installation
        i.start_signaling()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", i.https), timeout=5)
        i.order("stop signaling")

    def test_operands_are_refused(self):
        status, said = self.run_with("signaling.yaml")
        self.assertEqual(status, 2)
        self.assertIn('found "signaling.yaml", want options only', said)

    def test_a_taken_port_is_told_from_a_bad_certificate(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, said = self.run_with(SIGNALING_PORT=port)
        self.assertEqual(status, 1)
        self.assertIn(f"environment variable SHANQIAO_SIGNALING_PORT: signaling.port: found 127.0.0.1:{port}: Address "
                      "already in use, want a port that no other program has; ", said)
        status, said = self.run_with(TLS_KEY=self.home / "keys/master.key")
        self.assertEqual(status, 2)
        self.assertIn("environment variable SHANQIAO_TLS_KEY: tls.key: found ", said)

    def test_an_address_of_another_machine_is_named(self):
        status, said = self.run_with(SIGNALING_LISTEN="192.0.2.1")
        self.assertEqual(status, 1)
        self.assertIn("SHANQIAO_SIGNALING_LISTEN: signaling.listen: found 192.0.2.1:", said)
        self.assertIn("want an IP address of this machine", said)

    def test_store_and_keys_are_named(self):
        status, said = self.run_with(STORE_DATABASE="/nonexistent/shanqiao.db")
        self.assertEqual(status, 1)
        self.assertIn('SHANQIAO_STORE_DATABASE: store.database: found "/nonexistent/shanqiao.db", want this', said)
        status, said = self.run_with(STORE_KEYS="/nonexistent")
        self.assertEqual(status, 1)
        self.assertIn('SHANQIAO_STORE_KEYS: store.keys: found "/nonexistent", want the directory', said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
