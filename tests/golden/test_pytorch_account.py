"""PyTorch trains the notebooks' loop; azimuth names its AdamW and explains every bit.

test_pytorch_account.py AZIMUTH SCRIPT, run through scripts/with_python.sh "torch transformers numpy".
SCRIPT is scripts/notebooks/thimble1_pytorch.py. Tiny models, 40 steps: every kernel with and without a
weight decay that acts, every format, and sizes of W with and without a scalar tail.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

import numpy
import torch

STEPS = 40
NAMES = {"loop": "bf16", "foreach": "bf16-foreach", "fused": "bf16-fused"}


def load(script):
    spec = importlib.util.spec_from_file_location("thimble1_pytorch", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(module, path, **options):
    words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    sys.argv = ["thimble1_pytorch.py", "-o", path, "--size=tiny", f"--steps={STEPS}", "--threads=1", *words]
    module.main()


def account(program, path):
    done = subprocess.run([program, "account", path, "--arithmetic=auto", "--json"], text=True, capture_output=True)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def check(program, path, optimizer, tail, alike):
    code, told, errors = account(program, path)
    assert code == 0, errors
    named = [told["arithmetic"], *told["equally_explained_by"]]
    assert NAMES[optimizer] in named and (alike or named == [NAMES[optimizer]]), named
    assert told["steps_exact"] == told["steps"] == STEPS, told["first_difference"]
    if tail is not None:  # of the recorded rows
        assert told["tail_elements"] == (tail if told["arithmetic"] == "bf16-fused" else 0), told["tail_elements"]
    for rows in ("all", "dead", "live"):
        for tensor, counts in told["components"].get(rows, {}).items():
            assert counts["equal"] > 0 and not counts["off_by_one"] and not counts["worse"], (rows, tensor, counts)


def read(path, name):
    """A tensor of a safetensors file, bf16 as uint16."""
    with open(path, "rb") as file:
        raw = file.read()
    length = int.from_bytes(raw[:8], "little")
    about = json.loads(raw[8:8 + length])[name]
    begin, end = about["data_offsets"]
    kind = {"BF16": numpy.uint16, "F32": numpy.float32, "I64": numpy.int64}[about["dtype"]]
    return numpy.frombuffer(raw[8 + length + begin:8 + length + end], kind).reshape(about["shape"])


def check_means(program, path):
    """The mean hidden states that the notebooks recorded: frame t is that of step t."""
    told = json.loads(subprocess.run([program, "hidden", path, "--json"], text=True, capture_output=True,
                                     check=True).stdout)
    means = read(path, "h_mean").astype(numpy.float64)
    assert told["h"] == "h_mean" and len(told["steps"]) == STEPS
    for t, step in enumerate(told["steps"], 1):
        assert step["step"] == t and abs(step["h_mean_norm"] - numpy.linalg.norm(means[t])) < 1e-9, t
        assert step["h_variance"] is None and step["towards"] and abs(step["cos_h_mean_dead"]) <= 1, t


def check_paths():
    """fused: values for which body and tail part; only the last numel % 16 elements take the tail, on any
    number of threads. With the loops the values of body and tail are the same."""
    def step(count, threads, **kind):
        torch.set_num_threads(threads)
        full = lambda bits: torch.full((count,), bits, dtype=torch.int16).view(torch.bfloat16)
        p = torch.nn.Parameter(full(-17129))
        optimizer = torch.optim.AdamW([p], lr=1e-3, weight_decay=0.1, **kind)
        optimizer.state[p] = {"step": torch.tensor(7.0), "exp_avg": full(-18073), "exp_avg_sq": full(13550)}
        p.grad = full(15124)
        optimizer.step()
        return optimizer.state[p]["exp_avg_sq"].view(torch.int16)

    threads_before = torch.get_num_threads()
    for count in (5, 15, 16, 31, 33, 1003, 70007, 640000, 640000 - 7):
        for threads in (1, 2, 3, 5):
            v = step(count, threads, fused=True)
            body = count // 16 * 16
            assert (v[:body] == 13553).all() and (v[body:] == 13552).all(), (count, threads)
            for foreach in (False, True):
                assert (step(count, threads, foreach=foreach) == v.new_tensor(step(1, 1, foreach=foreach))).all()
    torch.set_num_threads(threads_before)


def main():
    program, script = sys.argv[1:]
    module = load(script)
    check_paths()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "recording")
        for optimizer in NAMES:
            for vocabulary, tail in ((300, 0), (301, 4)):  # of 20 dimensions
                for decay, alike in ((0, True), (4, False)):
                    record(module, path, optimizer=optimizer, vocabulary=vocabulary, weight_decay=decay,
                           beta2=0.95 if decay else 0.999)
                    check(program, path, optimizer, tail, alike)
        hdf5 = importlib.util.find_spec("h5py") is not None
        for form in ("thimble-3", "crucible") + ("thimble-7",) * hdf5:
            record(module, path, format=form, optimizer="fused", vocabulary=301)
            check(program, path, "fused", None if form == "crucible" else 4, False)
        record(module, path, format="crucible-3", vocabulary=301)
        check_means(program, path)
        record(module, path, vocabulary=301)
        subprocess.run([program, "export", path, "W", "-o", path + ".npy", "--bits"], check=True, capture_output=True)
        subprocess.run([program, "export", path, "W", "-o", path + "2.npy", "--rows=dead", "--steps=3:40:5", "--dims=2:9"],
                       check=True, capture_output=True)
        arrays = read(path, "W"), read(path, "dead_indices")
        assert (numpy.load(path + ".npy") == arrays[0]).all()
        part = arrays[0][3:40:5, arrays[1], 2:9].astype(numpy.uint32) << 16
        assert (numpy.load(path + "2.npy") == part.view(numpy.float32)).all()
        for form in ("float16",) + ("thimble-6",) * hdf5:
            record(module, path, format=form)
            code, _, errors = account(program, path)
            assert code == 3 and "float16, which cannot hold bf16" in errors, (code, errors)
            assert subprocess.run([program, "info", path], capture_output=True).returncode == 0
    if not hdf5:
        print("skipped: thimble-6 and thimble-7, h5py is not there")
    print("ok: every component of every step is explained")


if __name__ == "__main__":
    main()
