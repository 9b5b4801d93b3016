#!/usr/bin/env python3
"""Compares `azimuth tokenizer reach` with what the `tokenizers` package does with every token.

    check_reach.py AZIMUTH

For tokenizers of the shared data, and one trained here: every token whose bytes are UTF-8 encodes to
the ids that the table has; `ok` is exactly where that is the token alone; `normalised` where the
normalizer changes the text; `split` where the pre-tokenizer makes more than one piece. The text that
is said to give a piece of a character gives it. Exit code 1 and a line for each difference.
"""
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

ESCAPE = re.compile(rb"\\(?:u\{([0-9a-f]+)\}|x([0-9a-f]{2})|(.))", re.S)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}


def unescape(text):
    def bytes_of(match):
        code, byte, name = match.groups()
        if code:
            return chr(int(code, 16)).encode()
        return bytes([int(byte, 16)]) if byte else NAMED[name]
    return ESCAPE.sub(bytes_of, text.encode())


def cause(tokenizer, text):
    if tokenizer.normalizer and tokenizer.normalizer.normalize_str(text) != text:
        return "normalised"
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    if any(name in text for name in added):
        return "split"
    pieces = tokenizer.pre_tokenizer.pre_tokenize_str(text) if tokenizer.pre_tokenizer else [text]
    return "split" if len(pieces) != 1 else "merge"


def check_row(tokenizer, row, added):
    number, raw = int(row["id"]), bytes.fromhex(row["bytes"])
    if unescape(row["text"]) != raw:
        yield f"the text {row['text']!r} is not the bytes {row['bytes']}"
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        if row["reachability"] != "invalid_utf8" and number not in added:
            yield f"{row['reachability']}, and its bytes are no UTF-8"
        within = re.fullmatch(r'within "(.*)"', row["reason"])
        if within:
            found = tokenizer.encode(unescape(within[1]).decode(), add_special_tokens=False).ids
            if number not in found:
                yield f"{within[1]!r} gives {found}"
        return
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    if row["encoding"] != " ".join(map(str, ids)):
        yield f"encodes to {ids}, not {row['encoding']}"
    expected = "special" if number in added else "ok" if ids == [number] else cause(tokenizer, text)
    if row["reachability"] != expected:
        yield f"{row['reachability']}, expected {expected}"


def check(azimuth, path, folder):
    table = folder / "reach.csv"
    subprocess.run([azimuth, "tokenizer", "reach", path, "--csv", table], check=True,
                   stdout=subprocess.DEVNULL)
    tokenizer = Tokenizer.from_file(str(path))
    added = set(tokenizer.get_added_tokens_decoder())
    rows = differences = 0
    with open(table, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["class"] == "orphan":
                continue
            rows += 1
            for message in check_row(tokenizer, row, added):
                differences += 1
                if differences <= 20:
                    print(f"{path}: id {row['id']} {row['text']!r}: {message}")
    print(f"{path}: {rows} tokens, {differences} differences")
    return differences, rows


def main():
    azimuth, shared = sys.argv[1], pathlib.Path(os.environ.get("AZ_SHARED", os.path.join(
        os.environ.get("AZ_SOURCE_ROOT", "."), "../shared"))) / "data" / "tokenizers"
    source = pathlib.Path(os.environ.get("AZ_SOURCE_ROOT", "."))
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([azimuth, "tokenizer", "train", source / "docs" / "tokens.md",
                        "--vocabulary", "900", "--pattern", "gpt2", "-o", folder / "own.json"],
                       check=True, stdout=subprocess.DEVNULL)
        paths = [folder / "own.json"]
        for other in ("gpt2", "qwen3"):
            path = shared / f"{other}.tokenizer.json"
            if path.is_file():
                paths.append(path)
            else:
                print(f"{path} is not there: not compared")
        for path in paths:
            differences, rows = check(azimuth, path, folder)
            failed += differences > 0 or rows == 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
