# SPDX-License-Identifier: Apache-2.0
"""Materials over a link that breaks: every type arrives whole, is listed with what its header says, and comes back as it
was; what must be refused is refused."""
import contextlib
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
import jsonschema  # noqa: E402

sys.path.insert(0, str(ROOT / "scripts" / "lib"))
sys.path.insert(0, str(ROOT / "tests" / "integration" / "signaling"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import installation  # noqa: E402
import test_signaling  # noqa: E402
import tus  # noqa: E402
import wire  # noqa: E402

DATA = ROOT / "tests" / "data" / "materials"
SPEECH = ROOT / "tests" / "data" / "media" / "zh_aishell1_BAC009S0724W0121_16k.wav"
PROTOCOL = ROOT / "docs" / "protocol"
PHOTO = "iphone5_orientation3_gps_816.jpg"
SEED = 20260131

PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
4 0 obj<</Type /Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
""" + b"% filler that makes the file long enough to break thrice\n" * 200 + b"trailer<</Root 1 0 R>>\n%%EOF\n"

CHEST_STUDY = "1.3.6.1.4.1.11129.5.5.112507010803284478207522016832191866964708"
TWELVE = ["I", "II", "V1", "V2", "V3", "V4", "V5", "V6", "III", "aVR", "aVL", "aVF"]

# name, type, format, what the listing says of the header
FILES = [
    (PHOTO, "photo", "jpeg", {"width": 816, "height": 612, "orientation": 3, "startedAt": "2012-09-29T16:11:25"}),
    ("medical_fundus_retina.jpg", "photo", "jpeg", {"width": 1411, "height": 1411, "orientation": 1}),
    ("chest_dx_nih_512.dcm", "dicom", "dicom", {"modality": "DX", "rows": 512, "columns": 512, "studyUid": CHEST_STUDY}),
    ("ct_small_128.dcm", "dicom", "dicom", {"modality": "CT", "rows": 128, "columns": 128}),
    ("ecg_12lead_500hz.dcm", "ecg", "dicom", {"modality": "ECG", "sampleRateHz": 500.0, "durationMs": 10000,
                                              "startedAt": "2002-11-22T09:10:00"}),
    ("example.scp", "ecg", "scp", {"leads": TWELVE, "sampleRateHz": 500.0, "durationMs": 10000,
                                   "startedAt": "2002-11-22T09:10:00"}),
    ("aecg_example_2s.xml", "ecg", "aecg", {"leads": TWELVE, "sampleRateHz": 500.0, "durationMs": 2000}),
    ("100_first_minute.edf", "ecg", "edf", {"leads": ["MLII", "V5"], "sampleRateHz": 360.0, "durationMs": 60000}),
    ("100s.hea", "ecg", "wfdb_header", {"leads": ["MLII", "V5"], "sampleRateHz": 360.0, "durationMs": 166666}),
    ("100s.dat", "ecg", "wfdb_signal", None),
    ("report.pdf", "pdf", "pdf", {"pages": 2}),
    ("heart.wav", "audio", "wav", {"channels": 1, "sampleRateHz": 16000.0}),
    ("heart.opus", "audio", "ogg_opus", {"channels": 1, "sampleRateHz": 48000.0}),
    ("wound.png", "photo", "png", {"width": 300, "height": 300, "orientation": 1}),
]
BAD = [("bad_truncated_pixeldata_mr.dcm", "cut_short"), ("bad_vr.dcm", "bad_value:NumberOfFrames"),
       ("bad_no_meta.dcm", "no_meta_header")]


def ffmpeg(*arguments):
    return subprocess.run(["ffmpeg", "-v", "error", *map(str, arguments)], check=True, capture_output=True).stdout


def pixels(data):
    """MD5 of the picture as it is stored, not turned."""
    return subprocess.run(["ffmpeg", "-v", "error", "-noautorotate", "-i", "-", "-f", "md5", "-"], input=data,
                          check=True, capture_output=True).stdout


class Case(test_signaling.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        specialist = cls.server.sign_in("specialist")
        specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
        cls.made = cls.folder / "made"
        cls.made.mkdir()
        (cls.made / "report.pdf").write_bytes(PDF)
        shutil.copy(SPEECH, cls.made / "heart.wav")
        ffmpeg("-i", SPEECH, "-c:a", "libopus", "-b:a", "24k", cls.made / "heart.opus")
        ffmpeg("-i", DATA / "medical_fundus_retina.jpg", "-vf", "scale=300:300", cls.made / "wound.png")

    def setUp(self):
        super().setUp()
        self.village = self.server.sign_in("village", takeover=True)
        self.case = self.submit(self.village)
        self.client = tus.Client(self.port, self.village.login["token"])

    def submit(self, terminal):
        return terminal.result("consultation.submit", test_signaling.REQUEST)["consultation"]["id"]

    def read(self, name):
        path = DATA / name
        return (path if path.exists() else self.made / name).read_bytes()

    def fits(self, method, result):
        """The result has the shape that docs/protocol promises."""
        schema = json.loads((PROTOCOL / "methods" / f"{method}.json").read_text())
        shared = json.loads((PROTOCOL / "defs.json").read_text())
        schema["$defs"] = {**shared["$defs"], **schema.get("$defs", {})}
        text = json.dumps({**schema["result"], "$defs": schema["$defs"]}).replace("../defs.json#", "#")
        jsonschema.validate(result, json.loads(text))

    def listed(self, case, terminal=None):
        """By name, when no header is left to be read."""
        terminal = terminal or self.village
        while True:
            try:
                result = terminal.result("material.list", {"consultationId": case})
                self.fits("material.list", result)
                if all(m["status"] != "pending" for m in result["materials"]):
                    return {m["name"]: m for m in result["materials"]}
                terminal.told("material.changed")
            except wire.Closed:  # as any terminal does: these tests are not about connections
                terminal = self.resume(terminal)

    def resume(self, terminal):
        """The same session on a new connection."""
        again = self.server.terminal()
        again.result("session.resume", {"token": terminal.login["token"], "lastSeq": 0})
        again.login = terminal.login
        return again


class BrokenLink(Case):
    def test_every_type_arrives_over_a_link_that_breaks_thrice_and_a_server_that_is_killed(self):
        chance = random.Random(SEED)
        cutter = tus.Cutter(self.port)
        client = tus.Client(cutter.port, self.village.login["token"])
        breaks = {}
        ids = {}

        def broken():
            breaks[name] = breaks.get(name, 0) + 1
            if name == "chest_dx_nih_512.dcm" and breaks[name] == 2:
                self.server.kill("signaling")
                self.server.start_signaling()

        for name, kind, _, _ in FILES:
            data = self.read(name)
            cutter.done = 0
            # any request sends more than 700 bytes, and what is left of the file reaches the rest
            cutter.cuts = [chance.randint(300, 700 + len(data) // 4) for _ in range(3)]
            more = {"header": ids["100s.hea"]} if name == "100s.dat" else {}
            ids[name] = client.upload(self.case, kind, name, data, broken=broken, **more)
            self.assertEqual(cutter.done, 3, name)
        cutter.close()
        self.assertGreaterEqual(min(breaks.values()), 3)
        self.village = self.resume(self.village)
        listed = self.listed(self.case)
        self.assertEqual(list(listed), [name for name, _, _, _ in FILES], "oldest first, each once")
        for name, kind, form, details in FILES:
            with self.subTest(name):
                self.check(listed[name], self.read(name), kind, form, details)
        print(json.dumps({"files": len(FILES), "breaks": sum(breaks.values())}))

    def check(self, m, data, kind, form, details):
        self.assertEqual((m["type"], m["format"], m["status"]), (kind, form, "read"), m)
        self.assertEqual(m["sha256"], hashlib.sha256(data).hexdigest(), "the hash of what was uploaded is acknowledged")
        for key, value in (details or {}).items():
            self.assertEqual(m["details"].get(key), value, key)
        status, headers, body = self.client.request("GET", f"/materials/{m['id']}")
        self.assertEqual(status, 200)
        self.assertEqual(m["storedSha256"], hashlib.sha256(body).hexdigest())
        self.assertEqual(len(body), m["bytes"])
        self.assertTrue(headers["content-disposition"].startswith("attachment;"))
        self.assertEqual(headers["x-content-type-options"], "nosniff")
        if m["stripped"]:
            self.assertEqual(kind, "photo")
            self.assertEqual(pixels(body), pixels(data), "not one pixel differs")
        else:
            self.assertEqual(body, data)

    def test_location_leaves_photos_and_nothing_else_does(self):
        data = self.read(PHOTO)
        self.assertIn(b"Apple", data)
        self.client.upload(self.case, "photo", PHOTO, data)
        m = self.listed(self.case)[PHOTO]
        self.assertTrue(m["stripped"])
        body = self.client.request("GET", f"/materials/{m['id']}")[2]
        for mark in (b"Apple", b"GPS", b"iPhone", b"http://ns.adobe.com/xap"):
            self.assertNotIn(mark, body)
        said = subprocess.run(["ffprobe", "-v", "error", "-show_frames", "-"], input=body, check=True,
                              capture_output=True, text=False).stdout.decode()
        self.assertIn("rotation=-180", said, "it is still shown the right way up")
        self.assertNotIn("GPS", said)
        self.assertEqual(pixels(body), pixels(data))

    def test_malformed_files_are_unread_and_block_nothing(self):
        for name, _ in BAD:
            self.client.upload(self.case, "dicom", name, self.read(name))
        self.client.upload(self.case, "dicom", "ct_small_128.dcm", self.read("ct_small_128.dcm"))
        listed = self.listed(self.case)
        for name, reason in BAD:
            self.assertEqual((listed[name]["status"], listed[name].get("reason")), ("unread", reason), name)
            self.assertNotIn("details", listed[name])
            body = self.client.request("GET", f"/materials/{listed[name]['id']}")[2]
            self.assertEqual(body, self.read(name), "what can't be read can still be fetched")
        self.assertEqual(listed["ct_small_128.dcm"]["status"], "read")
        self.assertEqual(listed["ct_small_128.dcm"]["identity"], {"patientName": "CompressedSamples^CT1", "patientId": "1CT1"})

    def test_a_byte_at_a_time_a_checksum_and_a_second_start(self):
        data = self.read("example.scp")[:300] + bytes(200)
        sha = hashlib.sha256(data).hexdigest()
        path = self.client.create(self.case, "ecg", "x.scp", data, sha256=sha)[1]["location"]
        for i in range(3):
            self.assertEqual(self.client.patch(path, i, data[i:i + 1])[0], 204)
        status, _, body = self.client.patch(path, 3, data[3:], checksum=bytes(32))
        self.assertEqual(status, 460, body)
        self.assertEqual(self.client.offset(path)[0], 3, "nothing of a damaged piece is kept")
        self.server.kill("signaling")
        self.server.start_signaling()
        self.assertEqual(self.client.offset(path)[0], 3)
        status, headers, _ = self.client.patch(path, 3, data[3:], checksum=hashlib.sha256(data[3:]).digest())
        self.assertEqual((status, headers["upload-offset"]), (204, "500"))
        self.village = self.resume(self.village)
        m = self.listed(self.case)["x.scp"]
        self.assertEqual(m["status"], "unread")
        self.assertIn(m["reason"], ("damaged", "crashed"), "a library that dies of a file dies alone")


class Terminal(Case):
    def start(self, urls, *files):
        request = self.folder / "request.json"
        request.write_text(json.dumps(test_signaling.REQUEST, ensure_ascii=False))
        attached = [word for file in files for word in ("--attach", str(file))]
        return subprocess.Popen(
            [str(installation.program("shanqiao-terminal")), "--as", "doctor", "--server", urls,
             "--ca", str(self.server.folder / "tls" / "ca.crt"), "--account", "acc_other", "--take-over", "--headless",
             "--language", "en", "--consultation", str(request), *attached],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "SHANQIAO_PASSWORD": "password-other"})

    @staticmethod
    def until_sent(process):
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Sent") or "not sent" in line:
                break
        return said

    @staticmethod
    def end(process, words="quit\n"):
        return process.communicate(words, timeout=30)[0]

    def arrived(self, name):
        """The newest case of the terminal's account has the file whole."""
        other = self.server.sign_in("other", takeover=True)
        cases = other.result("consultation.list", {})["consultations"]
        listed = [self.listed(case["id"], other) for case in cases]
        data = hashlib.sha256(self.read(name)).hexdigest()
        return any(name in materials and materials[name]["sha256"] == data for materials in listed)

    def test_the_terminal_sends_a_file_over_a_link_that_breaks(self):
        cutter = tus.Cutter(self.port)
        cutter.cuts = [50000, 60000, 70000]
        process = self.start(f"wss://127.0.0.1:{cutter.port}/v1", DATA / "chest_dx_nih_512.dcm")
        said = self.until_sent(process)
        said += self.end(process, "attach photo /nowhere/at-all.jpg\nattach what\nquit\n")
        cutter.close()
        self.assertIn("chest_dx_nih_512.dcm", said)
        self.assertIn("No link", said)
        self.assertEqual(cutter.done, 3, said)
        self.assertIn("The file was not sent", said)
        self.assertIn("Write: attach FILE", said)
        self.assertTrue(self.arrived("chest_dx_nih_512.dcm"))

    def test_the_terminal_goes_on_with_the_next_node_when_one_dies(self):
        """The first node's address dies within the file, for good; the second leads to the same installation."""
        node = tus.Cutter(self.port, dies=True)
        node.cuts = [120000]
        process = self.start(f"wss://127.0.0.1:{node.port}/v1,wss://127.0.0.1:{self.port}/v1",
                             DATA / "medical_fundus_retina.jpg")
        said = self.until_sent(process)
        said += self.end(process)
        node.close()
        self.assertEqual(node.done, 1, said)
        self.assertIn("Sent", said)
        self.assertTrue(self.arrived("medical_fundus_retina.jpg"))


class Refusals(Case):
    def head(self, path, **headers):
        return self.client.request("HEAD", path, **headers)[0]

    def test_the_words_of_the_protocol(self):
        status, headers, _ = self.client.request("OPTIONS", "/materials/")
        self.assertEqual(status, 204)
        self.assertEqual((headers["tus-version"], headers["tus-extension"], headers["tus-checksum-algorithm"]),
                         ("1.0.0", "creation,checksum,expiration,termination", "sha256"))
        data = PDF
        status, headers, _ = self.client.create(self.case, "pdf", "a.pdf", data)
        self.assertEqual(status, 201)
        path = headers["location"]
        self.assertIn("GMT", headers["upload-expires"])
        self.assertEqual(self.head(path, Tus_Resumable=None), 412)
        self.assertEqual(self.head(path, Tus_Resumable="0.2.2"), 412)
        self.assertEqual(self.head("/materials/upl_nobody"), 404)
        self.assertEqual(self.head(path, Authorization=None), 401)
        self.assertEqual(self.client.patch(path, 0, data[:9], Content_Type="text/plain")[0], 415)
        self.assertEqual(self.client.patch(path, 1, data[:9])[0], 409)
        self.assertEqual(self.client.patch(path, 0, data + b"more")[0], 413)
        self.assertEqual(self.client.patch(path, 0, data[:9], Upload_Checksum="md5 abcd")[0], 400)
        self.assertEqual(self.client.patch(path, 0, None, Transfer_Encoding="chunked")[0], 411)
        self.assertEqual(self.client.patch(path, 0, data[:9])[0], 204)
        self.assertEqual(self.client.offset(path)[0], 9)
        other = self.server.sign_in("other", takeover=True)
        stranger = tus.Client(self.port, other.login["token"])
        self.assertEqual(stranger.request("HEAD", path)[0], 404)
        self.assertEqual(stranger.patch(path, 9, data[9:])[0], 404)
        self.assertEqual(stranger.create(self.case, "pdf", "b.pdf", data)[0], 403, "a colleague knows of the case")
        self.assertEqual(self.client.request("DELETE", path)[0], 204)
        self.assertEqual(self.head(path), 404)

    def test_metadata_that_is_too_long_is_refused_and_never_cut(self):
        for pad in (1900, 2500, 3000):
            status, _, body = self.client.create(self.case, "pdf", "a.pdf", PDF, note="x" * (pad * 3 // 4))
            self.assertEqual(status, 431, body)
            error = json.loads(body)["error"]
            self.assertEqual(error["code"], "SQ_ERR_LIMIT")
            self.assertIn("2047", error["message"])
            self.assertIn("2047", error["messageEn"])
        self.assertEqual(self.client.create(self.case, "pdf", "a.pdf", PDF, a="x" * 400, b="x" * 400)[0], 201)
        body = self.client.create(self.case, "pdf", "名" * 67, PDF)[2]
        self.assertIn("200", json.loads(body)["error"]["messageEn"])

    def test_lies_about_size_hash_and_content(self):
        self.assertEqual(self.client.create(self.case, "photo", "a", b"", length=21 << 20, sha256="0" * 64)[0], 413)
        self.assertEqual(self.client.create(self.case, "photo", "a", b"", length=0, sha256="0" * 64)[0], 400)
        self.assertEqual(self.client.create(self.case, "film", "a", b"abc")[0], 415)
        self.assertEqual(self.client.create(self.case, "pdf", "a", b"abc", sha256="abc")[0], 400)
        self.assertEqual(self.client.create(self.case, "pdf", "a/../b", b"abc")[0], 400)
        self.assertEqual(self.client.create("con_nobody", "pdf", "a", b"abc")[0], 404)
        pages = b"<html><script>alert(1)</script>%PDF-1.4 %%EOF</html>"
        heic = b"\0\0\0\x18ftypheic" + bytes(500)
        for kind, data, status in (("pdf", pages, 415), ("photo", pages, 415), ("dicom", pages, 415),
                                   ("audio", self.read("wound.png"), 415), ("photo", heic, 415),
                                   ("photo", self.read(PHOTO)[:50000], 415), ("ecg", self.read("100s.dat"), 415)):
            path = self.client.create(self.case, kind, "x", data)[1]["location"]
            answer = self.client.patch(path, 0, data)
            self.assertEqual(answer[0], status, answer)
            self.assertEqual(self.head(path), 404, "a file that is refused is gone")
        path = self.client.create(self.case, "pdf", "x", PDF, sha256=hashlib.sha256(b"other").hexdigest())[1]["location"]
        self.assertEqual(self.client.patch(path, 0, PDF)[0], 460)
        self.assertEqual(self.head(path), 404)
        self.assertEqual(self.listed(self.case), {})

    def test_a_person_has_sixteen_uploads_at_most(self):
        paths = [self.client.create(self.case, "pdf", f"{i}.pdf", PDF)[1]["location"] for i in range(16)]
        status, _, body = self.client.create(self.case, "pdf", "more.pdf", PDF)
        self.assertEqual(status, 413)
        self.assertIn("code", json.loads(body)["error"])
        for path in paths:
            self.assertEqual(self.client.request("DELETE", path)[0], 204)
        self.assertEqual(self.client.create(self.case, "pdf", "more.pdf", PDF)[0], 201)

    def test_one_of_two_writers_wins(self):
        data = PDF
        path = self.client.create(self.case, "pdf", "a.pdf", data)[1]["location"]
        first = wire.connect(self.port)
        first.sendall((f"PATCH {path} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                       f"Authorization: Bearer {self.village.login['token']}\r\n"
                       "Content-Type: application/offset+octet-stream\r\n"
                       f"Content-Length: {len(data)}\r\n\r\n").encode() + data[:4000])
        while (status := self.client.patch(path, 0, data)[0]) == 204:
            self.fail("both wrote")
        self.assertIn(status, (409, 423))
        first.sendall(data[4000:])
        answer = first.recv(4096)
        self.assertIn(b"HTTP/1.1 204", answer, first.recv(4096) if b" 204 " not in answer else b"")
        self.assertEqual(self.client.offset(path)[0], len(data))
        first.close()


class Keeping(Case):
    def test_ranges(self):
        data = self.read("chest_dx_nih_512.dcm")
        mat = self.client.upload(self.case, "dicom", "chest.dcm", data)
        path = f"/materials/{mat}"
        etag = self.client.request("GET", path)[1]["etag"]
        for text, first, last in (("0-0", 0, 0), ("65530-65550", 65530, 65550), ("200000-", 200000, len(data) - 1),
                                  ("-10", len(data) - 10, len(data) - 1), ("5-99999999", 5, len(data) - 1)):
            status, headers, body = self.client.request("GET", path, Range=f"bytes={text}")
            self.assertEqual((status, headers["content-range"]), (206, f"bytes {first}-{last}/{len(data)}"), text)
            self.assertEqual(body, data[first:last + 1], text)
        for text in (f"{len(data)}-", "-0", "0-1,5-6"):
            status, headers, _ = self.client.request("GET", path, Range=f"bytes={text}")
            self.assertEqual((status, headers["content-range"]), (416, f"bytes */{len(data)}"), text)
        self.assertEqual(self.client.request("GET", path, Range="bytes=0-9", If_Range=etag)[0], 206)
        self.assertEqual(self.client.request("GET", path, Range="bytes=0-9", If_Range='"other"')[0], 200)
        self.assertEqual(self.client.request("GET", path, Range="lines=1-2")[0], 200)
        self.assertEqual(self.client.request("GET", path, If_None_Match=etag)[0], 304)
        other = tus.Client(self.port, self.server.sign_in("other", takeover=True).login["token"])
        self.assertEqual(other.request("GET", path)[0], 404)

    def files(self):
        return sorted(p.name for p in (self.server.folder / "materials").iterdir())

    def test_one_content_lies_once_and_leaves_with_its_last_reference(self):
        data = self.read("ct_small_128.dcm") + b"\0" * 2
        before = self.files()
        second = self.submit(self.village)
        ids = [self.client.upload(case, "dicom", "slice.dcm", data) for case in (self.case, second)]
        while len(set(self.files()) - set(before)) != 1:
            pass
        listed = self.listed(second)["slice.dcm"]
        self.assertEqual(self.village.result("material.remove", {"id": ids[0]}), {})
        self.assertEqual(self.client.request("GET", f"/materials/{ids[0]}")[0], 404)
        status, _, body = self.client.request("GET", f"/materials/{ids[1]}")
        self.assertEqual((status, hashlib.sha256(body).hexdigest()), (200, listed["sha256"]))
        self.assertEqual(self.village.result("material.remove", {"id": ids[1]}), {})
        while set(self.files()) - set(before):
            pass

    def database(self, sql, *values):
        """From outside, as time or an auditor would."""
        with contextlib.closing(sqlite3.connect(self.server.folder / "shanqiao.db", timeout=10)) as db:
            rows = db.execute(sql, values).fetchall()
            db.commit()
        return rows

    def test_an_upload_expires_and_leaves_the_disk(self):
        before = self.files()
        path = self.client.create(self.case, "pdf", "a.pdf", PDF)[1]["location"]
        self.assertEqual(self.client.patch(path, 0, PDF[:5000])[0], 204)
        self.database("UPDATE material_upload SET expires_us = 1 WHERE id = ?", path.split("/")[-1])
        self.assertIn(self.client.request("HEAD", path)[0], (404, 410))
        while set(self.files()) - set(before):
            pass
        self.assertEqual(self.client.request("HEAD", path)[0], 404)
        erased = self.database("SELECT act FROM audit WHERE object = ? ORDER BY at_us", path.split("/")[-1])
        self.assertEqual([act for act, in erased], ["material.upload", "material.expire", "material.erase"])

    def test_a_reading_waits_for_its_first_whole_file(self):
        reader = self.server.sign_in("specialist", takeover=True)
        request = {**test_signaling.REQUEST, "kind": "reading"}
        sent = self.village.result("consultation.submit", request)["consultation"]
        self.assertEqual((sent["state"], sent["awaits"]), ("triaged", ["material"]))
        path = self.client.create(sent["id"], "pdf", "a.pdf", PDF)[1]["location"]
        self.assertEqual(self.client.patch(path, 0, PDF[:5000])[0], 204)

        def offered():
            return [task["id"] for task in reader.result("worklist.list", {})["tasks"]]

        self.assertNotIn(sent["id"], offered(), "half a file is nothing to read")
        refused = reader.call("worklist.claim", {"id": sent["id"]})
        self.assertEqual(wire.error_of(refused), "SQ_ERR_STATE")
        self.assertIn("No material", refused["error"]["data"]["remedy"]["en"])
        self.assertIn("资料", refused["error"]["data"]["remedy"]["zh-CN"])
        self.assertEqual(self.client.patch(path, 5000, PDF[5000:])[0], 204)
        self.assertEqual(reader.told("consultation.reminder")["what"], "reading")
        self.assertIn(sent["id"], offered())
        claimed = reader.result("worklist.claim", {"id": sent["id"]})["consultation"]
        self.assertEqual((claimed["state"], claimed["awaits"]), ("accepted", []))

    def test_views_and_downloads_leave_audit_rows(self):
        mat = self.client.upload(self.case, "pdf", "a.pdf", PDF)
        self.listed(self.case)
        self.village.result("material.get", {"id": mat})
        self.client.request("GET", f"/materials/{mat}", Range="bytes=0-9")
        acts = [act for act, in self.database("SELECT act FROM audit WHERE object = ? ORDER BY at_us, act", mat)]
        self.assertEqual(sorted(acts), ["material.add", "material.download", "material.get", "material.inspected"])

    def test_refused_attempts_leave_audit_rows(self):
        mat = self.client.upload(self.case, "pdf", "a.pdf", PDF)
        upload = self.client.create(self.case, "pdf", "b.pdf", PDF)[1]["location"].split("/")[-1]
        other = tus.Client(self.port, self.server.sign_in("other", takeover=True).login["token"])
        self.assertEqual(other.request("GET", f"/materials/{mat}")[0], 404)
        for method in ("HEAD", "DELETE"):
            self.assertEqual(other.request(method, f"/materials/{upload}")[0], 404)
        self.assertEqual(other.create(self.case, "pdf", "c.pdf", PDF)[0], 403)
        self.assertEqual(self.client.request("DELETE", f"/materials/{upload}")[0], 204)
        rows = self.database("SELECT act, object, detail FROM audit WHERE account = 'acc_other' AND object IN (?, ?, ?)"
                             " ORDER BY number", mat, upload, self.case)
        self.assertEqual(rows, [("material.download", mat, "SQ_ERR_NOT_FOUND")]
                         + 2 * [("material.upload", upload, "SQ_ERR_NOT_FOUND")]
                         + [("material.upload", self.case, "SQ_ERR_DENIED")])

    def test_nothing_is_readable_on_the_disk(self):
        name, words = "secret-name-of-a-person.pdf", b"filler that makes the file"
        self.client.upload(self.case, "pdf", name, PDF)
        path = self.client.create(self.case, "pdf", name, PDF + b"x")[1]["location"]
        self.client.patch(path, 0, PDF[:5000])
        for file in self.server.folder.rglob("*"):
            if file.is_file() and file.suffix not in (".log", ".yaml"):
                content = file.read_bytes()
                self.assertNotIn(words, content, file)
                self.assertNotIn(b"secret-name", content, file)
        log = (self.server.folder / "signaling.log").read_bytes()
        self.assertNotIn(b"secret-name", log)

    def test_vitals_are_values(self):
        values = [{"code": "heart_rate", "value": 88, "unit": "/min"}, {"code": "temperature", "value": 38.4, "unit": "Cel"}]
        taken = "2026-01-31T08:15:00.000Z"
        m = self.village.result("material.vitals", {"consultationId": self.case, "takenAt": taken, "values": values})["material"]
        self.assertEqual((m["type"], m["values"], m["takenAt"], m["status"]), ("vitals", values, taken, "read"))
        self.assertEqual(self.village.told("material.added")["id"], m["id"])
        self.assertEqual(self.village.result("material.get", {"id": m["id"]})["material"], m)
        for bad in ({"code": "temperature", "value": 384, "unit": "Cel"}, {"code": "heart_rate", "value": 88, "unit": "kg"}):
            reply = self.village.call("material.vitals", {"consultationId": self.case, "takenAt": taken, "values": [bad]})
            self.assertEqual(wire.error_of(reply), "SQ_ERR_INVALID")
            self.assertIn(bad["code"], reply["error"]["data"]["remedy"]["en"])

    def test_clients_are_told_order_limits_and_changes(self):
        result = self.village.result("material.list", {"consultationId": self.case})
        self.assertEqual(result["uploadOrder"], ["text", "vitals", "ecg", "preview", "original"])
        self.assertEqual(result["limits"]["photo"], 20 << 20)
        mat = self.client.upload(self.case, "pdf", "a.pdf", PDF, preview="1")
        added, changed = self.village.told("material.added"), self.village.told("material.changed")
        self.assertEqual((added["id"], added["status"]), (mat, "pending"))
        self.assertEqual((changed["id"], changed["status"]), (mat, "read"))
        self.assertTrue(self.listed(self.case)["a.pdf"]["preview"])


del test_signaling.Case  # its tests run elsewhere

if __name__ == "__main__":
    unittest.main()
