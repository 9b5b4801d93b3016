#!/usr/bin/env bash
# From a bare Debian 12 to a proof: installs what is needed, builds azimuth, trains a tiny GPT on the
# World English Bible for about two minutes with every step recorded, and accounts for every bit.
#
#   ./demo.sh [FOLDER]     the run goes to FOLDER (demo-run; demo-run-2 ... where that exists)
set -eu
cd "$(dirname "$0")"
case ${1:-} in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0" && exit 0 ;; esac

run=${1:-demo-run}
if [ $# -eq 0 ]; then
    for ((n = 2; ; n++)); do
        [ -e "$run" ] || break
        run=demo-run-$n
    done
fi

heading() { printf '\n== %s\n' "$*"; }

heading "Packages"
scripts/deps.sh build run

heading "Build"
[ -f build/build.ninja ] || meson setup build
ninja --quiet -C build azimuth
azimuth=build/azimuth

heading "Train: experiments/demo.conf"
"$azimuth" train experiments/demo.conf -o "$run"

heading "Account: is every bit of every step explained?"
"$azimuth" account "$run"

heading "Figures and report"
"$azimuth" plot "$run"
"$azimuth" report "$run"

heading "What is there now"
cat <<TEXT
$run/report.html               start here: one page with the verdict, the numbers and the figures
$run/recording.safetensors     the movie: W, grad_W, momentum_W and variance_W of every step
$run/metrics.csv               a row per step: loss, learning rate, share of dead tokens moving
$run/figures/training.png      both against the step, with their data (.csv) and script (.gp)
$run/run.json                  the manifest: every parameter, the build, the fingerprint
$run/checkpoint.safetensors    the state after the last step, for azimuth train --resume
$run/tokenizer.json            the vocabulary, for Hugging Face tokenizers
$run/live_dead_tokens.safetensors   which tokens the training never presented
$run/model/                    the trained model, for transformers

Open the recording in Python (pip install numpy safetensors ml_dtypes torch):

    from safetensors import safe_open
    with safe_open("$run/recording.safetensors", "pt") as movie:
        W = movie.get_slice("W")                # [steps + 1, tokens, dimensions], bfloat16
        print(W.get_shape(), W[-1].float().std())
TEXT
