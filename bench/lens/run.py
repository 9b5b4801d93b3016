#!/usr/bin/env python3
"""Motion, lifecycle and kinematics of a planted recording: GB/s, against the reader and numpy.

    bench/lens/run.py [--frames 6001] [--tokens 10000] [--dims 64] [--rounds 3] [--keep FILE] BUILD

Plants a recording of the size of Thimble 7 (7.7 GB; --frames 601 for a tenth of it): a third of the
tokens dead, all pushed the same way by steps that shrink, so that they freeze on the lattice. Then, in
turns, --rounds times: reads all frames through az_recording_read (reader.c); reads them and does the
whole analysis (azimuth kinematics); does the same analysis in numpy, on the first frames only
(--numpy-frames), per frame. Prints medians of the
clock and of processor time, which other programs disturb less, ratios and the peak of memory. Needs numpy.
"""
import argparse
import json
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent


def to_bf16(values):
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def to_f32(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def plant(path, frames, tokens, dims):
    """The first third is dead: one direction for all; the others get noise of their own besides."""
    generator = np.random.default_rng(1)
    dead = np.arange(tokens // 3, dtype=np.int64)
    w_bytes = frames * tokens * dims * 2
    header = json.dumps({
        "dead_indices": {"dtype": "I64", "shape": [len(dead)], "data_offsets": [0, dead.nbytes]},
        "W": {"dtype": "BF16", "shape": [frames, tokens, dims],
              "data_offsets": [dead.nbytes, dead.nbytes + w_bytes]}}).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + dead.tobytes())
        w = to_bf16(generator.normal(0, 0.02, (tokens, dims)))
        drive = generator.normal(0, 1, dims).astype(np.float32)
        noise = generator.normal(0, 1, (8, tokens, dims)).astype(np.float32)
        noise[:, dead] *= 0.1
        for t in range(frames):
            file.write(w.tobytes())
            step = 1e-3 / (1 + 20 * t / frames)
            w = to_bf16(to_f32(w) + np.float32(step) * (drive + noise[t % 8]))


def order(bits):
    magnitude = (bits & 0x7FFF).astype(np.int32)
    return np.where(bits & 0x8000, -magnitude, magnitude)


def analyse(path, frames, tokens, dims, offset):
    """What azimuth kinematics computes of each frame, for all, dead and live."""
    w = np.memmap(path, np.uint16, "r", offset, (frames, tokens, dims))
    sets = [np.arange(tokens), np.arange(tokens // 3), np.arange(tokens // 3, tokens)]
    q = [0, .05, .25, .5, .75, .95, .99, 1]
    last = np.zeros((4, tokens), np.int64)
    path_w, results, before = np.zeros(tokens), [], np.array(w[0])
    for t in range(1, frames):
        now = np.array(w[t])
        cells = order(now) - order(before)
        size = np.abs(cells)
        l1, l2, linf = size.sum(1), np.sqrt((size.astype(float) ** 2).sum(1)), size.max(1)
        hops = (size > 0).sum(1)
        x0, x1 = to_f32(before).astype(float), to_f32(now).astype(float)
        dx = x1 - x0
        exponent = np.maximum((before >> 7) & 0xFF, 1).astype(int)
        ulps = np.abs(dx) * np.exp2(134.0 - exponent)
        length = np.sqrt((dx ** 2).sum(1))
        for k, hot in enumerate((l2 > 1000, l2 > dims ** .5, linf > 1, l1 > 0)):
            last[k][hot] = t
        path_w += length
        sizes = np.bincount(np.minimum(size[size > 0], 64))
        strata = np.bincount(exponent[size > 0].ravel(), minlength=256)
        crossings = (((now ^ before) & 0x7F80) != 0).sum()
        along = (x0 * dx).sum(1)
        for rows in sets:
            columns = (l1, l2, linf, hops, ulps.sum(1), np.sqrt((ulps ** 2).sum(1)), ulps.max(1),
                       length)
            quantiles = [np.quantile(c[rows], q, method="inverted_cdf") for c in columns]
            c, dc = x1[rows].mean(0), dx[rows].mean(0)
            radius = np.sqrt(((x1[rows] - c) ** 2).sum(1))
            thermal = ((dx[rows] - dc) ** 2).sum(1).mean()
            results.append((quantiles, c, radius.mean(), radius.max(), thermal, (dc ** 2).sum(),
                            np.sqrt((x1[rows] ** 2).sum(1)).mean(), (along[rows] > 0).sum()))
        results.append((sizes, strata, crossings))
        before = now
    return results, last, path_w


def child_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed(command):
    """Seconds on the clock, and of all processors together."""
    begin, cpu = time.perf_counter(), child_cpu()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin, child_cpu() - cpu


def main():
    parser = argparse.ArgumentParser()
    for name, value in (("frames", 6001), ("tokens", 10000), ("dims", 64), ("rounds", 3),
                        ("numpy-frames", 31)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--keep")
    parser.add_argument("build", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or folder + "/planted.safetensors"
        if not pathlib.Path(path).exists():
            print("planting ...", file=sys.stderr)
            plant(path, options.frames, options.tokens, options.dims)
        reader = folder + "/reader"
        subprocess.run(["cc", "-O2", "-I", HERE.parents[1] / "include", HERE / "reader.c", "-o",
                        reader, "-L", options.build, "-lazimuth", f"-Wl,-rpath,{options.build.resolve()}"],
                       check=True)
        offset = 8 + struct.unpack("<Q", open(path, "rb").read(8))[0] + 8 * (options.tokens // 3)
        program = options.build / "azimuth"
        gigabytes = options.frames * options.tokens * options.dims * 2 / 1e9
        counted = min(options.numpy_frames, options.frames)
        share = (counted - 1) / (options.frames - 1)
        runs = {"reader alone": [], "azimuth motion": [], "azimuth kinematics": [], "numpy": []}
        for _ in range(options.rounds):
            runs["reader alone"].append(timed([reader, path]))
            runs["azimuth motion"].append(timed([program, "motion", path, "--json"]))
            runs["azimuth kinematics"].append(timed([program, "kinematics", path]))
            begin, cpu = time.perf_counter(), time.process_time()
            analyse(path, counted, options.tokens, options.dims, offset)
            runs["numpy"].append(((time.perf_counter() - begin) / share,
                                  (time.process_time() - cpu) / share))
    medians = {name: [statistics.median(pair[k] for pair in pairs) for k in range(2)]
               for name, pairs in runs.items()}
    best = medians["azimuth kinematics"]
    print(f"{'':20} {'clock':>11} {'':>13} {'ratio':>10} {'processors':>12} {'ratio':>10}")
    for name, (clock, cpu) in medians.items():
        print(f"{name:20} {clock:9.2f} s {gigabytes / clock:8.3f} GB/s {clock / best[0]:8.2f} x "
              f"{cpu:10.2f} s {cpu / best[1]:8.2f} x")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"{gigabytes:.2f} GB, {options.rounds} rounds; peak of memory of a program {peak:.3f} GB")


if __name__ == "__main__":
    main()
