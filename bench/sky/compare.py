#!/usr/bin/env python3
"""Times the sky of a matrix beside numpy, scipy, torch and faiss, interleaved, medians of the rounds.

    bench/sky/compare.py AZIMUTH MATRIX.safetensors [--threads N] [--rounds R] [--queries Q] [CASE...]

CASE: leading, spectrum, map, neighbours; all of them if none is given. MATRIX: one bf16 tensor, such as
`azimuth simulate galaxy` writes. Every azimuth run finds no cache. The neighbours of every row take others
minutes to hours, so theirs are those of the first Q rows, and the time is scaled to all rows: those lines say
"scaled". Peak memory is resident memory, the mapped file included. Needs torch, numpy, scipy, safetensors,
faiss-cpu and matplotlib (scripts/python_env.sh); what is not installed is skipped and said.
"""
import argparse
import json
import os
import statistics
import struct
import subprocess
import tempfile
import time


def clock(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def azimuth(program, *words):
    """Runs it; returns its peak memory in GB (of use only before this process has grown)."""
    child = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join([program, *words])} ended with {child.returncode}")
    return usage.ru_maxrss / 1e6


def rows_in_header(matrix):
    with open(matrix, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    return next(entry["shape"][0] for name, entry in header.items() if name != "__metadata__")


def rows_of(matrix):
    from safetensors.torch import load_file
    return next(iter(load_file(matrix).values()))


def torch_leading(weights):
    import torch
    centred = weights.float() - weights.float().mean(0)
    torch.pca_lowrank(centred, q=16, center=False, niter=8)


def scipy_leading(weights):
    import numpy
    from scipy.sparse.linalg import LinearOperator, eigsh
    values = weights.float().numpy()
    mean = values.mean(0, dtype=numpy.float64).astype(numpy.float32)

    def covariance(vector):
        vector = vector.astype(numpy.float32).ravel()
        along = values @ vector - mean @ vector
        return (along @ values - along.sum() * mean) / len(values)

    size = values.shape[1]
    eigsh(LinearOperator((size, size), matvec=covariance, dtype=numpy.float32), k=10, tol=5e-6)


def numpy_spectrum(weights):
    import numpy
    values = weights.float().numpy()
    numpy.linalg.eigh(numpy.cov(values, rowvar=False, bias=True))


def torch_neighbours(weights, queries):
    import torch
    values = weights.float()
    squares = (values * values).sum(1)
    for first in range(0, queries, 256):
        block = values[first:first + 256]
        distances = squares[None, :] - 2 * block @ values.T
        torch.topk(distances, 11, dim=1, largest=False)


def faiss_neighbours(weights, queries):
    import faiss
    values = weights.float().numpy()
    index = faiss.IndexFlatL2(values.shape[1])
    index.add(values)
    index.search(values[:queries], 11)


def matplotlib_map(coordinates, folder):
    import matplotlib
    matplotlib.use("Agg")
    import numpy
    from matplotlib import pyplot
    from safetensors.numpy import load_file
    sky = load_file(coordinates)
    figure = pyplot.figure(figsize=(16, 8))
    axes = figure.add_subplot(projection="mollweide")
    axes.scatter(numpy.radians(sky["longitude"]), numpy.radians(sky["latitude"]), s=1, alpha=0.5)
    axes.grid(True)
    figure.savefig(f"{folder}/matplotlib.png", dpi=200)
    pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("azimuth")
    parser.add_argument("matrix")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=1024)
    given = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        run(given, folder)


def list_cases(given, folder, rows):
    """Name, what is timed, by what the time is multiplied, whether azimuth does it."""
    common = ["--threads", str(given.threads), "--cache"]
    frame = [given.azimuth, "frame", given.matrix]
    queries = min(given.queries, rows)
    return [
        ("leading 10: azimuth frame", lambda _: azimuth(*frame, "--leading", "10", *common, ""), 1, True),
        ("leading 10: torch.pca_lowrank", torch_leading, 1, False),
        ("leading 10: scipy eigsh", scipy_leading, 1, False),
        ("spectrum: azimuth frame", lambda _: azimuth(*frame, *common, ""), 1, True),
        ("spectrum: numpy cov and eigh", numpy_spectrum, 1, False),
        ("map: azimuth sky, frame known", lambda _: azimuth(
            given.azimuth, "sky", given.matrix, "--map", "mollweide", "-o", folder, *common, folder), 1, True),
        ("map: matplotlib, coordinates known", lambda _: matplotlib_map(f"{folder}/sky.safetensors", folder), 1,
         False),
        ("neighbours, 10 of all rows: azimuth", lambda _: azimuth(
            given.azimuth, "neighbours", given.matrix, "-k", "10", *common, ""), 1, True),
        ("neighbours, scaled: torch float32", lambda weights: torch_neighbours(weights, queries),
         rows / queries, False),
        ("neighbours, scaled: faiss flat", lambda weights: faiss_neighbours(weights, queries),
         rows / queries, False),
    ]


def set_threads(threads):
    import torch
    torch.set_num_threads(threads)
    try:
        import faiss
        faiss.omp_set_num_threads(threads)
    except ImportError:
        pass


def run(given, folder):
    rows = rows_in_header(given.matrix)
    cases = [case for case in list_cases(given, folder, rows)
             if not given.cases or case[0].split(":")[0].split()[0].strip(",") in given.cases]
    for name, call, _, own in cases:  # also warms the page cache, and fills that of frames
        if own:
            print(f"{name:40s} {call(None):10.2f} GB at most", flush=True)
    set_threads(given.threads)
    weights = rows_of(given.matrix)
    times = {name: [] for name, _, _, _ in cases}
    for _ in range(given.rounds):
        for name, call, factor, _ in cases:
            try:
                times[name].append(clock(lambda: call(weights)) * factor)
            except ImportError as missing:
                print(f"{name}: skipped, {missing}")
    for name, seconds in times.items():
        if seconds:
            print(f"{name:40s} {statistics.median(seconds):10.2f} s")


if __name__ == "__main__":
    main()
