#!/usr/bin/env bash
# Records Thimble-sized runs in PyTorch with every AdamW kernel, with and without weight decay, and
# accounts for each: every component of every step has to be explained. Prints a table in Markdown.
#
#   scripts/notebooks/check_pytorch.sh [STEPS]      300 steps unless said
#
# Needs torch, transformers (scripts/python_env.sh --torch) and 2.4 GB in $TMPDIR for 300 steps; one
# recording at a time, removed after its check. BATCH and CONTEXT (4, 64) are smaller than the
# notebook's, for speed, and PyTorch has one of THREADS: the optimizer sees nothing but W, 10,000 x 64.
set -eu
cd "$(dirname "$0")/../.."
steps=${1:-300}
azimuth=${AZIMUTH:-build/azimuth}
folder=$(mktemp -d "${TMPDIR:-/tmp}/azimuth-pytorch-XXXXXX")
trap 'rm -rf "$folder"' EXIT

echo '| AdamW of PyTorch | weight decay | beta2 | named by auto | steps exact | components equal | of |'
echo '|---|---|---|---|---|---|---|'
failed=0
for setting in "0 0.999" "0.1 0.999" "8 0.98"; do
    read -r decay beta2 <<<"$setting"
    for optimizer in loop foreach fused; do
        file=$folder/recording
        scripts/with_python.sh "torch transformers" scripts/notebooks/thimble1_pytorch.py -o "$file" \
            --format "${FORMAT:-thimble-1}" --optimizer "$optimizer" --weight-decay "$decay" \
            --beta2 "$beta2" --steps "$steps" \
            --batch "${BATCH:-4}" --context "${CONTEXT:-64}" --threads "${THREADS:-1}" >&2
        "$azimuth" account "$file" --arithmetic auto --json >"$folder/account.json" || failed=1
        python3 - "$folder/account.json" "$optimizer" "$decay" "$beta2" <<'PYTHON'
import json, sys
account = json.load(open(sys.argv[1]))
counts = account["components"]["all"]
equal = sum(counts[t]["equal"] for t in ("weight", "momentum", "variance"))
of = equal + sum(counts[t][k] for t in ("weight", "momentum", "variance") for k in ("off_by_one", "worse"))
named = ", ".join([account["arithmetic"], *account.get("equally_explained_by", [])])
print(f"| {sys.argv[2]} | {sys.argv[3]} | {sys.argv[4]} | {named} | {account['steps_exact']:,} of {account['steps']:,} | {equal:,} | {of:,} |")
PYTHON
        rm -f "$file"
    done
done
exit $failed
