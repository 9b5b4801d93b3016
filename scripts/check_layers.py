#!/usr/bin/env python3
"""Checks that no file includes anything above its own layer.

    scripts/check_layers.py [ROOT]

A folder of src/ includes itself and the folders to its left in LAYERS; a public header belongs to
the layer that implements it (HEADERS). Exit code 1 and a line per violation.
"""
import pathlib
import re
import sys

LAYERS = "base lattice kernel config store text lab sky lens view cli".split()

# The layer that implements each public header.
HEADERS = {
    "account": "lens", "compare": "lens", "divergence": "lens", "exchange": "lens", "verify": "lens", "kinematics": "lens", "lens": "lens", "lifecycle": "lens", "motion": "lens",
    "structure": "lens", "hidden": "lens",
    "bf16": "lattice",
    "build": "base",
    "chart": "view",
    "census": "sky",
    "corpus": "text",
    "experiment": "config",
    "figure": "view",
    "frame": "sky",
    "galaxy": "sky",
    "hash": "base",
    "kernel": "kernel",
    "ledger": "lens",
    "matrix": "store",
    "model": "lab",
    "neighbours": "sky",
    "pool": "base",
    "progress": "base",
    "recording": "store",
    "report": "view",
    "safetensors": "store",
    "simulate": "sky",
    "sky": "sky",
    "status": "base",
    "tokenizer": "text",
    "tokens": "text",
    "sweep": "lab",
    "train": "lab",
    "usage": "text",
    "azimuth": "cli",  # includes all the others
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of_include(root, source, name):
    """The layer of an include written with quotation marks, or an explanation of what is wrong."""
    parts = pathlib.PurePosixPath(name).parts
    if len(parts) < 2 or ".." in parts:
        return None, f'"{name}" should be written "LAYER/FILE.h" or "azimuth/FILE.h"'
    if parts[0] == "azimuth":
        if not (root / "include" / name).is_file():
            return None, f'"{name}" is not in include/'
        stem = pathlib.PurePosixPath(name).stem
        if stem not in HEADERS:
            return None, f'"{name}" has no layer: add it to HEADERS in scripts/check_layers.py'
        return HEADERS[stem], None
    if parts[0] not in LAYERS:
        return None, f'"{name}": {parts[0]} is not a layer'
    if not (root / "src" / name).is_file() and not is_generated(root, parts):
        return None, f'"{name}" is not in src/'
    return parts[0], None


def is_generated(root, parts):
    """True for a header that the layer's meson.build makes."""
    build = root / "src" / parts[0] / "meson.build"
    return build.is_file() and f"output: '{parts[-1]}'" in build.read_text(encoding="utf-8")


def check_file(root, path, layer):
    """Yields the violations of one file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        place = f"{path.relative_to(root)}:{number}"
        bracket, name = match.groups()
        if bracket == "<":
            if (root / "include" / name).is_file() or (root / "src" / name).is_file():
                yield f'{place}: <{name}> is ours: write it with quotation marks'
            continue
        included, problem = layer_of_include(root, path, name)
        if problem:
            yield f"{place}: {problem}"
        elif LAYERS.index(included) > LAYERS.index(layer):
            yield f'{place}: {layer} includes "{name}", which belongs to {included}, above it'


def files_with_layers(root):
    """Yields (path, layer or None) of every C file of the library, the program and the headers."""
    for path in sorted((root / "include" / "azimuth").glob("*.h")):
        yield path, HEADERS.get(path.stem)
    for path in sorted((root / "src").rglob("*.[ch]")):
        folder = path.relative_to(root / "src").parts[0]
        yield path, folder if folder in LAYERS else None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    violations = []
    files = list(files_with_layers(root))
    for path, layer in files:
        if layer is None:
            violations.append(f"{path.relative_to(root)}: belongs to no layer")
        else:
            violations.extend(check_file(root, path, layer))
    print("\n".join(violations) if violations else f"layers: {len(files)} files, all in order")
    return 1 if violations or not files else 0


if __name__ == "__main__":
    sys.exit(main())
