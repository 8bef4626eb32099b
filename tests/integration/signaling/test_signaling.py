# SPDX-License-Identifier: Apache-2.0
"""The real shanqiao-signaling on loopback: what it lets in and what it refuses, and that a kill loses nothing."""
import json
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts" / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import installation  # noqa: E402
import wire  # noqa: E402

DIRECTORY = {
    "institutions": [{"id": "ins_village", "name": "云岭村卫生室", "level": "village", "kind": "village_clinic"},
                     {"id": "ins_county", "name": "山桥县人民医院", "level": "county", "kind": "hospital"}],
    "accounts": [{"id": f"acc_{name}", "name": name, "institution": place, "roles": [role], "language": "en",
                  "password": f"password-{name}"}
                 for name, place, role in (("village", "ins_village", "village_doctor"),
                                           ("other", "ins_village", "village_doctor"),
                                           ("specialist", "ins_county", "specialist"))],
    "panels": [{"id": "pan_heart", "name": "心内科会诊组", "specialty": "cardiology", "institution": "ins_county",
                "members": ["acc_specialist"]}],
    "agreements": [{"id": "agr_all", "inviting": "ins_village", "invited": "ins_county", "from": "2026-01-01",
                    "approveInviting": "automatic", "approveInvited": "automatic", "triage": "automatic"}],
}

REQUEST = {"kind": "live", "panelId": "pan_heart", "urgency": "routine",
           "patient": {"name": "病人甲", "sex": "male", "ageYears": 61}, "complaint": "胸闷", "purpose": "明确诊断",
           "consent": {"share": True, "signer": "病人甲", "relation": "self"}}


class Server(installation.Installation):
    """Signalling with an installation of its own; with or without its relay."""

    def __init__(self, folder, relay=False):
        super().__init__(folder)
        self.terminals = []
        self.commands_2, self.heartbeats_2, self.metrics_2, self.media_2 = installation.free_ports(4)
        self.write("directory.json", json.dumps(DIRECTORY, ensure_ascii=False))
        installation.call(installation.program("shanqiaoctl"), "import", "--db", folder / "shanqiao.db", "--keys",
                          folder / "keys", folder / "directory.json")
        if relay:
            self.start_relay()
        self.start_signaling()

    def write(self, name, text):
        if name == "signaling.yaml":  # it knows a second relay, which tests start or do not
            text = text.replace("  relays: [", f"  relays: [\"city-1=tcp://127.0.0.1:{self.commands_2},"
                                               f"tcp://127.0.0.1:{self.heartbeats_2}\", ")
        return super().write(name, text)

    def start_second_relay(self):
        text = (self.folder / "relay.yaml").read_text().replace("county", "city")
        for first, second in ((self.commands, self.commands_2), (self.heartbeats, self.heartbeats_2),
                              (self.metrics, self.metrics_2), (self.media, self.media_2)):
            text = text.replace(str(first), str(second))
        self.start("relay-2", [installation.program("shanqiao-relay"), "--config", self.write("relay-2.yaml", text)])
        self.wait_healthy("relay-2", f"http://127.0.0.1:{self.metrics_2}/healthz")

    def terminal(self, **how):
        self.terminals.append(wire.Terminal(self.https, **how))
        return self.terminals[-1]

    def sign_in(self, name, **more):
        t = self.terminal()
        t.login = t.result("auth.login", {"account": f"acc_{name}", "password": f"password-{name}", **more})
        return t


class Case(unittest.TestCase):
    relay = False

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="shanqiao-signaling-"))
        cls.server = Server(cls.folder / "installation", cls.relay)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.port = self.server.https

    def tearDown(self):
        while self.server.terminals:
            self.server.terminals.pop().close()
        self.server.check("signaling")  # whatever a test sent, the program is still there


class Front(Case):
    """HTTP, upgrade, frames, sign-in, resume."""

    # --- HTTP ---

    def test_healthz_has_strict_headers(self):
        status, text = wire.request(self.port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(status, 200)
        lower = text.lower()
        for header in ("x-content-type-options: nosniff", "content-security-policy: default-src 'none'",
                       "strict-transport-security:", "referrer-policy: no-referrer"):
            self.assertIn(header, lower)

    def test_transfer_encoding_is_refused_and_closed(self):
        for more in ("Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                     "Transfer-Encoding: identity\r\n", "transfer-encoding:\tchunked\r\n"):
            status, text = wire.request(self.port, f"GET /healthz HTTP/1.1\r\nHost: x\r\n{more}\r\n"
                                                   "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(status, 411, more)
            self.assertEqual(text.count("HTTP/1.1"), 1, "nothing behind it is answered")

    def test_host_is_one_and_names_touch_their_colon(self):
        for head in ("", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost: a\r\n", "Host : a\r\n", "Host: a\r\nHost : b\r\n",
                     "Host: a\r\nTransfer-Encoding : chunked\r\n", "Host: a\r\nContent-Length\t: 4\r\n",
                     "Host: a\r\nCONNECTION : upgrade\r\n"):
            status, text = wire.request(self.port, f"GET /healthz HTTP/1.1\r\n{head}\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(status, 400, head)
            self.assertEqual(text.count("HTTP/1.1"), 1, "nothing behind it is answered")
        self.assertEqual(self.server.terminal(extra="Host: evil.example\r\n").status, 400)
        self.assertEqual(self.server.terminal(extra="Origin : https://evil.example\r\n").status, 400)

    def test_odd_paths_and_methods_are_refused(self):
        for line in ("GET /../../etc/passwd", "GET /%2e%2e/%2e%2e/etc/passwd", "GET //etc/passwd", "GET /.git/config",
                     "GET /healthz/..%2f", "GET /a%00b.html", "GET /x\\..\\y", "DELETE /healthz", "TRACE /", "PUT /x",
                     "GET /" + "a" * 3000, "POST /v1"):
            status, text = wire.request(self.port, f"{line} HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(status, (0, 400, 403, 404, 405, 411, 414, 431), line)
            self.assertNotIn("root:", text)

    def test_other_protocols_are_refused(self):
        for text in ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x00\x00", "GET / HTTP/0.9\r\n\r\n", "\r\n" * 50,
                     "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                     "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
                     "GET /v1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foobar\r\n\r\n",
                     "GET / HTTP/1.1\r\n" + "X-Long: " + "a" * 9000 + "\r\n\r\n"):
            with wire.connect(self.port) as s:
                s.sendall(text.encode("latin-1"))
                s.settimeout(wire.TIMEOUT_SECONDS)
                try:
                    answer = s.recv(4096)
                except OSError:
                    answer = b""
            self.assertNotIn(b" 101 ", answer, text[:60])
            self.assertNotIn(b" 200 ", answer.split(b"\r\n")[0], text[:60])

    # --- the upgrade ---

    def test_origin_is_compared_exactly_before_the_upgrade(self):
        good = f"https://127.0.0.1:{self.port}"
        for origin in (good, None):  # native terminals send none
            self.assertEqual(self.server.terminal(origin=origin).status, 101, origin)
        for origin in ("https://evil.example", "null", f"https://localhost:{self.port}", "https://127.0.0.1", "https://127.0.0.1:1",
                       good + ".evil.example", good + "/", good.replace("https", "http"), good.upper(), f" {good}x",
                       "https://evil.example, " + good):
            self.assertEqual(self.server.terminal(origin=origin).status, 403, origin)

    def test_path_and_subprotocol_are_required(self):
        self.assertEqual(self.server.terminal(path="/").status, 404)
        self.assertEqual(self.server.terminal(path="/v1/").status, 404)
        self.assertEqual(self.server.terminal(path="/v1?token=x").status, 101)  # a query changes nothing
        self.assertEqual(self.server.terminal(protocol=None).status, 400)
        self.assertEqual(self.server.terminal(protocol="shanqiao.v2, chat").status, 400)
        self.assertEqual(self.server.terminal(protocol="chat, shanqiao.v1").status, 101)

    def test_no_compression_is_agreed(self):
        t = self.server.terminal(extra="Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n")
        self.assertNotIn("extensions", t.head.lower())

    # --- frames ---

    def test_oversized_messages_close_the_connection(self):
        t = self.server.sign_in("village", takeover=True)
        t.frame(b'{"a":"' + b"x" * (256 * 1024) + b'"}')
        self.assertEqual(t.closed(), 1009)

    def test_many_fragments_close_the_connection(self):
        t = self.server.sign_in("village", takeover=True)
        try:
            t.frame(b"{", wire.TEXT, final=False)
            for _ in range(2000):
                t.frame(b" ", wire.CONTINUATION, final=False)
        except OSError:
            pass
        self.assertIn(t.closed(), (1008, None))

    def test_a_message_in_a_few_fragments_is_read(self):
        t = self.server.sign_in("village", takeover=True)
        text = json.dumps({"jsonrpc": "2.0", "id": "in-pieces", "method": "directory.panels"}).encode()
        t.frame(text[:10], wire.TEXT, final=False)
        t.frame(text[10:20], wire.CONTINUATION, final=False)
        t.frame(b"ping", wire.PING)
        t.frame(text[20:], wire.CONTINUATION)
        self.assertIn("panels", t.receive()["result"])

    def test_wrong_frames_close_the_connection(self):
        for how in (dict(data=b"{}", opcode=wire.BINARY), dict(data=b"x" * 126, opcode=wire.PING),
                    dict(data=b"x", opcode=wire.PING, final=False), dict(data=b"x", opcode=3),
                    dict(data=b"\xff\xfe\xfd", opcode=wire.TEXT), dict(data=b"x", opcode=wire.CONTINUATION)):
            t = self.server.terminal()
            t.frame(**how)
            code = t.closed()
            self.assertIn(code, (1002, 1003, 1007, None), f"{how} gave {code}")

    # --- sign-in ---

    def test_wrong_password_and_bad_token_are_refused(self):
        t = self.server.terminal()
        reply = t.call("auth.login", {"account": "acc_other", "password": "not this one"})
        self.assertEqual(wire.error_of(reply), "SQ_ERR_UNAUTHENTICATED")
        self.assertEqual(set(reply["error"]["data"]["remedy"]), {"zh-CN", "en"})
        for token in ("A" * 43, "-" * 43):
            reply = t.call("session.resume", {"token": token, "lastSeq": 0})
            self.assertEqual(wire.error_of(reply), "SQ_ERR_UNAUTHENTICATED")
        self.assertEqual(wire.error_of(t.call("consultation.list")), "SQ_ERR_UNAUTHENTICATED")

    def test_second_sign_in_is_refused_unless_it_takes_over(self):
        first = self.server.sign_in("village", takeover=True)
        second = self.server.terminal()
        params = {"account": "acc_village", "password": "password-village"}
        self.assertEqual(wire.error_of(second.call("auth.login", params)), "SQ_ERR_CONFLICT")
        second.result("auth.login", {**params, "takeover": True})
        self.assertEqual(first.told("session.ended")["reason"], "takeover")
        self.assertEqual(first.closed(), 4001)
        late = self.server.terminal()
        reply = late.call("session.resume", {"token": first.login["token"], "lastSeq": 0})
        self.assertEqual(wire.error_of(reply), "SQ_ERR_UNAUTHENTICATED")

    def test_a_room_of_others_is_not_there(self):
        village = self.server.sign_in("village", takeover=True)
        room = village.result("consultation.submit", REQUEST)["consultation"]["id"]
        other = self.server.sign_in("other", takeover=True)
        seen = other.result("consultation.get", {"id": room})["consultation"]  # a colleague of the same clinic
        self.assertNotIn("patient", seen)
        self.assertNotIn("complaint", seen)
        self.assertEqual(wire.error_of(other.call("media.routerRtpCapabilities", {"room": room})), "SQ_ERR_NOT_FOUND")

    def test_media_without_a_relay_is_refused_plainly(self):
        specialist = self.server.sign_in("specialist", takeover=True)
        specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
        village = self.server.sign_in("village", takeover=True)
        room = village.result("consultation.submit", REQUEST)["consultation"]["id"]
        reply = village.call("media.createTransport", {"room": room, "direction": "send"})
        self.assertEqual(wire.error_of(reply), "SQ_ERR_UNREACHABLE")
        village.result("consultation.cancel", {"id": room, "reason": "no relay"})

    # --- what a kill may not lose ---

    def test_after_a_kill_sessions_resume_replies_repeat_and_missed_notifications_come(self):
        specialist = self.server.sign_in("specialist", takeover=True)
        specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
        village = self.server.sign_in("village", takeover=True)
        specialist.close()
        reply = village.call("consultation.submit", REQUEST, key="submit-before-kill")
        self.server.kill("signaling")
        self.server.start_signaling()
        again = self.server.terminal()
        again.result("session.resume", {"token": village.login["token"], "lastSeq": 0})
        self.assertEqual(again.call("consultation.submit", REQUEST, key="submit-before-kill"), reply)
        back = self.server.terminal()
        resumed = back.result("session.resume", {"token": specialist.login["token"], "lastSeq": specialist.login["seq"]})
        self.assertGreaterEqual(resumed["replayed"], 1)
        ring = back.told("consultation.ring")
        self.assertEqual(ring["consultation"]["id"], reply["result"]["consultation"]["id"])
        self.assertEqual(ring["seq"], specialist.login["seq"] + 1)
        back.result("consultation.accept", {"id": ring["consultation"]["id"]})
        while again.told("consultation.state")["consultation"]["state"] != "accepted":
            pass

    def test_logs_hold_nothing_private(self):
        t = self.server.sign_in("village", takeover=True)
        t.result("consultation.submit", REQUEST)
        text = (self.server.folder / "signaling.log").read_text()
        for secret in ("病人甲", "password-village", t.login["token"], "胸闷", "云岭村"):
            self.assertNotIn(secret, text)


def join_params(room, capabilities, ssrc):
    return {"room": room, "rtpCapabilities": capabilities,
            "dtlsParameters": {"role": "client", "fingerprints": [{"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}]},
            "produce": [
                {"kind": "audio", "source": "microphone", "rtpParameters": {
                    "mid": "0", "codecs": [{"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48000, "channels": 2}],
                    "headerExtensions": [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4}],
                    "encodings": [{"ssrc": ssrc}]}},
                {"kind": "video", "source": "camera", "rtpParameters": {
                    "mid": "1", "codecs": [{"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000},
                                           {"mimeType": "video/rtx", "payloadType": 97, "clockRate": 90000,
                                            "parameters": {"apt": 96}}],
                    "encodings": [{"ssrc": ssrc + 1, "rtx": {"ssrc": ssrc + 2}}]}}]}


class Media(Case):
    """Rooms on a real relay, as far as commands go: no packet is sent here."""

    relay = True

    def join(self, who, room, capabilities, ssrc):
        """As a terminal does: while no relay has been heard yet, ask again."""
        end = time.monotonic() + 20
        while True:
            reply = who.call("media.join", join_params(room, capabilities, ssrc))
            if reply.get("error", {}).get("data", {}).get("error") != "SQ_ERR_UNREACHABLE" or time.monotonic() > end:
                self.assertIn("result", reply, reply)
                return reply["result"]
            time.sleep(0.1)

    def ring(self):
        """A village doctor and a specialist who is rung, both in the room."""
        specialist = self.server.sign_in("specialist", takeover=True)
        specialist.result("duty.set", {"panelId": "pan_heart", "onDuty": True})
        village = self.server.sign_in("village", takeover=True)
        room = village.result("consultation.submit", REQUEST)["consultation"]["id"]
        capabilities = village.result("media.routerRtpCapabilities", {"room": room})
        village.joined = self.join(village, room, capabilities, 1000)
        specialist.joined = self.join(specialist, room, capabilities, 2000)
        return village, specialist, room, capabilities

    def test_join_answers_in_one_reply_and_accept_lets_media_flow(self):
        village, specialist, room, _ = self.ring()
        self.assertEqual([p["source"] for p in village.joined["producers"]], ["microphone", "camera"])
        self.assertTrue(village.joined["iceParameters"]["iceLite"])
        self.assertEqual({c["protocol"] for c in village.joined["iceCandidates"]}, {"udp", "tcp"})
        self.assertEqual(len(specialist.joined["consumers"]), 2)
        self.assertTrue(all(c["paused"] for c in specialist.joined["consumers"]))
        pushed = [village.told("media.newConsumer")["consumer"] for _ in range(2)]
        self.assertTrue(all(c["paused"] for c in pushed))
        specialist.result("consultation.accept", {"id": room})
        self.assertEqual({village.told("media.consumerResumed")["consumerId"] for _ in range(2)}, {c["id"] for c in pushed})
        specialist.told("media.consumerResumed")

    def test_a_kill_of_signaling_leaves_media_objects_their_owners(self):
        village, specialist, room, _ = self.ring()
        specialist.result("consultation.accept", {"id": room})
        village.told("media.consumerResumed")
        self.server.kill("signaling")
        self.server.start_signaling()
        again = self.server.terminal()
        again.result("session.resume", {"token": village.login["token"], "lastSeq": village.login["seq"]})
        reply = again.call("media.restartIce", {"transportId": village.joined["transportId"]})
        self.assertNotEqual(reply["result"]["iceParameters"]["usernameFragment"],
                            village.joined["iceParameters"]["usernameFragment"])

    def test_a_relay_that_died_is_told_and_a_new_join_works(self):
        village, _, room, capabilities = self.ring()
        self.server.kill("relay")
        notice = village.told("media.transportState")
        self.assertEqual((notice["state"], notice.get("reason")), ("interrupted", "relay_down"))
        reply = village.call("media.join", join_params(room, capabilities, 3000))
        self.assertEqual(wire.error_of(reply), "SQ_ERR_UNREACHABLE")
        self.server.start_relay()
        self.assertEqual(village.told("media.transportState")["state"], "closed")
        again = self.join(village, room, capabilities, 3000)
        self.assertNotEqual(again["transportId"], village.joined["transportId"])

    def test_a_refused_join_leaves_the_former_transport(self):
        village, specialist, room, capabilities = self.ring()
        bad = join_params(room, capabilities, 3000)
        bad["dtlsParameters"]["fingerprints"][0]["value"] = "AB:CD"
        twice = join_params(room, capabilities, 3000)
        twice["produce"][1]["rtpParameters"]["encodings"][0]["ssrc"] = 3000
        for params in (bad, twice):
            self.assertEqual(wire.error_of(village.call("media.join", params)), "SQ_ERR_INVALID")
        village.result("media.restartIce", {"transportId": village.joined["transportId"]})
        specialist.result("directory.panels")  # what was told before its reply has arrived
        self.assertFalse([n for n in specialist.notifications if n["method"] == "media.consumerClosed"])


class TwoRelays(Case):
    """Rooms of a relay that stays away."""

    relay = True
    ring = Media.ring
    join = Media.join

    def test_rooms_of_a_dead_relay_go_to_the_other(self):
        village, specialist, room, capabilities = self.ring()
        self.server.start_second_relay()
        self.server.kill("relay")
        for person in (village, specialist):
            self.assertEqual([person.told("media.transportState")["state"] for _ in range(2)], ["interrupted", "failed"])
        again = self.join(village, room, capabilities, 3000)
        self.assertEqual({c["port"] for c in again["iceCandidates"] if c["protocol"] == "udp"}, {self.server.media_2})
        self.server.start_relay()  # it comes back empty-handed, and the room stays where it is
        village.result("media.restartIce", {"transportId": again["transportId"]})


if __name__ == "__main__":
    unittest.main(verbosity=2)
