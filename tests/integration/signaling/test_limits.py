# SPDX-License-Identifier: Apache-2.0
"""Limits of the front door that take their time: silence, slow messages, slow readers, too many connections."""
import select
import signal
import socket
import ssl
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import test_signaling  # noqa: E402
import wire  # noqa: E402

PING_S, SILENCE_S, MESSAGE_S, HANDSHAKE_S = 10, 25, 10, 10  # signaling/ws/server.h
SLACK_S = 15  # of a busy machine
CONNECTIONS_MAX = 40


class Server(test_signaling.Server):
    def write(self, name, text):
        if name == "signaling.yaml":
            text = text.replace("signaling:\n", f"signaling:\n  connections_max: {CONNECTIONS_MAX}\n", 1)
        return super().write(name, text)


class Limits(test_signaling.Case):
    @classmethod
    def setUpClass(cls):
        made, test_signaling.Server = test_signaling.Server, Server
        try:
            super().setUpClass()
        finally:
            test_signaling.Server = made

    @staticmethod
    def answer_pings(terminal):
        """Until the socket's own time is over."""
        end = time.monotonic() + SILENCE_S + PING_S / 2
        terminal.socket.settimeout(1)
        while time.monotonic() < end:
            try:
                terminal.receive()
            except TimeoutError:
                continue
        terminal.socket.settimeout(wire.TIMEOUT_SECONDS)

    def test_silence_is_pinged_then_closed_and_an_answer_keeps_the_connection(self):
        awake, silent = self.server.sign_in("other", takeover=True), self.server.sign_in("village", takeover=True)
        began, pings = time.monotonic(), 0
        silent.socket.settimeout(SILENCE_S + SLACK_S)
        answering = threading.Thread(target=self.answer_pings, args=(awake,))
        answering.start()
        try:  # frames are read, never answered
            while True:
                first, second = silent.take(2)
                silent.take(second & 127)
                pings += first & 15 == wire.PING
        except wire.Closed:
            took = time.monotonic() - began
        self.assertTrue(SILENCE_S - 2 <= took <= SILENCE_S + SLACK_S, took)
        self.assertEqual(pings, 2)
        answering.join()
        self.assertIsNone(wire.error_of(awake.call("consultation.list")))

    def test_nobody_is_closed_because_the_server_hung(self):
        t = self.server.sign_in("village", takeover=True)
        process = self.server.processes["signaling"]
        process.send_signal(signal.SIGSTOP)
        try:
            with self.assertRaises(TimeoutError):
                t.socket.settimeout(SILENCE_S + 1)
                t.receive()
        finally:
            process.send_signal(signal.SIGCONT)
        t.socket.settimeout(wire.TIMEOUT_SECONDS)
        self.assertIsNone(wire.error_of(t.call("consultation.list")))

    def test_a_message_that_takes_too_long_closes_the_connection(self):
        t = self.server.sign_in("village", takeover=True)
        began = time.monotonic()
        t.frame(b'{"jsonrpc":"2.0",', final=False)
        t.socket.settimeout(1)
        while time.monotonic() - began < MESSAGE_S + SLACK_S:
            try:
                t.frame(b" ", wire.CONTINUATION, final=False)
                t.receive()
            except TimeoutError:
                continue
            except (wire.Closed, OSError) as end:
                self.assertIn(getattr(end, "code", None), (1008, None))
                break
        self.assertTrue(MESSAGE_S - 1 <= time.monotonic() - began < MESSAGE_S + SLACK_S)

    def test_a_reader_that_takes_nothing_is_closed_and_its_session_resumes(self):
        t = self.server.sign_in("village", takeover=True)
        answered = 0
        # asks and asks, and never reads: answers fill the buffers of the machine, then the queue
        request = b'{"jsonrpc":"2.0","id":"key-%08d","method":"directory.panels","params":{}}'
        try:
            for i in range(200000):
                t.frame(request % i)
                answered = i
        except (OSError, ssl.SSLError):
            pass
        again = self.server.terminal()
        reply = again.call("session.resume", {"token": t.login["token"], "lastSeq": 0})
        self.assertIsNone(wire.error_of(reply), answered)

    def test_too_many_connections_are_refused_and_room_is_given_back(self):
        sockets = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(3 * CONNECTIONS_MAX)]
        refused, end = set(), time.monotonic() + HANDSHAKE_S / 2
        while len(refused) < 2 * CONNECTIONS_MAX and time.monotonic() < end:
            refused.update(select.select([s for s in sockets if s not in refused], [], [], 0.5)[0])
        self.assertGreaterEqual(len(refused), 2 * CONNECTIONS_MAX, "closed before a word was said")
        self.assertGreaterEqual(len(sockets) - len(refused), CONNECTIONS_MAX // 2)
        for s in sockets:
            s.close()
        end = time.monotonic() + SLACK_S
        while time.monotonic() < end:
            try:
                status, _ = wire.request(self.port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            except OSError:
                status = 0
            if status == 200:
                return
        self.fail("no connection is taken after the others went")


if __name__ == "__main__":
    unittest.main(verbosity=2)
