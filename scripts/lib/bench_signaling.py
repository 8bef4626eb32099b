# SPDX-License-Identifier: Apache-2.0
"""Starts an installation with as many accounts and panels as a load run of signalling wants, and runs it. Passwords
would cost the server 0.1 s of Argon2 for each terminal, so sessions are prepared in the store before it starts, as
sign-in would have left them; terminals resume them. --passwords N lets N idle ones sign in for real."""
import argparse
import base64
import hashlib
import json
import resource
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from installation import Failed, Installation, call, program

DESCRIPTORS_OTHER = 64  # of server and harness, besides connections
SESSION_HOURS = 12


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench-signaling", description=__doc__,
                                     epilog="After -- come more options of shanqiao-loadtest, such as pass marks.")
    parser.add_argument("seconds", type=int, help="of load, 1 to 3600")
    parser.add_argument("--idle", type=int, default=1000, help="idle terminals (1000)")
    parser.add_argument("--rate", type=float, default=200, help="requests a second (200)")
    parser.add_argument("--flow", choices=["consultation", "ring"], default="consultation",
                        help="submit to archive, or submit and refuse")
    parser.add_argument("--applicants", type=int, default=200, help="village doctors who submit (200)")
    parser.add_argument("--panels", type=int, default=100, help="panels with one specialist on duty each (100)")
    parser.add_argument("--passwords", type=int, default=0, help="idle terminals that sign in by password (0)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="report")
    parser.add_argument("--folder", type=Path, help="for the installation, kept; left out: one that is deleted")
    own, more = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, more = own[:at], own[at + 1:]
    args = parser.parse_args(own)
    args.loadtest = more
    return args


def check(args):
    if not 1 <= args.seconds <= 3600 or args.idle < 0 or args.applicants < 1 or args.panels < 1:
        raise Failed("want SECONDS from 1 to 3600, --idle of 0 or more, --applicants and --panels of 1 or more")
    wanted = args.idle + args.applicants + args.panels + DESCRIPTORS_OTHER
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise Failed(f"{wanted} descriptors are wanted in each of server and harness, the hard limit is {hard}; raise it "
                     f"(as root: ulimit -Hn {wanted}; or LimitNOFILE= of systemd, or /etc/security/limits.conf), or "
                     f"write --idle {max(0, args.idle - (wanted - hard))} or less")


class Bench(Installation):
    """The installation of the demo, with a county of accounts beside its own."""

    def __init__(self, folder, args):
        super().__init__(folder, log_level="warn")
        self.accounts = []
        self.import_county(args)
        self.prepare_sessions(args)

    def store(self):
        return sqlite3.connect(self.folder / "shanqiao.db")

    def import_county(self, args):
        with self.store() as store:  # one hash for all: Argon2 costs 0.1 s each
            password_hash, = store.execute("SELECT password_hash FROM account WHERE id = 'acc_village'").fetchone()
        store.close()
        entries, panels = [], []

        def add(name, roles, institution, **more):
            entries.append({"id": f"acc_{name}", "name": f"账号 {name}", "institution": institution, "roles": [roles],
                            "language": "zh-CN", "passwordHash": password_hash})
            self.accounts.append({"account": f"acc_{name}", **more})

        for i in range(args.applicants):
            add(f"applicant_{i}", "village_doctor", "ins_village", role="applicant")
        for i in range(args.panels):
            add(f"member_{i}", "specialist", "ins_county", role="specialist", panel=f"pan_bench_{i}")
            panels.append({"id": f"pan_bench_{i}", "name": f"会诊组 {i}", "specialty": "cardiology",
                           "institution": "ins_county", "members": [f"acc_member_{i}"]})
        for i in range(args.idle):
            add(f"idle_{i}", "village_doctor", "ins_village", role="idle")
        directory = self.write("county.json", json.dumps({"accounts": entries, "panels": panels}, ensure_ascii=False))
        call(program("shanqiaoctl"), "import", "--db", self.folder / "shanqiao.db", "--keys", self.folder / "keys",
             directory)

    def prepare_sessions(self, args):
        now = time.time_ns() // 1000
        by_password = {f"acc_idle_{i}" for i in range(args.passwords)}
        rows = []
        for account in self.accounts:
            if account["account"] in by_password:
                account["password"] = self.passwords["village"]
                continue
            token = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
            account["token"] = token
            rows.append((f"ses_{secrets.token_hex(12)}", hashlib.sha256(token.encode()).digest(), account["account"],
                         "bench", now, now + SESSION_HOURS * 3600 * 1000000))
        with self.store() as store:
            store.executemany("INSERT INTO session (id, token_hash, account, device, created_us, expires_us)"
                              " VALUES (?, ?, ?, ?, ?, ?)", rows)
        store.close()
        self.write("accounts.json", json.dumps({"accounts": self.accounts}))

    def load(self, args):
        argv = [program("shanqiao-loadtest"), "signaling", "--server", self.url, "--ca", self.folder / "tls" / "ca.crt",
                "--accounts", self.folder / "accounts.json", "--idle", args.idle, "--rate", args.rate, "--seconds",
                args.seconds, "--flow", args.flow, "--seed", args.seed, "--server-pid",
                self.processes["signaling"].pid, "--store", "sqlite"]
        if args.json:
            argv += ["--json", args.json.resolve()]
        process = subprocess.Popen([str(a) for a in argv + args.loadtest])
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness gets it too, and writes what it has
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        status = process.wait()
        self.check("signaling")
        return status


def main():
    args = arguments()
    bench, folder = None, args.folder or Path(tempfile.mkdtemp(prefix="shanqiao-bench-")) / "installation"
    try:
        check(args)
        print(f"preparing {args.idle + args.applicants + args.panels} accounts ...", flush=True)
        if args.folder and folder.exists():
            raise Failed(f"{folder} is there already; delete it or name another --folder")
        bench = Bench(folder.resolve(), args)
        bench.start_relay()
        bench.start_signaling()
        return bench.load(args)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        if bench:
            bench.stop()
        if not args.folder:
            shutil.rmtree(folder.parent, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
