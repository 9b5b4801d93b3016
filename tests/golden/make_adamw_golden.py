#!/usr/bin/env python3
"""Makes adamw.safetensors or, with an older PyTorch, adamw_legacy.safetensors for
test_adamw_golden.c: what torch.optim.AdamW computes, bit for bit.

Parameters and gradients are drawn by Philox4x32-10 as base/random.h draws them, so only results are
stored: a hash of p, m and v of all steps so far, after each step or now and then, and the last values
near both ends of the tensor.
Needs torch and numpy:
    python3 tests/golden/make_adamw_golden.py            with torch >= 2.1
    /usr/bin/python3 tests/golden/make_adamw_golden.py   with Debian 12's python3-torch (1.13)
The cases f32 and master compose the sequence of docs/numerics.md from single torch operations.
"""
import json
import pathlib
import struct

import numpy as np
import torch

SEED = 20240229
# lr, beta1, beta2, eps, weight decay
HYPERPARAMETERS = [
    (1e-3, 0.9, 0.999, 1e-8, 0.0),
    (1e-3, 0.9, 0.999, 1e-8, 0.01),
    (3e-4, 0.9, 0.95, 1e-8, 0.1),
    (1e-2, 0.9, 0.99, 1e-6, 0.5),
    (1e-3, 0.5, 0.9, 1e-8, 0.0),
    (2e-3, 0.4, 0.98, 1e-4, 1.0),
    (0.1, 0.1, 0.5, 1e-8, 0.0),
]  # beta1 = 0 is left out: in tails PyTorch then gives some zeros of m the other sign
# elements, steps: tails only, bodies only, both, and one that PyTorch shares among threads
SIZES = [(5, 60), (31, 60), (512, 60), (1003, 60), (70007, 6)]
# Body and tail of bf16-fused part at one element in some 2^15: these meet enough of them.
LONG_SIZES = [(15, 20000), (16, 20000)]
# Before 2.1 the tail of a thread's share rounded once more in m: sizes that have no tail.
LEGACY_SIZES = [(128, 60), (512, 60), (32768, 6)]
NARROW, WIDE = 0, 1  # gradients: exponents 2^-24..2^-4, or all that exist below 2^126


def philox(seed, stream, count):
    number = np.arange((count + 3) // 4, dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    x = [number & mask, number >> np.uint64(32), np.full_like(number, stream), np.zeros_like(number)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        x = [(p1 >> np.uint64(32)) ^ x[1] ^ np.uint64(k0), p1 & mask,
             (p0 >> np.uint64(32)) ^ x[3] ^ np.uint64(k1), p0 & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(x, axis=1).reshape(-1)[:count]


def draw(stream, count, lowest, exponents, zeros):
    """bf16 bits: sign bit 31, mantissa bits 0..6, exponent from bits 8..23, zero by bits 24..27."""
    word = philox(SEED, stream, count)
    exponent = np.uint64(lowest) + (word >> np.uint64(8) & np.uint64(0xFFFF)) % np.uint64(exponents)
    bits = (word >> np.uint64(31) << np.uint64(15)) | exponent << np.uint64(7) | word & np.uint64(0x7F)
    zero = (word >> np.uint64(24) & np.uint64(15)) == 0
    bits = np.where(zero & zeros, bits & np.uint64(0x8000), bits)
    return torch.from_numpy(bits.astype(np.uint16).view(np.int16)).view(torch.bfloat16)


def parameters(count):
    return draw(0, count, 112, 12, False)


def gradient(step, count, kind):
    return draw(step, count, 0, 253, True) if kind == WIDE else draw(step, count, 103, 21, True)


def words(tensor):
    view = torch.int16 if tensor.dtype == torch.bfloat16 else torch.int32
    array = tensor.detach().contiguous().view(view).numpy()
    return array.view(np.uint16 if view == torch.int16 else np.uint32)


def fnv(value, tensors):
    """FNV-1a, 64 bits, over whole elements."""
    for tensor in tensors:
        for word in words(tensor).tolist():
            value = (value ^ word) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


class Torch:
    def __init__(self, p, hyper, **options):
        lr, beta1, beta2, eps, decay = hyper
        self.p = torch.nn.Parameter(p)
        self.optimizer = torch.optim.AdamW([self.p], lr=lr, betas=(beta1, beta2), eps=eps,
                                           weight_decay=decay, **options)

    def step(self, g, _):
        self.p.grad = g
        self.optimizer.step()
        state = self.optimizer.state[self.p]
        return self.p, state["exp_avg"], state["exp_avg_sq"]


class Float:
    """The f32 sequence, an operation at a time; p is rounded, or kept when master."""

    def __init__(self, p, hyper, master):
        self.hyper, self.master, self.p = hyper, master, p.float()
        self.m, self.v = torch.zeros_like(self.p), torch.zeros_like(self.p)

    def step(self, g, t):
        lr, beta1, beta2, eps, decay = self.hyper
        f = lambda x: torch.tensor(x, dtype=torch.float32)
        g = g.float()
        self.m = f(beta1) * self.m + f(1 - beta1) * g
        self.v = f(beta2) * self.v + (f(1 - beta2) * g) * g
        m_hat, v_hat = self.m / f(1 - beta1**t), self.v / f(1 - beta2**t)
        # torch's float32 sqrt may come from MKL, which does not always round correctly.
        root = v_hat.double().sqrt().float()
        self.p = self.p * f(1 - lr * decay) - f(lr) * m_hat / (root + f(eps))
        seen = self.p.bfloat16()
        if not self.master:
            self.p = seen.float()
        return seen, self.m, self.v


def run(make, count, steps, kind):
    optimizer, hashes, value = make(parameters(count)), [], 0xCBF29CE484222325
    every = 1 if steps <= 100 else steps // 20
    for t in range(1, steps + 1):
        state = optimizer.step(gradient(t, count, kind), t)
        assert not any(torch.isnan(x).any() for x in state)
        value = fnv(value, state)
        if t % every == 0:
            hashes.append(value)
    ends = [w for x in state for w in [*words(x)[:16].tolist(), *words(x)[-16:].tolist()]]
    return hashes, every, ends


def modern_cases():
    for index, hyper in enumerate(HYPERPARAMETERS):
        for count, steps in SIZES + LONG_SIZES:
            if (count > 10000 or steps > 1000) and index != 1 and index != 2:
                continue
            kind = WIDE if index % 2 else NARROW
            yield "bf16", hyper, count, steps, kind, lambda p: Torch(p, hyper, foreach=False)
            yield "bf16-foreach", hyper, count, steps, kind, lambda p: Torch(p, hyper, foreach=True)
            yield "bf16-fused", hyper, count, steps, kind, lambda p: Torch(p, hyper, fused=True)
        yield "f32", hyper, 512, 60, kind, lambda p: Float(p, hyper, False)
        yield "master", hyper, 512, 60, kind, lambda p: Float(p, hyper, True)


def legacy_cases():
    for index, hyper in enumerate(HYPERPARAMETERS):
        for count, steps in LEGACY_SIZES:
            kind = WIDE if index % 2 else NARROW
            yield "bf16-legacy", hyper, count, steps, kind, lambda p: Torch(p, hyper, foreach=False)


def save(path, metadata, tensors):
    header, offset, data = {"__metadata__": metadata}, 0, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(content)]}
        offset, data = offset + len(content), data + content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def main():
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    legacy, tensors = version < (2, 1), {}
    for number, (name, hyper, count, steps, kind, make) in enumerate(
            legacy_cases() if legacy else modern_cases()):
        hashes, every, ends = run(make, count, steps, kind)
        case = f"{number:03d}/{name}"
        tensors[case + "/hyperparameters"] = ("F64", [5], struct.pack("<5d", *hyper))
        tensors[case + "/count_kind_every"] = ("I64", [3], struct.pack("<3q", count, kind, every))
        tensors[case + "/hashes"] = ("U64", [len(hashes)], struct.pack(f"<{len(hashes)}Q", *hashes))
        tensors[case + "/ends"] = ("U32", [len(ends)], struct.pack(f"<{len(ends)}I", *ends))
    path = pathlib.Path(__file__).parent / ("adamw_legacy.safetensors" if legacy else "adamw.safetensors")
    save(path, {"torch": torch.__version__, "cpu": torch.__config__.show().split("capability usage: ")[1].split()[0]}, tensors)
    print(path, path.stat().st_size, "bytes,", len(tensors) // 4, "cases")


if __name__ == "__main__":
    main()
