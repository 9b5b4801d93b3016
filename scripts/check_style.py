#!/usr/bin/env python3
"""Checks the form of the C files: clang-format, length of lines, files and functions.

    scripts/check_style.py [--report] [ROOT]

Enforced: clang-format 14 changes nothing; lines up to 100 columns; files under 500 lines; over the
whole tree, functions of 15 lines in the median and nine in ten under 60. --report lists the longest
functions and files. Exit code 1 and a line per violation.
"""
import pathlib
import re
import statistics
import subprocess
import sys

FOLDERS = ("include", "src", "tests", "bench")
MAX_COLUMNS, MAX_FILE_LINES = 100, 499
MEDIAN_FUNCTION_LINES, LONG_FUNCTION_LINES, LONG_SHARE = 15, 60, 0.1


def c_files(root):
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.[ch]"))]


def functions(lines):
    """(name, first line, length) of every function, by the layout that clang-format gives: the
    opening brace and the closing one stand alone at column 0, or all is on one line."""
    signature, start = "", 0
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            name = re.search(r"(\w+)\s*\(", signature)
            yield (name.group(1) if name else "?"), start, number - start + 1
            start = 0
        elif not start:
            one = re.match(r"^[a-z].*?(\w+)\(.*\) \{ .* \}$", line)
            if one:
                yield one.group(1), number, 1
            signature = signature + line if line.startswith(" ") else line


def check_format(paths, root):
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", *map(str, paths)],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    places = re.findall(r"^(.*?):\d+:\d+: error:", result.stderr, flags=re.M)
    names = sorted({str(pathlib.Path(place).resolve().relative_to(root)) for place in places})
    return [f"{name}: run  clang-format -i {name}" for name in names] or [result.stderr.strip()]


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--report"]
    root = pathlib.Path(arguments[0] if arguments else ".").resolve()
    paths = c_files(root)
    violations, lengths, file_lengths = check_format(paths, root), [], []
    for path in paths:
        name, lines = path.relative_to(root), path.read_text(encoding="utf-8").splitlines()
        file_lengths.append((len(lines), str(name)))
        if len(lines) > MAX_FILE_LINES:
            violations.append(f"{name}: {len(lines)} lines, the limit is {MAX_FILE_LINES}")
        violations += [f"{name}:{number}: {len(line)} columns, the limit is {MAX_COLUMNS}"
                       for number, line in enumerate(lines, 1) if len(line) > MAX_COLUMNS]
        lengths += [(length, f"{name}:{line} {function}")
                    for function, line, length in functions(lines)]
    median = statistics.median(length for length, _ in lengths) if lengths else 0
    long = sum(length >= LONG_FUNCTION_LINES for length, _ in lengths)
    if median > MEDIAN_FUNCTION_LINES or long > LONG_SHARE * len(lengths):
        violations.append(f"functions: median {median} lines, {long} of {len(lengths)} too long")
    if "--report" in sys.argv:
        for length, place in sorted(lengths, reverse=True)[:20] + sorted(file_lengths)[-10:]:
            print(f"{length:5} {place}")
    print("\n".join(violations) if violations else
          f"style: {len(paths)} files, {len(lengths)} functions of {median:g} lines in the median, "
          f"{long} of {LONG_FUNCTION_LINES} lines or more")
    return 1 if violations or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
