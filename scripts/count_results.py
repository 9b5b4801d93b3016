#!/usr/bin/env python3
"""Counts what a meson test log says, test function by test function.

    scripts/count_results.py LABEL build/meson-logs/testlog.json

A cmocka program counts once for each of its test functions, any other test counts once, and so does
a program that is meant to fail. In a program that failed, a function that was begun and neither passed
nor was skipped has failed; one that failed beyond its own functions (a crash at exit, a leak, a
time-out) adds one failure. Prints a line "failed LABEL: ..."
or "skipped LABEL: ..." for each of those, and last "PASSED FAILED SKIPPED".
"""
import json
import re
import sys

RUN = re.compile(r"\[ RUN      \] (.+)$", re.M)
OK = re.compile(r"\[       OK \] (.+)$", re.M)
SKIPPED = re.compile(r"\[  SKIPPED \] (.+)$", re.M)
GOOD = ("OK", "EXPECTEDFAIL")


def cases(test):
    """(passed, failed, skipped) names of one entry of the log."""
    name, result = test["name"].split(" / ")[-1], test["result"]
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    run = RUN.findall(output)
    skipped = [case for case in run if case in set(SKIPPED.findall(output))]
    if result == "SKIP":
        reason = " ".join(output.split())[-200:]
        return [], [], [f"{name} ({reason})" if reason else name]
    if not run or result == "EXPECTEDFAIL":
        return ([name], [], []) if result in GOOD else ([], [f"{name} ({result})"], [])
    ok = [case for case in (run if result == "OK" else OK.findall(output)) if case not in skipped]
    failed = [case for case in run if case not in ok and case not in skipped]
    if result not in GOOD and not failed:
        failed = [f"({result})"]
    return ok, [f"{name}: {case}" for case in failed], [f"{name}: {case}" for case in skipped]


def main():
    label, path = sys.argv[1:3]
    passed, failed, skipped = [], [], []
    with open(path, encoding="utf-8") as log:
        for line in log:
            for total, part in zip((passed, failed, skipped), cases(json.loads(line))):
                total += part
    for word, names in (("failed", failed), ("skipped", skipped)):
        for name in names:
            print(f"{word} {label}: {name}")
    print(len(passed), len(failed), len(skipped))


if __name__ == "__main__":
    main()
