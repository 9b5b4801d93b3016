#!/usr/bin/env python3
"""Training steps per second of azimuth beside PyTorch's, same shapes and types, in one run.

Contenders take turns (round after round, each a few steps), so that what the machine does meanwhile
hits all alike; the figure is the median over rounds and the ratio is that of medians. Prints a table;
--csv FILE writes every round. Needs torch; bench/vs_pytorch/run.sh makes an environment that has it.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

SHAPES = {
    "goldilocks-rich": dict(layers=4, width=128, heads=2, ffn_multiplier=2, vocabulary=3988, context=128, batch=8),
    "goldilocks-balanced": dict(layers=3, width=96, heads=2, ffn_multiplier=2, vocabulary=3988, context=128, batch=16),
    "goldilocks-lean": dict(layers=2, width=64, heads=2, ffn_multiplier=2, vocabulary=3988, context=128, batch=32),
    "thimble-1": dict(layers=2, width=64, heads=2, ffn_multiplier=4, vocabulary=10000, context=128, batch=128),
}


class Torch:
    """A PyTorch process that stays warm between rounds."""

    def __init__(self, shape, dtype, compiled, optimizer, threads):
        self.name = f"torch {'compiled' if compiled else 'eager'} {dtype} {optimizer}"
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "torch_worker.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ask(shape=shape, dtype=dtype, compiled=compiled, optimizer=optimizer, threads=threads, warmup_steps=2)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: the process ended; see its message above")
        return json.loads(line)

    def rate(self, steps):
        return steps / self.ask(steps=steps)["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Azimuth:
    """`azimuth train PRESET` with recording off; its own timing of the steps, start-up left out."""

    def __init__(self, program, preset, compute, isa, threads):
        self.name = f"azimuth {isa or 'best'} {compute}"
        self.command = [program, "train", os.path.join(ROOT, "experiments", preset + ".conf"), "--threads", str(threads),
                        "-P", f"model.compute={compute}"]
        if isa:
            self.command += ["--isa", isa]

    def rate(self, steps):
        with tempfile.TemporaryDirectory() as directory:
            run = os.path.join(directory, "run")
            command = self.command + ["-o", run, "-P", f"train.steps={steps}"]
            for tensor in ("W", "grad_W", "momentum_W", "variance_W", "h", "params"):
                command += ["-P", f"record.{tensor}=off"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with open(os.path.join(run, "run.json")) as file:
                return json.load(file)["timings"]["steps_per_second"]

    def close(self):
        pass


def contenders(arguments, preset):
    shape = SHAPES[preset]
    yield Azimuth(arguments.azimuth, preset, "bf16", None, arguments.threads)
    for isa in arguments.isa:
        yield Azimuth(arguments.azimuth, preset, "bf16", isa, arguments.threads)
    yield Torch(shape, "bfloat16", False, "default", arguments.threads)
    yield Torch(shape, "bfloat16", False, "fused", arguments.threads)
    yield Torch(shape, "float32", False, "default", arguments.threads)
    if not arguments.eager_only:
        yield Torch(shape, "bfloat16", True, "fused", arguments.threads)
        yield Torch(shape, "float32", True, "fused", arguments.threads)


def measure(arguments, preset):
    """{name: [steps per second of each round]}, contenders in turn within a round."""
    racers = list(contenders(arguments, preset))
    steps = arguments.steps or (4 if preset.startswith("thimble") else 40)
    rates = {racer.name: [] for racer in racers}
    for round_ in range(arguments.rounds):
        for racer in racers:
            rates[racer.name].append(racer.rate(steps))
        print(f"{preset}: round {round_ + 1} of {arguments.rounds}", file=sys.stderr)
    for racer in racers:
        racer.close()
    return rates


def print_table(preset, rates):
    ours = statistics.median(next(iter(rates.values())))
    print(f"\n{preset}\n{'contender':36} {'steps/s':>9} {'min':>8} {'max':>8} {'azimuth is':>12}")
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"{name:36} {median:9.2f} {min(values):8.2f} {max(values):8.2f} {ours / median:10.2f} x")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", action="append", choices=sorted(SHAPES), help="default: goldilocks-rich and thimble-1")
    parser.add_argument("--azimuth", default=os.path.join(ROOT, "build", "azimuth"), help="the program")
    parser.add_argument("--isa", action="append", default=[], help="also time azimuth with this instruction set")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=0, help="a round; default 40, Thimble 4")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--eager-only", action="store_true", help="leave out torch.compile (it needs a C++ compiler)")
    parser.add_argument("--csv", help="write every round here")
    arguments = parser.parse_args()
    results = {}
    for preset in arguments.preset or ["goldilocks-rich", "thimble-1"]:
        results[preset] = measure(arguments, preset)
        print_table(preset, results[preset])
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["preset", "contender", "round", "steps_per_second"])
            for preset, rates in results.items():
                for name, values in rates.items():
                    writer.writerows([preset, name, n + 1, repr(v)] for n, v in enumerate(values))


if __name__ == "__main__":
    main()
