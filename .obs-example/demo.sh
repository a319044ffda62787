#!/usr/bin/env bash
# Trains a model and proves where it came from, in a temporary folder. `make demo` runs it; by hand it wants
# `obs`, pandas and scikit-learn on PATH. Ends with 0 only if the verdict is CHAIN-CONSISTENT.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OBS_PAGER=cat # a demonstration does not stop at a screenful
unset OBS_DIR

run() { # prints a command as it could be typed, then runs it
    printf '\n$'
    printf ' %q' "$@"
    printf '\n'
    "$@"
}

# The demonstration's own steps are shown as well: nothing happens behind the reader's back.
run cp "$here/train.py" "$here/breast_cancer.csv" "$folder"
run cd "$folder"
run python train.py --data breast_cancer.csv --label diagnosis --seed 42
run obs init
run obs record --data breast_cancer.csv --label diagnosis --model model.pkl --metrics metrics.json \
    --param seed=42 -m "first model"
run obs log
run obs show

# One byte more, and it is another file: the answer is no, which is exit code 1 and not a failure.
run cp model.pkl changed.pkl
printf '\n$ printf x >>changed.pkl\n'
printf x >>changed.pkl
code=0
run obs verify changed.pkl || code=$?
if [ "$code" -ne 1 ]; then
    echo "demo: a changed model must not verify (exit code 1), and verify ended with $code" >&2
    exit 1
fi

verdict=$folder/verdict.txt
run obs verify model.pkl | tee "$verdict"
if ! grep -q CHAIN-CONSISTENT "$verdict"; then
    echo "demo: expected the verdict CHAIN-CONSISTENT" >&2
    exit 1
fi
