# SPDX-License-Identifier: Apache-2.0
"""Materials on PostgreSQL: an upload goes on at another node when its own is killed, and where no folder is configured
who sends or fetches is told which setting is missing."""
import hashlib
import json
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
sys.path.insert(0, str(ROOT / "tests" / "integration" / "signaling"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import installation  # noqa: E402
import test_signaling  # noqa: E402
import tus  # noqa: E402
import wire  # noqa: E402
from postgres import Postgres  # noqa: E402

PICTURE = ROOT / "tests" / "data" / "materials" / "chest_dx_nih_512.dcm"
NODES = ("node-a", "node-b")


class Server(installation.Installation):
    materials = None

    def write(self, name, text):
        if self.materials and name.startswith("node-"):
            text = text.replace("signaling:\n", f"signaling:\n  materials: {installation.yaml(self.materials)}\n", 1)
        return super().write(name, text)

    def start_nodes(self, count):
        self.write("directory.json", json.dumps(test_signaling.DIRECTORY, ensure_ascii=False))
        installation.call(installation.program("shanqiaoctl"), "import", "--db", self.database, "--keys",
                          self.folder / "keys", self.folder / "directory.json")
        self.ports = dict(zip(NODES, installation.free_ports(count)))
        for name, port in self.ports.items():
            self.start_signaling(name, port)


class Materials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.stop)
        cls.postgres.start()

    def start(self, database, nodes, materials=None):
        folder = Path(tempfile.mkdtemp(prefix="shanqiao-materials-"))
        self.addCleanup(shutil.rmtree, folder)
        server = Server(folder / "installation", database=self.postgres.create(database))
        self.addCleanup(server.stop)
        server.materials = materials and folder / materials
        server.start_nodes(nodes)
        return server

    def sign_in(self, port):
        terminal = wire.Terminal(port)
        self.addCleanup(terminal.close)
        login = terminal.result("auth.login", {"account": "acc_village", "password": "password-village"})
        case = terminal.result("consultation.submit", test_signaling.REQUEST)["consultation"]["id"]
        return login["token"], case

    def test_an_upload_goes_on_at_another_node(self):
        server = self.start("shared", 2, "files")
        token, case = self.sign_in(server.ports["node-a"])
        a, b = (tus.Client(server.ports[name], token) for name in NODES)
        data = PICTURE.read_bytes()
        half = len(data) // 2
        status, headers, body = a.create(case, "dicom", PICTURE.name, data)
        self.assertEqual(status, 201, body)
        path = headers["location"]
        self.assertEqual(a.patch(path, 0, data[:half])[0], 204)
        server.kill("node-a")
        self.assertEqual(b.offset(path), (half, None))
        status, headers, body = b.patch(path, half, data[half:])
        self.assertEqual(status, 204, body)
        status, _, body = b.request("GET", f"/materials/{headers['shanqiao-material']}")
        self.assertEqual((status, hashlib.sha256(body).digest()), (200, hashlib.sha256(data).digest()))

    def test_without_a_folder_the_setting_is_named(self):
        server = self.start("alone", 1)
        token, case = self.sign_in(server.ports["node-a"])
        client = tus.Client(server.ports["node-a"], token)
        data = PICTURE.read_bytes()
        for status, headers, body in (client.create(case, "dicom", PICTURE.name, data),
                                      client.request("OPTIONS", "/materials/"),
                                      client.request("GET", "/materials/mat_1"),
                                      client.patch("/materials/upl_1", 0, data),
                                      client.request("DELETE", "/materials/upl_1")):
            self.assertEqual((status, headers["content-type"]), (404, "application/json"), body)
            error = json.loads(body)["error"]
            for text in (error["message"], error["messageEn"]):
                self.assertIn("signaling.materials", text)
        self.assertEqual(client.request("HEAD", "/materials/upl_1")[0], 404)
        server.check("node-a")


if __name__ == "__main__":
    unittest.main()
