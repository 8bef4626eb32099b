# SPDX-License-Identifier: Apache-2.0
"""An operator at a real server: a relay is taken into use while everything runs, drained, kept over a restart of
signalling, and given up again; who is refused; what is counted."""
import json
import shutil
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

DIRECTORY = {
    "institutions": [{"id": "ins_county", "name": "山桥县人民医院", "level": "county", "kind": "hospital"}],
    "accounts": [{"id": f"acc_{role}", "name": role, "institution": "ins_county", "roles": [role], "language": "en",
                  "password": f"password-{role}"} for role in ("operator", "quality")],
}
PATIENCE_S = 20


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="shanqiao-operator-"))
        self.server = installation.Installation(self.folder / "installation")
        self.server.write("directory.json", json.dumps(DIRECTORY, ensure_ascii=False))
        installation.call(installation.program("shanqiaoctl"), "import", "--db", self.server.database, "--keys",
                          self.server.folder / "keys", self.server.folder / "directory.json")
        self.server.start_relay()
        self.server.start_signaling()
        self.operator = self.sign_in("operator")

    def tearDown(self):
        self.operator.close()
        self.server.stop()
        log = (self.server.folder / "signaling.log").read_text()
        shutil.rmtree(self.folder)
        self.assertEqual(self.server.processes["signaling"].returncode, 0, log[-4000:])

    def sign_in(self, role):
        t = wire.Terminal(self.server.https)
        t.result("auth.login", {"account": f"acc_{role}", "password": f"password-{role}", "takeover": True})
        return t

    def start_second(self, name="city-2"):
        """A relay with the same keys that no configuration names. Its addresses."""
        commands, heartbeats, metrics, media = installation.free_ports(4)
        self.server.start("second", [installation.program("shanqiao-relay"), "--config", self.server.write("second.yaml", f"""\
relay: {{id: {name}, level: city, listen: 127.0.0.1, announce: [127.0.0.1], base_port: {media}, workers: 1,
        metrics_listen: "127.0.0.1:{metrics}"}}
cluster:
  commands: tcp://127.0.0.1:{commands}
  heartbeats: tcp://127.0.0.1:{heartbeats}
  key_file: {installation.yaml(self.server.folder / "cluster.keys")}
""")])
        self.server.wait_healthy("second", f"http://127.0.0.1:{metrics}/healthz")
        return {"commands": f"tcp://127.0.0.1:{commands}", "heartbeats": f"tcp://127.0.0.1:{heartbeats}"}

    def relay(self, name):
        relays = self.operator.result("operator.overview")["relays"]
        return next((r for r in relays if r["id"] == name), None)

    def until(self, what, look):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if look():
                return
            time.sleep(0.1)
        self.fail(f"{what}: {self.operator.result('operator.overview')['relays']}")

    def state(self, name):
        return (self.relay(name) or {}).get("state")

    def test_a_relay_comes_and_goes_while_everything_runs(self):
        addresses = self.start_second()
        self.until("the first relay", lambda: self.state("county-1") == "up")
        began = time.monotonic()
        self.operator.result("operator.addRelay", {"id": "city-2", "level": "city", **addresses})
        self.until("the second relay", lambda: self.state("city-2") == "up")
        print(f"heard {time.monotonic() - began:.1f} s after it was added", file=sys.stderr)
        self.until("the first one again", lambda: self.state("county-1") == "up")
        self.operator.result("operator.drain", {"relayId": "county-1", "drain": True})
        self.until("drained", lambda: self.relay("county-1")["drained"])
        self.operator.close()
        self.server.kill("signaling")
        self.server.start_signaling()
        self.operator = self.sign_in("operator")
        self.until("drained as before", lambda: self.relay("county-1")["drained"])
        self.until("in use as before", lambda: self.state("city-2") == "up")
        self.assertTrue(self.relay("city-2")["added"])
        points = self.operator.result("operator.history", {"relayId": "city-2"})["points"]
        self.assertLessEqual(len(points), 2)
        self.server.kill("second")
        self.until("silent", lambda: self.state("city-2") == "silent")
        self.assertIn("silentSince", self.relay("city-2"))
        self.operator.result("operator.removeRelay", {"relayId": "city-2"})
        self.until("gone", lambda: self.relay("city-2") is None)

    def test_what_is_refused(self):
        office = self.sign_in("quality")
        self.assertEqual(wire.error_of(office.call("operator.overview", {})), "SQ_ERR_DENIED")
        office.close()
        add = {"id": "county-1", "commands": "tcp://10.0.0.9:7400", "heartbeats": "tcp://10.0.0.9:7401"}
        self.assertEqual(wire.error_of(self.operator.call("operator.addRelay", add)), "SQ_ERR_CONFLICT")
        for bad in ("http://10.0.0.9:7400", "tcp://10.0.0.9", "tcp://10.0.0.9:70000", "tcp://a b:7400", "tcp://*:7400"):
            reply = self.operator.call("operator.addRelay", {**add, "id": "x", "commands": bad})
            self.assertEqual(wire.error_of(reply), "SQ_ERR_INVALID", bad)
        self.assertEqual(wire.error_of(self.operator.call("operator.removeRelay", {"relayId": "county-1"})), "SQ_ERR_STATE")
        self.until("the first relay", lambda: self.state("county-1") == "up")

    def test_a_relay_that_nobody_answers_for_disturbs_nobody(self):
        self.until("the first relay", lambda: self.state("county-1") == "up")
        for name, host in (("nowhere", "127.0.0.1:1"), ("unknown-host", "no.such.host.invalid:7400")):
            self.operator.result("operator.addRelay", {"id": name, "commands": f"tcp://{host}", "heartbeats": f"tcp://{host}"})
        self.until("both are listed", lambda: self.state("nowhere") == self.state("unknown-host") == "never")
        self.until("the first relay again", lambda: self.state("county-1") == "up")
        self.assertEqual(self.operator.result("operator.overview")["refusedFrames"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
