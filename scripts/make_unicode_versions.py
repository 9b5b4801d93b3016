#!/usr/bin/env python3
"""Writes src/text/unicode_versions.h: characters on which the Unicode versions of the libraries and
of the `tokenizers` package differ.

    python3 scripts/make_unicode_versions.py > src/text/unicode_versions.h
    clang-format -i src/text/unicode_versions.h

PCRE2 and libunistring of Debian 12 know Unicode 14. `tokenizers` asks several libraries: its regular
expressions know Unicode 16, Rust's own characters 17, the normal forms 9 to 12, BERT's classes 8. So
the package itself is asked, about every character. Needs it, and a Python whose unicodedata is
Unicode 14 (3.11); the codes of scripts ("Hani") are those of the package `regex`; libunistring is asked itself.
"""
import ctypes
import unicodedata

import regex._regex_core
from tokenizers import Regex, normalizers, pre_tokenizers

CATEGORIES = ("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf".split())
ASCII_PUNCTUATION = {ord(c) for c in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}
CHUNK = 2000
SCALARS = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]


def members(pattern):
    """Those that tokenizers' regular expressions count in the class."""
    remover = pre_tokenizers.Split(Regex(pattern), "removed")
    found = set()
    for start in range(0, len(SCALARS), CHUNK):
        chunk = SCALARS[start:start + CHUNK]
        kept = set("".join(piece for piece, _ in remover.pre_tokenize_str("".join(map(chr, chunk)))))
        found.update(code for code in chunk if chr(code) not in kept)
    return found


def cut_by(pre_tokenizer):
    """Those that a pre-tokenizer cuts from letters before and after them. All of them but `a`."""
    found = set()
    for code in SCALARS:
        if [piece for piece, _ in pre_tokenizer.pre_tokenize_str(f"a{chr(code)}a")] != [f"a{chr(code)}a"]:
            found.add(code)
    return found


def removed_by(normalizer):
    return {code for code in SCALARS if normalizer.normalize_str(f"a{chr(code)}b") == "ab"}


# Properties of libunistring that regular expressions have too, each with its short name.
PROPERTIES = [name.split() for name in """
    ASCII_Hex_Digit AHex/Alphabetic Alpha/Cased Cased/Dash Dash/Default_Ignorable_Code_Point DI/Diacritic Dia/
    Emoji Emoji/Emoji_Component EComp/Emoji_Modifier EMod/Emoji_Modifier_Base EBase/Emoji_Presentation EPres/
    Extended_Pictographic ExtPict/Extender Ext/Hex_Digit Hex/Ideographic Ideo/Join_Control Join_C/Lowercase Lower/
    Math Math/Quotation_Mark QMark/Regional_Indicator RI/Sentence_Terminal STerm/Terminal_Punctuation Term/
    Unified_Ideograph UIdeo/Uppercase Upper/Variation_Selector VS/White_Space WSpace""".split("/")]


def loose(name):
    """As regular expressions compare names."""
    return name.replace("_", "").lower()


def class_of(pattern):
    """Those in a class that is one escape, by one replacement: much quicker than members."""
    everything = "".join(map(chr, SCALARS))
    return set(map(ord, normalizers.Replace(Regex(pattern.replace("\\p", "\\P")), "").normalize_str(everything)))


class Unistring:
    """Scripts and properties of libunistring."""

    class Property(ctypes.Structure):
        _fields_ = [("test", ctypes.c_void_p)]

    class Script(ctypes.Structure):
        _fields_ = [("count", ctypes.c_uint), ("intervals", ctypes.c_void_p), ("name", ctypes.c_char_p)]

    def __init__(self):
        self.library = ctypes.CDLL("libunistring.so.2")
        self.library.uc_script.restype = ctypes.POINTER(self.Script)
        self.library.uc_is_property.argtypes = [ctypes.c_uint32, self.Property]

    def property(self, name):
        which = self.Property.in_dll(self.library, "UC_PROPERTY_" + name.upper())
        return {code for code in SCALARS if self.library.uc_is_property(code, which)}

    def scripts(self):
        """Names, of those that have a script."""
        found = {}
        for code in SCALARS:
            script = self.library.uc_script(code)
            if script:
                found[code] = script.contents.name.decode()
        return found


def script_codes():
    """{"hani": "han"}: every code of a script, but for what tokenizers does not know."""
    names, codes = {}, {}
    for name, number in regex._regex_core.PROPERTIES["SCRIPT"][1].items():
        names.setdefault(number, []).append(name.lower())
    for together in names.values():
        long = together[0]
        try:
            Regex(f"\\p{{{long}}}")
        except Exception:  # noqa: the package has no other
            continue
        codes.update({code: long for code in together})
    return codes


def print_scripts(unistring):
    codes, news = script_codes(), []
    before = {code: loose(name) for code, name in unistring.scripts().items()}
    for name in sorted(set(codes.values()) - {"unknown"}):
        found = class_of(f"\\p{{{name}}}")
        gone = {code for code, script in before.items() if script == name} - found
        assert not gone or all(code in before for code in gone)
        news += [(a, b, name) for a, b in ranges({code for code in found if before.get(code) != name})]
    print_list("The script in regular expressions, where it is not that of Unicode 14.", "AZ_SCRIPT_SINCE_14",
               [f"{{0x{a:x}, 0x{b:x}, \"{name}\"}}, " for a, b, name in sorted(news)])
    print_list("The codes of scripts.", "AZ_SCRIPT_CODES",
               [f"{{\"{code}\", \"{name}\"}}, " for code, name in sorted(codes.items()) if name not in (code, "unknown")])


def print_cut_scripts(unistring):
    """UnicodeScripts knows an older Unicode: no cut between a letter of a script and another says that it is of it."""
    cut = pre_tokenizers.UnicodeScripts().pre_tokenize_str
    kana = {"Hiragana": "Han", "Katakana": "Han"}
    scripts = {code: kana.get(name, name) for code, name in unistring.scripts().items()}
    known = {code for code in SCALARS if cut(chr(code))}  # the others have no script
    first = {}
    for code in sorted(known & scripts.keys()):
        first.setdefault(scripts[code], chr(code))
    news = []
    for code in SCALARS:
        script = scripts.get(code)
        if code not in known:
            found = "" if script else None
        elif script and len(cut(first[script] + chr(code))) == 1:
            found = None
        else:
            found = next(name for name, letter in first.items() if len(cut(letter + chr(code))) == 1)
        if found is not None:
            news.append((code, found))
    spans = [(a, b, name) for name in {name for _, name in news} for a, b in ranges(c for c, n in news if n == name)]
    print_list("Scripts of UnicodeScripts that are not those of Unicode 14; \"\" for none.", "AZ_SCRIPT_OF_CUTTER",
               [f"{{0x{a:x}, 0x{b:x}, \"{name}\"}}, " for a, b, name in sorted(spans)])


def print_properties(unistring):
    news = []
    for name, _ in PROPERTIES:
        changed = class_of(f"\\p{{{name}}}") ^ unistring.property(name)
        news += [(a, b, loose(name)) for a, b in ranges(changed)]
    print_list("Properties in regular expressions: name, short name, libunistring's.", "AZ_PROPERTIES",
               [f"{{\"{loose(name)}\", \"{loose(short)}\", &UC_PROPERTY_{name.upper()}}}, " for name, short in PROPERTIES])
    print_list("Where a property is not that of Unicode 14.", "AZ_PROPERTY_SINCE_14",
               [f"{{0x{a:x}, 0x{b:x}, \"{name}\"}}, " for a, b, name in news])


def ranges(codes):
    spans = []
    for code in sorted(codes):
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return spans


def inert_in_tokenizers(forms, text):
    """Characters that normal forms change in Unicode 14, but not, or otherwise, there."""
    found = set()
    for form in forms:
        theirs = getattr(normalizers, form)()
        for code in SCALARS:
            sample = text(chr(code))
            if theirs.normalize_str(sample) != unicodedata.normalize(form, sample):
                found.add(code)
        if form == "NFD":
            for code in SCALARS:
                parts = unicodedata.normalize(form, chr(code))
                if theirs.normalize_str(chr(code)) != parts:
                    found.update(map(ord, chr(code) + parts))
    return found


def print_list(comment, name, parts):
    lines, line = [], ""
    for part in parts:
        if len(line) + len(part) > 86:
            lines, line = lines + [line], ""
        line += part
    print(f"/* {comment} */\n#define {name} \\\n" + " \\\n".join(f"    {text}" for text in lines + [line]) + "\n")


def print_ranges(comment, name, codes):
    print_list(comment, name, [f"{{0x{a:x}, 0x{b:x}}}, " for a, b in ranges(codes)])


def main():
    assert unicodedata.unidata_version == "14.0.0", unicodedata.unidata_version
    category = {code: unicodedata.category(chr(code)) for code in SCALARS}
    print("/* unicode_versions.h: characters on which versions of Unicode differ: first and last.\n *\n"
          " * Made by scripts/make_unicode_versions.py. PCRE2 and libunistring of Debian 12 know Unicode 14.\n"
          " * */\n#ifndef AZ_TEXT_UNICODE_VERSIONS_H\n#define AZ_TEXT_UNICODE_VERSIONS_H\n")
    news = []
    for name in CATEGORIES:
        found = {code for code in members(f"\\p{{{name}}}") if category[code] != name}
        news += [(a, b, name) for a, b in ranges(found)]
        for code in found:
            category[code] = name
    print_list("The category in regular expressions, where it is not that of Unicode 14.",
               "AZ_CATEGORY_SINCE_14",
               [f"{{0x{a:x}, 0x{b:x}, \"{name}\"}}, " for a, b, name in sorted(news)])

    def of(*names):
        return {code for code in SCALARS if category[code] in names}

    plain = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    bert = normalizers.BertNormalizer
    print("/* Those that a class has and the category would not say, or the other way round. */\n")
    punctuation = of("Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po") | ASCII_PUNCTUATION
    print_ranges("Punctuation.", "AZ_NOT_AS_PUNCTUATION", punctuation ^ cut_by(pre_tokenizers.Punctuation()))
    print_ranges("Digits.", "AZ_NOT_AS_NUMERIC",
                 of("Nd", "Nl", "No") ^ cut_by(pre_tokenizers.Digits(individual_digits=True)))
    print_ranges("What BertNormalizer cleans away.", "AZ_NOT_AS_OTHER",
                 of("Cc", "Cf", "Co") ^ removed_by(bert(**{**plain, "clean_text": True})))
    print_ranges("The accents of BertNormalizer.", "AZ_NOT_AS_NONSPACING",
                 of("Mn") ^ removed_by(bert(**{**plain, "strip_accents": True})))
    print_ranges("Those of StripAccents.", "AZ_NOT_AS_COMBINING",
                 of("Mn", "Mc", "Me") ^ removed_by(normalizers.StripAccents()))
    word = SCALARS and set(SCALARS) - cut_by(pre_tokenizers.Whitespace())
    print_ranges("Those in \\w of Whitespace that are no letter, mark, decimal number or connector.",
                 "AZ_WORD_BESIDES", word ^ of("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Pc"))
    lower = normalizers.Lowercase()
    print_list("Lower case that Unicode 14 does not have.", "AZ_LOWER_SINCE_14",
               [f"{{0x{code:x}, 0x{ord(lower.normalize_str(chr(code))):x}}}, " for code in SCALARS
                if lower.normalize_str(chr(code)) != chr(code).lower()])
    canonical = inert_in_tokenizers(("NFC", "NFD"), lambda c: f"a{c}\u0301{c}\u0323 {c}")
    print_ranges("With a part in normal forms since 10.", "AZ_NORMAL_FORM_SINCE_10", canonical)
    compatible = inert_in_tokenizers(("NFKC", "NFKD"), lambda c: c)
    print_ranges("In NFKC and NFKD alone.", "AZ_COMPATIBLE_SINCE_10", compatible - canonical)
    unistring = Unistring()
    print_scripts(unistring)
    print_cut_scripts(unistring)
    print_properties(unistring)
    print("#endif")


if __name__ == "__main__":
    main()
