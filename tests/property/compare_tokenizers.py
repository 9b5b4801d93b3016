#!/usr/bin/env python3
"""Encodes the same texts with azimuth and with the `tokenizers` package, and compares every id.

    compare_tokenizers.py TOKENIZER_TOOL [--random N] [--seed S] [--bytes N] [FILE...]

Without FILE: a small tokenizer of every family (tokenizer_families.py), and N put together at random,
over hard texts. With FILE (tokenizer.json): these, over at least --bytes of text: hard, random, and
what Debian has installed. With one thread and with three, with special tokens and without; what is
decoded is compared too. Exit code 1 where something differs, 77 where `tokenizers` is not there.
"""
import argparse
import array
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import tokenizers
except ImportError:
    print("skipped: this Python has no package `tokenizers`")
    sys.exit(77)

import mixed_text
import tokenizer_families


class Ours:
    """azimuth's answers for a list of texts."""

    def __init__(self, tool, file, texts, folder, threads, special, *pattern):
        names = [folder / name for name in ("texts", "ids", "back")]
        with names[0].open("wb") as out:
            for text in texts:
                data = text.encode()
                out.write(struct.pack("=I", len(data)) + data)
        done = subprocess.run([tool, "batch", file, *names, str(threads), str(int(special)), *pattern],
                              capture_output=True, text=True)
        self.error = done.stderr.strip() if done.returncode else ""
        self.ids = self.split(array.array("I", names[1].read_bytes()).tolist()) if not self.error else []
        self.back = list(self.cut(names[2].read_bytes())) if not self.error else []

    @staticmethod
    def split(numbers):
        at, lists = 0, []
        while at < len(numbers):
            lists.append(numbers[at + 1:at + 1 + numbers[at]])
            at += 1 + numbers[at]
        return lists

    @staticmethod
    def cut(data):
        at = 0
        while at < len(data):
            (length,) = struct.unpack_from("=I", data, at)
            yield data[at + 4:at + 4 + length]
            at += 4 + length


def show(name, text, ids, expected, theirs):
    place = next((n for n, (a, b) in enumerate(zip(ids, expected)) if a != b), min(len(ids), len(expected)))
    near = [theirs.id_to_token(n) for n in expected[max(place - 2, 0):place + 4]]
    mine = [theirs.id_to_token(n) for n in ids[max(place - 2, 0):place + 4]]
    print(f"{name}: {text[:80]!r}: ids part at {place} of {len(ids)} and {len(expected)}: {mine}, theirs {near}")


def compare(tool, name, theirs, file, texts, folder, threads, special):
    """Texts on which the two differ; None where ours refuses the file."""
    theirs.no_truncation()
    theirs.no_padding()
    ours = Ours(tool, file, texts, folder, threads, special)
    if ours.error:
        print(f"{name}: refused: {ours.error}")
        return None
    different = 0
    encoded = theirs.encode_batch_fast(texts, add_special_tokens=special)
    back = theirs.decode_batch([one.ids for one in encoded], skip_special_tokens=special)
    for text, ids, mine, expected, decoded in zip(texts, ours.ids, ours.back, encoded, back):
        if ids != expected.ids:
            show(name, text, ids, expected.ids, theirs)
        elif mine.decode(errors="replace") != decoded:
            print(f"{name}: {text[:60]!r} is decoded to {mine[:60]!r}, theirs {decoded[:60]!r}")
        else:
            continue
        different += 1
        if different > 5:
            break
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bytes", type=int, default=0)
    arguments = parser.parse_intermixed_args()
    tool, failures, refused, compared = pathlib.Path(arguments.tool).resolve(), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        small = mixed_text.hard_texts()
        cases = [(pathlib.Path(file).name, tokenizers.Tokenizer.from_file(file), file) for file in arguments.files]
        if not cases:
            cases = [(family, made, None) for family, made in tokenizer_families.families()]
            cases += [(f"random {seed}", tokenizer_families.random_family(seed), None)
                      for seed in range(arguments.seed, arguments.seed + arguments.random)]
        for family, theirs, file in cases:
            if theirs is None:
                continue
            if not file:
                file = folder / "tokenizer.json"
                file.write_text(theirs.to_str(), encoding="utf-8")
                try:
                    theirs = tokenizers.Tokenizer.from_file(str(file))  # as it is read, not as it was made
                except Exception as error:  # scores that are not finite
                    print(f"{family}: the package does not read what it wrote: {error}")
                    continue
            for threads, special in ((1, False), (3, True)):
                result = compare(tool, family, theirs, file, small, folder, threads, special)
                refused += result is None and not family.startswith("random")
                failures += result or 0
            compared += 1
            total = 0
            for texts in mixed_text.large_texts(arguments.bytes):
                failures += compare(tool, family, theirs, file, texts, folder, 2, False) or 0
                total += sum(len(text.encode()) for text in texts)
            if total:
                print(f"{family}: {total} bytes compared, {failures} differences so far", flush=True)
    print(f"{compared} tokenizers, {len(small)} texts: {failures} differences, {refused} refused")
    return 1 if failures or refused else 0


if __name__ == "__main__":
    sys.exit(main())
