#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asserts what ARCHITECTURE.md says about the tree: who may include whom, which room holds which library, and the
habits that a machine can check. Each violation is printed with its file, line and remedy.

check_tree.py ROOT; exit status 1 when something is wrong, or when there was nothing to look at.
"""
import os
import re
import sys
from pathlib import Path

# The life cycle and what goes with it: pure.
LIFE = ["signaling/consult/" + name for name in (
    "step.c", "step.h", "step_parts.h", "step_table.c", "step_request.c", "step_ring.c", "step_members.c", "step_call.c",
    "step_opinion.c", "names.c", "completeness.c", "completeness.h", "referral_step.c", "referral_step.h", "wheel.c",
    "wheel.h")]

# Which floors may be included from a folder; the longest prefix that matches a file counts. "shanqiao" is the public
# interface (include/shanqiao). Floors are named by prefix, so "rtc" stands for rtc/ and all below it.
ARROWS = {
    "include": ["shanqiao"],
    "base": ["base", "shanqiao"],
    "inspect": ["base", "inspect", "shanqiao"],
    "rtc": ["base", "rtc", "shanqiao"],
    "cluster": ["base", "cluster", "shanqiao"],
    "relay": ["base", "rtc", "cluster", "relay", "shanqiao"],
    "relay/forward": ["base", "rtc", "relay/forward", "shanqiao"],
    "signaling": ["base", "inspect", "cluster", "signaling", "shanqiao"],
    **{path: ["base", *LIFE, "shanqiao"] for path in LIFE},
    "client-lib": ["base", "rtc", "client-lib", "shanqiao"],
    "loadtest": ["base", "rtc", "loadtest", "shanqiao"],
    "loadtest/link": ["base", "loadtest/link", "shanqiao"],
}

# Floors that a folder may not use although the arrows above would let it.
REFUSALS = {
    "rtc/transport": ["rtc/rtp", "rtc/rtcp", "rtc/payload", "rtc/stun", "rtc/ice", "rtc/dtls", "rtc/srtp", "rtc/nack",
                      "rtc/rtx", "rtc/red", "rtc/fec", "rtc/jitter", "rtc/bwe", "rtc/pacer"],
}

# Headers of outside libraries, and the only rooms that hold them.
LIBRARIES = [
    (r"nanomsg/", ["cluster"]),
    (r"srtp2?/", ["rtc/srtp"]),
    (r"opus(/|\.h)", ["client-lib/audio"]),
    (r"vpx/", ["client-lib/video"]),
    (r"speex/", ["client-lib/audio", "client-lib/terminal"]),
    (r"SDL", ["client-lib/terminal"]),
    (r"png\.h", ["client-lib/terminal"]),
    (r"libwebsockets(\.h|/)", ["signaling/ws", "client-lib/io"]),
    (r"uv\.h", ["signaling/ws"]),
    (r"sqlite3\.h", ["signaling/store"]),
    (r"libpq-fe\.h", ["signaling/store"]),
    (r"(pango|cairo|fontconfig)(/|\.h|-)", ["signaling/export"]),
    (r"curl/", ["client-lib/io", "signaling/webhook"]),
    (r"zlib\.h", ["signaling/export"]),
    (r"yaml\.h", ["base"]),
    (r"microhttpd\.h", ["relay/metrics"]),
    (r"dcmtk/", ["inspect"]),
    (r"biosig\.h", ["inspect"]),
    (r"jansson\.h", ["inspect", "relay/control", "signaling", "client-lib", "loadtest"]),
    (r"sodium(\.h|/)", ["cluster", "signaling"]),
    (r"openssl/", ["rtc", "signaling", "client-lib/io", "loadtest/signaling"]),
    (r"criterion/", []),
]

# Headers that a pure room refuses: no sockets, threads or clocks there.
PURE = ["rtc", "relay/forward", *LIFE, "client-lib/adapt", "loadtest/link"]
IMPURE_HEADERS = re.compile(r"(sys/socket|sys/un|sys/epoll|netinet/.*|arpa/inet|netdb|poll|pthread|threads|time|"
                            r"sys/time|jansson|sqlite3|libwebsockets)\.h")
EXCEPTIONS = {
    ("rtc/dtls", "sys/time.h"): "struct timeval is how OpenSSL asks a datagram BIO for a deadline",
    ("rtc/srtp", "pthread.h"): "libsrtp's global start runs once (pthread_once)",
}
CLOCKS = re.compile(r"\b(clock_monotonic_us|clock_utc_us|clock_gettime|gettimeofday|timespec_get|time)\s*\(")
RAW_CLOCKS = re.compile(r"\b(clock_gettime|gettimeofday|timespec_get)\s*\(")
SLEEPS = re.compile(r"\b(sleep|usleep|nanosleep|clock_nanosleep)\s*\(")
UNBOUNDED = re.compile(r"\b(strcpy|stpcpy|strcat|sprintf|vsprintf|gets|alloca)\s*\(")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

LINES_MAX = 600
SKIPPED = {"build", "node_modules", ".git", ".cache", "demo-out", "corpus", "data", "dist", "__pycache__"}
SOURCES = {".c", ".cc", ".h"}
SCRIPTS = {".py", ".sh", ".ts", ".js", ".mjs"}
FLOORS = ["base", "inspect", "rtc", "cluster", "relay", "signaling", "client-lib", "loadtest", "include", "tests", "scripts"]


def is_below(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def longest(path, table):
    return max((p for p in table if is_below(path, p)), key=len, default=None)


def without_comments(text):
    """The code with comments and string contents blanked, lines kept."""
    def blank(match):
        found = match.group(0)
        return '""' if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def check_project_include(path, included):
    if "/" not in included:
        return None  # a neighbour in the same folder
    arrows = longest(path, ARROWS)
    if arrows and not any(is_below(included, floor) for floor in ARROWS[arrows]):
        return f'includes "{included}"; {arrows}/ may use only {", ".join(ARROWS[arrows])}'
    for target, refused in REFUSALS.items():
        if is_below(included, target) and any(is_below(path, r) for r in refused):
            return f'includes "{included}"; {target}/ composes this folder, not the other way round'
    return None


def check_library_include(path, included):
    for pattern, rooms in LIBRARIES:
        if re.match(pattern, included) and not any(is_below(path, room) for room in rooms):
            where = " or ".join(rooms) if rooms else "tests"
            return f"includes <{included}>; it belongs in {where} only: ask that room through its header"
    excepted = any(is_below(path, room) and included == header for room, header in EXCEPTIONS)
    if any(is_below(path, room) for room in PURE) and IMPURE_HEADERS.fullmatch(included) and not excepted:
        return f"includes <{included}>; this room knows no sockets, threads, clocks or formats: take values instead"
    return None


def check_product_code(path, number, line):
    if any(is_below(path, room) for room in PURE) and CLOCKS.search(line):
        yield number, "reads a clock; take now_us as an argument"
    # The terminal stands on the public interface alone, so it has no base/time.h.
    if RAW_CLOCKS.search(line) and path != "base/time.c" and not is_below(path, "client-lib/terminal"):
        yield number, "reads a clock past base/time.h; call clock_monotonic_us or clock_utc_us"
    if UNBOUNDED.search(line):
        yield number, 'writes without a bound; use text_copy of "base/text.h", snprintf or memcpy with a length'


def check_source(path, text):
    """Violations of one C file as (line, message)."""
    in_tests = is_below(path, "tests")
    lines = text.split("\n")
    if len(lines) > LINES_MAX:
        yield len(lines), f"has more than {LINES_MAX} lines; it holds two ideas: split it"
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quoted, included = found.group(1) == '"', found.group(2)
        if included == "assert.h":
            yield number, 'includes <assert.h>, which release builds drop; use CHECK of "base/check.h"'
        if not in_tests:
            message = (check_project_include(path, included) if quoted or included.startswith("shanqiao/")
                       else check_library_include(path, included))
            if message:
                yield number, message
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        if in_tests and SLEEPS.search(line):
            yield number, "sleeps; hand virtual time in, or wait for the event itself"
        if not in_tests:
            yield from check_product_code(path, number, line)


def check_text(path, text):
    """Habits of every file of ours."""
    if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.split("\n")[:3]):
        yield 1, "lacks its licence; start it with SPDX-License-Identifier: Apache-2.0"
    for number, line in enumerate(text.split("\n"), 1):
        if UNFINISHED.search(line):
            yield number, "holds an unfinished mark; finish it, or write an issue and delete the mark"
        if line != line.rstrip():
            yield number, "ends in blanks; delete them"


def is_script(path):
    if path.suffix in SCRIPTS:
        return True
    if path.suffix:
        return False
    with open(path, "rb") as f:
        return f.read(2) == b"#!"


def files_of(root):
    for floor in FLOORS:
        for folder, names, files in os.walk(root / floor):
            names[:] = sorted(n for n in names if n not in SKIPPED)
            for name in sorted(files):
                yield Path(folder) / name


def check_tree(root):
    """(number of files looked at, list of "file:line: message")."""
    root = Path(root)
    problems = []
    looked_at = 0
    for file in files_of(root):
        path = file.relative_to(root).as_posix()
        if file.suffix not in SOURCES and not is_script(file):
            continue
        looked_at += 1
        text = file.read_text(encoding="utf-8")
        found = list(check_text(path, text))
        if file.suffix in SOURCES:
            found += check_source(path, text)
        problems += [f"{path}:{line}: {message}" for line, message in found]
    return looked_at, problems


def main(arguments):
    if len(arguments) != 1:
        print("check_tree.py: name the root of the tree", file=sys.stderr)
        return 2
    looked_at, problems = check_tree(arguments[0])
    for problem in problems:
        print(problem)
    print(f"{looked_at} files, {len(problems)} problems")
    return 1 if problems or looked_at == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
