#!/bin/sh
# Classify texts with curl: examples/predict.sh "where is my parcel"
# Plain text needs no escaping. --retry waits after a 503 for the seconds of Retry-After.
# Exit codes: 0 classified, otherwise that of curl: 22 refused (the function's message is printed),
# 7 no connection, 28 timeout.
set -eu
url=${INTENT_URL:-http://localhost:8080}
for text in "$@"; do
    printf '%s' "$text" | curl --silent --show-error --fail-with-body --retry 5 --max-time 30 \
        --header 'Content-Type: text/plain' --data-binary @- \
        "${url%/}/predict"
    echo
done
