#!/usr/bin/env python3
"""Writes tests/golden/tokenizer_families.json: small tokenizers in the shape of those that people use,
texts, the ids that `tokenizers` gives with and without special tokens, and what it decodes.

    make_tokenizer_families_golden.py > tests/golden/tokenizer_families.json
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "property"))
import tokenizer_families  # noqa: E402

FAMILIES = ("roberta", "llama3", "deepseek", "llama2", "mistral", "unknown_bpe", "clip", "bert", "t5", "albert",
            "scripts", "kimi", "word_level", "flags")
TEXTS = ["", " ", "the earth", "  the\n\n  earth \t", "It's God\u2019s, WE'LL see! 12345", "x<s> <mask>y <|eot_id|>",
         "\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27\u0e01\u0e34", "e\u0301 \u00c9 \u4e2d\u6587\u5b57 \U0001f600\U0001f468\u200d\U0001f469",
         "a\u00a0b\u3000c\u180ed\u200be\x00f", "\u0661\u0662 \u00bd \ufb01ne \u2167", "[CLS] the [MASK] <extra_id_1>  x",
         "\u1c89\U00010d4e \ua7cb \u30c8\u30ab\u309a", "THE earth Earth <L>  <R>  x<W> <W>", "\u2581the\u2581 \u2581"]


def main():
    cases = []
    for name, tokenizer in tokenizer_families.families():
        if name not in FAMILIES:
            continue
        plain = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]
        special = [tokenizer.encode(text).ids for text in TEXTS]
        cases.append({"name": name, "tokenizer": json.loads(tokenizer.to_str()), "texts": TEXTS, "ids": plain,
                      "special_ids": special,
                      "back": [tokenizer.decode(ids, skip_special_tokens=True) for ids in special]})
    print("[\n" + ",\n".join(json.dumps(case, separators=(",", ":"), ensure_ascii=False) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
