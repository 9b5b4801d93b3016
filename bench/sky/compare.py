#!/usr/bin/env python3
"""Times the sky of a matrix beside numpy, torch and faiss, interleaved, medians of three.

    bench/sky/compare.py AZIMUTH MATRIX.safetensors [--threads N] [--queries Q]

MATRIX: one bf16 tensor, such as `azimuth simulate galaxy` writes. Every azimuth run finds no cache. The
neighbours of every row take others minutes to hours, so they are timed on the first Q rows against all
and the time is scaled to all rows: those lines say "scaled". Needs torch, numpy, safetensors, faiss-cpu and
matplotlib (scripts/python_env.sh); what is not installed is skipped and said.
"""
import argparse
import statistics
import subprocess
import tempfile
import time

REPEATS = 3


def clock(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def azimuth(program, *words):
    subprocess.run([program, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def rows_of(matrix):
    from safetensors.torch import load_file
    return next(iter(load_file(matrix).values()))


def torch_leading(weights):
    import torch
    centred = weights.float() - weights.float().mean(0)
    torch.pca_lowrank(centred, q=16, center=False, niter=8)


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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--queries", type=int, default=1024)
    parser.add_argument("--all-neighbours", action="store_true", help="also time azimuth on all rows, once")
    given = parser.parse_args()
    import torch
    torch.set_num_threads(given.threads)
    try:
        import faiss
        faiss.omp_set_num_threads(given.threads)
    except ImportError:
        pass
    weights = rows_of(given.matrix)
    scale = weights.shape[0] / given.queries
    with tempfile.TemporaryDirectory() as folder:
        common = ["--threads", str(given.threads)]
        azimuth(given.azimuth, "frame", given.matrix, "--leading", "10", "--cache", folder, *common)
        azimuth(given.azimuth, "sky", given.matrix, "-o", folder, "--cache", folder, *common)
        cases = [
            ("leading 10: azimuth frame", 1, lambda: azimuth(
                given.azimuth, "frame", given.matrix, "--leading", "10", "--cache", "", *common)),
            ("leading 10: torch.pca_lowrank", 1, lambda: torch_leading(weights)),
            ("spectrum: azimuth frame", 1, lambda: azimuth(
                given.azimuth, "frame", given.matrix, "--cache", "", *common)),
            ("spectrum: numpy cov and eigh", 1, lambda: numpy_spectrum(weights)),
            ("map: azimuth sky, frame known", 1, lambda: azimuth(
                given.azimuth, "sky", given.matrix, "--map", "mollweide", "-o", folder, "--cache", folder,
                *common)),
            ("map: matplotlib, coordinates known", 1,
             lambda: matplotlib_map(f"{folder}/sky.safetensors", folder)),
            ("10 neighbours, scaled: torch float32", scale, lambda: torch_neighbours(weights, given.queries)),
            ("10 neighbours, scaled: faiss flat", scale, lambda: faiss_neighbours(weights, given.queries)),
        ]
        times = {name: [] for name, _, _ in cases}
        for _ in range(REPEATS):
            for name, factor, call in cases:
                try:
                    times[name].append(clock(call) * factor)
                except ImportError as missing:
                    print(f"{name}: skipped, {missing}")
        if given.all_neighbours:
            times["10 neighbours of all rows: azimuth"] = [clock(lambda: azimuth(
                given.azimuth, "neighbours", given.matrix, "-k", "10", *common))]
        for name, seconds in times.items():
            if seconds:
                print(f"{name:40s} {statistics.median(seconds):10.2f} s")


if __name__ == "__main__":
    main()
