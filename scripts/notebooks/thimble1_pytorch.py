#!/usr/bin/env python3
"""Trains the loop of the Thimble 1 notebook in today's PyTorch and records it as the notebooks did.

A GPT-2 of transformers is made in float32, cast to bf16, and trained by torch.optim.AdamW: constant
learning rate, no clipping, windows of stride 1 drawn by a DataLoader with its own generator. Only
PyTorch's public interface is used. W (the tied embedding) and its gradient, both moments after the
step, and the loss are recorded at every step; frame 0 is the start.

    thimble1_pytorch.py -o thimble.safetensors                          the notebook, for-loop AdamW
    thimble1_pytorch.py -o t.h5 --format thimble-7 --optimizer fused     another container and kernel
    thimble1_pytorch.py -o t.safetensors --text bible.txt --tokenizer run/tokenizer.json

Without a text, tokens are drawn from a Zipf law with some memory; a third of the vocabulary never
occurs. Formats:

    thimble-1   safetensors: W, grad_W BF16; momentum_W, variance_W F32 (bf16 values upcast);
                losses, hyperparameters as 0-d F32
    thimble-3   safetensors: the same, moments BF16
    thimble-6   HDF5: everything float16, gzip 1 (what is lost cannot be accounted for)
    thimble-7   HDF5: uint16 bit patterns, not compressed, chunks of 1,600 frames, attributes
    crucible    safetensors: dead rows only; W uint16 bit patterns, the rest F32; dead_indices
    crucible-3  safetensors: W of all rows as uint16 bit patterns, and h_mean F32: the mean of the
                last hidden states over all positions, [steps + 1, width], NaN at 0; dead_indices
    float16     safetensors: everything F16 (lost likewise)

`azimuth info FILE` shows what is in it, `azimuth account FILE --arithmetic auto` explains it.
"""
import argparse
import json
import struct
import sys
import time

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

# vocabulary, width, layers, heads, context, batch
SIZES = {
    "tiny": (300, 20, 1, 2, 16, 4),
    "small": (2500, 48, 2, 2, 32, 8),
    "thimble": (10000, 64, 2, 2, 128, 128),
}
OPTIMIZERS = {"loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}


class Windows(Dataset):
    """Window i covers tokens i .. i + context; an item is (without the last, without the first)."""

    def __init__(self, tokens, context):
        self.tokens, self.context = tokens, context

    def __len__(self):
        return len(self.tokens) - self.context

    def __getitem__(self, i):
        window = self.tokens[i:i + self.context + 1]
        return window[:-1], window[1:]


def draw_tokens(vocabulary, count, seed):
    """A Zipf law over two thirds of the vocabulary; every other token follows from the one before."""
    random = np.random.default_rng(seed)
    live = random.permutation(vocabulary)[:2 * vocabulary // 3]
    share = 1 / np.arange(1, len(live) + 1)
    rank = random.choice(len(live), count, p=share / share.sum())
    rank[1::2] = (rank[:-1:2] * 7 + 1)[:len(rank[1::2])] % len(live)
    return torch.from_numpy(live[rank].astype(np.int64))


def read_tokens(text, tokenizer):
    from tokenizers import Tokenizer

    with open(text, encoding="utf-8") as file:
        return torch.tensor(Tokenizer.from_file(tokenizer).encode(file.read()).ids)


def make_model(vocabulary, width, layers, heads, context):
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=vocabulary, n_positions=context, n_embd=width, n_layer=layers, n_head=heads,
                        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0)
    return GPT2LMHeadModel(config).to(torch.bfloat16)


def bits(tensor):
    return tensor.detach().contiguous().view(torch.int16).numpy().view(np.uint16)


def half(tensor):
    return tensor.detach().to(torch.float16).numpy()


def single(tensor):
    return tensor.detach().float().numpy()


MOVIES = ("W", "grad_W", "momentum_W", "variance_W")
# of each movie: how it is stored, and the name of that type in safetensors
STORED = {
    "thimble-1": [(bits, "BF16"), (bits, "BF16"), (single, "F32"), (single, "F32")],
    "thimble-3": [(bits, "BF16")] * 4,
    "thimble-6": [(half, "F16")] * 4,
    "thimble-7": [(bits, "U16")] * 4,
    "crucible": [(bits, "U16"), (single, "F32"), (single, "F32"), (single, "F32")],
    "crucible-3": [(bits, "U16")],
    "float16": [(half, "F16")] * 4,
}
TYPES = {"BF16": np.uint16, "U16": np.uint16, "F16": np.float16, "F32": np.float32, "I64": np.int64, "BOOL": np.bool_}


class Safetensors:
    """The header first, frames to their places: the file is what save_file would have written."""

    def __init__(self, path, shapes, constants):
        entries = {name: (kind, shape) for name, (kind, shape) in shapes.items()}
        entries.update({name: (kind, value.shape) for name, (kind, value) in constants.items()})
        order = sorted(entries, key=lambda name: -np.dtype(TYPES[entries[name][0]]).itemsize)
        header, offset = {}, 0
        for name in order:
            kind, shape = entries[name]
            size = int(np.prod(shape, dtype=np.int64)) * np.dtype(TYPES[kind]).itemsize
            header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [offset, offset + size]}
            offset += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(path, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + offset)
        self.arrays = {}
        for name in order:
            kind, shape = entries[name]
            place = 8 + len(text) + header[name]["data_offsets"][0]
            self.arrays[name] = np.memmap(path, TYPES[kind], "r+", place, tuple(shape) or (1,))
        for name, (_, value) in constants.items():
            self.arrays[name][...] = value

    def write(self, name, frame, value):
        self.arrays[name][frame] = value

    def close(self):
        self.arrays.clear()


class Hdf5:
    def __init__(self, path, shapes, constants, half_precision):
        import h5py

        self.file = h5py.File(path, "w")
        for name, (kind, shape) in shapes.items():
            more = {}
            if len(shape) > 1:
                frames = 1 if half_precision else min(1600, shape[0])
                more = {"chunks": (frames, *shape[1:])}
                if half_precision:
                    more.update(compression="gzip", compression_opts=1)
            self.file.create_dataset(name, shape, TYPES[kind], **more)
        for name, (_, value) in constants.items():
            if value.ndim:
                self.file.create_dataset(name, data=value)
            else:
                self.file.attrs[name] = value[()]

    def write(self, name, frame, value):
        self.file[name][frame] = value

    def close(self):
        self.file.close()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--format", choices=STORED, default="thimble-1")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="loop", help="which of PyTorch's AdamW kernels")
    parser.add_argument("--size", choices=SIZES, default="thimble")
    for name in ("vocabulary", "width", "layers", "heads", "context", "batch"):
        parser.add_argument("--" + name, type=int, help="instead of the size's")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--beta1", type=float, default=0.9)
    parser.add_argument("--beta2", type=float, default=0.999)
    parser.add_argument("--eps", type=float, default=1e-8)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--label-shift", type=int, choices=(1, 2), default=2,
                        help="2, as in the notebooks: the data are shifted and the model shifts once more, so the "
                             "target is two ahead; 1: the next token")
    parser.add_argument("--threads", type=int, help="PyTorch's threads")
    parser.add_argument("--text", help="a text in UTF-8, with --tokenizer")
    parser.add_argument("--tokenizer", help="a tokenizer.json")
    options = parser.parse_args()
    if bool(options.text) != bool(options.tokenizer):
        parser.error("--text and --tokenizer go together")
    for name, value in zip(("vocabulary", "width", "layers", "heads", "context", "batch"), SIZES[options.size]):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def open_output(options, live):
    dead = np.flatnonzero(~live).astype(np.int64)
    rows = len(dead) if options.format == "crucible" else options.vocabulary
    shapes = {name: (kind, (options.steps + 1, rows, options.width))
              for name, (_, kind) in zip(MOVIES, STORED[options.format])}
    shapes["losses"] = ("F32", (options.steps + 1,))
    if options.format == "crucible-3":
        shapes["h_mean"] = ("F32", (options.steps + 1, options.width))
    numbers = {"vocab_size": options.vocabulary, "hidden_dim": options.width, "n_layers": options.layers,
               "n_heads": options.heads, "max_seq_len": options.context, "batch_size": options.batch,
               "n_steps": options.steps, "learning_rate": options.lr, "weight_decay": options.weight_decay,
               "adam_beta1": options.beta1, "adam_beta2": options.beta2, "adam_epsilon": options.eps,
               "n_live": int(live.sum()), "n_dead": len(dead)}
    constants = {name: ("F32", np.array(value, np.float32)) for name, value in numbers.items()}
    constants["dead_indices"] = ("I64", dead)
    if not options.format.startswith("crucible"):
        constants["live_indices"] = ("I64", np.flatnonzero(live).astype(np.int64))
    if options.format in ("thimble-6", "thimble-7"):
        constants["dead_mask"] = ("BOOL", ~live)
        return Hdf5(options.output, shapes, constants, options.format == "thimble-6"), dead
    return Safetensors(options.output, shapes, constants), dead


def main():
    options = parse()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    if options.text:
        tokens = read_tokens(options.text, options.tokenizer)
    else:
        tokens = draw_tokens(options.vocabulary, 40 * options.vocabulary, options.seed)
    if int(tokens.max()) >= options.vocabulary:
        sys.exit(f"thimble1_pytorch.py: the tokenizer has tokens beyond --vocabulary {options.vocabulary}")
    live = np.zeros(options.vocabulary, bool)
    live[tokens.numpy()] = True
    model = make_model(options.vocabulary, options.width, options.layers, options.heads, options.context)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.lr, betas=(options.beta1, options.beta2),
                                  eps=options.eps, weight_decay=options.weight_decay, **OPTIMIZERS[options.optimizer])
    loader = DataLoader(Windows(tokens, options.context), options.batch, shuffle=True, drop_last=True,
                        generator=torch.Generator().manual_seed(options.seed))
    embedding = model.transformer.wte.weight
    output, dead = open_output(options, live)
    convert = [convert for convert, _ in STORED[options.format]]
    zeros = torch.zeros_like(embedding)

    means = options.format == "crucible-3"

    def record(frame, tensors, loss, hidden=None):
        for name, make, tensor in zip(MOVIES, convert, tensors):
            value = make(tensor)
            output.write(name, frame, value[dead] if options.format == "crucible" else value)
        output.write("losses", frame, loss)
        if means:
            output.write("h_mean", frame, np.nan if hidden is None else single(hidden).mean((0, 1)))

    record(0, (embedding, zeros, zeros, zeros), np.nan)
    step, start, told = 0, time.monotonic(), 0.0
    while step < options.steps:
        for inputs, targets in loader:
            step += 1
            labels = targets if options.label_shift == 2 else inputs
            result = model(input_ids=inputs, labels=labels, output_hidden_states=means)
            loss = result.loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            state = optimizer.state[embedding]
            record(step, (embedding, embedding.grad, state["exp_avg"], state["exp_avg_sq"]), loss.item(),
                   result.hidden_states[-1] if means else None)
            elapsed = time.monotonic() - start
            if elapsed - told > 1 or step == options.steps:
                told = elapsed
                print(f"\rstep {step} of {options.steps}, loss {loss.item():.4f}, {step / elapsed:.1f} steps/s",
                      end="" if step < options.steps else "\n", file=sys.stderr, flush=True)
            if step == options.steps:
                break
    output.close()
    print(f"{options.output}: {options.format}, torch {torch.__version__}, AdamW {options.optimizer}, weight decay "
          f"{options.weight_decay}, {options.steps} steps, {len(dead)} of {options.vocabulary} tokens dead")


if __name__ == "__main__":
    main()
