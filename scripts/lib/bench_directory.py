# SPDX-License-Identifier: Apache-2.0
"""Loads a made-up province into a database of its own and times the look-ups of routing in it. Prints one line of
JSON: {institutions, load_s, again_s, lookups, lookup_us {p50, p99, max}, by {…}}; load_s is the whole import from the
file to the commit, again_s the same file once more (nothing changes)."""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from installation import Failed, call, program


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-directory", description=__doc__)
    parser.add_argument("--db", help="an empty database: a URI of PostgreSQL (default: a SQLite file made for it)")
    parser.add_argument("--counties", type=int, default=183)
    parser.add_argument("--townships", type=int, default=4000)
    parser.add_argument("--villages", type=int, default=30000)
    parser.add_argument("--members", type=int, default=3, help="specialists of each panel, one on duty at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lookups", type=int, default=21000)
    args = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="shanqiao-") as folder:
            print(json.dumps(measure(args, Path(folder))))
    except (Failed, OSError) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def measure(args, folder):
    ctl, province = program("shanqiaoctl"), folder / "province.json"
    where = ["--db", args.db or folder / "directory.db", "--keys", folder / "keys"]
    sizes = [f"--{name}={getattr(args, name)}" for name in ("counties", "townships", "villages", "members", "seed")]
    call(ctl, "init", *where)
    call(ctl, "directory", "generate", *sizes, "--out", province)
    seconds = []
    for _ in range(2):
        start = time.monotonic()
        call(ctl, "directory", "import", *where, province)
        seconds.append(round(time.monotonic() - start, 3))
    found = json.loads(call(ctl, "directory", "measure", *where, "--lookups", str(args.lookups)))
    return {"institutions": found.pop("institutions"), "load_s": seconds[0], "again_s": seconds[1]} | found


if __name__ == "__main__":
    sys.exit(main())
