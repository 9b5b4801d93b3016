"""foreign_files.py AZIMUTH: recordings in the layouts that the notebooks left, made here to the last chunk, go
through every tool: info, verify, export, convert, compare, motion, account."""
import json
import os
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy

V, D, T = 40, 8, 20
DEAD = numpy.array([3, 5, 8, 20, 21, 39], "i8")
LIVE = numpy.setdiff1d(numpy.arange(V), DEAD)
TYPES = {"BF16": "u2", "U16": "u2", "F16": "f2", "F32": "f4", "I64": "i8", "I32": "i4", "BOOL": "?"}
NUMBERS = {"vocab_size": V, "hidden_dim": D, "n_layers": 2, "n_steps": T, "learning_rate": 1e-3, "weight_decay": 0,
           "adam_beta1": 0.9, "adam_beta2": 0.999, "adam_epsilon": 1e-8, "n_live": len(LIVE), "n_dead": len(DEAD)}


def frames():
    """W walks, in bf16 bits; gradient and moments as bf16 bits too."""
    rng = numpy.random.default_rng(3)
    start = rng.normal(0, 0.02, (V, D)).astype("f4")
    walk = start + numpy.concatenate([numpy.zeros((1, V, D)), rng.normal(0, 1e-3, (T, V, D)).cumsum(0)])
    movies = [walk, *(rng.normal(0, scale, (T + 1, V, D)) for scale in (1e-3, 1e-4)), rng.random((T + 1, V, D)) * 1e-7]
    return {name: (movie.astype("f4").view("u4") >> 16).astype("u2")
            for name, movie in zip(("W", "grad_W", "momentum_W", "variance_W"), movies)}


def single(bits):
    return (bits.astype("u4") << 16).view("f4")


def write_safetensors(path, tensors):
    """name -> (type, array), as save_file of safetensors.torch writes them."""
    order = sorted(tensors, key=lambda name: -numpy.dtype(TYPES[tensors[name][0]]).itemsize)
    header, data = {}, b""
    for name in order:
        kind, array = tensors[name]
        raw = numpy.ascontiguousarray(array, TYPES[kind]).tobytes()
        header[name] = {"dtype": kind, "shape": list(numpy.shape(array)), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def losses():
    return numpy.array([numpy.nan, *numpy.linspace(9, 6, T)], "f4")


def thimble_1(path, moments):
    movies = frames()
    tensors = {name: ("BF16", movies[name]) for name in ("W", "grad_W")}
    for name in ("momentum_W", "variance_W"):
        tensors[name] = ("F32", single(movies[name])) if moments == "F32" else ("BF16", movies[name])
    tensors.update({name: ("F32", numpy.float32(value)) for name, value in NUMBERS.items()})
    write_safetensors(path, {**tensors, "losses": ("F32", losses()), "dead_indices": ("I64", DEAD),
                             "live_indices": ("I64", LIVE)})


def hdf5(path, convert, **how):
    with h5py.File(path, "w") as file:
        for name, bits in frames().items():
            file.create_dataset(name, data=convert(bits), **how)
        file["losses"], file["dead_indices"], file["live_indices"] = losses(), DEAD, LIVE
        file["dead_mask"] = numpy.isin(numpy.arange(V), DEAD)
        for name, value in NUMBERS.items():
            file.attrs[name] = numpy.float32(value)


def crucible(path):
    movies = {name: bits[:, DEAD] for name, bits in frames().items()}
    tensors = {name: ("F32", single(bits)) for name, bits in movies.items() if name != "W"}
    delta = numpy.diff(single(movies["W"]), axis=0)
    write_safetensors(path, {
        **tensors, "W": ("U16", movies["W"]), "losses": ("F32", losses()), "dead_indices": ("I64", DEAD),
        "delta_W_prime": ("F32", delta), "dead_centroid": ("F32", single(movies["W"]).mean(1)),
        "last_motion_step": ("I32", numpy.full(len(DEAD), T)),
        **{name: ("F32", numpy.float32(value)) for name, value in NUMBERS.items()}})


def half(bits):
    return single(bits).astype("f2")


KINDS = {
    "thimble_1.safetensors": (lambda path: thimble_1(path, "F32"), "BF16", V),
    "thimble_3.safetensors": (lambda path: thimble_1(path, "BF16"), "BF16", V),
    "thimble_6.h5": (lambda path: hdf5(path, half, chunks=(1, V, D), compression="gzip", compression_opts=1), "F16", V),
    "thimble_6_again.h5": (lambda path: hdf5(path, half, chunks=(13, V, D), compression="gzip"), "F16", V),
    "thimble_7.h5": (lambda path: hdf5(path, lambda bits: bits, chunks=(16, V, D)), "BF16", V),
    "crucible.safetensors": (crucible, "BF16", len(DEAD)),
}


def run(program, *words, code=0):
    done = subprocess.run([program, *words], capture_output=True, text=True)
    assert done.returncode == code, (words, done.returncode, done.stderr, done.stdout[-500:])
    return done


def check_contents(program, path, kind, rows):
    told = json.loads(run(program, "info", path, "--json").stdout)
    tensors = {tensor["name"]: tensor for tensor in told["tensors"]}
    assert set(tensors) == {"W", "grad_W", "momentum_W", "variance_W", "losses"}, (path, set(tensors))
    assert tensors["W"]["type"] == kind and tensors["W"]["frame_shape"] == [rows, D] and tensors["W"]["frames"] == T + 1
    assert tensors["W"]["some_rows"] == (rows != V) and told["exact"] == (kind != "F16") and not told["cut_short"]
    assert "no fingerprint" in run(program, "verify", path).stdout
    W = frames()["W"] if rows == V else frames()["W"][:, DEAD]
    run(program, "export", path, "W", "-o", path + ".npy", "--bits")
    found = numpy.load(path + ".npy")
    assert (found == (half(W).view("u2") if kind == "F16" else W)).all(), path
    run(program, "export", path, "W", "-o", path + ".npy", "--bits", "--rows=dead", "--steps=3:12:4")
    expected = frames()["W"][3:12:4, DEAD]
    assert (numpy.load(path + ".npy") == (half(expected).view("u2") if kind == "F16" else expected)).all(), path


def check_copies(program, path):
    for ending in (".copy.safetensors", ".copy.h5"):
        run(program, "convert", path, path + ending)
        assert "the fingerprint over all frames is the recorded one" in run(program, "verify", path + ending).stdout
        assert ", 0 differ" in run(program, "compare", path, path + ending).stdout


def check_measures(program, path, kind):
    if kind == "F16":
        refused = run(program, "account", path, code=3)
        assert "float16, which cannot hold bf16" in refused.stderr, refused.stderr
        assert "float16" in run(program, "info", path).stdout
        for command in ("motion", "lifecycle", "kinematics"):
            refused = run(program, command, path, code=3)
            assert "F16" in refused.stderr or "float16" in refused.stderr, refused.stderr
        return
    run(program, "motion", path)
    # No optimizer made these frames: the accounting runs to its end and says so.
    assert f"0 of {T} steps exact" in run(program, "account", path, "--arithmetic=bf16", code=1).stdout


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, kind, rows) in KINDS.items():
            path = os.path.join(folder, name)
            make(path)
            check_contents(program, path, kind, rows)
            check_copies(program, path)
            check_measures(program, path, kind)
    print(f"{len(KINDS)} kinds of files of the notebooks went through every tool")


main()
