#!/usr/bin/env python3
"""Writes tests/golden/tokenizers.json: small tokenizers, texts, and the ids that `tokenizers` gives.

    make_tokenizer_golden.py TOKENIZER_TOOL > tests/golden/tokenizers.json
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import tokenizers

CORPUS = """In the beginning, God created the heavens and the earth. The earth was formless and empty.
Darkness was on the surface of the deep, and God\u2019s Spirit was hovering over the surface.
It's 12 o'clock; we'll go, they've gone. \u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27 \u0e01\u0e34\u0e19
na\u00efve re\u0301sume\u0301 100% of 3.14 \u4e2d\u6587 \U0001f600\U0001f600
"""
TEXTS = ["", " ", "the earth", "  the\n\n  earth \t", "It's God\u2019s, we'll see!", "x<|endoftext|> y<|endoftext|>",
         "\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27\u0e01\u0e34", "e\u0301 \u00e9 \u4e2d\u6587\u5b57 \U0001f600\U0001f468\u200d\U0001f469",
         "a\u00a0b\u3000c\u180ed\u200be", "12345 \u0661\u0662 \u00bd", "unk <unk> zzz", "\u1c89\U00010d4e \ua7cb"]


def main():
    tool, cases = sys.argv[1], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "corpus").write_text(CORPUS, encoding="utf-8")
        for model, vocabulary in (("byte", 290), ("character", 60)):
            for pattern in ("gpt2", "marks", "whitespace"):
                subprocess.run([tool, "train", folder / "t.json", model, pattern, str(vocabulary), "30",
                                "<|endoftext|>", f"{folder / 'corpus'}:3"], check=True)
                theirs = tokenizers.Tokenizer.from_file(str(folder / "t.json"))
                cases.append({"name": f"{model} {pattern}",
                              "tokenizer": json.loads((folder / "t.json").read_text(encoding="utf-8")),
                              "texts": TEXTS, "ids": [theirs.encode(text).ids for text in TEXTS]})
    print("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
