#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets for files: small, valid or nearly so, each of another kind.

    tests/fuzz/make_corpus.py [FOLDER]     (tests/fuzz/corpus by default)
"""
import base64
import json
import pathlib
import sqlite3
import struct
import sys
import tempfile


def safetensors(header, data_bytes):
    text = header if isinstance(header, str) else json.dumps(header, separators=(",", ":"))
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(range(256)) * (data_bytes // 256) + bytes(
        range(data_bytes % 256))


def tensors(metadata=None, **shapes):
    """name = (dtype, bits of an element, shape) one after another; returns a file."""
    header, end = {"__metadata__": metadata} if metadata else {}, 0
    for name, (dtype, bits, shape) in shapes.items():
        size = bits
        for length in shape:
            size *= length
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size // 8]}
        end += size // 8
    return safetensors(header, end)


def list_of(values):
    return b"".join(struct.pack("<q", value) for value in values)


SAFETENSORS = {
    "empty": safetensors("{}", 0),
    "scalar": tensors(a=("I32", 32, [])),
    "several": tensors({"key": "value"}, a=("F64", 64, [2]), b=("BF16", 16, [3, 2]), c=("U8", 8, [0])),
    "small_types": tensors(a=("F4", 4, [2]), b=("F6_E2M3", 6, [4]), c=("C64", 64, [1])),
    "deep": tensors(a=("U8", 8, [1] * 8)),
    "escapes": safetensors(r'{"\u00e9\"\\/\n":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
    "spaces": safetensors("\t\n {\"a\" : { \"dtype\":\"U8\" , \"shape\":[ ] ,\"data_offsets\":[0 ,1] } }\r ", 1),
    "hole": safetensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2),
    "overflow": safetensors('{"a":{"dtype":"U8","shape":[9223372036854775807,3],"data_offsets":[0,1]}}', 1),
}

V, D, T = 3, 2, 2
OURS = {"recorded_through_step": "000000000001", "format": "azimuth-recording-1",
        "movies": "W momentum_W h losses", "optimizer.lr": "0.001"}
OURS_TENSORS = {"momentum_W.steps": ("I64", 64, [2]), "momentum_W.token_ids": ("I64", 64, [2]),
                "n_dead": ("I64", 64, []), "W.sums": ("I64", 64, [T + 1, 2]), "momentum_W": ("F32", 32, [2, 2, D]),
                "losses": ("F32", 32, [T + 1]), "W": ("BF16", 16, [T + 1, V, D]),
                "h": ("BF16", 16, [T, 1, 2, D])}


def ours(metadata):
    """Steps 0 and 2, token ids 0 and 2, in the first bytes of the data."""
    raw = bytearray(tensors(metadata, **OURS_TENSORS))
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    raw[begin:begin + 32] = list_of([0, 2, 0, 2])
    return bytes(raw)


def crucible():
    """Tokens 0 and 2 are dead, and only they are recorded; W as uint16."""
    raw = bytearray(tensors(dead_indices=("I64", 64, [2]), vocab_size=("I64", 64, []), grad_W=("F32", 32, [T + 1, 2, D]),
                            momentum_W=("F32", 32, [T + 1, 2, D]), variance_W=("F32", 32, [T + 1, 2, D]),
                            W=("U16", 16, [T + 1, 2, D])))
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    raw[begin:begin + 24] = list_of([0, 2, 3])
    return bytes(raw)


RECORDINGS = {
    "crucible": crucible(),
    "float16": tensors(W=("F16", 16, [T + 1, V, D]), dead_mask=("BOOL", 8, [V])),
    "thimble_1": tensors(W=("BF16", 16, [T + 1, V, D]), grad_W=("BF16", 16, [T + 1, V, D]),
                         momentum_W=("F32", 32, [T + 1, V, D]), variance_W=("F32", 32, [T + 1, V, D]),
                         losses=("F32", 32, [T + 1]), learning_rate=("F32", 32, []),
                         vocab_size=("I64", 64, [])),
    "cut_short": ours(OURS),
    "whole": ours({**OURS, "recorded_through_step": "000000000002"}),
    "nothing_yet": ours({**OURS, "recorded_through_step": "-00000000001"}),
    "hidden_only": tensors(h=("BF16", 16, [T, 1, 2, D])),
}


def tokenizer(vocabulary, merges, splitter, **model):
    content = {"version": "1.0", "truncation": None, "padding": None,
               "added_tokens": [{"id": 0, "content": vocabulary[0], "single_word": False, "lstrip": False,
                                 "rstrip": False, "normalized": False, "special": True}],
               "normalizer": None, "pre_tokenizer": splitter, "post_processor": None, "decoder": None,
               "model": {"type": "BPE", "dropout": None, **model,
                         "vocab": {token: id for id, token in enumerate(vocabulary)},
                         "merges": merges}}
    return content


def byte_tokenizer(splitter, normalizer=None):
    """The alphabet of 256 bytes and two merges; small enough for the replaying driver."""
    moved = [*range(0x21), *range(0x7f, 0xa1), 0xad]
    alphabet = [chr(byte) for byte in range(256) if byte not in moved]
    alphabet += [chr(0x100 + n) for n in range(len(moved))]
    content = tokenizer(["<|endoftext|>", *alphabet, "ab", "\u0120a"], ["a b", "\u0120 a"], splitter)
    return {**content, "decoder": {"type": "ByteLevel"}, "normalizer": normalizer}


SPLIT = {"type": "Split", "pattern": {"Regex": "(?i:'s)|[^\\r\\n\\p{L}]?\\p{L}+|\\s+(?!\\S)|\\S"},
         "behavior": "Isolated", "invert": False}
TOKENIZERS = {
    "characters": tokenizer(["<unk>", *"abcdet", "ab", "abab"], [["a", "b"], ["ab", "ab"]],
                            {"type": "Whitespace"}, unk_token="<unk>"),
    "split": {**tokenizer(["<|endoftext|>", "?", *"aht", "th"], ["t h"], SPLIT, unk_token="?"),
              "decoder": {"type": "Fuse"}},
    "bytes": byte_tokenizer({"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}),
    "qwen": byte_tokenizer({"type": "Sequence", "pretokenizers": [
        SPLIT, {"type": "ByteLevel", "use_regex": False}]}, {"type": "NFC"}),
}


def family(model, words, **parts):
    """A tokenizer.json of another kind: words or pieces, each in the kind's own way."""
    names = ["<unk>", "<s>", "</s>"]
    vocabulary = {word: id for id, word in enumerate(names + words)}
    kinds = {
        "WordPiece": {"unk_token": "<unk>", "continuing_subword_prefix": "##", "max_input_chars_per_word": 20,
                      "vocab": vocabulary},
        "WordLevel": {"unk_token": "<unk>", "vocab": vocabulary},
        "Unigram": {"unk_id": 0, "byte_fallback": False, "vocab": [[word, -float(id)] for word, id in vocabulary.items()]},
        "BPE": {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True, "vocab": vocabulary, "merges": []},
    }
    added = [{"id": id, "content": name, "single_word": id == 1, "lstrip": id == 2, "rstrip": id == 1, "normalized": id == 1,
              "special": True} for id, name in enumerate(names)]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
            "pre_tokenizer": None, "post_processor": None, "decoder": None, **parts, "model": {"type": model, **kinds[model]}}


def steps(kind, *members):
    """A Sequence; "Type" or ("Type", {key: value})."""
    lists = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders", "post_processor": "processors"}
    parts = [{"type": member} if isinstance(member, str) else {"type": member[0], **member[1]} for member in members]
    return {kind: {"type": "Sequence", lists[kind]: parts}}


def regex(text):
    return {"pattern": {"Regex": text}}


TEMPLATE = ("TemplateProcessing", {
    "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}], "pair": [],
    "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}})
PATTERNS = ("[\\p{Lo}&&[^\\p{Han}]]+|[[:^alpha:]\\-]|\\p{^M}", "(?i:'s|[a-k])++(?<!x)|\\x{e01}{1,3}|^\\s*\\b|(?<n>\\S)$")
TOKENIZERS.update({
    "wordpiece": family(
        "WordPiece", [*"abcehst", "##a", "##s", "the"], **steps("normalizer", ("BertNormalizer", {
            "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True})),
        **steps("pre_tokenizer", "BertPreTokenizer"), **steps("decoder", ("WordPiece", {"prefix": "##", "cleanup": True})),
        **steps("post_processor", TEMPLATE)),
    "unigram": family(
        "Unigram", ["\u2581", "\u2581the", *"abchest", "at"], **steps(
            "normalizer", "Nmt", "NFKC", ("Replace", {**regex(" {2,}"), "content": " "}), ("Prepend", {"prepend": "a"}),
            ("Strip", {"strip_left": True, "strip_right": False}), "StripAccents", "Lowercase"),
        **steps("pre_tokenizer", "WhitespaceSplit", ("Metaspace", {"replacement": "\u2581", "prepend_scheme": "always", "split": True})),
        **steps("decoder", ("Metaspace", {"replacement": "\u2581", "prepend_scheme": "always", "split": True}))),
    "wordlevel": family(
        "WordLevel", ["the", "cat", "'", "12"], **steps(
            "pre_tokenizer", "UnicodeScripts", ("Digits", {"individual_digits": True}), ("Punctuation", {"behavior": "Contiguous"}),
            ("CharDelimiterSplit", {"delimiter": "a"}), ("FixedLength", {"length": 3})),
        **steps("decoder", ("CTC", {"pad_token": "<s>", "word_delimiter_token": "|", "cleanup": True}), "Fuse")),
    "fallback": family(
        "BPE", [f"<0x{byte:02X}>" for byte in range(256)] + ["\u2581", *"abct"], **steps(
            "normalizer", ("Replace", {"pattern": {"String": " "}, "content": "\u2581"})),
        **steps("decoder", ("Replace", {"pattern": {"String": "\u2581"}, "content": " "}), "ByteFallback", "Fuse",
                ("Strip", {"content": " ", "start": 1, "stop": 0}))),
    "patterns": family(
        "WordLevel", ["the", "cat"], **steps("pre_tokenizer", *(
            ("Split", {**regex(pattern), "behavior": behaviour, "invert": behaviour == "Removed"})
            for pattern, behaviour in zip(PATTERNS, ("MergedWithNext", "Removed")))),
        **steps("decoder", ("BPEDecoder", {"suffix": "</w>"}))),
})

RANKS = "".join(f"{base64.b64encode(token).decode()} {rank}\n" for rank, token in enumerate(
    [bytes([byte]) for byte in range(256)] + [b"ab", b"th", b"the", b" the", b"aa", b"aaaa"]))
TIKTOKENS = {
    "cl100k": "cl100k\n" + RANKS,
    "regex": "[\\p{Han}--\\x{4e00}]+|\\p{sc=Thai}|[^\\s&&\\w]|\\S+|\\s\n" + RANKS,
    "few": "gpt2\nYQ== 0\nYg== 1\r\nYWI= 2\n",
    "unknown": "\nYQ== 0\n",
}
PAIR_VOCABULARY = {"a": 0, "b": 1, "t": 2, "h": 3, "ab": 4, "th": 5, "\u0120": 6, "\u0120th": 7, "<|endoftext|>": 8}
PAIRS = {
    "versioned": json.dumps(PAIR_VOCABULARY, ensure_ascii=False) + "\0#version: 0.2\na b\nt h\n\u0120 th\n",
    "bare": json.dumps(PAIR_VOCABULARY) + "\0a b\r\n",
    "none": '{"a": 0}\0',
}
TEXTS = {
    "words": "the  cat's 12 e\u0301\n\xa0<|endoftext|> We'LL", "thai": "\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27 \u0e01",
    "mixed": "\u4e2d\u6587\u3042\u30ab \uac00\u1100\u1161 \u0645\u0631 \U0001f468\u200d\U0001f469 \ufb01ne \u2167\u0378",
    "special": "<s> <mask>y <|eot_id|>[CLS]<L> <R>\u2581the", "code": "def f(x):\n\treturn x  # \u00e9\r\n\r\n  ", "long_word": "aaaa" * 40,
}


def npy(header, data_bytes, version=1):
    raw = header.encode()
    return (b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(raw)) + raw
            + bytes(range(data_bytes)))


MATRICES = {
    "plain.npy": npy("{'descr': '<f2', 'fortran_order': False, 'shape': (3, 2), }    \n", 12),
    "bits.npy": npy("{'descr': '|V2', 'fortran_order': False, 'shape': (1, 1), }\n", 2),
    "version_2.npy": npy("{'shape': (2,2L), 'fortran_order': False, 'descr': \"<f4\"}", 16, 2),
    "columns.npy": npy("{'descr': '<f2', 'fortran_order': True, 'shape': (3, 2), }\n", 12),
    "fields.npy": npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", 4),
    "two.index.json": json.dumps({"metadata": {"total_size": 8}, "weight_map": {
        "lm_head.weight": "model-00002-of-00002.safetensors",
        "model.embed_tokens.weight": "model-00001-of-00002.safetensors"}}).encode(),
    "outside.index.json": b'{"weight_map": {"W": "../a.safetensors"}}',
}

# Sets of rows; the first byte says safetensors or text.
TOKEN_SETS = {
    "list": b"0" + b"1 2\n99\t0\n",
    "beyond": b"0" + b"100\n",
    "commented": b"0" + b"1,2 # two\n#\n,3#",
    "mask": b"1" + tensors(mask=("BOOL", 8, [100])),
    "short_mask": b"1" + tensors(mask=("U8", 8, [3])),
    "ids": b"1" + safetensors({"ids": {"dtype": "I64", "shape": [2], "data_offsets": [0, 16]}}, 0)
           + list_of([5, 99]),
    "narrow_ids": b"1" + tensors(ids=("I32", 32, [0])),
    "two": b"1" + tensors(a=("U8", 8, [1]), b=("U8", 8, [1])),
}


def catalog(*statements):
    """An SQLite file with pages as small as can be."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "catalog.db"
        database = sqlite3.connect(path)
        database.executescript("PRAGMA page_size = 512; PRAGMA application_id = 1635412333; "
                               "PRAGMA user_version = 1;" + "".join(statements))
        database.close()
        return path.read_bytes()


CATALOGS = {
    "small.db": catalog(
        "CREATE TABLE provenance (result TEXT NOT NULL, command TEXT NOT NULL, version TEXT NOT NULL, "
        "parameters TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (result));",
        "CREATE TABLE inputs (result TEXT NOT NULL, number INTEGER NOT NULL, role TEXT NOT NULL, "
        "path TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (result, number));"),
    "nothing.db": catalog("CREATE TABLE mine (x);"),
    "hostile.db": catalog(
        "CREATE TABLE provenance (result TEXT PRIMARY KEY);",
        "CREATE TABLE mine (x); CREATE VIEW inputs AS SELECT * FROM mine;",
        "CREATE TRIGGER t AFTER INSERT ON provenance BEGIN DELETE FROM mine; END;"),
}


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus")
    for folder, files in (("safetensors", SAFETENSORS), ("recording", RECORDINGS)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (root / folder / f"{name}.safetensors").write_bytes(content)
    (root / "tokenizer").mkdir(parents=True, exist_ok=True)
    for name, content in TOKENIZERS.items():
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (root / "tokenizer" / f"{name}.json").write_text(text, encoding="utf-8")
    for folder, files in (("tiktoken", TIKTOKENS), ("pair", PAIRS), ("text", TEXTS)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (root / folder / name).write_text(content, encoding="utf-8", newline="")
    (root / "catalog").mkdir(parents=True, exist_ok=True)
    for name, content in CATALOGS.items():
        (root / "catalog" / name).write_bytes(content)
    (root / "token_set").mkdir(parents=True, exist_ok=True)
    for name, content in TOKEN_SETS.items():
        (root / "token_set" / name).write_bytes(content)
    (root / "matrix").mkdir(parents=True, exist_ok=True)
    for name, content in MATRICES.items():
        (root / "matrix" / name).write_bytes(content)


if __name__ == "__main__":
    main()
