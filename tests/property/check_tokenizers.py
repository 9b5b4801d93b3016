#!/usr/bin/env python3
"""The `tokenizers` package reads our tokenizer.json and gives the same ids for every text.

    check_tokenizers.py TOKENIZER_TOOL [--all]

Trains every model with every pattern, and reads GPT-2's and Qwen's tokenizers where they are; then
encodes and decodes hard texts with both and compares. --all adds every code point of Unicode in
several neighbourhoods, and the whole built-in texts. Exit code 77 where `tokenizers` is not there.
"""
import array
import os
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import tokenizers
except ImportError:
    print("skipped: this Python has no package `tokenizers`")
    sys.exit(77)

SEED = 20251121
KINDS = [(model, pattern) for model in ("byte", "character")
         for pattern in ("gpt2", "marks", "whitespace")]
# Characters that patterns and classes treat in ways of their own.
HARD = ("'\u2019 \t\n\r\v\f\x1c\x1d\x1e\x1f\x00\x7f\x85\xa0\xad\u1680\u180e\u2000\u200a\u200b\u200c"
        "\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\ufffd\ufffe\uffff\u0130\u017f\u212a\xb2\xbd"
        "\u0e01\u0e33\u0e34\u0e48\u0e4d\u0903\u0951\u0327\u0301\u2160\u2460\u0660\u4e00\uac00\u1100"
        "\u1161\U0001f468\U0001f3fd\U0001d7d8\U000e0041\U0010ffff\u1c89\ua7cb\U00010d4e\U00010d69"
        "\U0001d2c0\U00031350\U000105c0_~^`|<>[]{}()\\/aAzZsS09tTmM.,;:!?-")


def hard_texts():
    """Short texts, each with a trap in it."""
    fixed = ["", " ", "  ", "\n", "a", " a", "a ", "\r\n\r\n  x", "it's we'll I'D don't 'sS 'ss ''s",
             "a\u0301e\u0301\u0302 na\u00efve", "\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27 hello",
             "x <|endoftext|>y<|endoftext|><|endoftext|> <unk> <unk", "<|endoftext|", "\x00", "a\x00b",
             "3.14e-10 1,000 \u0661\u0662 \u00bd \u2167", "a" * 70000, " " * 70000, "ab" * 35000,
             "\u0e01\u0e32" * 20000, "a " * 3000, "\t \n " * 3000, "x" * 59 + " " + "y" * 58,
             "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f", "\u1100\u1161\u11a8\uac01",
             "snake_case CamelCase __init__ a_b", "def f(x):\n    return x  # \u00e9\n\n\n"]
    random.seed(SEED)
    for length in [1, 2, 3, 5, 8, 13] * 40 + [200, 5000, 50000]:
        fixed.append("".join(random.choice(HARD) for _ in range(length)))
    for length in [1, 2, 3, 20] * 10 + [20000]:
        codes = (random.choice((random.randrange(0x80), random.randrange(0x3000),
                                random.randrange(0xd800), random.randrange(0xe000, 0x110000)))
                 for _ in range(length))
        fixed.append("".join(map(chr, codes)))
    return fixed


def every_code_point():
    """Every scalar value between letters, digits, marks, spaces and itself."""
    codes = [chr(code) for code in range(0x110000) if not 0xd800 <= code < 0xe000]
    for start in range(0, len(codes), 60000):
        yield "".join(f"a{c}b {c}1{c}.{c}\u0301{c}\u0323 {c}{c}\n" for c in codes[start:start + 60000])


def run(*arguments):
    subprocess.run([str(argument) for argument in arguments], check=True)


def report(number, text, ids, expected, theirs):
    place = next((n for n, (a, b) in enumerate(zip(ids, expected)) if a != b),
                 min(len(ids), len(expected)))
    print(f"text {number} ({text[:40]!r}): {len(ids)} and {len(expected)} ids, the first difference "
          f"at {place}: {theirs.decode(expected[max(place - 3, 0):place + 3])!r}")


def compare(tool, folder, tokenizer_file, texts, comes_back):
    """Number of texts that the two encode or decode differently."""
    theirs = tokenizers.Tokenizer.from_file(str(tokenizer_file))
    different, files = 0, []
    for number, text in enumerate(texts):
        names = [folder / f"{number}.{kind}" for kind in ("text", "ids", "back")]
        names[0].write_bytes(text.encode())
        files += names
    run(tool, "encode", tokenizer_file, *files)
    for number, text in enumerate(texts):
        ids = array.array("I", files[3 * number + 1].read_bytes()).tolist()
        back = files[3 * number + 2].read_bytes()
        expected = theirs.encode(text).ids
        if ids != expected:
            report(number, text, ids, expected, theirs)
        elif back.decode(errors="replace") != theirs.decode(expected, skip_special_tokens=False):
            print(f"text {number} ({text[:40]!r}) is decoded differently")
        elif comes_back and back.decode() != text:
            print(f"text {number} ({text[:40]!r}) does not come back")
        else:
            continue
        different += 1
    return different


def shared(name):
    root = os.environ.get("AZ_SHARED", os.path.join(os.environ.get("AZ_SOURCE_ROOT", "."), "../shared"))
    return pathlib.Path(root) / "data" / "tokenizers" / name


def main():
    tool, everything = pathlib.Path(sys.argv[1]).resolve(), "--all" in sys.argv
    texts, failures = hard_texts(), 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sample = folder / "sample"
        sample.write_bytes("\n".join(texts).replace("\0", "").encode())
        mix = [f"{sample}:1"]
        if everything:
            for text in ("web", "thai"):
                run(tool, "text", text, folder / text)
                texts.append((folder / text).read_text(encoding="utf-8"))
                mix.append(f"{folder / text}:2")
            texts += every_code_point()
        print(f"seed {SEED}, {len(texts)} texts, {sum(map(len, texts))} characters, "
              f"tokenizers {tokenizers.__version__}")
        files = []
        for model, pattern in KINDS:
            out = folder / f"{model}-{pattern}.json"
            special = "<|endoftext|>" if model == "byte" else "<|endoftext|> <unk>"
            size = ("6000", "600") if everything else ("1200", "300")
            run(tool, "train", out, model, pattern, *size, special, *mix)
            run(tool, "resave", out, folder / "again.json")
            if out.read_bytes() != (folder / "again.json").read_bytes():
                print(f"{out.name} is not the same after loading and saving")
                failures += 1
            files.append((out, model == "byte" and pattern != "whitespace"))
        for other, comes_back in (("gpt2.tokenizer.json", True), ("qwen3.tokenizer.json", False)):
            if shared(other).is_file():
                files.append((shared(other), comes_back))
            else:
                print(f"{shared(other)} is not there: not compared")
        for file, comes_back in files:
            different = compare(tool, folder, file, texts, comes_back)
            print(f"{file.name}: {different} differences")
            failures += different
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
