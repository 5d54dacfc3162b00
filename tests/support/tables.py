"""A scorer with fixed scores, for results that can be computed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.inference.prediction import Evidence
from model.inference.spelling import Spelling

NOTHING_KNOWN = Spelling(frozenset(), str.lower)


@dataclass(frozen=True, slots=True)
class TableScorer:
    """Looks up the logits of an utterance, and the evidence for a label by its index.

    A text that is not in the table has a score of zero for each label. There is no encoder, and no
    word is known.
    """

    labels: tuple[str, ...]
    table: Mapping[str, Sequence[float]]
    evidence_by_label: Mapping[int, list[Evidence]] = field(default_factory=dict)
    encoder: None = None
    first_evidence_work: int = 0
    spelling: Spelling = NOTHING_KNOWN

    def logits(self, utterances: Sequence[str]) -> NDArray[np.float64]:
        nothing = [0.0] * len(self.labels)
        return np.array([self.table.get(each, nothing) for each in utterances], dtype=np.float64)

    def evidence(self, utterance: str, label_index: int) -> list[Evidence]:
        assert utterance in self.table
        return self.evidence_by_label[label_index]
