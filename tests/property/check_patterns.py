#!/usr/bin/env python3
"""Patterns match what they match in the `tokenizers` and `tiktoken` packages.

    check_patterns.py TOKENIZER_TOOL [--all] [--random N] [--seed S]

Classes of characters are asked of nearly every code point; the patterns of known models, and N that
are put together at random, of hard texts. --all asks every script, and of every code point. A pattern that is
refused is told, not counted as different; those of known models must not be refused. Exit code 77
where a package is not there.
"""
import argparse
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import tiktoken
    from tokenizers import Regex, normalizers, pre_tokenizers
except ImportError:
    print("skipped: this Python has not both packages, `tokenizers` and `tiktoken`")
    sys.exit(77)

SEED = 20261122

def characters(all_of_them):
    """Every code point; or but each 64th where thousands are alike."""
    alike = ((0x3500, 0x4d00), (0x4f00, 0x9f00), (0xae00, 0xd700), (0xe100, 0xf800), (0x13500, 0x14400), (0x17100, 0x18700),
             (0x20100, 0x2a600), (0x2a800, 0x2b700), (0x2b900, 0x2cd00), (0x2cf00, 0x2eb00), (0x30100, 0x31300), (0x31500, 0x32300),
             (0x32400, 0xe0000), (0xe0200, 0x10ff00))
    within = set() if all_of_them else {code for first, end in alike for code in range(first, end) if code % 64}
    return "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and code not in within)


CL100K = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
          r"\s*[\r\n]+|\s+(?!\S)|\s+")
KIMI = "|".join((
    r"[\p{Han}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"))
# Of tokenizers that are used: what they cut with.
KNOWN = {
    "GPT-4 and Llama 3": CL100K,
    "GPT-4, possessive": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|"
                         r"\s*[\r\n]|\s+(?!\S)|\s+",
    "Qwen": CL100K.replace("{1,3}", ""),
    "Qwen with marks": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"
                       r"\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k and Llama 4": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|"
                         r"'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|"
                         r"'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "Tekken": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}"
              r"\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "Kimi": KIMI,
    "DeepSeek numbers": r"\p{N}{1,3}",
    "DeepSeek ideographs": "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    "DeepSeek V3": r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"
                   r" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "DeepSeek LLM, letters": r"\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af"
                             r"\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1]+",
    "DeepSeek LLM, signs": "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+",
    "DeepSeek LLM, spaces": r"\s+$",
    "DeepSeek LLM, ideographs": "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+",
    "BLOOM": " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
    "CLIP": r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    "Falcon": "[0-9][0-9][0-9]",
    "numbers from the right": r"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))",
    "GPT-2 with marks": r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+(?!\S)|\s+",
    "Han apart": r"\p{Han}| ?[[:alpha:]&&\P{Han}]+|[^\S\r\n]+|[[:^alpha:]\s]",
    "white space but for lines": r"[^\S\n]+|\n|[^\s]+",
    "emoji": r"\p{Emoji_Presentation}\p{Emoji_Modifier}?|\p{Extended_Pictographic}|[^\p{Emoji}]+",
    "T5": " {2,}",
    "Chinese and the rest": r"[\p{Han}\p{Hiragana}\p{Katakana}]+|\p{Hangul}+|[\p{Thai}\p{Lao}\p{Khmer}]+|[^\p{Han}\p{Hangul}]",
}
CATEGORIES = "L Lu Ll Lt Lm Lo LC M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co Cn".split()
POSIX = "alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit".split()
CLASSES = [r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\h", r"\H", r"[\w]", r"[\W]", r"[\D\n]", r"[\H]",
           r"\p{Han}", r"\p{Hani}", r"\P{han}", r"\p{^Thai}", r"\p{Mn}", r"\p{M}", r"\p{C}", r"\p{Cn}", r"\p{Letter}",
           r"\p{other_punctuation}", r"\p{Kawi}", r"\p{Common}", r"\p{Inherited}", r"\p{Alnum}", r"\p{Punct}",
           r"[^\p{Mn}\p{C}]", r"[\p{Lo}\p{Lm}&&[^\p{Han}]]", r"[^\p{L}&&[^\p{Latin}\p{Greek}]]", r"[\p{L}&&\p{Cyrillic}&&[^a-z]]",
           r"[[^a-z][^\p{L}]]", r"[^[^\s]]", r"[^\S\r\n]", r"[a-c-e]", r"[-a]", r"[a\-z]", r"[\x41-\x{5a}\u4e00-\u4e10]",
           r"[\p{L}-]", r"[[:alpha:]&&[:^upper:]]", "[[:punct:]]", "[[:^graph:]]", r"[\x{10000}-\x{10ffff}]", r"[^\x{0}-\x{ffff}]", r"[\s\S]", r"[^\s\S]",
           r"\p{Emoji}", r"\p{Ideographic}", r"[\w&&\W]", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]", r"[a&&b]", r"[^a&b]",
           r"(?i:[a-z])", r"(?i:[^k])", r"(?i:[^\p{Lu}])", r"(?i:\p{Lu})", r"(?i:k)", r"(?i:[s\p{N}])", r"(?i:[\x{400}-\x{42f}])",
           r"(?i:[^\x{3b1}-\x{3c9}])"]
FANCY = [r"\s", r"\d", r"\w", r"[\W]", r"\p{Han}", r"\p{Script=Han}", r"\p{sc=Thai}", r"\pL", r"\p{gc=Mn}", r"\P{M}", r"\p{Letter}",
         r"[\p{L}--\p{Latin}]", r"[\p{L}~~\p{Greek}]", r"[\p{Lo}\p{Lm}&&[^\p{Han}]]", r"[[:alpha:]]", r"[[:^space:]]", r"\p{Cn}",
         r"\p{Emoji}", r"(?i:[a-z])", r"(?i:[^k])", r"(?i:\p{Lu})", r"(?i:[\P{Lu}])", r"(?i:[^\p{Greek}])", r"(?i:k)", r"[^\S\r\n]",
         r"\p{Punct}", r"\p{Any}", r"[\u{4e00}-\u{9fff}\x41]"]


def texts_bytes(texts):
    return b"".join(struct.pack("=I", len(raw)) + raw for raw in (text.encode() for text in texts))


def ours(tool, folder, dialect, patterns, texts):
    """For each pattern None, or for each text the matches: first byte and end."""
    names = [folder / name for name in ("patterns", "texts", "matches")]
    names[0].write_bytes(texts_bytes(patterns))
    names[1].write_bytes(texts_bytes(texts))
    told = subprocess.run([tool, "matches", dialect, *map(str, names)], capture_output=True, text=True)
    if told.returncode != 0:
        sys.exit(f"{tool} failed: {told.stderr}")
    raw, at, found = memoryview(names[2].read_bytes()).cast("I"), 0, []
    for _ in patterns:
        good, at = raw[at], at + 1
        lists = []
        for _ in texts if good else ():
            count, at = raw[at], at + 1
            if count == 0xFFFFFFFF:
                lists.append(None)
                continue
            lists.append([(raw[at + 2 * n], raw[at + 2 * n + 1]) for n in range(count)])
            at += 2 * count
        found.append(lists if good else None)
    return found, told.stderr


def matched_text(text, matches):
    raw = text.encode()
    return b"".join(raw[first:end] for first, end in matches).decode()


def in_tokenizers(pattern, everything):
    """The characters that a class matches."""
    left = normalizers.Replace(Regex(pattern), "").normalize_str(everything)
    return set(everything) - set(left)


def in_tiktoken(pattern, everything):
    ranks = {bytes([byte]): byte for byte in range(256)}
    encoding = tiktoken.Encoding("class", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return set(bytes(encoding.encode_ordinary(everything)).decode())


def check_classes(tool, folder, dialect, classes, theirs, everything):
    different = 0
    found, told = ours(tool, folder, dialect, classes, [everything])
    for pattern, lists in zip(classes, found):
        try:
            expected = theirs(pattern, everything)
        except BaseException as error:  # noqa: a panic of the package is no Exception
            print(f"{dialect}: {pattern} is refused by the package: {str(error)[:80]}")
            different += 1
            continue
        have = None if lists is None else set(matched_text(everything, lists[0]))
        if have == expected:
            continue
        different += 1
        if have is None:
            print(f"{dialect}: {pattern} is refused")
        else:
            print(f"{dialect}: {pattern} has {len(have - expected)} too many and lacks {len(expected - have)}: "
                  f"{[hex(ord(c)) for c in sorted(have ^ expected)[:8]]}")
    if different:
        print(told[:2000])
    print(f"{len(classes)} classes of {dialect} over {len(everything)} characters, {different} differ")
    return different


def their_matches(pattern, texts):
    """Matches in bytes, by tokenizers."""
    splitter = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    lists = []
    for text in texts:
        place = [0]
        for character in text:
            place.append(place[-1] + len(character.encode()))
        lists.append([(place[first], place[end]) for _, (first, end) in splitter.pre_tokenize_str(text)])
    return lists


# ---- texts and patterns at random ----

ALPHABET = ("abcdefst AEKS  \n\r\t09.,-'&^~$_\u2019\xa0\xb2\xdf\u0130\u0131\u017f\u212a\xe9e\u0301\u0e01\u0e34\u4e00\u3042\u30fc"
            "\u3005\uac00\u0660\u2160\xbd\U0001f44d\U0001f3fd\u200d\u0378\U00031350\u0416\u0436\u03c3\u03c2\u03a3\ufb01\u1e9e")


def texts(count, seed):
    chance = random.Random(seed)
    fixed = ["it's we'll I'D don't 'sS", "x = 3.1415926e-10;\r\n\r\n\tif (a&&b) {\n", "\u4f60\u597d, world\u3002123456789",
             "\u3053\u3093\u306b\u3061\u306f\u30ab\u30bf \ud55c\uad6d\uc5b4 \u0e01\u0e34\u0e19", "  leading and trailing  ", "\n\n",
             "def f(x):\n    return x  # \u00e9\n\n\n", "CamelCaseWords HTMLParser \u01c5abc \u02b0x", "1234567 12345 0x1F"]
    return fixed + ["".join(chance.choice(ALPHABET) for _ in range(chance.choice((3, 8, 20, 60)))) for _ in range(count)]


def random_member(chance, depth):
    kinds = ["a", "a-f", "A-Z", "0-9", r"\s", r"\S", r"\d", r"\D", r"\w", r"\W", r"\n", r"\r\n", " ", "'", r"\-", r"\p{L}", r"\P{L}",
             r"\p{Lu}", r"\p{Ll}", r"\p{M}", r"\p{Mn}", r"\p{N}", r"\p{P}", r"\p{S}", r"\p{Z}", r"\p{C}", r"\p{Han}", r"\p{^Han}",
             r"\p{Latin}", r"\p{Thai}", r"\p{Greek}", "[:alpha:]", "[:^punct:]", "[:upper:]", "\u4e00-\u9fa5", "\xdf", "."]
    if depth < 2 and chance.random() < 0.25:
        return random_class(chance, depth + 1)
    return chance.choice(kinds)


def random_class(chance, depth=0):
    sides = []
    for _ in range(2 if chance.random() < 0.2 else 1):
        sides.append("".join(random_member(chance, depth) for _ in range(chance.randrange(1, 4))))
    return "[" + ("^" if chance.random() < 0.4 else "") + "&&".join(sides) + "]"


def random_pattern(chance, depth=0):
    atoms = ["a", "st", "e", "'", " ", ".", r"\s", r"\S", r"\p{L}", r"\p{Lu}", r"\p{N}", r"\w", r"\W", r"\d", r"\p{Han}", r"\P{M}"]
    parts = []
    for _ in range(chance.randrange(1, 4)):
        kind = chance.random()
        if kind < 0.45:
            atom = chance.choice(atoms)
        elif kind < 0.85 or depth > 1:
            atom = random_class(chance)
        else:
            atom = chance.choice(["(?:", "(", "(?i:", "(?>", "(?<name>"]) + random_pattern(chance, depth + 1) + ")"
        parts.append(atom + chance.choice(["", "", "", "", "+", "+", "?", "*", "++", "+?", "{1,3}", "{2}", "{1,}"]))
    edges = ["", "", "", "", "^", r"\b", r"(?<=\s)", r"(?<!a)"], ["", "", "", "", "$", r"\b", r"(?!\S)", "(?=a)", r"\B"]
    one = chance.choice(edges[0]) + "".join(parts) + chance.choice(edges[1])
    return one + "|" + random_pattern(chance, depth + 1) if depth < 2 and chance.random() < 0.4 else one


def check_patterns(tool, folder, patterns, samples, may_refuse):
    """patterns: {name: pattern}. Returns how many differ."""
    found, told = ours(tool, folder, "oniguruma", list(patterns.values()), samples)
    different, refused, unknown = 0, 0, 0
    for (name, pattern), lists in zip(patterns.items(), found):
        try:
            expected = their_matches(pattern, samples)
        except BaseException:  # noqa: a panic of the package is no Exception
            unknown += 1
            continue
        if lists is None:
            refused += 1
            different += not may_refuse
            continue
        for text, have, want in zip(samples, lists, expected):
            if have is not None and have != want:
                print(f"{name}: {pattern!r} in {text!r}: {have[:8]} and not {want[:8]}")
                different += 1
                break
    if refused and not may_refuse:
        print(told[:2000])
    print(f"{len(patterns)} patterns over {len(samples)} texts, {different} differ, {refused} are refused, {unknown} by the package")
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--random", type=int, default=300)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    classes, everything = list(CLASSES), characters(options.all)
    if options.all:
        import regex._regex_core  # names of scripts
        names = {n: name for name, n in reversed(regex._regex_core.PROPERTIES["SCRIPT"][1].items()) if n}
        known = [name for name in names.values() if name not in (
            "SIDETIC", "TOLONGSIKI", "PROTOCUNEIFORM", "BERIAERFE", "JURCHEN", "TAIYO", "SEAL", "KATAKANAORHIRAGANA")]
        classes += [rf"\p{{{name}}}" for name in CATEGORIES + known] + [f"[[:{name}:]]" for name in POSIX]
        classes += [f"(?i:[^{chr(code)}])" for code in range(0x80, 0x250, 7)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        different = check_classes(options.tool, folder, "oniguruma", classes, in_tokenizers, everything)
        different += check_classes(options.tool, folder, "fancy", FANCY, in_tiktoken, everything)
        samples = texts(40, options.seed)
        different += check_patterns(options.tool, folder, KNOWN, samples, False)
        chance = random.Random(options.seed)
        made = {f"random {n}": random_pattern(chance) for n in range(options.random)}
        different += check_patterns(options.tool, folder, made, samples, True)
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
