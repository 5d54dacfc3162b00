"""A process that predicts: a line of JSON with texts in, a line with their predictions out.

Started by ``model.bulk.worker_pool``. It ends when its input does, and so when its parent is gone.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path

from model.inference.intent_model import IntentModel


def main() -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Without a parent, nobody is left to be told.
    logging.disable()  # What there is to say of the model, the parent has said.
    path, top_k = Path(sys.argv[1]), int(sys.argv[2])
    model = IntentModel.load(path)
    for line in sys.stdin.buffer:
        predictions = model.predict(json.loads(line), top_k=top_k)
        answers = [
            (each.intent, each.confidence, [(one.intent, one.confidence) for one in ranked])
            for each in predictions
            for ranked in [each.alternatives]
        ]
        sys.stdout.buffer.write(json.dumps(answers).encode() + b"\n")
        sys.stdout.buffer.flush()
