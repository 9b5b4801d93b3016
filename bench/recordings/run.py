#!/usr/bin/env python3
"""What recording costs: training with and without it, sizes beside other packers, reading speed.

    bench/recordings/run.py rate AZIMUTH [--steps N] [--rounds N] [OVERRIDE...]
    bench/recordings/run.py sizes AZIMUTH [--steps N] [--windows A,B,...] [OVERRIDE...]
    bench/recordings/run.py read AZIMUTH RECORDING.h5

Needs h5py, numpy and zstandard:  python3 -m venv V && V/bin/pip install h5py numpy zstandard
OVERRIDE: SECTION.KEY=VALUE for azimuth train, such as train.batch=4. Runs go to $TMPDIR.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import h5py
import numpy
import zstandard

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPERIMENT = ROOT / "experiments/thimble-1.conf"
MOVIES = ("W", "grad_W", "momentum_W", "variance_W")


def train(azimuth, directory, overrides):
    shutil.rmtree(directory, ignore_errors=True)
    options = [text for override in overrides for text in ("-P", override)]
    subprocess.run([azimuth, "train", EXPERIMENT, "-o", directory, *options], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return json.loads((directory / "run.json").read_text())


def rate(arguments, folder):
    """Interleaved, so that what else the machine does falls on all alike; medians."""
    ways = {"not recorded": ["record.strategy=positions", "record.W=off"],
            "safetensors": ["record.strategy=account"],
            **{f"HDF5, {way}": ["record.strategy=account", "record.container=hdf5", f"record.compression={way}"]
               for way in ("none", "fast", "small")}}
    found = {way: [] for way in ways}
    for _ in range(arguments.rounds):
        for way, overrides in ways.items():
            run = train(arguments.azimuth, folder / "run",
                        [f"train.steps={arguments.steps}", *arguments.overrides, *overrides])
            found[way].append(run["timings"]["steps_per_second"])
    base = statistics.median(found["not recorded"])
    for way, rates in found.items():
        middle = statistics.median(rates)
        print(f"{way:14}  {middle:8.3f} steps/s  {middle / base:6.1%}  of {arguments.rounds} runs", flush=True)


def stored_bytes(dataset, first, last):
    """Bytes in the file of the chunks that begin in the frames first..last-1, and raw bytes of those."""
    depth, stored, begun = dataset.chunks[0], 0, set()
    for number in range(dataset.id.get_num_chunks()):
        chunk = dataset.id.get_chunk_info(number)
        if first <= chunk.chunk_offset[0] < last:
            stored += chunk.size
            begun.add(chunk.chunk_offset[0])
    frames = sum(min(depth, dataset.shape[0] - begin) for begin in begun)
    return stored, frames * int(numpy.prod(dataset.shape[1:])) * dataset.dtype.itemsize


def h5py_gzip(folder, frames, chunks):
    """(share, MB/s) of h5py's own gzip-1 with shuffle."""
    path = folder / "gzip.h5"
    start = time.perf_counter()
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=frames, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True)
    seconds = time.perf_counter() - start
    return path.stat().st_size / frames.nbytes, frames.nbytes / 1e6 / seconds


def zstd_frames(frames):
    packer = zstandard.ZstdCompressor(level=3)
    start = time.perf_counter()
    size = sum(len(packer.compress(frame.tobytes())) for frame in frames)
    return size / frames.nbytes, frames.nbytes / 1e6 / (time.perf_counter() - start)


def sizes(arguments, folder):
    paths = {}
    for way in ("fast", "small"):
        train(arguments.azimuth, folder / way,
              [f"train.steps={arguments.steps}", *arguments.overrides, "record.strategy=account",
               "record.container=hdf5", f"record.compression={way}", "budget.hdf5=1TB"])
        paths[way] = folder / way / "recording.h5"
    starts = [int(text) for text in arguments.windows.split(",")]
    print(f"{'tensor':11} {'frames':>13}   fast   small   h5py gzip-1: frames, 32 x 32 rows   zstd-3 of frames")
    with h5py.File(paths["fast"]) as fast, h5py.File(paths["small"]) as small:
        for movie in MOVIES:
            for start in starts:
                end = min(start + 64, fast[movie].shape[0])
                frames = fast[movie][start:end]
                shares = []
                for file in (fast, small):
                    stored, raw = stored_bytes(file[movie], start, end)
                    shares.append(stored / raw if raw else float("nan"))
                whole = h5py_gzip(folder, frames, (1, *frames.shape[1:]))
                rows = h5py_gzip(folder, frames, (32, 32, frames.shape[2]))
                zstd = zstd_frames(frames)
                print(f"{movie:11} {start:6}..{end - 1:5}  {shares[0]:5.1%}  {shares[1]:5.1%}   "
                      f"{whole[0]:6.1%} {whole[1]:4.0f} MB/s   {rows[0]:6.1%} {rows[1]:4.0f} MB/s   "
                      f"{zstd[0]:6.1%} {zstd[1]:4.0f} MB/s", flush=True)
    for way, path in paths.items():
        with h5py.File(path) as file:
            raw = sum(file[movie].nbytes for movie in MOVIES)
        print(f"{way}: {path.stat().st_size / 1e6:.1f} MB of {raw / 1e6:.1f} MB as safetensors")


def read(arguments, _folder):
    path = pathlib.Path(arguments.overrides[0])
    with h5py.File(path) as file:
        raw = sum(file[movie].nbytes for movie in MOVIES if movie in file)
        start = time.perf_counter()
        for movie in MOVIES:
            if movie not in file:
                continue
            depth = file[movie].chunks[0]
            for first in range(0, file[movie].shape[0], depth):
                file[movie][first:first + depth]
        theirs = time.perf_counter() - start
    start = time.perf_counter()
    subprocess.run([arguments.azimuth, "verify", path], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    ours = time.perf_counter() - start
    print(f"{raw / 1e9:.2f} GB of frames: azimuth verify {raw / ours / 1e9:.2f} GB/s (with its sums), "
          f"h5py {raw / theirs / 1e9:.2f} GB/s, {os.cpu_count()} processors")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=("rate", "sizes", "read"))
    parser.add_argument("azimuth", type=lambda text: pathlib.Path(text).absolute())
    parser.add_argument("overrides", nargs="*")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--windows", default="0,64")
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as name:
        {"rate": rate, "sizes": sizes, "read": read}[arguments.measure](arguments, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
