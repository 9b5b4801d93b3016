#!/usr/bin/env python3
"""Checks that what the documents point to is there.

    scripts/check_docs.py [ROOT]

Every relative link and picture of every Markdown file leads to a file of the project, and every file
docs/NAME.md is named in docs/README.md. Exit code 1 and a line per violation. (That docs/commands.md
and docs/experiment.md are what the program prints today is held by tests/cli/test_program.c.)
"""
import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)\s]+)\)")


def documents(root):
    return [path for folder in (".", "docs", "experiments", "bench", "tests", "python")
            for path in sorted((root / folder).glob("*.md" if folder == "." else "**/*.md"))]


def broken_links(root, path):
    """Yields the violations of one document; code blocks do not count."""
    fenced = False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        for target in [] if fenced else LINK.findall(line):
            if re.match(r"^[a-z]+:|^#", target):
                continue
            if not (path.parent / target.split("#")[0]).exists():
                yield f"{path.relative_to(root)}:{number}: there is no {target}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    paths = documents(root)
    violations = [line for path in paths for line in broken_links(root, path)]
    index = root / "docs" / "README.md"
    named = index.read_text(encoding="utf-8") if index.is_file() else ""
    violations += [f"docs/README.md: does not name {path.name}"
                   for path in sorted((root / "docs").glob("*.md"))
                   if path != index and f"({path.name})" not in named]
    print("\n".join(violations) if violations else f"docs: {len(paths)} documents, no broken link")
    return 1 if violations or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
