#!/usr/bin/env python3
"""How far do the dead tokens share one push? From a recording of azimuth with all four tensors, decay 0.

    common_drive.py RUN/recording.safetensors [--from STEP] [--to STEP] [--csv FILE]

At each step: the cosine of each dead token's gradient with their mean; the spread over tokens of Adam's step
u = lr m^ / (sqrt v^ + eps), coordinate by coordinate (standard deviation by root mean square); the share of
tokens that moved, beside the share that would have moved had every token made the median token's step. Prints
means over the steps; FILE takes a row for each step. Needs numpy only.
"""
import argparse

import numpy as np

from notebook_check import Recording, widen


def narrow(x):
    """float32 to bf16, to nearest even; no NaN among weights."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def steps_of(recording, step, dead):
    """lr m^ / (sqrt v^ + eps) of the dead rows, float64."""
    beta1, beta2 = (float(recording[name][0]) for name in ("adam_beta1", "adam_beta2"))
    m = widen(recording["momentum_W"][step][dead]).astype(np.float64) / (1 - beta1**step)
    v = widen(recording["variance_W"][step][dead]).astype(np.float64) / (1 - beta2**step)
    return float(recording["learning_rates"][step]) * m / (np.sqrt(v) + float(recording["adam_epsilon"][0]))


def look(recording, step, dead):
    before, after = recording["W"][step - 1][dead], recording["W"][step][dead]
    moved = (before != after).any(1)
    u = steps_of(recording, step, dead)
    common = np.median(u, 0)
    would = (narrow(widen(before) - common) != before).any(1)
    gradient = widen(recording["grad_W"][step][dead]).astype(np.float64)
    mean = gradient.mean(0)
    sizes = np.linalg.norm(gradient, axis=1) * np.linalg.norm(mean)
    cosines = (gradient @ mean)[sizes > 0] / sizes[sizes > 0]
    exponents = (before >> 7) & 255
    return {
        "step": step,
        "moved_share": moved.mean(),
        "common_step_share": would.mean(),
        "told_right_share": (moved == would).mean(),
        "gradient_cosine_p01": np.quantile(cosines, 0.01),
        "gradient_cosine_median": np.median(cosines),
        "step_spread": np.median(u.std(0) / np.sqrt((u**2).mean(0))),
        "same_sign_share": np.maximum((u > 0).mean(0), (u < 0).mean(0)).mean(),
        "same_binade_share": np.mean([np.bincount(column).max() / len(column) for column in exponents.T]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording")
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--to", dest="last", type=int)
    parser.add_argument("--csv")
    options = parser.parse_args()
    recording = Recording(options.recording)
    dead = np.asarray(recording["dead_indices"])
    last = options.last or len(recording["W"]) - 1
    rows = [look(recording, step, dead) for step in range(options.first, last + 1)]
    names = list(rows[0])
    table = np.array([[row[name] for name in names] for row in rows])
    if options.csv:
        np.savetxt(options.csv, table, "%.9g", ",", header=",".join(names), comments="")
    print(f"{len(dead)} dead tokens, steps {options.first} to {last}, means over the steps")
    for name, mean in list(zip(names, table.mean(0)))[1:]:
        print(f"  {name:24} {mean:.5f}")
    moved, would = table[:, 1], table[:, 2]
    if moved.var() > 0:
        told = 1 - np.mean((moved - would) ** 2) / moved.var()
        print(f"  variance of moved_share that common_step_share tells: {told:.3f}")


if __name__ == "__main__":
    main()
