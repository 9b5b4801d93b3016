#!/usr/bin/env python3
"""Makes model_tied.safetensors and model_untied.safetensors, which test_model_golden.c reads.

Two tiny GPT-2 with random bf16 weights: loss and every gradient as Hugging Face's GPT2LMHeadModel
computes them in float64 (stored in float32) and in bf16. Needs torch, transformers, safetensors:
    python3 tests/golden/make_model_golden.py
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

SHAPES = {
    # Heads of 8, a context below one block of 32, a vocabulary that is no multiple of 16.
    "tied": dict(vocabulary=50, width=16, layers=2, heads=2, context=12, batch=3, ffn=64),
    # A width that is no multiple of 16, a context of more than one block.
    "untied": dict(vocabulary=70, width=24, layers=1, heads=3, context=40, batch=2, ffn=48),
}


def build(shape, tied):
    config = GPT2Config(
        vocab_size=shape["vocabulary"], n_positions=shape["context"], n_embd=shape["width"],
        n_layer=shape["layers"], n_head=shape["heads"], n_inner=shape["ffn"],
        activation_function="gelu_new", resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        tie_word_embeddings=tied, bos_token_id=None, eos_token_id=None, attn_implementation="eager")
    return GPT2LMHeadModel(config)


def randomise(model, generator):
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            gain = parameter.dim() == 1 and "ln_" in name and name.endswith("weight")
            parameter.copy_((0.3 * noise + (1.0 if gain else 0.0)).bfloat16().float())


def gradients(model, dtype, inputs, targets):
    model = model.to(dtype)
    model.zero_grad()
    logits = model(inputs).logits
    if dtype == torch.bfloat16:
        logits = logits.float()
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    loss.backward()
    return loss.detach(), {n: p.grad.detach().clone() for n, p in model.named_parameters()}


def golden(shape, tied):
    generator = torch.Generator().manual_seed(1)
    model = build(shape, tied)
    randomise(model, generator)
    size = (shape["batch"], shape["context"])
    # The upper tenth of the vocabulary is dead as input.
    inputs = torch.randint(0, shape["vocabulary"] * 9 // 10, size, generator=generator)
    targets = torch.randint(0, shape["vocabulary"], size, generator=generator)
    tensors = {"inputs": inputs, "targets": targets}
    tensors |= {n: p.detach().bfloat16() for n, p in model.named_parameters()}
    loss, grads = gradients(model, torch.float64, inputs, targets)
    tensors["loss"] = loss.reshape(1)
    tensors |= {f"grad/{n}": g.float() for n, g in grads.items()}
    loss, grads = gradients(model, torch.bfloat16, inputs, targets)
    tensors["loss_bf16"] = loss.reshape(1)
    tensors |= {f"grad_bf16/{n}": g for n, g in grads.items()}
    return {n: t.contiguous() for n, t in tensors.items()}


def main():
    folder = pathlib.Path(__file__).parent
    for name, shape in SHAPES.items():
        metadata = {k: str(v) for k, v in shape.items()}
        save_file(golden(shape, name == "tied"), folder / f"model_{name}.safetensors", metadata)


main()
