#!/usr/bin/env python3
"""Checks the names that libazimuth shows to the outside.

    scripts/check_symbols.py BUILD [ROOT]

Every external symbol of libazimuth.so and libazimuth.a begins with az_; libazimuth.so exports
exactly the functions that the headers in include/azimuth mark AZ_API. Exit code 1 and a line per
violation.
"""
import pathlib
import re
import subprocess
import sys

# Symbols that the linker or the sanitizers add.
FOREIGN = re.compile(r"^(_init|_fini|__.*|_edata|_end|_bss_.*)$")


def symbols(path, *options):
    """External symbols that the file defines."""
    lines = subprocess.run(["nm", "--defined-only", "--extern-only", *options, str(path)],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    names = {line.split()[-1].split("@")[0] for line in lines if re.match(r"^[0-9a-f]+ \w ", line)}
    return {name for name in names if not FOREIGN.match(name)}


def declared(root):
    """Names of the functions that public headers mark AZ_API, each with its header."""
    names = {}
    for path in sorted((root / "include" / "azimuth").glob("*.h")):
        text = re.sub(r"/\*.*?\*/|//[^\n]*|^\s*#.*?(?<!\\)$", " ", path.read_text(), flags=re.S | re.M)
        for declaration in re.findall(r"\bAZ_API\b([^;{]*)[;{]", text):
            match = re.search(r"(\w+)\s*\(", declaration)
            names[match.group(1) if match else declaration.split()[-1]] = path.name
    return names


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1])
    root = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    shared, static = build / "libazimuth.so", build / "libazimuth.a"
    public, exported = declared(root), symbols(shared, "--dynamic")
    violations = []
    for path, names in ((shared, exported), (static, symbols(static))):
        violations += [f"{path.name}: {name} does not begin with az_"
                       for name in sorted(names) if not name.startswith("az_")]
    violations += [f"{shared.name}: exports {name}, which no header marks AZ_API"
                   for name in sorted(exported - public.keys()) if name.startswith("az_")]
    violations += [f"{public[name]}: declares {name}, which {shared.name} does not define"
                   for name in sorted(public.keys() - exported)]
    print("\n".join(violations) if violations else
          f"symbols: {len(exported)} public functions, as the headers say")
    return 1 if violations or not exported else 0


if __name__ == "__main__":
    sys.exit(main())
