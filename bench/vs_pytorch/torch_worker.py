"""Trains a GPT-2 of given shape in PyTorch and answers timing requests on stdin.

One JSON object a line: the first describes the contender (shape, dtype, compiled, optimizer), each
later one {"steps": n} runs n steps and answers {"seconds": s, "loss": l}. The process stays, so that
several contenders can be timed in turn, each warm.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """One GPT-2 layer: pre-LayerNorm, biases, tanh GELU, causal attention, no dropout."""

    def __init__(self, width, heads, ffn_width):
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width, eps=1e-5)
        self.c_attn = nn.Linear(width, 3 * width)
        self.c_proj = nn.Linear(width, width)
        self.ln_2 = nn.LayerNorm(width, eps=1e-5)
        self.c_fc = nn.Linear(width, ffn_width)
        self.mlp_proj = nn.Linear(ffn_width, width)

    def forward(self, x):
        batch, time_, width = x.shape
        parts = self.c_attn(self.ln_1(x)).split(width, dim=2)
        q, k, v = (p.view(batch, time_, self.heads, width // self.heads).transpose(1, 2) for p in parts)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).reshape(batch, time_, width))
        return x + self.mlp_proj(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    """Tied embedding, learned positions; the loss in float32 from the logits, as transformers does."""

    def __init__(self, shape):
        super().__init__()
        width, vocabulary = shape["width"], shape["vocabulary"]
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(shape["context"], width)
        self.blocks = nn.ModuleList(
            Block(width, shape["heads"], shape["ffn_multiplier"] * width) for _ in range(shape["layers"])
        )
        self.ln_f = nn.LayerNorm(width, eps=1e-5)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, inputs, targets):
        x = self.wte(inputs) + self.wpe(torch.arange(inputs.shape[1]))
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return F.cross_entropy(logits.float().view(-1, logits.shape[-1]), targets.reshape(-1))


def build(contender):
    torch.manual_seed(42)
    torch.set_num_threads(contender["threads"])
    model = Gpt2(contender["shape"]).to(getattr(torch, contender["dtype"]))
    arguments = {"default": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}[contender["optimizer"]]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, **arguments)
    return torch.compile(model) if contender["compiled"] else model, optimizer


def run(model, optimizer, shape, steps):
    """Seconds and last loss of `steps` training steps on random tokens."""
    size = (shape["batch"], shape["context"] + 1)
    batches = [torch.randint(0, shape["vocabulary"], size) for _ in range(min(steps, 8))]
    start = time.perf_counter()
    for step in range(steps):
        window = batches[step % len(batches)]
        loss = model(window[:, :-1].contiguous(), window[:, 1:].contiguous())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - start
    value = loss.item()
    if not math.isfinite(value):
        raise SystemExit("the loss is not finite")
    return {"seconds": seconds, "loss": value}


def main():
    contender = json.loads(sys.stdin.readline())
    model, optimizer = build(contender)
    run(model, optimizer, contender["shape"], contender["warmup_steps"])
    print(json.dumps({"ready": torch.__version__}), flush=True)
    for line in sys.stdin:
        print(json.dumps(run(model, optimizer, contender["shape"], json.loads(line)["steps"])), flush=True)


if __name__ == "__main__":
    main()
