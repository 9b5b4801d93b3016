#!/usr/bin/env python3
"""Writes src/text/unicode_since_14.h: the characters that Unicode 15 to 16 added, by class.

    python3 scripts/make_unicode_since_14.py > src/text/unicode_since_14.h

PCRE2 of Debian 12 knows Unicode 14, the `tokenizers` package Unicode 16. Needs that package, and a
Python whose unicodedata is Unicode 14 (3.11).
"""
import unicodedata

from tokenizers import Regex, pre_tokenizers

CLASSES = (("LETTERS", r"\p{L}"), ("MARKS", r"\p{M}"), ("NUMBERS", r"\p{N}"), ("DIGITS", r"\d"))
CHUNK = 2000


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
    for code in codes:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return spans


def main():
    assert unicodedata.unidata_version == "14.0.0", unicodedata.unidata_version
    new = [code for code in range(0x110000)
           if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code)) == "Cn"]
    print("/* unicode_since_14.h: characters that Unicode 15 to 16 added, as parts of PCRE2 classes.\n"
          " *\n * Made by scripts/make_unicode_since_14.py. PCRE2 of Debian 12 knows Unicode 14. */\n"
          "#ifndef AZ_TEXT_UNICODE_SINCE_14_H\n#define AZ_TEXT_UNICODE_SINCE_14_H")
    for name, pattern in CLASSES:
        parts = [f"\\\\x{{{a:x}}}" + (f"-\\\\x{{{b:x}}}" if b > a else "")
                 for a, b in ranges(members(pattern, new))]
        lines, line = [], ""
        for part in parts:
            if len(line) + len(part) > 86:
                lines, line = lines + [line], ""
            line += part
        body = " \\\n".join(f'    "{text}"' for text in lines + [line])
        print(f"\n#define AZ_{name}_SINCE_14 \\\n{body}")
    print("\n#endif")


if __name__ == "__main__":
    main()
