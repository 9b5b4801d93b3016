#!/usr/bin/env python3
"""The polynomial of the kernels' exp (src/kernel/constants.h, docs/numerics.md).

    scripts/minimax.py

Finds C2..C6 of 1 + r + r^2 (C2 + C3 r + ... + C6 r^4) with the least largest relative error against
exp(r) on |r| <= ln(2)/2, by Lawson's iteration (weighted least squares, weights multiplied by the
error of the last fit), and prints them rounded to float32 with the error that is left.
"""
import math
import struct

DEGREES = range(2, 7)
LIMIT = math.log(2) / 2 * 1.0001
POINTS = 1501
ROUNDS = 400


def solve(matrix, vector):
    """Gaussian elimination with pivots."""
    n = len(vector)
    rows = [row[:] + [value] for row, value in zip(matrix, vector)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    solution = [0.0] * n
    for i in reversed(range(n)):
        known = sum(rows[i][j] * solution[j] for j in range(i + 1, n))
        solution[i] = (rows[i][n] - known) / rows[i][i]
    return solution


def fit(basis, target, weights):
    n = len(basis[0])
    matrix = [[sum(w * b[i] * b[j] for w, b in zip(weights, basis)) for j in range(n)]
              for i in range(n)]
    return solve(matrix, [sum(w * b[i] * t for w, b, t in zip(weights, basis, target))
                          for i in range(n)])


def to_float32(x):
    return struct.unpack('f', struct.pack('f', x))[0]


def remainder(r):
    """exp(r) - 1 - r, by its series: a difference would lose what matters near 0."""
    return math.fsum(r ** k / math.factorial(k) for k in range(2, 22))


def main():
    points = [LIMIT * math.cos(math.pi * (i + 0.5) / POINTS) for i in range(POINTS)]
    basis = [[(r / LIMIT) ** k / math.exp(r) for k in DEGREES] for r in points]
    target = [remainder(r) / math.exp(r) for r in points]
    weights = [1 / POINTS] * POINTS
    best = None
    for _ in range(ROUNDS):
        found = fit(basis, target, weights)
        errors = [abs(sum(c * b for c, b in zip(found, row)) - t) for row, t in zip(basis, target)]
        if best is None or max(errors) < best[0]:
            best = max(errors), found
        weights = [w * e for w, e in zip(weights, errors)]
        total = sum(weights)
        weights = [w / total for w in weights]
    error, found = best
    for k, c in zip(DEGREES, found):
        print(f'C{k} {to_float32(c / LIMIT ** k).hex()}')
    print(f'largest relative error before rounding the coefficients: {error:.3e}')


if __name__ == '__main__':
    main()
