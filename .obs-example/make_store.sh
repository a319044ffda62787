#!/usr/bin/env bash
# Makes the committed example anew: runs/ (what the trainer wrote) and .obs/ (what obs recorded of it).
# `make example` runs it. Times are fixed and the source commit is left out, so that the same versions of
# Python and of the libraries give the same bytes; what obs saw of them (report, environment) is recorded too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
unset OBS_DIR SOURCE_DATE_EPOCH
# One thread: the order of a parallel sum can move a coefficient's last bit.
export LC_ALL=C.UTF-8 PYTHONHASHSEED=0 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
umask 022

rm -rf .obs runs
python make_data.py .
obs init

record() { # TIME DATA LABEL SEED NAME MESSAGE: trains and records one run
    local time=$1 data=$2 label=$3 seed=$4 name=$5 message=$6
    python train.py --data "$data" --label "$label" --seed "$seed" --out "runs/$name"
    obs record --data "$data" --label "$label" --model "runs/$name/model.pkl" \
        --metrics "runs/$name/metrics.json" --param "seed=$seed" --param test_size=0.2 \
        --run-id "$name" -m "$message" --timestamp "$time" --no-git --no-cache
}

record 2025-03-03T09:00:00Z breast_cancer.csv diagnosis 42 baseline "baseline"

# The label is misspelt: the trainer refuses, and that this was tried is worth a record too.
if python train.py --data breast_cancer.csv --label diagnosys --out runs/misspelt; then
    echo "make_store.sh: the trainer took a label that does not exist" >&2
    exit 1
fi
obs record --data breast_cancer.csv --label diagnosys --status failed --run-id misspelt \
    -m "label misspelt" --timestamp 2025-03-03T09:20:00Z --no-git --no-cache

record 2025-03-03T09:45:00Z breast_cancer.csv diagnosis 7 other-seed "same data, another split"
record 2025-03-04T16:30:00Z breast_cancer_trimmed.csv diagnosis 42 trimmed "without the first rows and two columns"

rm -rf .obs/cache .obs/tmp .obs/lock # derived or momentary: never committed
obs verify
