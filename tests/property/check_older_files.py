#!/usr/bin/env python3
"""Files that are no tokenizer.json give the ids of the packages that they are made for.

    check_older_files.py TOKENIZER_TOOL [--bytes N]

.tiktoken against `tiktoken`: ranks of a tokenizer that is trained here, and of GPT-2's and Qwen's
files where they are, with every pattern by name, with Kimi's, and with the special tokens of
OpenAI's files, which are known by their number of ranks. vocab.json beside merges.txt against
`tokenizers`, and `transformers` where it is there. Over hard texts and N bytes of mixed ones. Exit
code 77 where a package is not there.
"""
import argparse
import base64
import json
import os
import sys
import tempfile
from pathlib import Path

try:
    import tiktoken
    from tiktoken_ext import openai_public
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
except ImportError:
    print("skipped: this Python has not both packages, `tokenizers` and `tiktoken`")
    sys.exit(77)

import mixed_text
import tokenizer_families
from compare_tokenizers import Ours

PATTERNS = {"gpt2": openai_public.r50k_pat_str, "cl100k": openai_public.cl100k_base, "o200k": openai_public.o200k_base,
            "kimi": tokenizer_families.KIMI}
SPECIAL = {50256: {"<|endoftext|>": 50256}, 50280: {"<|endoftext|>": 50256},
           100256: {"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
                    "<|endofprompt|>": 100276},
           199998: {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}}
NAMES = {50256: "gpt2", 50280: "gpt2", 100256: "cl100k", 199998: "o200k"}


def alphabet():
    """GPT-2's letters of bytes."""
    moved = [*range(0x21), *range(0x7f, 0xa1), 0xad]
    letters = {chr(byte): byte for byte in range(256) if byte not in moved}
    return {**letters, **{chr(0x100 + n): byte for n, byte in enumerate(moved)}}


def pattern_of(name):
    """That of the package; its files of ranks are not asked for."""
    found = PATTERNS[name]
    if isinstance(found, str):
        return found
    load, openai_public.load_tiktoken_bpe = openai_public.load_tiktoken_bpe, lambda *_, **__: {}
    try:
        return found()["pat_str"]
    finally:
        openai_public.load_tiktoken_bpe = load


def ranks_of(data):
    """Of the model of a byte-level tokenizer.json, but for its special tokens."""
    letters, special = alphabet(), {token["content"] for token in data["added_tokens"]}
    tokens = sorted((id, token) for token, id in data["model"]["vocab"].items() if token not in special)
    return {bytes(letters[letter] for letter in token): rank for rank, (_, token) in enumerate(tokens)}


def made_up(count):
    """As many ranks: bytes, pairs of them, and triples, which are seldom reached."""
    places = (place for place in range(count + 1) if not (count == 50280 and place == 50256))
    tokens = (bytes(token) for token in [(a,) for a in range(256)] + [(a, b) for a in range(256) for b in range(256)])
    triples = (bytes((a, b, c)) for a in range(97, 123) for b in range(256) for c in range(32, 128))
    return {token: place for token, place in zip((*tokens, *triples), places) if place < count + (count == 50280)}


def write_ranks(path, ranks):
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items()))


def differences(name, texts, ours, expected):
    if ours.error:
        print(f"{name}: refused: {ours.error}")
        return 1
    wrong = [n for n, want in enumerate(expected) if ours.ids[n] != want]
    if wrong:
        print(f"{name}: {len(wrong)} of {len(texts)} texts have other ids, the first {texts[wrong[0]][:60]!r}: "
              f"{ours.ids[wrong[0]][:20]}, theirs {expected[wrong[0]][:20]}")
    back = sum(mine != text.encode() for mine, text in zip(ours.back, texts))
    if back:
        print(f"{name}: {back} texts do not come back")
    return len(wrong) + back


def check_tiktoken(tool, folder, name, ranks, pattern, texts):
    """pattern: its name; None for what the number of ranks says."""
    file, special = folder / "ranks.tiktoken", {} if pattern else SPECIAL[len(ranks)]
    write_ranks(file, ranks)
    theirs = tiktoken.Encoding(name, pat_str=pattern_of(pattern or NAMES[len(ranks)]), mergeable_ranks=ranks,
                               special_tokens=special)
    given = (tokenizer_families.KIMI if pattern == "kimi" else pattern,) if pattern else ()
    ours = Ours(tool, file, texts, folder, 2, False, *given)
    return differences(f"{name}, {pattern}", texts, ours, [theirs.encode(text, allowed_special="all") for text in texts])


def check_pair(tool, folder, name, data, texts):
    """vocab.json and merges.txt, as GPT-2's were published."""
    pair = folder / "pair"
    pair.mkdir(exist_ok=True)
    vocabulary = {**data["model"]["vocab"], **{token["content"]: token["id"] for token in data["added_tokens"]}}
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in data["model"]["merges"]]
    (pair / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (pair / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    theirs = Tokenizer(models.BPE.from_file(str(pair / "vocab.json"), str(pair / "merges.txt")))
    theirs.pre_tokenizer, theirs.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    theirs.add_special_tokens([AddedToken("<|endoftext|>", special=True, normalized=False)])
    ours = Ours(tool, pair, texts, folder, 2, False)
    expected = [one.ids for one in theirs.encode_batch_fast(texts)]
    different = differences(f"{name}, a pair of files", texts, ours, expected)
    try:
        import transformers
    except ImportError:
        return different
    older = transformers.GPT2Tokenizer(vocab=str(pair / "vocab.json"), merges=str(pair / "merges.txt"))
    for text, ids in zip(texts, ours.ids):
        if len(text) < 1000 and older(text)["input_ids"] != ids:
            print(f"{name}, a pair of files: {text[:60]!r} has other ids in transformers: "
                  f"{older(text)['input_ids'][:20]} and not {ids[:20]}")
            different += 1
    return different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--bytes", type=int, default=0)
    options = parser.parse_args()
    tool, different, done = Path(options.tool).resolve(), 0, 0
    shared = Path(os.environ.get("AZ_SHARED", Path(os.environ.get("AZ_SOURCE_ROOT", ".")) / "../shared")) / "data/tokenizers"
    tokenizers = {"trained": json.loads(tokenizer_families.gpt2().to_str())}
    for name in ("gpt2", "qwen3"):
        if (shared / f"{name}.tokenizer.json").is_file():
            tokenizers[name] = json.loads((shared / f"{name}.tokenizer.json").read_text(encoding="utf-8"))
    # A run of letters of 70,000 takes tiktoken its time.
    texts = [text for text in mixed_text.hard_texts() if len(text) < 60000] + ["x<|endoftext|>y <|fim_prefix|><|endofprompt|>"]
    for more in mixed_text.large_texts(options.bytes):
        texts += more
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for name, data in tokenizers.items():
            for pattern in PATTERNS:
                different += check_tiktoken(tool, folder, name, ranks_of(data), pattern, texts)
            if name != "qwen3":
                different += check_pair(tool, folder, name, data, texts)
            done += len(PATTERNS) + 1
        for count in SPECIAL:
            different += check_tiktoken(tool, folder, f"{count} ranks", made_up(count), None, texts)
    size = sum(len(text.encode()) for text in texts)
    print(f"{done + len(SPECIAL)} files, {len(texts)} texts of {size} bytes: {different} differences")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
