"""transformers opens the exported model and computes the loss that azimuth computes.

test_export.py EXPORT_MODEL, run through scripts/with_python.sh "torch transformers safetensors".
In float32 transformers gives the loss of the weights themselves, in bf16 that of a bf16 model;
azimuth's compute = bf16 must lie within bf16 rounding, here 2^-10 relative for the mean over 192 positions, of both.
"""
import subprocess
import sys
import tempfile

import torch
from transformers import GPT2LMHeadModel


def exported(program, folder, kind):
    lines = subprocess.run([program, folder, kind], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.splitlines()
    rows = torch.tensor([[int(word) for word in line.split()] for line in lines[1:]])
    return float(lines[0]), rows[: len(rows) // 2], rows[len(rows) // 2 :]


def loss_of(folder, dtype, inputs, targets):
    model, report = GPT2LMHeadModel.from_pretrained(folder, torch_dtype=dtype,
                                                    output_loading_info=True)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not report[kind], f"{kind}: {report[kind]}"
    with torch.no_grad():
        logits = model.eval()(inputs).logits.float()
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).item()


def main():
    for kind in ("tied", "untied"):
        with tempfile.TemporaryDirectory() as folder:
            loss, inputs, targets = exported(sys.argv[1], folder, kind)
            for dtype in (torch.float32, torch.bfloat16):
                theirs = loss_of(folder, dtype, inputs, targets)
                print(f"{kind}, {dtype}: azimuth {loss:.6f}, transformers {theirs:.6f}")
                assert abs(loss / theirs - 1) < 2**-10, "beyond bf16 rounding"


main()
