#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up the JUnit reports that ctest wrote, counting the cases inside each test program.

test-summary.py PRESET:SECONDS:REPORT... prints a line for each preset, the failures, and at last "N passed, N failed".
Exit status 1 when something failed, a report is missing, or nothing ran.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

CRITERION = re.compile(r"Synthesis: Tested: (\d+) \| Passing: (\d+) \| Failing: (\d+) \| Crashing: (\d+)")
UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.M)
UNITTEST_BAD = re.compile(r"^FAILED \((.*)\)", re.M)
NODE = re.compile(r"^(?:#|\u2139) (pass|fail) (\d+)$", re.M)


def cases(output):
    """(passed, failed) of the cases that a program reports, (0, 0) when it reports none."""
    found = CRITERION.findall(output)
    if found:
        return sum(int(f[1]) for f in found), sum(int(f[2]) + int(f[3]) for f in found)
    ran = UNITTEST.findall(output)
    if ran:
        bad = sum(int(n) for text in UNITTEST_BAD.findall(output)
                  for n in re.findall(r"(?:failures|errors)=(\d+)", text))
        return sum(map(int, ran)) - bad, bad
    totals = {"pass": 0, "fail": 0}
    for word, n in NODE.findall(output):
        totals[word] += int(n)
    return totals["pass"], totals["fail"]


def count(report):
    """(passed, failed, skipped, names of failed programs) of one JUnit file."""
    passed = failed = skipped = 0
    names = []
    for test in ElementTree.parse(report).getroot().iter("testcase"):
        status = test.get("status")
        if status in ("notrun", "disabled") and test.find("failure") is None:
            skipped += 1
            continue
        good, bad = cases(test.findtext("system-out") or "")
        if status == "run":
            passed += good or 1
            failed += bad
        else:
            passed += good
            failed += bad or 1  # a leak or a time-out fails the program, not a case
        if bad or status != "run":
            names.append(test.get("name"))
    return passed, failed, skipped, names


def main(arguments):
    passed = failed = 0
    for argument in arguments:
        preset, seconds, report = argument.split(":", 2)
        try:
            p, f, skipped, names = count(report)
        except (OSError, ElementTree.ParseError):
            p, f, skipped, names = 0, 1, 0, ["(it did not build, or its tests did not run)"]
        if p + f == 0:
            f, names = 1, ["(no test ran)"]
        print(f"{preset:8} {p:5} passed {f:4} failed {skipped:4} skipped {seconds:>6} s")
        for name in names:
            print(f"         failed: {name}")
        passed += p
        failed += f
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
