# SPDX-License-Identifier: Apache-2.0
"""What foreign programs get from the real server: a whole case is lived over the wire, then read over FHIR and checked
against HL7's definitions; webhooks reach a real HTTPS receiver that fails at first; links open a case once; statistics
add up. A program of another institution sees nothing of it."""
import base64
import hashlib
import hmac
import http.client
import http.server
import json
import os
import queue
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
for room in ("signaling", "materials"):
    sys.path.insert(0, str(ROOT / "tests" / "integration" / room))
import installation  # noqa: E402
import tus  # noqa: E402
import wire  # noqa: E402

PICTURE = ROOT / "tests" / "data" / "materials" / "ct_small_128.dcm"
WAIT_SECONDS = 40
DIRECTORY = {
    "institutions": [{"id": "ins_village", "name": "云岭村卫生室", "level": "village", "kind": "village_clinic"},
                     {"id": "ins_county", "name": "山桥县人民医院", "level": "county", "kind": "hospital"},
                     {"id": "ins_other", "name": "别处县医院", "level": "county", "kind": "hospital"}],
    "accounts": [{"id": f"acc_{name}", "name": name, "institution": place, "roles": [role], "language": "en",
                  "password": f"password-{name}"}
                 for name, place, role in (("village", "ins_village", "village_doctor"),
                                           ("outsider", "ins_other", "village_doctor"),
                                           ("specialist", "ins_county", "specialist"),
                                           ("office", "ins_county", "coordinator"),
                                           ("program", "ins_county", "service"),
                                           ("stranger", "ins_other", "service"))],
    "panels": [{"id": "pan_heart", "name": "心内科会诊组", "specialty": "cardiology", "institution": "ins_county",
                "members": ["acc_specialist"]}],
    "agreements": [{"id": "agr_1", "inviting": "ins_village", "invited": "ins_county", "from": "2026-01-01",
                    "kinds": ["live"], "specialties": [], "reference": "T-1", "approveInviting": "automatic",
                    "approveInvited": "automatic", "triage": "automatic"}],
}
REQUEST = {"kind": "live", "panelId": "pan_heart", "urgency": "urgent",
           "patient": {"name": "病人甲", "sex": "female", "ageYears": 61, "idNumber": "532101196501010020"},
           "complaint": "胸闷 <b>两天</b>", "purpose": "明确诊断", "history": "高血压", "diagnosis": "待查", "allergy": "青霉素",
           "consent": {"share": True, "signer": "病人甲", "relation": "self"}}
OPINION = {"findings": "心电图未见急性改变", "diagnosis": "稳定型心绞痛可能", "plan": "完善检查", "advice": "休息，随诊",
           "referral": "", "limits": "画面质量较低"}


class Receiver:
    """A hospital's HTTPS endpoint. Its first answer is 500; everything that comes is kept."""

    def __init__(self, folder):
        self.got, self.failures = queue.Queue(), 1
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.put((dict(self.headers), body))
                receiver.failures -= 1
                self.send_response(500 if receiver.failures >= 0 else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls" / "server.crt", folder / "tls" / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://127.0.0.1:{self.server.server_port}/hook"

    def take(self):
        headers, body = self.got.get(timeout=WAIT_SECONDS)
        return {name.lower(): value for name, value in headers.items()}, body


class Server(installation.Installation):
    def __init__(self, folder):
        super().__init__(folder)
        self.write("directory.json", json.dumps(DIRECTORY, ensure_ascii=False))
        self.ctl("import", folder / "directory.json")
        self.receiver = Receiver(folder)
        self.webhook, self.secret = self.ctl("webhook", "add", "ins_county", self.receiver.url).split()
        self.link_key, self.link_secret = self.ctl("link-key", "add", "ins_county").split()
        self.tokens = {login: self.ctl("account", "token", f"acc_{login}", "30").split()[1]
                       for login in ("program", "stranger")}
        self.start_relay()
        self.start_signaling()

    def write(self, name, text):
        if name == "signaling.yaml":
            text += f"webhooks: {{ca_file: {installation.yaml(self.folder / 'tls/ca.crt')}}}\n"
        return super().write(name, text)

    def ctl(self, *words):
        options = ("--db", self.folder / "shanqiao.db", "--keys", self.folder / "keys")
        split = 1 if words[0] in ("import", "statistics") else 2
        return installation.call(installation.program("shanqiaoctl"), *words[:split], *options, *words[split:])

    def sign_in(self, name):
        terminal = wire.Terminal(self.https)
        terminal.account = terminal.result("auth.login", {"account": f"acc_{name}", "password": f"password-{name}"})
        return terminal

    def get(self, path, token=None, method="GET", **headers):
        """(status, headers, body)"""
        context = ssl.create_default_context(cafile=self.folder / "tls" / "ca.crt")
        connection = http.client.HTTPSConnection("127.0.0.1", self.https, timeout=WAIT_SECONDS, context=context)
        if token:
            headers["authorization"] = f"Bearer {token}"
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, body

    def fhir(self, path, who="program"):
        status, headers, body = self.get(f"/fhir/{path}", self.tokens[who])
        assert headers["content-type"].startswith("application/fhir+json"), headers
        return status, json.loads(body)


def live_a_case(server):
    """From submit to archive; the consultation's id."""
    village, specialist = server.sign_in("village"), server.sign_in("specialist")
    specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
    case = village.result("consultation.submit", REQUEST)["consultation"]["id"]
    tus.Client(server.https, village.account["token"]).upload(case, "dicom", "CT.dcm", PICTURE.read_bytes())
    specialist.told("consultation.ring")
    specialist.result("consultation.accept", {"id": case})
    for terminal in (village, specialist):
        terminal.result("consultation.enter", {"id": case})
    village.result("consultation.leave", {"id": case})
    village.result("consultation.enter", {"id": case})
    specialist.result("consultation.end", {"id": case})
    specialist.result("opinion.save", {"consultationId": case, "opinion": OPINION})
    specialist.result("opinion.sign", {"consultationId": case})
    village.result("consultation.acknowledge", {"id": case})
    village.result("consultation.outcome", {"id": case, "outcome": "well", "concordance": "agrees",
                                            "avoidedTransfer": True})
    village.result("consultation.archive", {"id": case})
    specialist.close()
    return case, village


class Interfaces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-interfaces-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.server = Server(cls.folder / "installation")
        cls.addClassCleanup(cls.server.stop)
        cls.case, cls.village = live_a_case(cls.server)
        cls.fhir_id = cls.case.replace("_", "-", 1)

    # ---- FHIR ----

    def read(self, path, status=200):
        found, resource = self.server.fhir(path)
        self.assertEqual(found, status, resource)
        return resource

    def search(self, path):
        """All resources of all pages, and how many pages."""
        found, pages = [], 0
        while path:
            bundle = self.read(path)
            self.assertEqual((bundle["resourceType"], bundle["type"]), ("Bundle", "searchset"))
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            links = {link["relation"]: link["url"] for link in bundle["link"]}
            path = links["next"].split("/fhir/", 1)[1] if "next" in links else None
            pages += 1
        return found, pages

    def test_every_resource_is_valid_r4(self):
        folder = self.folder / "resources"
        folder.mkdir()
        wanted = {"ServiceRequest": 1, "Task": 1, "Appointment": 0, "Encounter": 1, "Consent": 1, "DiagnosticReport": 1,
                  "DocumentReference": 1}
        files = [("capability.json", json.loads(self.server.get("/fhir/metadata")[2])),
                 ("outcome.json", self.read("Task/con-nobody", 404))]
        for name, count in wanted.items():
            bundle = self.read(f"{name}?based-on={self.fhir_id}" if name != "ServiceRequest" else
                               f"{name}?_id={self.fhir_id}")
            resources = [entry["resource"] for entry in bundle.get("entry", [])]
            self.assertGreaterEqual(len(resources), count, name)
            files += [(f"{name}-bundle.json", bundle)] + [(f"{name}-{i}.json", r) for i, r in enumerate(resources)]
            for resource in resources:
                self.assertEqual(self.read(f"{name}/{resource['id']}"), resource)
        files += [(f"AuditEvent-{i}.json", r) for i, r in enumerate(self.search("AuditEvent?_count=50")[0])]
        for name, resource in files:
            (folder / name).write_text(json.dumps(resource, ensure_ascii=False))
        done = subprocess.run(["node", HERE / "validate.mjs", *sorted(folder.iterdir())], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(files)} resources, 0 faults", done.stdout)

    def test_the_validator_finds_faults(self):
        request = self.read(f"ServiceRequest/{self.fhir_id}")
        for change in ({"status": "finished"}, {"subject": None}, {"invented": 1}, {"authoredOn": "yesterday"}):
            broken = {k: v for k, v in {**request, **change}.items() if v is not None}
            path = self.folder / "broken.json"
            path.write_text(json.dumps(broken))
            done = subprocess.run(["node", HERE / "validate.mjs", path], capture_output=True, text=True)
            self.assertEqual(done.returncode, 1, f"{change}: {done.stdout}{done.stderr}")

    def test_what_the_case_says(self):
        request = self.read(f"ServiceRequest/{self.fhir_id}")
        self.assertEqual((request["status"], request["priority"]), ("completed", "urgent"))
        self.assertEqual(request["reasonCode"][0]["text"], REQUEST["complaint"])
        patient = request["contained"][0]
        self.assertEqual((patient["name"][0]["text"], patient["gender"]), ("病人甲", "female"))
        self.assertNotIn("birthDate", patient)
        task = self.read(f"Task/{self.fhir_id}")
        self.assertEqual(task["businessStatus"]["coding"][0]["code"], "archived")
        self.assertEqual(task["owner"]["identifier"]["value"], "acc_specialist")
        self.assertEqual(self.read(f"Encounter/{self.fhir_id}")["status"], "finished")
        report = self.search(f"DiagnosticReport?based-on=ServiceRequest/{self.fhir_id}")[0][0]
        self.assertEqual(report["status"], "final")
        self.assertEqual(report["conclusionCode"][0]["text"], OPINION["diagnosis"])
        self.assertIn(OPINION["advice"], report["conclusion"])
        picture = self.search(f"DocumentReference?based-on={self.fhir_id}")[0][0]["content"][0]["attachment"]
        self.assertEqual((picture["contentType"], picture["size"]), ("application/dicom", PICTURE.stat().st_size))

    def test_search(self):
        ids = lambda path: [r["id"] for r in self.search(path)[0]]  # noqa: E731
        self.assertIn(self.fhir_id, ids("ServiceRequest"))
        self.assertIn(self.fhir_id, ids("ServiceRequest?status=active,completed"))
        self.assertEqual(ids("ServiceRequest?status=draft"), [])
        self.assertEqual(ids("ServiceRequest?_lastUpdated=lt2026-01-01"), [])
        self.assertIn(self.fhir_id, ids("ServiceRequest?_lastUpdated=ge2026-01-01"))
        events, pages = self.search("AuditEvent?_count=3")
        self.assertGreater(pages, 2)
        self.assertEqual(len(events), len({e["id"] for e in events}))
        events, pages = self.search("AuditEvent?_count=3&_lastUpdated=ge2026-01-01T08:00:00%2B08:00")
        self.assertGreater(pages, 2, "the link to the next page keeps the plus of the zone")

    def test_bad_questions_are_refused_in_words(self):
        for path in ("ServiceRequest?patient=1", "ServiceRequest?_count=many", "Task?_lastUpdated=soon",
                     "Task?_lastUpdated=ge2026-02-30", "AuditEvent?_id=x", "AuditEvent?status=final",
                     f"AuditEvent?based-on={self.fhir_id}"):
            outcome = self.read(path, 400)
            self.assertEqual(outcome["resourceType"], "OperationOutcome")
            self.assertIn("/fhir/metadata", outcome["issue"][0]["diagnostics"])
        self.read("Patient/1", 404)
        self.read("ServiceRequest/x/y", 404)
        status, _, body = self.server.get("/fhir/Task", self.server.tokens["program"], accept="application/fhir+xml")
        self.assertEqual(status, 406, body)
        self.assertEqual(self.server.get("/fhir/Task")[0], 401)
        self.assertEqual(self.server.get("/fhir/Task", "no-such-token")[0], 401)
        self.assertEqual(self.server.get("/fhir/Task", self.server.tokens["program"], method="POST")[0], 405)

    def test_another_institution_sees_nothing(self):
        for name in ("ServiceRequest", "Task", "Encounter"):
            status, outcome = self.server.fhir(f"{name}/{self.fhir_id}", "stranger")
            self.assertEqual((status, outcome["resourceType"]), (404, "OperationOutcome"))
            self.assertNotIn("entry", self.server.fhir(name, "stranger")[1])
        nothing = self.server.fhir("Task/con-1234567890123456789012", "stranger")[1]
        self.assertEqual(nothing, self.server.fhir(f"Task/{self.fhir_id}", "stranger")[1], "no oracle for ids")
        own = self.read("AuditEvent?_count=1")["entry"][0]["resource"]["id"]
        self.assertEqual(self.server.fhir(f"AuditEvent/{own}", "stranger")[0], 404)

    def rows_of(self, account):
        """Chain, act, object and detail of what an account did, oldest first."""
        rows = [json.loads(line) for line in self.server.ctl("audit", "export").splitlines()]
        return [(r["chain"], r["act"], r["object"], r["detail"]) for r in rows if r["account"] == account]

    def test_refused_reads_stand_in_the_audit_log(self):
        material = self.read("DocumentReference")["entry"][0]["resource"]["content"][0]["attachment"]["url"].split("/")[-1]
        before = len(self.rows_of("acc_stranger"))
        self.assertEqual(self.server.fhir(f"ServiceRequest/{self.fhir_id}", "stranger")[0], 404)
        self.assertEqual(self.server.get(f"/materials/{material}", self.server.tokens["stranger"])[0], 404)
        self.assertEqual(self.server.fhir("ServiceRequest/con-1234567890123456789012", "stranger")[0], 404)
        self.assertEqual(self.rows_of("acc_stranger")[before:],
                         [("ins_other", "fhir.read", self.case, "SQ_ERR_NOT_FOUND"),
                          ("ins_other", "material.download", material, "SQ_ERR_NOT_FOUND")])

    def test_a_search_names_the_cases_that_it_showed(self):
        before = len(self.rows_of("acc_program"))
        self.read("ServiceRequest")
        self.read("ServiceRequest?status=draft")
        self.assertEqual(self.rows_of("acc_program")[before:],
                         [("ins_county", "fhir.read", self.case, ""), ("ins_county", "fhir.search", "ServiceRequest", ""),
                          ("ins_county", "fhir.search", "ServiceRequest", "")])

    def test_reads_stand_in_the_audit_log(self):
        self.read(f"Task/{self.fhir_id}")
        events, _ = self.search("AuditEvent?_count=50")
        reads = [e for e in events if e["subtype"][0]["code"] == "fhir.read"]
        self.assertTrue(any(e["agent"][0]["who"]["identifier"]["value"] == "acc_program" for e in reads))
        self.server.ctl("audit", "verify")

    # ---- webhooks ----

    def test_webhooks_are_signed_and_tried_again(self):
        server, states, ids = self.server, [], []
        secret = base64.b64decode(server.secret.removeprefix("whsec_"))
        while not ({"archived", "routed"} <= set(states) and len(ids) > len(set(ids))):
            headers, body = server.receiver.take()
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            want = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
            self.assertEqual(headers["webhook-signature"], f"v1,{want}")
            self.assertLess(abs(int(headers["webhook-timestamp"]) - time.time()), 300)
            event = json.loads(body)
            self.assertEqual((event["type"], event["data"]["consultationId"]), ("consultation.state", self.case))
            self.assertNotIn("病人", body.decode())
            states.append(event["data"]["state"])
            ids.append(headers["webhook-id"])
        self.assertEqual(max(ids.count(i) for i in ids), 2, "only the one that failed comes again")
        self.assertIn(server.webhook, server.ctl("webhook", "list"))

    # ---- links ----

    def link(self, account="acc_village", case=None, life=300, key=None, secret=None):
        encode = lambda data: base64.urlsafe_b64encode(data).decode().rstrip("=")  # noqa: E731
        payload = json.dumps({"c": case or self.case, "a": account, "e": int(time.time()) + life,
                              "n": encode(os.urandom(12))}, separators=(",", ":"))
        text = f"{key or self.server.link_key}.{encode(payload.encode())}"
        secret = base64.urlsafe_b64decode((secret or self.server.link_secret) + "=")
        return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    def test_a_link_opens_its_case_once(self):
        link = self.link()
        status, headers, _ = self.server.get(f"/open/{link}")
        self.assertEqual((status, headers["location"]), (303, f"/#/open/{link}"))
        self.assertEqual(self.village.result("link.open", {"link": link}), {"consultationId": self.case})
        self.assertEqual(wire.error_of(self.village.call("link.open", {"link": link})), "SQ_ERR_REPLAY")

    def test_other_links_open_nothing(self):
        other = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
        for link, error in ((self.link(secret=other), "SQ_ERR_FORGED"), (self.link(key="lnk_x"), "SQ_ERR_FORGED"),
                            (self.link(account="acc_specialist"), "SQ_ERR_DENIED"),
                            (self.link(life=-120), "SQ_ERR_TIMEOUT"), (self.link(life=3600), "SQ_ERR_TIMEOUT"),
                            (self.link(case="con_1234567890123456789012"), "SQ_ERR_NOT_FOUND")):
            self.assertEqual(wire.error_of(self.village.call("link.open", {"link": link})), error)
        outsider = self.server.sign_in("outsider")
        link = self.link(account="acc_outsider")
        reply = outsider.call("link.open", {"link": link})
        self.assertIn(wire.error_of(reply), ("SQ_ERR_NOT_FOUND", "SQ_ERR_DENIED"), "a link gives no rights")
        outsider.close()
        self.assertEqual(self.server.get("/open/nonsense")[0], 404)

    # ---- statistics ----

    def test_statistics_add_up(self):
        office = self.server.sign_in("office")
        span = {"from": "2026-01-01T00:00:00.000Z", "until": "2100-01-01T00:00:00.000Z"}
        told = office.result("statistics.get", {**span, "by": ["kind", "specialty"]})
        self.assertEqual((told["cases"], len(told["groups"])), (1, 1))
        group = told["groups"][0]
        self.assertEqual((group["kind"], group["specialty"], group["states"]), ("live", "cardiology", {"archived": 1}))
        self.assertEqual((group["interruptions"], group["interruptedCases"]), (1, 1))
        self.assertEqual(group["waits"]["routed"]["count"], 1)
        query = f"/statistics?from={span['from']}&until={span['until']}&by=kind"
        status, headers, body = self.server.get(f"{query}&format=csv", office.account["token"])
        self.assertEqual((status, headers["content-type"]), (200, "text/csv; charset=utf-8"))
        lines = body.decode().split("\r\n")
        self.assertEqual(lines[0].split(",")[:6], ["level", "institution", "specialty", "kind", "week", "cases"])
        self.assertEqual(lines[1].split(",")[:6], ["", "", "", '"live"', "", "1"])
        self.assertEqual(self.server.get(query, self.server.tokens["stranger"])[0], 403)
        self.assertEqual(wire.error_of(self.village.call("statistics.get", span)), "SQ_ERR_DENIED")
        ctl = json.loads(self.server.ctl("statistics", "json"))
        self.assertEqual(ctl["cases"], 1)
        office.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
