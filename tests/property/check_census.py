"""numpy finds in a matrix what azimuth census, frame, neighbours and sky wrote of it.

check_census.py AZIMUTH, run through scripts/with_python.sh "numpy safetensors". A matrix of bf16
with rows that are equal, that touch across a binade and a zero, and with a -0; all results are
computed here again, from the bits, in the slowest and plainest way. CSV files are read with pandas
where it is installed, else with the csv module.
"""
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import load_file, save_file

ROWS, DIMS = 120, 7


def planted():
    """Raw bits [ROWS, DIMS]: a crowd about one vector, some equal, some a step or two away."""
    random = np.random.default_rng(7)
    values = random.normal(0, 1, (ROWS, DIMS)).astype(np.float32)
    bits = (values.view(np.uint32) >> 16).astype(np.uint16)
    bits[::2] = bits[0]
    bits[0, 0] = 0x3f80                          # a power of two: a step down is another binade
    bits[::2, 0] = 0x3f80
    bits[::2, 1] = 0                             # and here a step down is another sign
    bits[10:40:2, 0] = 0x3f7f
    bits[40:50:2, 1] = 0x8001
    bits[50:56:2, 2] += 2
    bits[60, 1] = 0x8000                         # -0
    return bits


def orders(bits):
    magnitude = (bits & 0x7fff).astype(np.int64)
    return np.where(bits & 0x8000, -magnitude, magnitude)


def floats(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def read_csv(path):
    try:
        import pandas
        return {name: list(column) for name, column in pandas.read_csv(path).items()}
    except ImportError:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {name: [float(row[name]) for row in rows] for name in rows[0]}


def check_census(folder, bits):
    lattice, values = orders(bits), floats(bits)
    masks = load_file(f"{folder}/census/masks.safetensors")
    groups = {}
    for row in range(ROWS):
        groups.setdefault(tuple(lattice[row]), []).append(row)
    vectors = sorted(groups.values(), key=lambda rows: (-len(rows), rows[0]))
    holes = [rows for rows in vectors if len(rows) > 1]
    assert len(holes) >= 4, "the plan has four black holes"
    label = np.full(ROWS, -1)
    for number, rows in enumerate(holes):
        label[rows] = number
    assert (masks["token_to_black_hole"] == label).all()
    assert (masks["black_hole_mask"] == (label >= 0)).all()
    assert (masks["black_hole_sizes"] == [len(rows) for rows in holes]).all()
    assert masks["n_unique_vectors"] == len(vectors) and masks["n_black_holes"] == len(holes)
    centre = holes[0][0]
    steps = np.abs(lattice - lattice[centre]).max(axis=1)
    exponents = (bits >> 7 & 255).astype(int)
    assert (masks["linf_steps"] == steps).all()
    apart = np.abs(exponents - exponents[centre]).max(axis=1)
    assert (masks["exponent_distance_exps"] == apart).all()
    assert (masks["full_neighborhood_mask"] == (apart == 0)).all()
    assert (masks["close_mask"] == (steps <= 2)).all()
    radius = np.sqrt(((values - values[centre]) ** 2).sum(axis=1))
    assert np.allclose(masks["radius_w"], radius, rtol=1e-12)
    assert np.allclose(masks["row_norm_w"], np.sqrt((values ** 2).sum(axis=1)), rtol=1e-12)
    assert np.allclose(masks["mean_vector_w"], values.mean(axis=0), rtol=1e-12)
    crystal = [vectors[n] for n in masks["pair_vectors"]]
    first = np.array([rows[0] for rows in crystal])
    linf = np.abs(lattice[first][:, None] - lattice[first][None]).max(axis=2)
    assert (masks["pair_linf_steps"] == linf).all()
    reached, border = set(), {rows[0] for rows in holes}
    while border:                                # the flood, a wave at a time
        reached |= border
        border = {rows[0] for rows in vectors if rows[0] not in reached and
                  any(np.abs(lattice[rows[0]] - lattice[b]).max() <= 1 for b in border)}
    flooded = [tuple(lattice[row]) in {tuple(lattice[r]) for r in reached} for row in range(ROWS)]
    assert (masks["spongecrystal_mask"] == flooded).all()
    table = read_csv(f"{folder}/census/black_holes.csv")
    assert [int(token) for token in table["token"]] == [row for rows in holes for row in rows]
    edges = read_csv(f"{folder}/census/edges.csv")
    assert len(edges["linf_steps"]) == ((linf <= 1).sum() - len(first)) // 2
    with open(f"{folder}/census/census.json", encoding="utf-8") as file:
        assert json.load(file)["n_unique_vectors"] == len(vectors)
    catalog = sqlite3.connect(f"{folder}/census/catalog.sqlite")
    count = catalog.execute("SELECT count(*) FROM census_rows").fetchone()[0]
    catalog.close()
    assert count == ROWS
    print(f"{len(vectors)} vectors, {len(holes)} black holes, {len(edges['linf_steps'])} edges")


def check_views(folder, bits):
    values = floats(bits)
    near = load_file(f"{folder}/near/neighbours.safetensors")
    distance = np.sqrt(((values[:, None] - values[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distance, np.inf)
    assert np.allclose(near["distances"], np.sort(distance, axis=1)[:, :3], rtol=1e-12)
    ranks = np.lexsort((np.broadcast_to(np.arange(ROWS), distance.shape), distance), axis=1)
    assert (near["neighbours"] == ranks[:, :3]).all(), "ties go to the lower row"
    frame = load_file(f"{folder}/frame/frame.safetensors")
    covariance = np.cov(values.T, bias=True)
    expected = np.linalg.eigvalsh(covariance)[::-1]
    assert np.allclose(frame["eigenvalues"], expected, rtol=0, atol=1e-6 * expected[0])
    inverse = np.linalg.inv(covariance + 1e-6 * np.eye(DIMS))  # the causal metric, its ridge
    apart = values[:, None] - values[None]
    distance = np.sqrt(np.einsum("ijk,kl,ijl->ij", apart, inverse, apart))
    np.fill_diagonal(distance, np.inf)
    causal = load_file(f"{folder}/causal/neighbours.safetensors")
    assert np.allclose(causal["distances"], np.sort(distance, axis=1)[:, :3], rtol=1e-5, atol=1e-6)
    axes = frame["eigenvectors"].astype(np.float64)
    sky = load_file(f"{folder}/sky/sky.safetensors")
    along = values @ axes.T                      # north PC2, meridian PC1, equinox PC3
    for name, component in (("z", 1), ("x", 0), ("y", 2)):
        assert np.allclose(sky[name], along[:, component], atol=1e-5)
    latitude = np.degrees(np.arcsin(along[:, 1] / np.linalg.norm(along[:, :3], axis=1)))
    assert np.allclose(sky["latitude"], latitude, atol=1e-2)
    sky = load_file(f"{folder}/own/sky.safetensors")
    along = (values - values[3]) @ load_file(f"{folder}/axes.safetensors")["axes"].T
    for name, component in (("z", 0), ("x", 1), ("y", 2)):
        assert np.allclose(sky[name], along[:, component], atol=1e-5)


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        bits = planted()
        save_file({"W": bits}, f"{folder}/W.safetensors")
        axes = np.random.default_rng(8).normal(0, 1, (3, DIMS)).astype(np.float32)
        save_file({"axes": axes}, f"{folder}/axes.safetensors")
        os.environ["AZ_CACHE"] = ""
        for command in ("census W.safetensors --select close=steps<=2 -o census",
                        "frame W.safetensors -o frame", "neighbours W.safetensors -k 3 -o near",
                        "neighbours W.safetensors -k 3 --metric causal -o causal",
                        "sky W.safetensors --map mollweide --dpi 20 -o sky",
                        "sky W.safetensors --basis axes.safetensors:axes --from 3 "
                        "--map mollweide --dpi 20 -o own"):
            subprocess.run([program, *command.split()], cwd=folder, check=True,
                           stdout=subprocess.DEVNULL)
        check_census(folder, bits)
        check_views(folder, bits)


main()
