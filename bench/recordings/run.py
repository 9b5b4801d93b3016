#!/usr/bin/env python3
"""What recording costs: training with and without it, memory, sizes beside other packers, reading.

    bench/recordings/run.py rate BUILD [--steps N] [--rounds N] [OVERRIDE...]
    bench/recordings/run.py memory BUILD [OVERRIDE...]
    bench/recordings/run.py grow BUILD DIR [OVERRIDE...]
    bench/recordings/run.py sizes BUILD RECORDING.h5 [--windows A,B,...] [--frames N]
    bench/recordings/run.py delta BUILD RECORDING.h5 [--windows A,B,...] [--frames N]
    bench/recordings/run.py read BUILD RECORDING [--rounds N]
    bench/recordings/run.py export BUILD RECORDING.h5 [--rounds N]

BUILD: the folder that has azimuth and libazimuth.so. grow makes the run that the others look at: Thimble 1
with moments in bf16 (bf16-fused) and 16 sequences in a step, 1,600 steps, 8.2 GB of frames; all dead tokens
freeze in it. azimuth convert gives it other containers and compressions. delta and the table of sizes take
--frames steps from each window on. read and export take turns with h5py (--rounds); have the file in memory.

Needs h5py, ml_dtypes, numpy, safetensors and zstandard. OVERRIDE: SECTION.KEY=VALUE for azimuth train, such as
train.batch=4. Files go to $TMPDIR.
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
import zlib

import h5py
import ml_dtypes  # noqa: F401: it tells numpy, and so safetensors, of bfloat16
import numpy
import safetensors.numpy
import zstandard

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXPERIMENT = ROOT / "experiments/thimble-1.conf"
MOVIES = ("W", "grad_W", "momentum_W", "variance_W")
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
GROWN = ("train.batch=16", "train.steps=1600", "optimizer.arithmetic=bf16-fused",
         "record.container=hdf5", "budget.hdf5=1TB")


def train(arguments, directory, overrides):
    shutil.rmtree(directory, ignore_errors=True)
    options = [text for override in overrides for text in ("-P", override)]
    subprocess.run([arguments.azimuth, "train", EXPERIMENT, "-o", directory, *options], check=True, **QUIET)
    return json.loads((directory / "run.json").read_text())


# ---- training ----

def ways_to_record():
    return {"not recorded": ["record.strategy=positions", "record.W=off"],
            "safetensors": ["record.strategy=account"],
            **{f"HDF5, {way}": ["record.strategy=account", "record.container=hdf5", f"record.compression={way}",
                                "budget.hdf5=1TB"]
               for way in ("none", "fast", "small")}}


def rate(arguments, folder):
    """Interleaved, so that what else the machine does falls on all alike; medians."""
    found = {way: [] for way in ways_to_record()}
    for _ in range(arguments.rounds):
        for way, overrides in ways_to_record().items():
            run = train(arguments, folder / "run",
                        [f"train.steps={arguments.steps}", *arguments.operands, *overrides])
            found[way].append(run["timings"]["steps_per_second"])
    base = statistics.median(found["not recorded"])
    for way, rates in found.items():
        middle = statistics.median(rates)
        print(f"{way:14}  {middle:8.3f} steps/s  {middle / base:6.1%}  of {arguments.rounds} runs", flush=True)


def memory(arguments, folder):
    """Peaks of memory of short and long runs, with one sequence in a step."""
    for way, overrides in ways_to_record().items():
        if way in ("safetensors", "HDF5, small"):
            continue
        peaks = [train(arguments, folder / "run", ["train.batch=1", f"train.steps={steps}", "budget.memory=24GB",
                                                   *arguments.operands, *overrides])["peak_memory_bytes"]
                 for steps in (200, 2000)]
        print(f"{way:14}  200 steps {peaks[0] / 1e6:6.1f} MB   2,000 steps {peaks[1] / 1e6:6.1f} MB", flush=True)


def grow(arguments, _folder):
    directory = pathlib.Path(arguments.operands[0])
    train(arguments, directory, [*GROWN, *arguments.operands[1:]])
    print(directory / "recording.h5")


# ---- sizes ----

def windows(arguments, dataset):
    for text in arguments.windows.split(","):
        first = int(text)
        yield first, min(first + arguments.frames, dataset.shape[0])


def timed(action):
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def stored_bytes(path, movie):
    with h5py.File(path) as file:
        dataset = file[movie]
        return sum(dataset.id.get_chunk_info(n).size for n in range(dataset.id.get_num_chunks()))


def by_azimuth(arguments, source, movie, path, compression):
    """What azimuth makes of a safetensors file: reading, sums and fingerprint are in the time."""
    words = [arguments.azimuth, "convert", source, path, *(("--compression", compression) if compression else ())]
    return timed(lambda: subprocess.run(words, check=True, **QUIET))


def by_h5py(frames, path, chunks):
    def write():
        with h5py.File(path, "w") as file:
            file.create_dataset("x", data=frames, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True)
    seconds = timed(write)
    return stored_bytes(path, "x"), seconds


def pack_window(arguments, folder, movie, first, end, frames):
    source, packed = folder / "window.safetensors", folder / "window.h5"
    subprocess.run([arguments.azimuth, "export", arguments.operands[0], movie, "-o", source, "--steps",
                    f"{first}:{end}"], check=True, **QUIET)
    found = {}
    for way in ("fast", "small"):
        seconds = by_azimuth(arguments, source, movie, packed, way)
        found[way] = stored_bytes(packed, movie), seconds
    found["gzip-1, frames"] = by_h5py(frames, packed, (1, *frames.shape[1:]))
    found["gzip-1, 32 x 32"] = by_h5py(frames, packed, (32, 32, frames.shape[2]))
    packer, sizes = zstandard.ZstdCompressor(level=3), []
    seconds = timed(lambda: sizes.extend(len(packer.compress(frame.tobytes())) for frame in frames))
    found["zstd-3, frames"] = sum(sizes), seconds
    copy = folder / "copy.safetensors"
    found["safetensors"] = frames.nbytes, timed(lambda: safetensors.numpy.save_file({"x": frames}, copy))
    return found


def sizes(arguments, folder):
    with h5py.File(arguments.operands[0]) as file:
        for movie in MOVIES:
            for first, end in windows(arguments, file[movie]):
                frames = file[movie][first:end]
                found = pack_window(arguments, folder, movie, first, end, frames)
                print(f"{movie:11} {first:5}..{end - 1:5}  " + "  ".join(
                    f"{way} {size / frames.nbytes:.1%} {frames.nbytes / 1e6 / seconds:.0f} MB/s"
                    for way, (size, seconds) in found.items()), flush=True)


# ---- the difference to the step before ----

def shuffled(numbers):
    return numpy.ascontiguousarray(numbers).view(numpy.uint8).reshape(-1, numbers.itemsize).T.tobytes()


def differences(chunk):
    """Chunks whose first step is whole and whose others are differences."""
    bits = chunk.view(f"u{chunk.itemsize}")
    before = numpy.concatenate([numpy.zeros_like(bits[:1]), bits[:-1]])
    return {"as it is": bits, "xor": bits ^ before, "difference": bits - before}


def reads_back(folder, chunk, packed):
    """The share of steps that h5py gives as they were, from a chunk packed by us."""
    path = folder / "chunk.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", chunk.shape, chunk.dtype, chunks=chunk.shape, compression="gzip",
                                      shuffle=True)
        dataset.id.write_direct_chunk((0, 0, 0), packed)
    with h5py.File(path) as file:
        return numpy.mean([numpy.array_equal(a, b) for a, b in zip(file["x"], chunk)])


def delta(arguments, folder):
    """Chunks of 32 steps and 32 rows, every eighth of them, shuffled, zlib's level 1."""
    with h5py.File(arguments.operands[0]) as file:
        for movie in MOVIES:
            for first, end in windows(arguments, file[movie]):
                frames, totals, right, raw = file[movie][first:end], {}, {}, 0
                for step in range(0, len(frames) - 31, 32):
                    for row in range(0, frames.shape[1] - 31, 256):
                        chunk = frames[step:step + 32, row:row + 32]
                        raw += chunk.nbytes
                        for way, numbers in differences(chunk).items():
                            packed = zlib.compress(shuffled(numbers), 1)
                            totals[way] = totals.get(way, 0) + len(packed)
                            if way not in right:
                                right[way] = reads_back(folder, chunk, packed)
                print(f"{movie:11} {first:5}..{end - 1:5}  " + "  ".join(
                    f"{way} {size / raw:.1%} (h5py reads {right[way]:.0%} of the steps)"
                    for way, size in totals.items()), flush=True)


# ---- reading ----

def compiled(arguments, folder, source, *libraries):
    program = folder / source.stem
    subprocess.run(["cc", "-O2", "-I", ROOT / "include", source, "-o", program, "-L", arguments.build,
                    f"-Wl,-rpath,{arguments.build}", "-pthread", *libraries], check=True)
    return program


def read_h5py(path):
    """As many frames at a time as a chunk has, at most 64 MB, always into the same memory."""
    with h5py.File(path) as file:
        for movie in MOVIES:
            dataset = file[movie]
            most = max(1, 2 ** 26 // (dataset.nbytes // dataset.shape[0]))
            depth = min(dataset.chunks[0], most) if dataset.chunks else most
            into = numpy.empty((depth, *dataset.shape[1:]), dataset.dtype)
            for first in range(0, dataset.shape[0], depth):
                count = min(depth, dataset.shape[0] - first)
                dataset.read_direct(into, numpy.s_[first:first + count], numpy.s_[:count])


def read_safetensors(path):
    with safetensors.safe_open(path, "numpy") as file:
        for movie in MOVIES:
            dataset = file.get_slice(movie)
            frames = dataset.get_shape()[0]
            for first in range(0, frames, 32):
                dataset[first:min(first + 32, frames)]


def read_raw(path):
    into = bytearray(2 ** 23)
    with open(path, "rb", buffering=0) as file:
        while file.readinto(into):
            pass


def inflate_all(program, path):
    """The floor of packed files: nothing but inflating, by all processors."""
    lines, largest = [], 0
    with h5py.File(path) as file:
        for movie in MOVIES:
            dataset = file[movie]
            largest = max(largest, int(numpy.prod(dataset.chunks)) * dataset.dtype.itemsize)
            for n in range(dataset.id.get_num_chunks()):
                chunk = dataset.id.get_chunk_info(n)
                lines.append(f"{chunk.byte_offset} {chunk.size}\n")
    words = [program, path, str(os.cpu_count()), str(largest)]
    return lambda: float(subprocess.run(words, input="".join(lines), check=True, text=True,
                                        stdout=subprocess.PIPE).stdout)


def ways_to_read(arguments, folder, path, reader):
    ways = {"azimuth": lambda: run_reader(reader, path)[1],
            "azimuth verify": lambda: timed(lambda: subprocess.run([arguments.azimuth, "verify", path], check=True,
                                                                   **QUIET)),
            "bytes of the file": lambda: timed(lambda: read_raw(path))}
    if path.suffix != ".h5":
        return {**ways, "safetensors": lambda: timed(lambda: read_safetensors(path))}
    with h5py.File(path) as file:
        packed = file["W"].compression is not None
    if packed:
        ways["inflating alone"] = inflate_all(compiled(arguments, folder, HERE / "inflate.c", "-ldeflate"), path)
    return {**ways, "h5py": lambda: timed(lambda: read_h5py(path))}


def run_reader(reader, path):
    """(bytes of the frames, seconds)"""
    output = subprocess.run([reader, path, *MOVIES], check=True, text=True, stdout=subprocess.PIPE).stdout
    return tuple(float(word) for word in output.split())


def read(arguments, folder):
    path = pathlib.Path(arguments.operands[0]).absolute()
    reader = compiled(arguments, folder, HERE.parent / "lens/reader.c", "-lazimuth")
    ways = ways_to_read(arguments, folder, path, reader)
    found = {way: [] for way in ways}
    raw = run_reader(reader, path)[0]  # the file is in memory then
    for _ in range(arguments.rounds):
        for way, action in ways.items():
            found[way].append(action())
            print(f"{way:18} {found[way][-1]:7.2f} s", file=sys.stderr, flush=True)
    for way, seconds in found.items():
        middle = statistics.median(seconds)
        print(f"{way:18} {middle:7.2f} s  {raw / middle / 1e9:6.2f} GB/s of frames")
    print(f"{path.name}: {path.stat().st_size / 1e9:.2f} GB for {raw / 1e9:.2f} GB of frames, "
          f"{os.cpu_count()} processors")


def export_h5py(path, target, steps, csv):
    """What a notebook would write; numpy's savetxt for csv, with the digits that a float32 needs."""
    with h5py.File(path) as file:
        frames = file["W"][:steps]
        values = (frames.astype(numpy.uint32) << 16).view(numpy.float32)
        if csv:
            numpy.savetxt(target, values.reshape(-1, values.shape[2]), "%.9g", ",")
        else:
            numpy.save(target, values)


def export(arguments, folder):
    """W of the first steps as values, to npy (256 steps) and csv (8 steps)."""
    path = pathlib.Path(arguments.operands[0]).absolute()
    for ending, steps in (("npy", 256), ("csv", 8)):
        target, found = folder / f"w.{ending}", {"azimuth": [], "h5py and numpy": []}
        words = [arguments.azimuth, "export", path, "W", "-o", target, "--steps", f"0:{steps}"]
        for _ in range(arguments.rounds):
            found["azimuth"].append(timed(lambda: subprocess.run(words, check=True, **QUIET)))
            found["h5py and numpy"].append(timed(lambda: export_h5py(path, target, steps, ending == "csv")))
        for way, seconds in found.items():
            middle = statistics.median(seconds)
            print(f"{ending}  {way:15} {middle:6.2f} s for {steps} frames, {steps / middle:7.1f} frames/s", flush=True)


def main():
    measures = (rate, memory, grow, sizes, delta, read, export)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=[measure.__name__ for measure in measures])
    parser.add_argument("build", type=lambda text: pathlib.Path(text).absolute())
    parser.add_argument("operands", nargs="*")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--windows", default="0,352,1472")
    parser.add_argument("--frames", type=int, default=96)
    arguments = parser.parse_intermixed_args()
    arguments.azimuth = arguments.build / "azimuth"
    with tempfile.TemporaryDirectory() as name:
        next(m for m in measures if m.__name__ == arguments.measure)(arguments, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
