# SPDX-License-Identifier: Apache-2.0
"""Starts an installation with as many accounts and panels as a load run of signalling wants, and runs it, on SQLite, on
a PostgreSQL of its own, or on both. Passwords would cost the server 0.1 s of Argon2 for each terminal, so sessions are
prepared in the store before it starts, as sign-in would have left them; terminals resume them. --passwords N lets N
idle ones sign in for real."""
import argparse
import base64
import hashlib
import json
import math
import os
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
from postgres import Postgres

DESCRIPTORS_OTHER = 64  # of server and harness, besides connections
SESSION_HOURS = 12
DOCTORS_OF_A_VILLAGE = 4
AGREEMENT = {"invited": "ins_county", "from": "2026-01-01", "approveInviting": "automatic", "approveInvited": "automatic",
             "triage": "automatic", "schedule": "automatic", "strategy": "ring_all", "ringSeconds": 45,
             "reference": "压力测试"}
STORES = ("sqlite", "postgresql")


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench-signaling", description=__doc__,
                                     epilog="After -- come more options of shanqiao-loadtest, such as pass marks.")
    parser.add_argument("seconds", type=int, help="of load, 1 to 3600")
    parser.add_argument("--store", choices=[*STORES, "both"], default="sqlite", help="(sqlite)")
    parser.add_argument("--idle", type=int, default=1000, help="idle terminals (1000)")
    parser.add_argument("--rate", type=float, default=200, help="requests a second (200)")
    parser.add_argument("--flow", choices=["consultation", "ring"], default="consultation",
                        help="submit to archive, or submit and refuse")
    parser.add_argument("--applicants", type=int, default=200, help="village doctors who submit (200)")
    parser.add_argument("--panels", type=int, default=100, help="panels with one specialist on duty each (100)")
    parser.add_argument("--passwords", type=int, default=0, help="idle terminals that sign in by password (0)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="report; of both stores a list")
    parser.add_argument("--plot", type=Path, help="latency by percentile, as SVG")
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
        try:  # root may, where the container lets it
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return
        except (OSError, ValueError):
            pass
        raise Failed(f"{wanted} descriptors are wanted in each of server and harness, the hard limit is {hard}; raise it "
                     f"(as root: ulimit -Hn {wanted}; or LimitNOFILE= of systemd, or /etc/security/limits.conf), or "
                     f"write --idle {max(0, args.idle - (wanted - hard))} or less")


class SqliteFile:
    def __init__(self, path):
        self.path = path

    def one(self, sql):
        store = sqlite3.connect(self.path)
        row, = store.execute(sql)
        store.close()
        return row[0]

    def add_sessions(self, rows):
        store = sqlite3.connect(self.path)
        with store:
            store.executemany("INSERT INTO session (id, token_hash, account, device, created_us, expires_us)"
                              " VALUES (?, ?, ?, ?, ?, ?)", rows)
        store.close()


class PostgresDatabase:
    def __init__(self, server, name):
        self.server, self.name = server, name

    def one(self, sql):
        return self.server.query(sql, self.name)

    def add_sessions(self, rows):
        text = "".join(f"{i}\t\\\\x{token.hex()}\t{account}\t{device}\t{created}\t{expires}\n"
                       for i, token, account, device, created, expires in rows)
        copy = "COPY session (id, token_hash, account, device, created_us, expires_us) FROM STDIN;\n"
        done = subprocess.run([str(self.server.bin / "psql"), "-qAt", "-v", "ON_ERROR_STOP=1", self.server.uri(self.name)],
                              input=f"{copy}{text}\\.\nANALYZE;\n", capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"psql: {done.stderr.strip()}")


class Bench(Installation):
    """The installation of the demo, with a county of accounts beside its own."""

    def __init__(self, folder, args, postgres=None):
        if postgres:
            postgres.create("bench")
        super().__init__(folder, log_level="warn", database=postgres and postgres.socket_uri("bench"))
        self.store_name = "postgresql" if postgres else "sqlite"
        self.rows = PostgresDatabase(postgres, "bench") if postgres else SqliteFile(folder / "shanqiao.db")
        self.accounts = []
        self.import_county(args)
        self.prepare_sessions(args)

    def import_county(self, args):
        # one hash for all: Argon2 costs 0.1 s each
        password_hash = self.rows.one("SELECT password_hash FROM account WHERE id = 'acc_village'")
        entries, panels, villages, agreements = [], [], [], []

        def add(name, right, institution, **more):
            entries.append({"id": f"acc_{name}", "name": f"账号 {name}", "institution": institution, "roles": [right],
                            "language": "zh-CN", "passwordHash": password_hash})
            self.accounts.append({"account": f"acc_{name}", **more})

        def village(i, agreed):
            """Clinic of the i-th village doctor; a few share one, as in a county."""
            clinic = f"ins_{'a' if agreed else 'i'}_{i // DOCTORS_OF_A_VILLAGE}"
            if i % DOCTORS_OF_A_VILLAGE == 0:
                villages.append({"id": clinic, "name": f"村卫生室 {len(villages)}", "level": "village",
                                 "kind": "village_clinic", "parent": "ins_county"})
                if agreed:
                    agreements.append({**AGREEMENT, "id": f"agr_{clinic}", "inviting": clinic})
            return clinic

        for i in range(args.applicants):
            add(f"applicant_{i}", "village_doctor", village(i, True), role="applicant")
        for i in range(args.panels):
            add(f"member_{i}", "specialist", "ins_county", role="specialist", panel=f"pan_bench_{i}")
            panels.append({"id": f"pan_bench_{i}", "name": f"会诊组 {i}", "specialty": "cardiology",
                           "institution": "ins_county", "members": [f"acc_member_{i}"]})
        for i in range(args.idle):
            add(f"idle_{i}", "village_doctor", village(i, False), role="idle")
        directory = self.write("county.json", json.dumps({"institutions": villages, "accounts": entries, "panels": panels,
                                                         "agreements": agreements}, ensure_ascii=False))
        call(program("shanqiaoctl"), "import", "--db", self.database, "--keys", self.folder / "keys", directory)

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
        self.rows.add_sessions(rows)
        self.write("accounts.json", json.dumps({"accounts": self.accounts}))

    def load(self, args):
        report = self.folder / "report.json"
        argv = [program("shanqiao-loadtest"), "signaling", "--server", self.url, "--ca", self.folder / "tls" / "ca.crt",
                "--accounts", self.folder / "accounts.json", "--idle", args.idle, "--rate", args.rate, "--seconds",
                args.seconds, "--flow", args.flow, "--seed", args.seed, "--server-pid",
                self.processes["signaling"].pid, "--store", self.store_name, "--json", report]
        process = subprocess.Popen([str(a) for a in argv + args.loadtest])
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the harness gets it too, and writes what it has
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        status = process.wait()
        self.check("signaling")
        return status, json.loads(report.read_text()) if report.exists() else None


def run(args, store, folder):
    bench = postgres = None
    try:
        if store == "postgresql":
            postgres = Postgres()
            postgres.start()
        print(f"{store}: preparing {args.idle + args.applicants + args.panels} accounts ...", flush=True)
        bench = Bench(folder.resolve(), args, postgres)
        bench.start_relay()
        bench.start_signaling()
        return bench.load(args)
    finally:
        if bench:
            bench.stop()
        if postgres:
            postgres.stop()


# ---- plot: SVG by hand, so that a measurement needs no more than Python ----

LEFT, TOP, WIDTH, HEIGHT = 70, 50, 640, 320
POINTS = ("p50", "p90", "p95", "p99", "p99_9", "max")
COLOURS = {"sqlite": "#0b6e4f", "postgresql": "#1d4e89"}


def plot(reports, path):
    """Latency over percentile, one line for each store and measure; milliseconds on a logarithmic axis."""
    names = [p for p in POINTS if all(p in r["ring_ms"] and p in r["reply_ms"] for r in reports)]
    top = max(100.0, *(r[m][p] for r in reports for m in ("ring_ms", "reply_ms") for p in names))
    decades = [10 ** k for k in range(0, 7) if 10 ** k <= top * 10]

    def x(i):
        return LEFT + WIDTH * i / max(1, len(names) - 1)

    def y(ms):
        span = len(decades) - 1
        return TOP + HEIGHT * (1 - min(math.log10(max(1.0, ms)), span) / span)

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}" height="{TOP + HEIGHT + 90}"'
           ' font-family="sans-serif" font-size="13">', '<rect width="100%" height="100%" fill="white"/>',
           f'<text x="{LEFT}" y="24" font-size="16">{reports[0]["idle_connections"]} idle terminals, '
           f'{reports[0]["requests_per_s"]:.0f} requests a second: latency in ms</text>']
    for d in decades:
        out.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y(d):.1f}" y2="{y(d):.1f}" stroke="#ccc"/>'
                   f'<text x="{LEFT - 8}" y="{y(d) + 4:.1f}" text-anchor="end">{d}</text>')
    for i, name in enumerate(names):
        out.append(f'<text x="{x(i):.1f}" y="{TOP + HEIGHT + 20}" text-anchor="middle">{name.replace("_", ".")}</text>')
    row = 0
    for r in reports:
        for measure, dash in (("ring_ms", ""), ("reply_ms", ' stroke-dasharray="6 4"')):
            line = " ".join(f"{x(i):.1f},{y(r[measure][p]):.1f}" for i, p in enumerate(names))
            colour = COLOURS.get(r["store"], "#555")
            out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
            left, base = LEFT + 330 * (row % 2), TOP + HEIGHT + 48 + 20 * (row // 2)
            out.append(f'<line x1="{left}" x2="{left + 30}" y1="{base - 4}" y2="{base - 4}" stroke="{colour}" '
                       f'stroke-width="2"{dash}/><text x="{left + 38}" y="{base}">{r["store"]}, '
                       f'{"request to ring" if measure == "ring_ms" else "request to reply"}, p99 '
                       f'{r[measure]["p99"]:.0f} ms</text>')
            row += 1
    path.write_text("\n".join(out + ["</svg>\n"]))


def write(reports, args):
    if args.json and reports:
        args.json.write_text(json.dumps(reports[0] if len(reports) == 1 else reports, indent=2) + "\n")
    if args.plot and reports:
        plot(reports, args.plot)


def main():
    args = arguments()
    stores = STORES if args.store == "both" else (args.store,)
    folder = args.folder or Path(tempfile.mkdtemp(prefix="shanqiao-bench-"))
    reports, worst = [], 0
    try:
        check(args)
        for store in stores:
            place = folder / store
            if args.folder and place.exists():
                raise Failed(f"{place} is there already; delete it or name another --folder")
            status, report = run(args, store, place)
            worst = max(worst, status)
            if report:
                reports.append(report)
        return worst
    except (Failed, RuntimeError) as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        write(reports, args)
        if not args.folder:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
