#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets for files: small, valid or nearly so, each of another kind.

    tests/fuzz/make_corpus.py [FOLDER]     (tests/fuzz/corpus by default)
"""
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


# Of the run in fuzz_checkpoint.c. The hash is that of the data below, as the reader tells it.
CHECKPOINT = {"format": "azimuth-checkpoint-1", "hash": "e6b6cf51135e9cd32fe204db505cb46c",
              "experiment_file": "", "corpus.hash": "0" * 32, "tokenizer.hash": "0" * 32}
CHECKPOINT_TENSORS = {
    "step": ("I64", 64, []), "learning_rate": ("F64", 64, []), "dead_indices": ("I64", 64, [2]),
    "last_motion_step": ("I64", 64, [2]), "h_mean": ("F64", 64, [2]), "loss": ("F32", 32, []), "first_loss": ("F32", 32, []),
    "clip_coefficient": ("F32", 32, []), "momentum/wte": ("F32", 32, [3, 2]), "momentum/bias": ("F32", 32, [4]),
    "variance/wte": ("F32", 32, [3, 2]), "variance/bias": ("F32", 32, [4]), "parameters/wte": ("BF16", 16, [3, 2]),
    "parameters/bias": ("BF16", 16, [4]), "fingerprint_state": ("U8", 8, [344])}


def checkpoint(**changes):
    """Step 7, tokens 1 and 2 dead, of which the first moved last at step 3."""
    raw = bytearray(tensors({**CHECKPOINT, **changes}, **CHECKPOINT_TENSORS))
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    raw[begin:begin + 8] = list_of([7])
    raw[begin + 16:begin + 48] = list_of([1, 2, 3, 0])
    return bytes(raw)


CHECKPOINTS = {
    "whole": checkpoint(),
    "of_a_parameter": checkpoint(**{"optimizer.lr": "0.001"}),
    "other_format": checkpoint(format="azimuth-checkpoint-0"),
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
    for folder, files in (("safetensors", SAFETENSORS), ("recording", RECORDINGS),
                          ("checkpoint", CHECKPOINTS)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (root / folder / f"{name}.safetensors").write_bytes(content)
    (root / "tokenizer").mkdir(parents=True, exist_ok=True)
    for name, content in TOKENIZERS.items():
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (root / "tokenizer" / f"{name}.json").write_text(text, encoding="utf-8")
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
