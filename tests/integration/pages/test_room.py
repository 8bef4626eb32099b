# SPDX-License-Identifier: Apache-2.0
"""What people in one consultation say, sign and draw over a real server: who is told, what is kept and how, and that
nobody changes what another drew."""
import json
import shutil
import sqlite3
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

PEOPLE = (("village", "ins_village", "village_doctor"), ("other", "ins_village", "village_doctor"),
          ("specialist", "ins_county", "specialist"), ("second", "ins_county", "specialist"),
          ("stranger", "ins_county", "specialist"), ("trainee", "ins_county", "trainee"), ("desk", "ins_county", "coordinator"))
DIRECTORY = {
    "institutions": [{"id": "ins_village", "name": "云岭村卫生室", "level": "village", "kind": "village_clinic"},
                     {"id": "ins_county", "name": "山桥县人民医院", "level": "county", "kind": "hospital"}],
    "accounts": [{"id": f"acc_{name}", "name": name, "institution": place, "roles": [role], "language": "en",
                  "password": f"password-{name}"} for name, place, role in PEOPLE],
    "panels": [{"id": "pan_heart", "name": "心内科会诊组", "specialty": "cardiology", "institution": "ins_county",
                "members": ["acc_specialist", "acc_second"]}],
    "agreements": [{"id": "agr_all", "inviting": "ins_village", "invited": "ins_county", "from": "2026-01-01",
                    "approveInviting": "automatic", "approveInvited": "automatic", "triage": "automatic"}],
}
REQUEST = {"kind": "live", "panelId": "pan_heart", "urgency": "routine",
           "patient": {"name": "病人甲", "sex": "male", "ageYears": 61}, "complaint": "胸闷", "purpose": "明确诊断",
           "consent": {"share": True, "teaching": True, "signer": "病人甲", "relation": "self"}}
ARROW = {"shape": "arrow", "points": [[1, 2], [30.5, 40]], "frame": 3, "colour": "red"}
TEXT = {"shape": "text", "points": [[7, 8]], "text": "此处可疑"}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-room-"))
        cls.server = installation.Installation(cls.folder / "installation")
        cls.server.write("directory.json", json.dumps(DIRECTORY, ensure_ascii=False))
        installation.call(installation.program("shanqiaoctl"), "import", "--db", cls.server.database, "--keys",
                          cls.server.folder / "keys", cls.server.folder / "directory.json")
        cls.server.start_relay()
        cls.server.start_signaling()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        log = (cls.server.folder / "signaling.log").read_text()
        shutil.rmtree(cls.folder)
        assert cls.server.processes["signaling"].returncode == 0, log[-4000:]  # leaks too, with sanitizers

    def setUp(self):
        self.people = {}

    def tearDown(self):
        for t in self.people.values():
            try:
                t.result("auth.logout")
            except (AssertionError, wire.Closed):
                pass
            t.close()
        self.server.check("signaling")

    def sign_in(self, name):
        t = wire.Terminal(self.server.https)
        t.login = t.result("auth.login", {"account": f"acc_{name}", "password": f"password-{name}", "takeover": True})
        t.name = name
        self.people[name] = t
        return t

    def consultation(self, *more):
        """(village, specialist, ..., id): asked and accepted, nobody has entered yet."""
        for name in ("village", "specialist", *more):
            self.sign_in(name)
        village, specialist = self.people["village"], self.people["specialist"]
        specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
        case = village.result("consultation.submit", REQUEST)["consultation"]["id"]
        specialist.told("consultation.ring")
        return case

    def accepted(self, *more):
        case = self.consultation(*more)
        self.people["specialist"].result("consultation.accept", {"id": case})
        return case

    def call_under_way(self, *more):
        case = self.accepted(*more)
        for name in ("village", "specialist"):
            self.people[name].result("consultation.enter", {"id": case})
        return case

    def refused(self, name, method, params):
        return wire.error_of(self.people[name].call(method, params))

    def silent(self, name, method):
        """Nothing of that method came to this one until now."""
        t = self.people[name]
        t.result("consultation.list")  # what was told before stands before its reply
        return not [m for m in t.notifications if m.get("method") == method]

    def stored(self):
        """All bytes that the server has on disk for its store."""
        with sqlite3.connect(self.server.database, timeout=20) as db:
            db.execute("PRAGMA wal_checkpoint").fetchall()
        return b"".join(p.read_bytes() for p in self.server.folder.glob("shanqiao.db*"))

    def rows(self, query, *values):
        with sqlite3.connect(self.server.database, timeout=20) as db:
            found = db.execute(query, values).fetchall()
        db.close()
        return found


class Chat(Case):
    def test_what_is_said_is_told_to_those_who_are_in_it_and_kept(self):
        case = self.accepted()
        village, specialist = self.people["village"], self.people["specialist"]
        said = village.result("room.say", {"room": case, "text": "血压 180/110\n请看"})
        for t in (village, specialist):
            told = t.told("room.said")
            self.assertEqual({k: told[k] for k in ("room", "id", "by", "at", "text")},
                             {"room": case, "id": said["id"], "by": "acc_village", "at": said["at"], "text": "血压 180/110\n请看"})
            self.assertGreaterEqual(told["seq"], 1)
        kept = specialist.result("room.messages", {"room": case})
        self.assertEqual(kept, {"messages": [{"id": said["id"], "by": "acc_village", "at": said["at"], "text": "血压 180/110\n请看"}]})

    def test_who_is_only_rung_is_not_told(self):
        case = self.consultation()
        self.people["village"].result("room.say", {"room": case, "text": "请尽快"})
        self.assertTrue(self.silent("specialist", "room.said"))
        self.assertEqual(self.refused("specialist", "room.say", {"room": case, "text": "x"}), "SQ_ERR_DENIED")

    def test_a_repeat_under_its_id_says_it_once(self):
        case = self.accepted()
        first = self.people["village"].result("room.say", {"room": case, "text": "一次"}, "say-it-once-1")
        again = self.people["village"].result("room.say", {"room": case, "text": "一次"}, "say-it-once-1")
        self.assertEqual(first, again)
        self.assertEqual(len(self.people["village"].result("room.messages", {"room": case})["messages"]), 1)

    def test_pages_newest_first(self):
        case = self.accepted()
        village = self.people["village"]
        for i in range(53):
            while wire.error_of(village.call("room.say", {"room": case, "text": f"第 {i} 句"})) == "SQ_ERR_LIMIT":
                time.sleep(0.2)
        page = village.result("room.messages", {"room": case})
        self.assertEqual([m["text"] for m in page["messages"]], [f"第 {i} 句" for i in range(52, 2, -1)])
        rest = village.result("room.messages", {"room": case, "cursor": page["cursor"]})
        self.assertEqual([m["text"] for m in rest["messages"]], ["第 2 句", "第 1 句", "第 0 句"])
        self.assertNotIn("cursor", rest)

    def test_long_messages_fit_a_page(self):
        case = self.accepted()
        village = self.people["village"]
        for _ in range(50):
            while wire.error_of(village.call("room.say", {"room": case, "text": "山" * 2000})) == "SQ_ERR_LIMIT":
                time.sleep(0.2)
        got, cursor = 0, {}
        while True:
            page = village.result("room.messages", {"room": case, **cursor})
            got += len(page["messages"])
            if "cursor" not in page:
                break
            cursor = {"cursor": page["cursor"]}
        self.assertEqual(got, 50)

    def test_what_is_no_message(self):
        case = self.accepted()
        village = self.people["village"]
        for text in ("", "字" * 2001, "a\u202eb", "a\u0007b"):
            self.assertEqual(village.call("room.say", {"room": case, "text": text})["error"]["code"], -32602, repr(text))
        for text in ("  \n\t ", "\u3000\u3000"):
            self.assertEqual(self.refused("village", "room.say", {"room": case, "text": text}), "SQ_ERR_INVALID")

    def test_outsiders(self):
        case = self.accepted("other", "stranger", "trainee", "desk")
        for name in ("other", "stranger", "trainee"):
            for method, params in (("room.say", {"room": case, "text": "x"}), ("room.messages", {"room": case}),
                                   ("room.signal", {"room": case, "kind": "hand", "body": {}})):
                # a colleague of the clinic knows that there is a case, and no more
                self.assertIn(self.refused(name, method, params), ("SQ_ERR_DENIED",) if name == "other" else ("SQ_ERR_NOT_FOUND",), (name, method))
        self.assertEqual(self.refused("desk", "room.say", {"room": case, "text": "x"}), "SQ_ERR_DENIED")
        self.people["desk"].result("room.messages", {"room": case})
        self.assertEqual(self.refused("village", "room.say", {"room": "con_none", "text": "x"}), "SQ_ERR_NOT_FOUND")

    def test_an_observer_reads_and_does_not_speak(self):
        case = self.accepted("trainee", "desk")
        self.people["desk"].result("consultation.addMember", {"id": case, "accountId": "acc_trainee", "role": "observer"})
        self.people["village"].result("room.say", {"room": case, "text": "请听"})
        self.assertEqual(self.people["trainee"].told("room.said")["text"], "请听")
        self.assertEqual(self.refused("trainee", "room.say", {"room": case, "text": "x"}), "SQ_ERR_DENIED")

    def test_nothing_more_once_it_is_over(self):
        case = self.accepted()
        self.people["village"].result("room.say", {"room": case, "text": "先"})
        self.people["village"].result("consultation.cancel", {"id": case, "reason": "病人离开"})
        self.assertEqual(self.refused("village", "room.say", {"room": case, "text": "后"}), "SQ_ERR_STATE")
        self.assertEqual(len(self.people["village"].result("room.messages", {"room": case})["messages"]), 1)

    def test_it_is_sealed_at_rest_and_its_reading_written_down(self):
        case = self.accepted()
        self.people["village"].result("room.say", {"room": case, "text": "never-in-clear-4711"})
        self.people["specialist"].result("room.messages", {"room": case})
        rows = self.rows("SELECT sealed_text FROM consultation_message WHERE consultation = ?", case)
        self.assertEqual(len(rows), 1)
        self.assertNotIn(b"never-in-clear-4711", rows[0][0])
        acts = self.rows("SELECT account, act FROM audit WHERE object = ? AND act LIKE 'room.%' ORDER BY act", case)
        self.assertEqual(acts, [("acc_specialist", "room.messages"), ("acc_village", "room.say")])


class Signals(Case):
    def test_those_in_the_call_hear_it_now_and_it_has_no_number(self):
        case = self.call_under_way()
        village, specialist = self.people["village"], self.people["specialist"]
        before = self.rows("SELECT last_seq FROM session WHERE id = ?", village.login["sessionId"])
        body = {"x": 0.25, "y": 0.5, "materialId": "mat_x"}
        self.assertEqual(specialist.result("room.signal", {"room": case, "kind": "pointer", "body": body}), {})
        self.assertEqual(village.told("room.signalled"), {"room": case, "by": "acc_specialist", "kind": "pointer", "body": body})
        self.assertEqual(self.rows("SELECT last_seq FROM session WHERE id = ?", village.login["sessionId"]), before)
        self.assertTrue(self.silent("specialist", "room.signalled"), "not to who sent it")

    def test_it_is_stored_nowhere(self):
        case = self.call_under_way()
        self.people["village"].result("room.signal", {"room": case, "kind": "heard", "body": {"of": "sign-of-the-moment-0815"}})
        self.people["specialist"].told("room.signalled")
        self.people["village"].result("room.say", {"room": case, "text": "x"})
        self.assertNotIn(b"sign-of-the-moment-0815", self.stored())
        self.assertEqual(self.rows("SELECT COUNT(*) FROM audit WHERE act = 'room.signal' AND object = ?", case)[0][0], 0)

    def test_to_one_person(self):
        case = self.call_under_way()
        params = {"room": case, "kind": "still", "body": {}}
        self.people["specialist"].result("room.signal", {**params, "to": "acc_village"})
        self.assertEqual(self.people["village"].told("room.signalled")["kind"], "still")
        self.assertEqual(self.refused("specialist", "room.signal", {**params, "to": "acc_other"}), "SQ_ERR_NOT_FOUND")
        self.assertEqual(self.refused("specialist", "room.signal", {**params, "to": "acc_specialist"}), "SQ_ERR_NOT_FOUND")

    def test_only_from_within_the_call(self):
        case = self.accepted()
        params = {"room": case, "kind": "hand", "body": {}}
        self.assertEqual(self.refused("village", "room.signal", params), "SQ_ERR_STATE")
        for name in ("village", "specialist"):
            self.people[name].result("consultation.enter", {"id": case})
        self.people["village"].result("room.signal", params)
        self.people["specialist"].result("consultation.leave", {"id": case})
        self.assertEqual(self.refused("specialist", "room.signal", params), "SQ_ERR_STATE")
        self.people["village"].result("room.signal", params)
        specialist = self.people["specialist"]
        specialist.told("room.signalled")
        self.assertTrue(self.silent("specialist", "room.signalled"), "who left hears no more")

    def test_the_word_is_given_by_a_chair_only(self):
        case = self.call_under_way()
        for kind in ("floor", "mute"):
            for name in ("village", "specialist"):
                self.assertEqual(self.refused(name, "room.signal", {"room": case, "kind": kind, "body": {}}), "SQ_ERR_DENIED", (kind, name))

    def test_an_observer_raises_a_hand_and_says_nothing_else(self):
        case = self.accepted("trainee", "desk")
        self.people["desk"].result("consultation.addMember", {"id": case, "accountId": "acc_trainee", "role": "observer"})
        for name in ("village", "specialist", "trainee"):
            self.people[name].result("consultation.enter", {"id": case})
        trainee = self.people["trainee"]
        self.assertEqual(trainee.result("room.signal", {"room": case, "kind": "hand", "body": {"up": True}}), {})
        told = self.people["village"].told("room.signalled")
        self.assertEqual((told["by"], told["kind"], told["body"]), ("acc_trainee", "hand", {"up": True}))
        for kind in ("pointer", "marks", "heard", "still", "view", "floor", "mute"):
            self.assertEqual(self.refused("trainee", "room.signal", {"room": case, "kind": kind, "body": {}}), "SQ_ERR_DENIED", kind)

    def test_what_is_no_sign(self):
        case = self.call_under_way()
        village = self.people["village"]
        for params in ({"kind": "dance", "body": {}}, {"kind": "hand", "body": []}, {"kind": "hand"}, {"kind": "hand", "body": {}, "more": 1}):
            self.assertEqual(village.call("room.signal", {"room": case, **params})["error"]["code"], -32602, params)
        deep = body = {}
        for _ in range(9):
            body["a"] = body = {}
        for body in ({"a": "x" * 8192}, deep):
            self.assertEqual(self.refused("village", "room.signal", {"room": case, "kind": "hand", "body": body}), "SQ_ERR_LIMIT")

    def test_they_are_not_told_again_after_a_lost_connection(self):
        case = self.call_under_way()
        village, specialist = self.people["village"], self.people["specialist"]
        specialist.result("room.signal", {"room": case, "kind": "hand", "body": {}})
        specialist.result("room.say", {"room": case, "text": "bleibt"})
        seen = village.told("room.said")["seq"]
        village.close()
        back = self.people["village"] = wire.Terminal(self.server.https)
        back.result("session.resume", {"token": village.login["token"], "lastSeq": seen - 1})
        self.assertEqual(back.told("room.said")["text"], "bleibt")
        self.assertTrue(self.silent("village", "room.signalled"))

    def test_many_are_held_back_and_leave_room_for_other_requests(self):
        case = self.call_under_way()
        village = self.people["village"]
        errors = [wire.error_of(village.call("room.signal", {"room": case, "kind": "pointer", "body": {"i": i}})) for i in range(45)]
        self.assertIn("SQ_ERR_LIMIT", errors)
        self.assertEqual(set(errors[:20]), {None})
        village.result("consultation.get", {"id": case})
        time.sleep(1)
        self.assertEqual(village.result("room.signal", {"room": case, "kind": "pointer", "body": {}}), {})


class Marks(Case):
    def material(self, case):
        taken = self.people["village"].result("material.vitals", {"consultationId": case, "takenAt": "2026-01-01T08:00:00.000Z",
                                              "values": [{"code": "pain", "value": 3, "unit": "{score}"}]})
        return taken["material"]["id"]

    def test_each_has_the_own_ones(self):
        case = self.accepted()
        village, specialist = self.people["village"], self.people["specialist"]
        material = self.material(case)
        self.assertEqual(village.result("material.marks", {"id": material}), {"marks": [], "revision": 0, "by": []})
        self.assertEqual(specialist.result("material.mark", {"id": material, "marks": [ARROW]}), {"revision": 1})
        for t in (village, specialist):
            told = t.told("material.marked")
            self.assertEqual({k: told[k] for k in ("consultationId", "id", "by", "revision")},
                             {"consultationId": case, "id": material, "by": "acc_specialist", "revision": 1})
        self.assertEqual(village.result("material.mark", {"id": material, "marks": [TEXT]}), {"revision": 2})
        both = [{**ARROW, "by": "acc_specialist"}, {**TEXT, "by": "acc_village"}]
        self.assertEqual(village.result("material.marks", {"id": material}),
                         {"marks": both, "revision": 2, "by": ["acc_specialist", "acc_village"]})
        # the whole list sent back with one more of the own: others' stay as they are
        self.assertEqual(village.result("material.mark", {"id": material, "marks": both + [ARROW]}), {"revision": 3})
        self.assertEqual(specialist.result("material.marks", {"id": material})["marks"], both + [{**ARROW, "by": "acc_village"}])

    def test_nobody_changes_or_removes_what_another_drew(self):
        case = self.accepted()
        material = self.material(case)
        village, specialist = self.people["village"], self.people["specialist"]
        specialist.result("material.mark", {"id": material, "marks": [ARROW]})
        village.result("material.mark", {"id": material, "marks": [{**TEXT, "by": "acc_specialist"}]})  # forged
        village.result("material.mark", {"id": material, "marks": []})
        self.assertEqual(village.result("material.marks", {"id": material})["marks"], [{**ARROW, "by": "acc_specialist"}])
        specialist.result("material.mark", {"id": material, "marks": []})
        empty = specialist.result("material.marks", {"id": material})
        self.assertEqual((empty["marks"], empty["by"]), ([], []))
        self.assertEqual(empty["revision"], 4, "it never goes back")

    def test_who_may(self):
        case = self.consultation("other", "second", "desk", "stranger")
        material = self.material(case)
        self.people["specialist"].result("material.marks", {"id": material})  # who is rung sees the materials
        self.assertEqual(self.refused("specialist", "material.mark", {"id": material, "marks": []}), "SQ_ERR_DENIED")
        self.people["desk"].result("material.marks", {"id": material})
        self.assertEqual(self.refused("desk", "material.mark", {"id": material, "marks": []}), "SQ_ERR_DENIED")
        for name in ("other", "stranger"):
            for method, params in (("material.marks", {"id": material}), ("material.mark", {"id": material, "marks": []})):
                self.assertEqual(self.refused(name, method, params), "SQ_ERR_NOT_FOUND", name)

    def test_what_is_no_mark(self):
        case = self.accepted()
        material = self.material(case)
        for mark in ({}, {"shape": "star", "points": [[1, 2]]}, {"shape": "line", "points": []}, {"shape": "line", "points": [[1]]},
                     {"shape": "line", "points": [[1, "2"]]}, {"shape": "line", "points": [[1, 2]], "html": "<b>"},
                     {"shape": "text", "points": [[1, 2]], "text": "a\u202e"}, {"shape": "line", "points": [[1, 2]], "colour": "url(x)"}):
            self.assertEqual(self.people["village"].call("material.mark", {"id": material, "marks": [mark]})["error"]["code"], -32602, mark)

    def test_there_is_a_limit_for_all_together(self):
        case = self.accepted()
        material = self.material(case)
        long = {"shape": "line", "points": [[i / 7, i / 3] for i in range(256)]}
        some = 1
        while wire.error_of(self.people["village"].call("material.mark", {"id": material, "marks": [long] * some})) is None:
            some += 1
            self.assertLess(some, 40)
        self.assertGreater(some, 5)
        self.assertEqual(self.refused("village", "material.mark", {"id": material, "marks": [long] * some}), "SQ_ERR_LIMIT")
        self.assertEqual(len(self.people["village"].result("material.marks", {"id": material})["marks"]), some - 1, "the former stay")
        self.assertEqual(self.refused("specialist", "material.mark", {"id": material, "marks": [long] * 3}), "SQ_ERR_LIMIT")

    def test_sealed_and_gone_with_the_material(self):
        case = self.accepted()
        material = self.material(case)
        village = self.people["village"]
        village.result("material.mark", {"id": material, "marks": [{**TEXT, "text": "mark-in-clear-4712"}]})
        self.assertNotIn(b"mark-in-clear-4712", self.rows("SELECT sealed_marks FROM material_mark WHERE material = ?", material)[0][0])
        village.result("material.remove", {"id": material})
        self.assertEqual(self.rows("SELECT COUNT(*) FROM material_mark WHERE material = ?", material)[0][0], 0)
        self.assertEqual(self.refused("village", "material.marks", {"id": material}), "SQ_ERR_NOT_FOUND")

    def test_a_seal_does_not_open_in_another_place(self):
        case = self.accepted()
        material = self.material(case)
        for name in ("village", "specialist"):
            self.people[name].result("material.mark", {"id": material, "marks": [ARROW if name == "village" else TEXT]})
        with sqlite3.connect(self.server.database, timeout=20) as db:
            db.execute("UPDATE material_mark SET sealed_marks = (SELECT sealed_marks FROM material_mark WHERE material = ?1 AND"
                       " author = 'acc_village') WHERE material = ?1 AND author = 'acc_specialist'", (material,))
        db.close()
        self.assertEqual(self.refused("village", "material.marks", {"id": material}), "SQ_ERR_FORGED")


if __name__ == "__main__":
    unittest.main(verbosity=2)
