#!/bin/sh
# Ask the function with curl: examples/predict.sh "where is my parcel"
# A text needs no quoting as plain text. On 503, --retry waits as long as Retry-After says; any
# other error is printed as the function tells it, and makes the exit code 22.
set -eu
for text in "$@"; do
    printf '%s' "$text" | curl --silent --show-error --fail-with-body --retry 5 --max-time 30 \
        --header 'Content-Type: text/plain' --data-binary @- \
        "${INTENT_URL:-http://localhost:8080}/predict"
    echo
done
