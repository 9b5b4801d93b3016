"""open_checkpoint.py RUN: opens the checkpoint of a finished run with the safetensors package and compares
it with the last frames of the recording and with the model, as docs/formats.md says that they agree."""
import os
import sys

import safetensors

TYPES = {"step": "I64", "loss": "F32", "first_loss": "F32", "clip_coefficient": "F32", "learning_rate": "F64",
         "dead_indices": "I64", "h_mean": "F64", "last_motion_step": "I64", "fingerprint_state": "U8"}
EMBEDDING = "transformer.wte.weight"


def read(path):
    with open(path, "rb") as file:
        return dict(safetensors.deserialize(file.read()))


def check_names(checkpoint, model):
    names = {name for name in checkpoint if "/" not in name}
    assert names == set(TYPES), names
    for name, dtype in TYPES.items():
        assert checkpoint[name]["dtype"] == dtype, name
        assert (checkpoint[name]["shape"] == []) == (name in list(TYPES)[:5]), name
    for group in ("parameters", "momentum", "variance"):
        there = {name[len(group) + 1:] for name in checkpoint if name.startswith(group + "/")}
        assert there == set(model) | {EMBEDDING}, (group, there ^ set(model))


def check_values(checkpoint, model, recording):
    steps = recording["W"]["shape"][0] - 1
    assert int.from_bytes(checkpoint["step"]["data"], "little") == steps
    for group, movie in (("parameters", "W"), ("momentum", "momentum_W"), ("variance", "variance_W")):
        state, frames = checkpoint[f"{group}/{EMBEDDING}"], recording[movie]
        assert state["dtype"] == frames["dtype"] and state["shape"] == frames["shape"][1:], movie
        assert frames["data"][-len(state["data"]):] == state["data"], movie
    for name, tensor in model.items():
        assert checkpoint[f"parameters/{name}"]["data"] == tensor["data"], name
    assert checkpoint["dead_indices"]["data"] == recording["dead_indices"]["data"]
    assert checkpoint["loss"]["data"] == recording["losses"]["data"][-4:]
    assert checkpoint["learning_rate"]["data"] == recording["learning_rates"]["data"][-8:]


def main():
    run = sys.argv[1]
    path = os.path.join(run, "checkpoint.safetensors")
    checkpoint, model = read(path), read(os.path.join(run, "model", "model.safetensors"))
    check_names(checkpoint, model)
    check_values(checkpoint, model, read(os.path.join(run, "recording.safetensors")))
    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
        assert file.get_tensor("step").shape == ()
    assert metadata["format"] == "azimuth-checkpoint-1" and len(metadata["hash"]) == 32
    assert metadata["train.steps"] and metadata["optimizer.lr"] == "0.001"
    print(f"safetensors opened {len(checkpoint)} tensors of step {int.from_bytes(checkpoint['step']['data'], 'little')}")


main()
