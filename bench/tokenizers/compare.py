#!/usr/bin/env python3
"""Encoding speed of azimuth, `tokenizers` and `tiktoken`, and training time of azimuth and `tokenizers`.

    compare.py LIBAZIMUTH.so [--rounds N] [--text FILE] [--folder FOLDER] [--quick]

LIBAZIMUTH.so: build/libazimuth.so. FOLDER holds gpt2.tokenizer.json, qwen3.tokenizer.json and
bert-base-uncased.tokenizer.json (default ../shared/data/tokenizers). The text is English (the package
anarchism, or --text) and a mix of many scripts (tests/property/mixed_text.py). Every engine runs in a
process of its own; a round asks each in turn, and the median of the rounds is printed, in MB of text
a second. `tokenizers` and `tiktoken` are given the text in documents of 10 kB, in which they are
fastest; azimuth the whole. Needs  pip install tokenizers tiktoken  (scripts/python_env.sh makes a
place for them).
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DOCUMENT = 10_000


class Options(ctypes.Structure):
    _fields_ = [("special", ctypes.c_bool), ("pool", ctypes.c_void_p)]


def azimuth(library, file, text, threads):
    lib = ctypes.CDLL(library)
    tokenizer, pool = ctypes.c_void_p(), ctypes.c_void_p()
    if lib.az_tokenizer_load(ctypes.byref(tokenizer), file.encode(), None):
        sys.exit(f"azimuth cannot load {file}")
    if threads > 1:
        lib.az_pool_create(ctypes.byref(pool), threads, None)
    options, data = Options(False, pool), text.encode()
    lib.az_tokenizer_free_ids.argtypes = [ctypes.c_void_p]

    def run():
        ids, count = ctypes.c_void_p(), ctypes.c_size_t()
        lib.az_tokenizer_encode_with(tokenizer, ctypes.byref(options), data, ctypes.c_size_t(len(data)),
                                     ctypes.byref(ids), ctypes.byref(count), None, None)
        lib.az_tokenizer_free_ids(ids)
        return count.value
    return run


def documents(text):
    return [text[at:at + DOCUMENT] for at in range(0, len(text), DOCUMENT)]


def hugging_face(_, file, text, threads):
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    import tokenizers
    tokenizer, parts = tokenizers.Tokenizer.from_file(file), documents(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda: sum(len(one) for one in tokenizer.encode_batch_fast(parts, add_special_tokens=False))


def ranks_of(file):
    """tiktoken's ranks from a byte-level tokenizer.json, whose merges are in order of id."""
    from tokenizers import pre_tokenizers  # noqa: F401
    model = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))["model"]
    moved = [b for b in range(256) if not (0x21 <= b <= 0x7e or 0xa1 <= b <= 0xac or 0xae <= b <= 0xff)]
    byte_of = {chr(b): b for b in range(256) if b not in moved}
    byte_of.update({chr(256 + n): b for n, b in enumerate(moved)})
    return {bytes(byte_of[c] for c in token): rank for token, rank in model["vocab"].items()
            if all(c in byte_of for c in token)}


def tiktoken(_, file, text, threads):
    import tiktoken as package
    data = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
    pattern = (r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
               if data["pre_tokenizer"]["type"] == "ByteLevel" else
               data["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"])
    encoding = package.Encoding("bench", pat_str=pattern, mergeable_ranks=ranks_of(file), special_tokens={})
    parts = documents(text)
    if threads == 1:
        return lambda: sum(len(encoding.encode_ordinary(part)) for part in parts)
    return lambda: sum(map(len, encoding.encode_ordinary_batch(parts, num_threads=threads)))


ENGINES = {"azimuth": azimuth, "tokenizers": hugging_face, "tiktoken": tiktoken}


def worker(engine, library, file, text_file, threads):
    run = ENGINES[engine](library, file, pathlib.Path(text_file).read_text(encoding="utf-8"), int(threads))
    for _ in sys.stdin:
        start = time.perf_counter()
        count = run()
        print(time.perf_counter() - start, count, flush=True)


def start_worker(*arguments):
    return subprocess.Popen([sys.executable, __file__, "--worker", *map(str, arguments)], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)


def ask(process):
    process.stdin.write("go\n")
    process.stdin.flush()
    seconds, count = process.stdout.readline().split()
    return float(seconds), int(count)


def english(folder, given):
    if given:
        return pathlib.Path(given).read_text(encoding="utf-8", errors="ignore")
    pages = sorted(pathlib.Path("/usr/share/doc/anarchism").rglob("*.html*"))
    pages = pages or sorted(pathlib.Path("/usr/share/doc").rglob("*.html"))[:400]
    texts = [subprocess.run(["gzip", "-dcf", str(page)], capture_output=True).stdout.decode(errors="ignore")
             for page in pages]
    return re.sub(r"<[^>]*>", "", "\n".join(texts))[:12_000_000]


def mixed(total):
    sys.path.insert(0, str(HERE.parents[1] / "tests" / "property"))
    import mixed_text
    return "".join("".join(batch) for batch in mixed_text.large_texts(total, total))


def encoding(library, folder, texts, rounds):
    print("| text | tokenizer | cores | azimuth MB/s | tokenizers MB/s | tiktoken MB/s |\n|---|---|---|---|---|---|")
    for name, path in texts.items():
        size = path.stat().st_size / 1e6
        for file in ("gpt2", "qwen3", "bert-base-uncased"):
            full = folder / f"{file}.tokenizer.json"
            engines = [engine for engine in ENGINES if engine != "tiktoken" or file != "bert-base-uncased"]
            processes = {(engine, threads): start_worker(engine, library, full, path, threads)
                         for threads in (1, 2) for engine in engines}
            for process in processes.values():
                ask(process)  # warm
            times = {key: [] for key in processes}
            for _ in range(rounds):
                for key, process in processes.items():
                    times[key].append(ask(process)[0])
            for process in processes.values():
                process.stdin.close()
                process.wait()
            for threads in (1, 2):
                speeds = [f"{size / statistics.median(times[e, threads]):.1f}" if e in engines else ""
                          for e in ENGINES]
                print(f"| {name} | {file} | {threads} | {' | '.join(speeds)} |", flush=True)


def training(program, text, rounds):
    times = {"azimuth": [], "tokenizers": [], "tokenizers on two cores": []}
    code = ("import sys, time\nfrom tokenizers import *\nt = Tokenizer(models.BPE())\n"
            "t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)\ns = time.perf_counter()\n"
            "t.train([sys.argv[1]], trainers.BpeTrainer(vocab_size=10000, show_progress=False,"
            " initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))\nprint(time.perf_counter() - s)\n")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            start = time.perf_counter()
            subprocess.run([program, "tokenizer", "train", str(text), "--vocabulary", "10000", "--pattern", "gpt2",
                            "-o", f"{folder}/t.json"], check=True, capture_output=True)
            times["azimuth"].append(time.perf_counter() - start)
            for threads, name in ((1, "tokenizers"), (2, "tokenizers on two cores")):
                environment = {**os.environ, "RAYON_NUM_THREADS": str(threads),
                               "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}
                done = subprocess.run([sys.executable, "-c", code, str(text)], check=True, capture_output=True,
                                      text=True, env=environment)
                times[name].append(float(done.stdout))
    print("\n10,000 byte-level tokens trained on the English text (azimuth: one core, the whole program): "
          + ", ".join(f"{name} {statistics.median(values):.2f} s" for name, values in times.items()))


def main():
    if sys.argv[1:2] == ["--worker"]:
        return worker(*sys.argv[2:])
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--text")
    parser.add_argument("--folder", default=str(HERE.parents[1] / "../shared/data/tokenizers"))
    parser.add_argument("--quick", action="store_true", help="2 MB of each text")
    arguments = parser.parse_args()
    library = str(pathlib.Path(arguments.library).resolve())
    with tempfile.TemporaryDirectory() as name:
        texts = {"English": english(arguments.folder, arguments.text), "mixed": mixed(8_000_000)}
        paths = {}
        for kind, text in texts.items():
            paths[kind] = pathlib.Path(name) / kind
            paths[kind].write_text(text[:2_000_000] if arguments.quick else text, encoding="utf-8")
        encoding(library, pathlib.Path(arguments.folder), paths, arguments.rounds)
        program = pathlib.Path(library).parent / "azimuth"
        training(str(program), paths["English"], max(1, arguments.rounds // 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
