#!/usr/bin/env python3
"""Writes the seeds of fuzz_hdf5: small recordings of h5py's and ours, each of another kind.

    tests/fuzz/make_hdf5_corpus.py HDF5_TOOL [FOLDER]     (tests/fuzz/corpus/hdf5 by default)
"""
import pathlib
import subprocess
import sys

import h5py
import numpy


def theirs(path, libver=None, **how):
    W = numpy.arange(4 * 3 * 2, dtype="u2").reshape(4, 3, 2)
    with h5py.File(path, "w", libver=libver) as file:
        file.create_dataset("W", data=W, **how)
        file.create_dataset("momentum_W", data=W.astype("f4"), **how)
        file["losses"] = numpy.arange(4, dtype="f4")
        file["dead_mask"] = numpy.arange(3) % 2 == 0
        file["learning_rate"] = numpy.float32(.001)
        file.attrs["adam_beta1"] = .9
        file.attrs["model"] = "Thimble 7"
        file.create_group("more")["x"] = numpy.arange(3)


def odd(folder):
    """A compact dataset, a fill value over nothing, links of every kind, a dataset that has shrunk."""
    W = numpy.arange(4 * 3 * 2, dtype="u2").reshape(4, 3, 2)
    with h5py.File(folder / "compact.h5", "w", libver="latest") as file:
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple(W.shape)
        h5py.h5d.create(file.id, b"W", h5py.h5t.STD_U16LE, space, how).write(h5py.h5s.ALL, h5py.h5s.ALL, W)
        file.create_dataset("momentum_W", (4, 3, 2), "f4", chunks=(1, 3, 2), fillvalue=7)
        file["soft"], file["away"] = h5py.SoftLink("/W"), h5py.ExternalLink("other.h5", "/x")
    with h5py.File(folder / "shrunk.h5", "w") as file:
        file.create_dataset("W", data=W, chunks=(1, 2, 2), maxshape=(None, 3, 2)).resize(3, axis=0)
        file.create_dataset("h", (2, 1, 3, 2), "u2", fillvalue=7)
        file["a/b"], file["hard"] = numpy.arange(3), file["W"]
        for n in range(12):
            file.attrs[f"key{n}"] = "x" * n


def main():
    tool = pathlib.Path(sys.argv[1]).absolute()
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "corpus/hdf5")
    folder.mkdir(parents=True, exist_ok=True)
    theirs(folder / "plain.h5")
    theirs(folder / "chunks.h5", chunks=(2, 3, 1))
    theirs(folder / "packed.h5", chunks=(1, 2, 2), compression="gzip", shuffle=True, fletcher32=True)
    theirs(folder / "latest.h5", "latest", chunks=(1, 2, 2), compression="gzip", shuffle=True)
    theirs(folder / "lzf.h5", chunks=(1, 2, 2), compression="lzf")
    odd(folder)
    for compression in ("none", "fast"):
        subprocess.run([tool, "write", folder / f"ours_{compression}.h5", compression, "2", "0"], check=True,
                       stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
