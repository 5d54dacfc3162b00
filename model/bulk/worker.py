"""Worker process: reads texts as a line of JSON, writes their predictions as another.

``model.bulk.worker_pool`` starts it. It ends when its input ends, also if the parent dies.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path

from model.store.model_files import load_local


def main() -> None:
    """Predict until the input ends."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the parent has died: end without a traceback
    logging.disable()  # the parent has logged the same about the model
    path, top_k = Path(sys.argv[1]), int(sys.argv[2])
    model = load_local(path)
    for line in sys.stdin.buffer:
        predictions = model.predict(json.loads(line), top_k=top_k)
        answers = [(each.intent, each.confidence, [*each.alternatives]) for each in predictions]
        sys.stdout.buffer.write(json.dumps(answers).encode() + b"\n")
        sys.stdout.buffer.flush()
