#!/usr/bin/env python3
"""HDF5 recordings of ours are read by h5py: whole, while they grow, and after a kill; files that h5py
wrote are read by ours, or refused with their reason.

    scripts/with_python.sh "h5py numpy ml_dtypes" tests/property/hdf5_exchange.py HDF5_TOOL
"""
import pathlib
import subprocess
import sys
import tempfile
import time

import h5py
import ml_dtypes
import numpy

V, D, ROWS = 100, 40, 30


def expected(movie, step, length):
    n = numpy.arange(length, dtype=numpy.uint64)
    return ((7 * n + 13 * step + movie) % 251).astype(numpy.uint8).tobytes()


def check_frames(file, least):
    """Every frame that h5py sees is whole; returns the last step of W."""
    through = file["W"].shape[0] - 1
    assert through >= least, (through, least)
    for step in range(through + 1):
        assert file["W"][step].tobytes() == expected(0, step, V * D * 2), step
    for frame in range(file["momentum_W"].shape[0]):
        step = int(file["momentum_W.steps"][frame])
        assert step == 3 * frame
        assert file["momentum_W"][frame].tobytes() == expected(1, step, ROWS * D * 4), step
    for step, loss in enumerate(file["losses"][()]):
        assert loss.tobytes() == expected(2, step, 4), step
    return through


def check_whole(tool, folder, compression):
    path = folder / f"{compression}.h5"
    subprocess.run([tool, "write", path, compression, "101", "0"], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(path) as file:
        assert check_frames(file, 101) == 101
        W = file["W"]
        assert W.shape == (102, V, D) and W.dtype == "uint16" and W.attrs["dtype"] == "bfloat16"
        assert W[3].view(ml_dtypes.bfloat16).astype("f4").shape == (V, D)
        assert (W.compression, W.shuffle) == ((None, False) if compression == "none" else ("gzip", True))
        if compression == "none":
            assert W.chunks == (102, V, D)
        assert file["momentum_W"].dtype == "float32"
        assert list(file["momentum_W.token_ids"]) == list(range(0, 2 * ROWS, 2))
        assert file.attrs["optimizer.lr"] == "0.001" and file["learning_rate"][()] == numpy.float32(.001)
        assert file.attrs["recorded_through_step"] == "000000000101"
        for step in (0, 50, 101):
            words = numpy.frombuffer(W[step].tobytes(), "<u4").astype("u8")
            sums = words.sum(), (words * numpy.arange(1, words.size + 1, dtype="u8")).sum()
            assert tuple(file["W.sums"][step].view("u8")) == sums
    with h5py.File(path, "r+") as file:  # h5py can go on with it
        file.attrs["note"] = "of another program"
        file["more"] = numpy.arange(4)
    with h5py.File(path) as file:
        assert check_frames(file, 101) == 101 and file.attrs["note"] == "of another program"
    found = subprocess.run([tool, "read", path, "W"], check=True, capture_output=True).stdout
    assert found == b"".join(expected(0, step, V * D * 2) for step in range(102))


def check_live(tool, folder, compression):
    """Followed with swmr=True and by refresh; then killed."""
    path = folder / f"live_{compression}.h5"
    part = pathlib.Path(f"{path}.part")
    with subprocess.Popen([tool, "write", path, compression, "100000", "20"], stdout=subprocess.PIPE,
                          text=True) as writer:
        through = -1
        while through < 10:
            through = int(writer.stdout.readline().split()[1])
        seen = []
        with h5py.File(part, "r", swmr=True) as file:
            W = file["W"]
            while len(seen) < 12:
                W.refresh()
                frames = W.shape[0]
                for step in (0, frames // 2, frames - 1):
                    assert W[step].tobytes() == expected(0, step, V * D * 2), (step, frames)
                seen.append(frames)
                time.sleep(.05)
        assert seen == sorted(seen) and seen[-1] > seen[0] + 10, seen
        with h5py.File(part) as file:  # as if it were finished: what it knew when it was opened
            assert file["W"][through].tobytes() == expected(0, through, V * D * 2)
        with h5py.File(part, "r", swmr=True) as file:
            check_frames(file, through)
        writer.kill()
        for line in writer.stdout:
            if line.endswith("\n"):
                through = int(line.split()[1])
    with h5py.File(part) as file:
        check_frames(file, through)
        assert int(file.attrs["recorded_through_step"]) >= through


def theirs(folder, name, libver=None, **how):
    path = folder / name
    rng = numpy.random.default_rng(5)
    W = rng.integers(0, 65536, (20, 30, 8)).astype("u2")
    with h5py.File(path, "w", libver=libver) as file:
        file.create_dataset("W", data=W, **how)
        file.create_dataset("momentum_W", data=rng.normal(size=W.shape).astype("f4"), **how)
        file.create_dataset("losses", data=numpy.arange(20, dtype="f4"))
        file["dead_mask"] = numpy.arange(30) % 2 == 0
        file["learning_rate"] = numpy.float32(.001)
        file["notes"] = "a text"
        file.attrs["adam_beta1"] = .9
        file.attrs["model"] = "Thimble 7"
        file.create_group("more")["x"] = numpy.arange(3)
    return path


def check_theirs(tool, folder):
    ways = {"plain": {}, "chunks": {"chunks": (7, 30, 8)}, "single": {"chunks": (20, 30, 8)},
            "gzip": {"chunks": (3, 11, 8), "compression": "gzip", "compression_opts": 1},
            "shuffle": {"chunks": (1, 30, 5), "compression": "gzip", "shuffle": True},
            "checked": {"chunks": (4, 4, 4), "compression": "gzip", "fletcher32": True},
            "grown": {"chunks": (4, 4, 4), "maxshape": (None, 30, 8)},
            "many": {"chunks": (1, 1, 3), "compression": "gzip"}}
    for name, how in ways.items():
        for libver in (None, "latest"):
            path = theirs(folder, f"{name}_{libver}.h5", libver, **how)
            with h5py.File(path) as file:
                for movie in ("W", "momentum_W", "losses"):
                    found = subprocess.run([tool, "read", path, movie], capture_output=True)
                    if libver and name == "grown":
                        assert found.returncode == 3 and b"extensible array" in found.stderr, found
                        break
                    assert found.returncode == 0, (name, libver, found.stderr)
                    assert found.stdout == file[movie][()].tobytes(), (name, libver, movie)


def check_refused(tool, folder):
    lzf = theirs(folder, "lzf.h5", chunks=(4, 4, 4), compression="lzf")
    found = subprocess.run([tool, "read", lzf, "W"], capture_output=True, text=True)
    assert found.returncode == 3 and "32000 (lzf)" in found.stderr, found
    with h5py.File(folder / "f16.h5", "w") as file:
        file["W"] = numpy.zeros((3, 4, 2), "f2")
        file["U"] = numpy.zeros((3, 4, 2), ">u2")
    found = subprocess.run([tool, "read", folder / "f16.h5", "U"], capture_output=True, text=True)
    assert found.returncode == 3 and "little-endian" in found.stderr, found


W3 = numpy.arange(4 * 3 * 2, dtype="u2").reshape(4, 3, 2)


def low_level(file, layout):
    """W by the low-level interface, which can make what create_dataset does not."""
    how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    how.set_layout(layout)
    space = h5py.h5s.create_simple(W3.shape)
    h5py.h5d.create(file.id, b"W", h5py.h5t.STD_U16LE, space, how).write(h5py.h5s.ALL, h5py.h5s.ALL, W3)


def put(**how):
    return lambda file: file.create_dataset("W", **{"data": W3, **how})


def with_attributes(file):
    file["W"] = W3
    for n in range(60):
        file.attrs[f"key{n}"] = f"value {n}"


def with_links(file):
    file["W"] = W3
    file["soft"], file["loop"] = h5py.SoftLink("/W"), h5py.SoftLink("/loop")
    file["away"] = h5py.ExternalLink("other.h5", "/x")
    file.attrs["reference"], file["nothing"] = file["W"].ref, h5py.Empty("f4")


def named_type(file):
    file["type"] = numpy.dtype("u2")
    file.create_dataset("W", data=W3, dtype=file["type"])


def virtual(file):
    layout = h5py.VirtualLayout(W3.shape, "u2")
    layout[:] = h5py.VirtualSource("other.h5", "W", shape=W3.shape)
    file.create_virtual_dataset("W", layout)


# What makes it, how the file is opened, and the word of the refusal; None: it is read, to the bit.
ODD = {
    "compact": (lambda file: low_level(file, h5py.h5d.COMPACT), {}, None),
    "compact_latest": (lambda file: low_level(file, h5py.h5d.COMPACT), {"libver": "latest"}, None),
    "attributes": (with_attributes, {}, None),
    "attributes_latest": (with_attributes, {"libver": "latest"}, "attributes in a fractal heap"),
    "links": (with_links, {}, None),
    "links_latest": (with_links, {"libver": "latest"}, None),
    "ordered": (put(), {"track_order": True}, None),
    "both_grow": (put(chunks=(1, 2, 2), maxshape=(None, None, 2)), {}, None),
    "both_grow_latest": (put(chunks=(1, 2, 2), maxshape=(None, None, 2)), {"libver": "latest"}, "B-tree of version 2"),
    "never_written": (put(data=None, shape=W3.shape, dtype="u2", chunks=(1, 3, 2)), {}, None),
    "filled": (put(data=None, shape=W3.shape, dtype="u2", fillvalue=7), {}, "never written"),
    "filled_chunks": (put(data=None, shape=W3.shape, dtype="u2", chunks=(1, 3, 2), fillvalue=7), {"libver": "latest"},
                      "never written"),
    "filled_over": (put(fillvalue=7), {}, None),
    "outside": (put(data=None, shape=W3.shape, dtype="u2", external=[("raw.bin", 0, 48)]), {}, "in other files"),
    "virtual": (virtual, {"libver": "latest"}, "class 3"),
    "named": (named_type, {}, "named one"),
    "big_endian": (put(data=W3.astype(">u2")), {}, "little-endian"),
    "compound": (put(data=numpy.zeros((4, 3, 2), [("a", "u2"), ("b", "f4")])), {}, "class 6"),
    "scale_offset": (put(chunks=(1, 3, 2), scaleoffset=0), {}, "scaleoffset"),
    "user_block": (put(), {"userblock_size": 512}, "user block of 512 bytes"),
}


def check_odd(tool, folder):
    """What is not read is refused by its name, and nothing is read as something else."""
    for name, (make, how, refusal) in ODD.items():
        path = folder / f"odd_{name}.h5"
        with h5py.File(path, "w", **how) as file:
            file["losses"] = numpy.arange(4, dtype="f4")
            make(file)
        found = subprocess.run([tool, "read", path, "W"], capture_output=True)
        if refusal:
            assert found.returncode == 3 and refusal.encode() in found.stderr, (name, found)
            continue
        with h5py.File(path) as file:
            assert found.returncode == 0 and found.stdout == file["W"][()].tobytes(), (name, found)


def main():
    tool = pathlib.Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for compression in ("none", "fast", "small"):
            check_whole(tool, folder, compression)
            check_live(tool, folder, compression)
        check_theirs(tool, folder)
        check_refused(tool, folder)
        check_odd(tool, folder)
    print("ours by h5py, h5py's by ours: all equal")


if __name__ == "__main__":
    main()
