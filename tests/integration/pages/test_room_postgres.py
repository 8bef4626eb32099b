# SPDX-License-Identifier: Apache-2.0
"""The same on PostgreSQL with two nodes: who is in one call over different nodes hears what is said and signed, and what
is signed leaves nothing in the database."""
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
sys.path.insert(0, str(Path(__file__).resolve().parent))
import installation  # noqa: E402
import test_room  # noqa: E402
import wire  # noqa: E402
from postgres import Postgres  # noqa: E402

NODES = {"village": "node-a", "specialist": "node-b"}


class Across(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.stop)
        cls.postgres.start()
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-room-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = installation.Installation(cls.folder / "installation", database=cls.postgres.create("shanqiao"))
        cls.addClassCleanup(cls.server.stop)
        cls.server.write("directory.json", json.dumps(test_room.DIRECTORY, ensure_ascii=False))
        installation.call(installation.program("shanqiaoctl"), "import", "--db", cls.server.database, "--keys",
                          cls.server.folder / "keys", cls.server.folder / "directory.json")
        cls.server.start_relay()
        cls.ports = dict(zip(("node-a", "node-b"), installation.free_ports(2)))
        for name, port in cls.ports.items():
            cls.server.start_signaling(name, port)

    def setUp(self):
        self.people = {}
        for name, node in NODES.items():
            t = self.people[name] = wire.Terminal(self.ports[node])
            self.addCleanup(t.close)
            t.login = t.result("auth.login", {"account": f"acc_{name}", "password": f"password-{name}", "takeover": True})
        village, specialist = self.people.values()
        specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
        self.case = village.result("consultation.submit", test_room.REQUEST)["consultation"]["id"]
        specialist.told("consultation.ring")
        specialist.result("consultation.accept", {"id": self.case})
        for t in self.people.values():
            t.result("consultation.enter", {"id": self.case})

    def query(self, sql):
        return self.postgres.query(sql, "shanqiao")

    def test_signs_reach_the_other_node_and_stay_nowhere(self):
        village, specialist = self.people.values()
        for a, b in ((village, specialist), (specialist, village)):
            a.result("room.signal", {"room": self.case, "kind": "pointer", "body": {"x": 1, "word": "moment-4713"}})
            told = b.told("room.signalled")
            self.assertEqual(told["body"], {"x": 1, "word": "moment-4713"})
            self.assertNotIn("seq", told)
        end = time.monotonic() + 10
        while self.query("SELECT COUNT(*) FROM node_mail WHERE kind = 'signal'") != "0":
            self.assertLess(time.monotonic(), end, "mail is gone once it is read")
            time.sleep(0.1)
        self.assertEqual(village.result("room.messages", {"room": self.case})["messages"], [])

    def test_chat_and_marks(self):
        village, specialist = self.people.values()
        said = village.result("room.say", {"room": self.case, "text": "对面听得到吗"})
        self.assertEqual(specialist.told("room.said")["id"], said["id"])
        for i in range(3):
            specialist.result("room.say", {"room": self.case, "text": f"第 {i} 句"})
        kept = village.result("room.messages", {"room": self.case})["messages"]
        self.assertEqual([m["text"] for m in kept], ["第 2 句", "第 1 句", "第 0 句", "对面听得到吗"])
        older = village.result("room.messages", {"room": self.case, "cursor": kept[1]["id"]})["messages"]
        self.assertEqual([m["text"] for m in older], ["第 0 句", "对面听得到吗"])
        material = village.result("material.vitals", {"consultationId": self.case, "takenAt": "2026-01-01T08:00:00.000Z",
                                  "values": [{"code": "pain", "value": 3, "unit": "{score}"}]})["material"]["id"]
        self.assertEqual(specialist.result("material.mark", {"id": material, "marks": [test_room.ARROW]}), {"revision": 1})
        self.assertEqual(village.told("material.marked")["by"], "acc_specialist")
        village.result("material.mark", {"id": material, "marks": [test_room.TEXT]})
        specialist.result("material.mark", {"id": material, "marks": []})
        self.assertEqual(village.result("material.marks", {"id": material}),
                         {"marks": [{**test_room.TEXT, "by": "acc_village"}], "revision": 3, "by": ["acc_village"]})
        village.result("material.remove", {"id": material})


if __name__ == "__main__":
    unittest.main(verbosity=2)
