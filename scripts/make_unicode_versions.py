#!/usr/bin/env python3
"""Writes src/text/unicode_versions.h: characters on which the Unicode versions of the libraries and
of the `tokenizers` package differ.

    python3 scripts/make_unicode_versions.py > src/text/unicode_versions.h
    clang-format -i src/text/unicode_versions.h

PCRE2 and libunistring of Debian 12 know Unicode 14. In `tokenizers` the classes of characters are
those of Unicode 16, the normal forms those of Unicode 9. Needs that package, and a Python whose
unicodedata is Unicode 14 (3.11).
"""
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

CLASSES = (("LETTERS", r"\p{L}"), ("MARKS", r"\p{M}"), ("NUMBERS", r"\p{N}"), ("DIGITS", r"\d"))
CHUNK = 2000
SCALARS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def members(pattern, codes):
    """Those of the codes that tokenizers' regular expressions count in the class."""
    remover = pre_tokenizers.Split(Regex(pattern), "removed")
    found = []
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start:start + CHUNK]
        text = "".join(map(chr, chunk))
        kept = set("".join(piece for piece, _ in remover.pre_tokenize_str(text)))
        found += [code for code in chunk if chr(code) not in kept]
    return found


def ranges(codes):
    spans = []
    for code in sorted(codes):
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return spans


def inert_in_tokenizers():
    """Characters that normal forms reorder, decompose or compose in Unicode 14, but not there."""
    nfc, nfd, found = normalizers.NFC(), normalizers.NFD(), set()
    for code in SCALARS:
        c = chr(code)
        text = f"a{c}\u0301{c}\u0323 {c}"
        if nfc.normalize_str(text) != unicodedata.normalize("NFC", text):
            found.add(code)
        parts = unicodedata.normalize("NFD", c)
        if nfd.normalize_str(c) != parts:
            found.update(map(ord, c + parts))
    return found


def wrapped(parts, quote):
    lines, line = [], ""
    for part in parts:
        if len(line) + len(part) > 86:
            lines, line = lines + [line], ""
        line += part
    return " \\\n".join(f"    {quote}{text}{quote}" for text in lines + [line])


def main():
    assert unicodedata.unidata_version == "14.0.0", unicodedata.unidata_version
    new = [code for code in SCALARS if unicodedata.category(chr(code)) == "Cn"]
    print("/* unicode_versions.h: characters on which versions of Unicode differ.\n *\n"
          " * Made by scripts/make_unicode_versions.py. PCRE2 and libunistring of Debian 12 know Unicode"
          " 14; in\n * the `tokenizers` package the classes are those of 16, the normal forms those of 9. */\n"
          "#ifndef AZ_TEXT_UNICODE_VERSIONS_H\n#define AZ_TEXT_UNICODE_VERSIONS_H\n\n"
          "/* Added since 14, as parts of PCRE2 classes. */")
    for name, pattern in CLASSES:
        parts = [f"\\\\x{{{a:x}}}" + (f"-\\\\x{{{b:x}}}" if b > a else "")
                 for a, b in ranges(members(pattern, new))]
        print(f"#define AZ_{name}_SINCE_14 \\\n" + wrapped(parts, '"') + "\n")
    parts = [f"{{0x{a:x}, 0x{b:x}}}, " for a, b in ranges(inert_in_tokenizers())]
    print("/* With a part in normal forms since 10: first and last. */\n"
          "#define AZ_NORMAL_FORM_SINCE_10 \\\n" + wrapped(parts, "") + "\n\n#endif")


if __name__ == "__main__":
    main()
