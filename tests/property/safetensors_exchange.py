#!/usr/bin/env python3
"""Files of ours are read by Python's safetensors, and files of its by ours, byte for byte.

    scripts/with_python.sh "safetensors numpy" tests/property/safetensors_exchange.py SAFETENSORS_TOOL
"""
import pathlib
import random
import subprocess
import sys
import tempfile
import zlib

import numpy
import safetensors
import safetensors.numpy

# Types in the order of include/azimuth/safetensors.h, bytes of an element.
TYPES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "I16": 2, "U16": 2,
         "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8}
# Those that numpy has as well.
SHARED = {"bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16",
          "float16": "F16", "int32": "I32", "float32": "F32", "float64": "F64", "int64": "I64"}


def check_ours(tool, path, seed):
    """What the tool writes follows its formula in Python's eyes."""
    subprocess.run([tool, "write", path, str(seed)], check=True)
    found = dict(safetensors.deserialize(path.read_bytes()))
    assert len(found) == len(TYPES), found.keys()
    for number, (dtype, size) in enumerate(TYPES.items()):
        tensor = found[f'ténsor "{number}"']
        shape = [seed % 5 + number, 3]
        length = shape[0] * shape[1] * size
        formula = ((i + number + seed) & 1 if dtype == "BOOL" else (7 * i + number + seed) & 255
                   for i in range(length))
        assert tensor["dtype"] == dtype, (tensor["dtype"], dtype)
        assert tensor["shape"] == shape, (tensor["shape"], shape)
        assert bytes(tensor["data"]) == bytes(formula), f"the bytes of tensor {number} differ"
    with safetensors.safe_open(path, "np") as file:
        assert file.metadata() == {"quote": 'say "é"\n'}, file.metadata()


def check_theirs(tool, path, seed):
    """What Python writes is told back by the tool."""
    draw, tensors, expected = random.Random(seed), {}, []
    for number in range(draw.randrange(1, 20)):
        name = f"{number} é\"\\\u0e01 {draw.random()}"
        dtype = draw.choice(list(SHARED))
        shape = [draw.randrange(0, 5) for _ in range(draw.randrange(0, 5))]
        length = int(numpy.prod(shape, dtype=int)) * TYPES[SHARED[dtype]]
        data = draw.randbytes(length) if dtype != "bool" else bytes(length)
        tensors[name] = numpy.frombuffer(data, dtype).reshape(shape)
        expected.append(" ".join([name.encode().hex(), SHARED[dtype], str(zlib.adler32(data)),
                                  *map(str, shape)]))
    path.write_bytes(safetensors.numpy.save(tensors, {"key": "value"}))
    told = subprocess.run([tool, "tell", path], check=True, capture_output=True, text=True).stdout
    assert sorted(told.splitlines()) == sorted(expected), (told, expected)


def main():
    tool = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "exchange.safetensors")
        for seed in range(10):
            check_ours(tool, path, seed)
            check_theirs(tool, path, seed)
    print(f"safetensors {safetensors.__version__}: 10 files each way, equal")


if __name__ == "__main__":
    main()
