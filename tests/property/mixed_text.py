"""Texts of every kind to encode: traps, random characters, and what Debian has installed. The same
every time (but for the Debian texts, which are those of the machine)."""
import functools
import itertools
import pathlib
import random
import subprocess

SEED = 20251121
# Characters that patterns and classes treat in ways of their own.
HARD = ("'\u2019 \t\n\r\v\f\x1c\x1d\x1e\x1f\x00\x7f\x85\xa0\xad\u1680\u180e\u2000\u200a\u200b\u200c"
        "\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\ufffd\ufffe\uffff\u0130\u017f\u212a\xb2\xbd"
        "\u0e01\u0e33\u0e34\u0e48\u0e4d\u0903\u0951\u0327\u0301\u2160\u2460\u0660\u4e00\uac00\u1100"
        "\u1161\U0001f468\U0001f3fd\U0001d7d8\U000e0041\U0010ffff\u1c89\ua7cb\U00010d4e\U00010d69"
        "\U0001d2c0\U00031350\U000105c0\u2581\u0958\ufb01\u3392\uff76\uff9e\u01c5\u0345\u1e9b"
        "_~^`|<>[]{}()\\/aAzZsS09tTmM.,;:!?-")
WORDS = ("the God earth Earth THE <x> <x>y <L> <R> <LR> <W> Fin \ufb01ne na\u00efve <|endoftext|> <s> </s> <unk> [UNK] "
         "[CLS] it's We'LL 12 1,000 3.14 \u0e01\u0e34\u0e19 \u4e2d\u6587 __init__ e\u0301 \u00c9 "
         "\U0001f468\u200d\U0001f469 unbelievably <0x41> ##ing a</w>").split(" ")


def random_text(chance, length):
    kind = chance.randrange(6)
    if kind == 0:
        return "".join(chance.choice(HARD) for _ in range(length))
    if kind == 1:  # random bytes that are valid
        return chance.randbytes(length).decode(errors="ignore")
    if kind == 2:
        codes = (chance.choice((chance.randrange(0x80), chance.randrange(0x3000), chance.randrange(0xd800),
                                chance.randrange(0xe000, 0x110000))) for _ in range(length))
        return "".join(map(chr, codes))
    if kind == 3:
        return "".join(chance.choice(WORDS) + chance.choice(("", " ", " ", "  ", "\n")) for _ in range(length // 4 + 1))
    if kind == 4:
        return chance.choice(("a", " ", "\n", "ab", "\u0e01\u0e34", " a", "'s", "1", "\u2581", ".", "\u4e2d")) * length
    return " ".join("".join(chance.choice("abcdefgh\u00e9\u0e01") for _ in range(chance.randrange(1, 90)))
                    for _ in range(length // 20 + 1))


def hard_texts(count=120):
    """Short texts, each with a trap in it."""
    texts = ["", " ", "  ", "\n", "a", " a", "a ", "\r\n\r\n  x", "it's we'll I'D don't 'sS 'ss ''s '\u017f",
             "a\u0301e\u0301\u0302 na\u00efve", "\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27 hello", "x <|endoftext|>y<|endoftext|>",
             "\x00", "a\x00b", "3.14e-10 1,000 \u0661\u0662 \u00bd \u2167", "a" * 3000, " " * 3000, "ab" * 2000,
             "\t \n " * 300, "x" * 57 + " " + "y" * 56, "\u1100\u1161\u11a8\uac01", "<L> <R>  <LR> \n x<W> <W>y <W>",
             "THE earthquake THE earth the Earth God's gods God fin\u00e9 \ufb01ne FINE", "HelloWORLDfoo iPhoneX \u01c5x",
             "snake_case CamelCase __init__ a_b", "def f(x):\n    return x  # \u00e9\n\n\n", "//\r\n/x'S 'Re", "the   ",
             ">\u0338<|im_start|>\u0338", "  the", "\u2581the \u2581\u2581 x\u2581"]
    chance = random.Random(SEED)
    return texts + [random_text(chance, length) for length in [1, 2, 3, 5, 8, 13, 40, 300] * (count // 8)]


FOLDERS = ("/usr/share/doc", "/usr/share/perl", "/usr/share/hunspell", "/usr/include", "/usr/lib/python3",
           "/usr/share/locale", "/usr/share/i18n", "/usr/share/dict")


@functools.cache
def debian_files():
    found = (path for folder in FOLDERS for path in sorted(pathlib.Path(folder).rglob("*")))
    return [path for path in found if path.is_file() and not path.is_symlink()]


def debian_texts():
    for path in debian_files():
        data = path.read_bytes() if path.stat().st_size < 8_000_000 else b""
        if path.suffix == ".gz":
            data = subprocess.run(["gzip", "-dc", str(path)], capture_output=True).stdout
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode(errors="ignore") if b"\0" not in data else ""
        if len(text) > 200:
            yield text


def large_texts(total_bytes, batch_bytes=8_000_000, part=20_000):
    """Lists of texts, together at least total_bytes: a third random, the rest Debian's, again and again
    if they do not reach."""
    chance, done = random.Random(SEED + 1), 0
    source = itertools.chain.from_iterable(debian_texts() for _ in itertools.count())
    while done < total_bytes:
        batch, bytes_in_batch = [], 0
        while bytes_in_batch < batch_bytes:
            if chance.random() < 0.4:
                new = [random_text(chance, chance.choice((30, 300, 3000)))]
            else:
                text = next(source)
                new = [text[at:at + part] for at in range(0, len(text), part)][:10]
            batch += new
            bytes_in_batch += sum(len(text.encode()) for text in new)
        done += bytes_in_batch
        yield batch
