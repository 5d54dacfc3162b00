"""Ask the function over HTTP: ``python examples/predict_requests.py "where is my parcel"``."""

from __future__ import annotations

import os
import sys

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

URL = os.environ.get("INTENT_URL", "http://localhost:8080")
# A pod that starts or is overloaded answers 503, and with Retry-After says how long to wait.
RETRY = Retry(5, backoff_factor=0.5, status_forcelist=[503], allowed_methods=None)


def main() -> int:
    """Print intent and confidence of each text on the command line."""
    with requests.Session() as session:
        session.mount(URL, HTTPAdapter(max_retries=RETRY))
        try:
            answer = session.post(f"{URL}/predict", json={"texts": sys.argv[1:]}, timeout=30)
        except requests.RequestException as error:
            print(f"No answer: {type(error).__name__}", file=sys.stderr)
            return 1
    if not answer.ok:
        print(f"{answer.status_code}: {answer.json()['error']}", file=sys.stderr)
        return 1
    for text, prediction in zip(sys.argv[1:], answer.json()["predictions"], strict=True):
        print(f"{prediction['intent']} {prediction['confidence']} {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
