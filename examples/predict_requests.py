"""Classify texts over HTTP: ``python examples/predict_requests.py "where is my parcel"``.

Exit codes: 0 classified, 1 refused or no response.
"""

from __future__ import annotations

import os
import sys

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

URL = os.environ.get("INTENT_URL", "http://localhost:8080").rstrip("/")
# A pod that starts or is overloaded responds with 503, and with Retry-After if it knows the delay.
# Where nothing listens at all, nothing will soon.
RETRY = Retry(5, connect=2, backoff_factor=0.5, status_forcelist=[503], allowed_methods=None)


def main() -> int:
    """Print the intent and the confidence of each text on the command line."""
    with requests.Session() as session:
        session.mount(URL, HTTPAdapter(max_retries=RETRY))
        try:
            response = session.post(f"{URL}/predict", json={"texts": sys.argv[1:]}, timeout=30)
        except requests.RequestException as error:
            print(f"No response from {URL}: {type(error).__name__}", file=sys.stderr)
            return 1
    if not response.ok:
        print(f"{response.status_code}: {response.json()['error']}", file=sys.stderr)
        return 1
    for text, prediction in zip(sys.argv[1:], response.json()["predictions"], strict=True):
        print(f"{prediction['intent']} {prediction['confidence']} {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
