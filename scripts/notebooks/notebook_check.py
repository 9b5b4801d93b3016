#!/usr/bin/env python3
"""The notebook's own check of AdamW on a recording in its schema, then one cause after another put right.

    notebook_check.py RECORDING [--rows dead|live|all] [--steps N]

RECORDING is a safetensors file as scripts/notebooks/thimble1_pytorch.py writes it (AdamW for-loop, moments
upcast to float32). The first rows of the table are what notebooks 1.25b and 1.25c computed from W[t-1] and the
moments of frame t; each further row changes one thing. The last rows ask what the notebooks never asked: do
the moments themselves follow from the gradient? Prints two tables in Markdown. Needs numpy only.
"""
import argparse
import json
import struct
import sys

import numpy as np

F = np.float32


class Recording:
    """Tensors of a safetensors file, mapped; bf16 as uint16."""

    TYPES = {"BF16": np.uint16, "U16": np.uint16, "F32": np.float32, "F64": np.float64, "I64": np.int64}

    def __init__(self, path):
        with open(path, "rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            self.header = json.loads(file.read(length))
        self.path, self.start = path, 8 + length

    def __getitem__(self, name):
        about = self.header[name]
        return np.memmap(self.path, self.TYPES[about["dtype"]], "r", self.start + about["data_offsets"][0],
                         tuple(about["shape"]) or (1,))


def widen(bits):
    return (bits.astype(np.uint32) << 16).view(F) if bits.dtype == np.uint16 else bits


def rn(x):
    """float32 to the nearest bf16, ties to even, as float32."""
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)).view(F)


def fma(a, b, c):
    """a b + c rounded to float32 once: a b is exact in float64, the sum is rounded to odd there, which a second
    rounding to 24 bits does not show."""
    product, c = a.astype(np.float64) * b.astype(np.float64), c.astype(np.float64)
    total = product + c
    part = total - product
    error = (product - (total - part)) + (c - part)
    bits = total.view(np.int64)
    away = np.where((error > 0) == (total > 0), 1, -1)
    odd = np.where((error != 0) & (bits & 1 == 0), bits + np.where(away > 0, 1, -1), bits)
    return odd.view(np.float64).astype(F)


class Step:
    """The numbers of step t, and each prediction of W."""

    def __init__(self, hyper, t, w, m, v):
        self.lr32, self.wd, self.beta1, self.beta2, self.eps = hyper
        self.lr = float(f"{self.lr32:.7g}")  # the decimal that was meant
        self.t, self.w, self.m, self.v = t, w, m, v
        b1, b2 = (float(f"{b:.7g}") for b in (self.beta1, self.beta2))
        self.c1, self.c2 = 1 - b1**t, 1 - b2**t

    def delta(self):
        m_hat, v_hat = self.m / F(self.c1), self.v / F(self.c2)
        return -F(self.lr32) * m_hat / (np.sqrt(v_hat) + F(self.eps)) - F(self.wd) * self.w

    def unrounded(self):
        return self.w + self.delta()

    def rounded_once(self):
        return rn(self.w + self.delta())

    def divisor(self, rounded):
        """sqrt v / sqrt c2 + eps, the first `rounded` of these three operations rounded to bf16."""
        s = np.sqrt(self.v)
        s = rn(s) if rounded > 0 else s
        s = s / F(np.sqrt(self.c2))
        s = rn(s) if rounded > 1 else s
        return rn(s + rn(np.array([self.eps], F))[0]) if rounded > 2 else s + F(self.eps)

    def pytorch_order(self, rounded=0, w=None):
        return rn((self.w if w is None else w) - F(self.lr / self.c1) * self.m / self.divisor(rounded))

    def root_rounded(self):
        return self.pytorch_order(1)

    def quotient_rounded(self):
        return self.pytorch_order(2)

    def divisor_rounded(self):
        return self.pytorch_order(3)

    def decay_first(self):
        return self.pytorch_order(3, rn(self.w * F(1 - self.lr * float(f"{self.wd:.7g}"))))


def subtract_bf16(a, b):
    """As bf16 tensors are subtracted, and upcast afterwards."""
    return rn(a - b)


def likeness_f32(predicted, observed):
    """Norms and cosine in float32: squares summed one after the other, products in the blocks of a BLAS. Each
    sum of hundreds of thousands of terms has its own rounding error."""
    add = lambda x: np.add.accumulate(x.reshape(-1), dtype=F)[-1]
    np_, no = np.sqrt(add(predicted * predicted)), np.sqrt(add(observed * observed))
    product = np.dot(predicted.reshape(-1), observed.reshape(-1))
    return (np_ / no, product / (np_ * no)) if np_ > 0 and no > 0 else (np.nan, np.nan)


def likeness_f64(predicted, observed):
    np_, no = (np.sqrt(np.sum(x * x)) for x in (predicted, observed))
    product = np.sum(predicted * observed)
    return (np_ / no, min(product / (np_ * no), 1.0)) if np_ > 0 and no > 0 else (np.nan, np.nan)


# what it is called, how W is predicted, whether the change is taken exactly and in float64
STAGES = [
    ("1.25b: W - lr m^ / (sqrt v^ + eps) - wd W in float32", Step.unrounded, False),
    ("1.25c: the same, W rounded to bf16 once", Step.rounded_once, False),
    ("changes subtracted exactly, norms in float64", Step.rounded_once, True),
    ("no m^, v^: W - (lr / c1) m / (sqrt v / sqrt c2 + eps)", Step.pytorch_order, True),
    ("sqrt v rounded to bf16", Step.root_rounded, True),
    ("its quotient by sqrt c2 rounded to bf16", Step.quotient_rounded, True),
    ("the sum with eps rounded to bf16", Step.divisor_rounded, True),
    ("decay W (1 - lr wd) first, with lr, and rounded", Step.decay_first, True),
]


class Tally:
    def __init__(self):
        self.equal = self.components = self.steps = self.exact = self.near = self.aligned = self.moving = 0
        self.cosines, self.greatest = [], -1.0

    def add(self, predicted, found, ratio, cosine):
        equal = int(np.count_nonzero(predicted.view(np.uint32) == found.view(np.uint32)))
        self.equal += equal
        self.components += found.size
        self.steps += 1
        self.exact += equal == found.size
        if not np.isnan(ratio):
            self.moving += 1
            self.near += abs(ratio - 1) <= 0.01
            self.aligned += cosine > 0.99
            self.cosines.append(cosine)
            self.greatest = max(self.greatest, cosine)


def moments(g, m, v, beta1, beta2):
    """Predictions of m and v of frame t from frame t-1, by name."""
    b1, b2 = float(f"{beta1:.7g}"), float(f"{beta2:.7g}")
    w1, w2 = np.full_like(g, F(1 - b1)), F(1 - b2)
    lerp = fma(w1, g - m, m) if 1 - b1 < 0.5 else fma(np.full_like(g, F(1 - b1) - F(1)), g - m, g)
    return [
        ("m = b1 m + (1 - b1) g in float32", "m", F(b1) * m + w1 * g),
        ("the same, rounded to bf16", "m", rn(F(b1) * m + w1 * g)),
        ("m + (1 - b1)(g - m), one fused multiply-add, rounded", "m", rn(lerp)),
        ("v = b2 v + (1 - b2) g g in float32", "v", F(b2) * v + w2 * g * g),
        ("the same, rounded to bf16", "v", rn(F(b2) * v + w2 * g * g)),
        ("b2 v rounded to bf16 before the sum", "v", rn(rn(v * F(b2)) + w2 * g * g)),
        ("and the product fused into the sum", "v", rn(fma(w2 * g, g, rn(v * F(b2))))),
    ]


def show(text):
    print(text, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording")
    parser.add_argument("--rows", choices=("dead", "live", "all"), default="dead")
    parser.add_argument("--steps", type=int, help="the first N; all")
    options = parser.parse_args()
    file = Recording(options.recording)
    names = ("learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon")
    hyper = [float(file[name][0]) for name in names]
    W, G, M, V = (file[name] for name in ("W", "grad_W", "momentum_W", "variance_W"))
    rows = np.arange(W.shape[1])
    if options.rows != "all":
        rows = np.asarray(file[options.rows + "_indices"])
    steps = min(options.steps or len(W) - 1, len(W) - 1)
    stages = STAGES if hyper[1] else STAGES[:-1]
    tallies = [Tally() for _ in stages]
    counts = {}
    frame = lambda t: [widen(np.asarray(x[t])[rows]) for x in (W, M, V)]
    before = frame(0)
    for t in range(1, steps + 1):
        now = frame(t)
        step = Step(hyper, t, before[0], now[1], now[2])
        observed = {True: now[0].astype(np.float64) - before[0], False: subtract_bf16(now[0], before[0])}
        for tally, (name, predict, exactly) in zip(tallies, stages):
            w = predict(step)
            if exactly:
                likeness = likeness_f64(w.astype(np.float64) - before[0], observed[True])
            elif predict is Step.unrounded:
                likeness = likeness_f32(step.delta(), observed[False])
            else:
                likeness = likeness_f32(subtract_bf16(w, before[0]), observed[False])
            tally.add(w, now[0], *likeness)
        gradient = widen(np.asarray(G[t])[rows])
        for name, which, value in moments(gradient, before[1], before[2], hyper[2], hyper[3]):
            found = now[1] if which == "m" else now[2]
            equal = int(np.count_nonzero(value.view(np.uint32) == found.view(np.uint32)))
            total = counts.setdefault((name, which), [0, 0, 0])
            total[0] += equal
            total[1] += found.size
            total[2] += equal == found.size
        before = now
        if t % 20 == 0 or t == steps:
            print(f"\rstep {t} of {steps}", end="" if t < steps else "\n", file=sys.stderr, flush=True)
    show(f"{options.recording}: {steps} steps, {len(rows):,} {options.rows} rows\n")
    components = f"{tallies[0].components:,}"
    show(f"| W predicted by | of {components} differ | steps equal | ratio within 1 % | cosine > 0.99 | mean cosine | greatest |")
    show("|---|---|---|---|---|---|---|")
    for tally, (name, _, _) in zip(tallies, stages):
        show(f"| {name} | {tally.components - tally.equal:,} | {tally.exact} of {tally.steps} | {tally.near} | "
             f"{tally.aligned} | {np.mean(tally.cosines):.4f} | {tally.greatest:.7f} |")
    show(f"\n| moment predicted by | of {components} differ | steps equal |\n|---|---|---|")
    for (name, _), (equal, total, exact) in counts.items():
        show(f"| {name} | {total - equal:,} | {exact} of {steps} |")


if __name__ == "__main__":
    main()
