#!/usr/bin/env python3
"""Interleaved timings of one matrix: azimuth, a read of the file, numpy, a dictionary of rows.

    compare.py AZIMUTH MATRIX WORK ROUNDS

Prints the median seconds of each, and ratios to the read. Every way of counting duplicates must
give the same number of unique rows.
"""
import json
import resource
import statistics
import struct
import subprocess
import sys
import time

import numpy as np


def open_words(path):
    """The only matrix of a safetensors file as raw 16-bit words, mapped."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    name, about = next((n, a) for n, a in header.items() if n != "__metadata__")
    begin = 8 + length + about["data_offsets"][0]
    return np.memmap(path, np.uint16, "r", begin, tuple(about["shape"])), name


def read_file(path):
    """One read of the file into memory that is used again."""
    buffer = bytearray(1 << 24)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def unique_of_voids(words):
    rows = np.ascontiguousarray(words).view(np.dtype((np.void, words.shape[1] * 2))).ravel()
    return len(np.unique(rows))


def unique_of_dictionary(words):
    seen = {}
    for row in words:
        seen[row.tobytes()] = seen.get(row.tobytes(), 0) + 1
    return len(seen)


def norms_and_mean(words):
    total = np.zeros(words.shape[1])
    norms = np.empty(words.shape[0])
    for begin in range(0, words.shape[0], 4096):
        block = (words[begin:begin + 4096].astype(np.uint32) << 16).view(np.float32)
        norms[begin:begin + 4096] = np.sqrt((block.astype(np.float64) ** 2).sum(1))
        total += block.sum(0, dtype=np.float64)
    return norms, total / words.shape[0]


def exponent_curve(words, center):
    exponents = (words[center] >> 7 & 255).astype(np.int16)
    distance = np.empty(words.shape[0], np.int16)
    for begin in range(0, words.shape[0], 4096):
        block = (words[begin:begin + 4096] >> 7 & 255).astype(np.int16)
        distance[begin:begin + 4096] = np.abs(block - exponents).max(1)
    return np.bincount(distance)


def run(*command):
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def main():
    azimuth, matrix, work, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    words, _ = open_words(matrix)
    # Before this process has grown, for a child starts with its parent's figure.
    run(azimuth, "census", matrix, "-o", work + "/out")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    center = json.loads(run(azimuth, "census", matrix, "--json"))["exponent_curve"]["center_token"]
    ways = {
        "one read of the file": lambda: read_file(matrix),
        "azimuth, duplicates": lambda: run(azimuth, "census", matrix, "--duplicates"),
        "numpy.unique of voids": lambda: unique_of_voids(words),
        "dictionary of rows": lambda: unique_of_dictionary(words),
        "azimuth, census": lambda: run(azimuth, "census", matrix),
        "azimuth, census and catalog": lambda: run(azimuth, "census", matrix, "-o", work + "/out"),
        "numpy, norms and mean": lambda: norms_and_mean(words),
        "numpy, exponent curve": lambda: exponent_curve(words, center),
    }
    times = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - begin)
    found = json.loads(run(azimuth, "census", matrix, "--json"))
    assert found["n_unique_vectors"] == unique_of_voids(words) == unique_of_dictionary(words)
    curve = np.cumsum(exponent_curve(words, center)).tolist()
    assert found["exponent_curve"]["rows_within"] == curve
    assert abs(found["rows"]["norm_w"]["mean"] - norms_and_mean(words)[0].mean()) < 1e-12
    read = statistics.median(times["one read of the file"])
    print(f"{words.shape[0]} x {words.shape[1]}, {rounds} rounds, medians")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"{name:30} {median:8.3f} s {median / read:8.2f} x the read")
    print(f"peak resident memory of azimuth, the mapped file included: {peak:.2f} GB")


if __name__ == "__main__":
    main()
