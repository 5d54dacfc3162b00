"""The n-gram counts of a training set's texts, computed once for all folds.

scikit-learn analyzes each occurrence of a word anew, in each fold, and counts its n-grams in
Python. Here each word is analyzed once, and numpy counts.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer


class KnownCounts:
    """The counts of known texts, for vectorizers that differ in their n-grams alone."""

    def __init__(self, fitted: Iterable[str], others: Iterable[str] = ()) -> None:
        """Remember the texts, each once.

        Args:
            fitted: the texts of which some are fitted in each fold.
            others: texts that are only transformed.
        """
        self._fitted, self._others = list(dict.fromkeys(fitted)), list(dict.fromkeys(others))
        self._by_ngrams: dict[tuple[str, tuple[int, int]], NgramCounts] = {}

    def of(self, vectorizer: TfidfVectorizer) -> NgramCounts:
        """Return the counts of the n-grams of a vectorizer."""
        key = (vectorizer.analyzer, vectorizer.ngram_range)
        if key not in self._by_ngrams:
            self._by_ngrams[key] = NgramCounts(vectorizer, self._fitted, self._others)
        return self._by_ngrams[key]


class NgramCounts:
    """The counts of the n-grams of known texts, and of others as they come.

    A text is a sequence of units, each analyzed once: words if n-grams lie within words, otherwise
    the text is its only unit.

    Attributes:
        columns: the column of each n-gram of the fitted texts, in the order of the n-grams.
    """

    def __init__(
        self, vectorizer: TfidfVectorizer, fitted: Sequence[str], others: Sequence[str]
    ) -> None:
        self._preprocess = vectorizer.build_preprocessor()
        self._is_by_word = vectorizer.analyzer == "char_wb"
        # The units are preprocessed already; to do it twice could change them again.
        plain = clone(vectorizer).set_params(lowercase=False, strip_accents=None)
        self._ngrams_of = plain.build_analyzer()
        self._dtype = vectorizer.dtype
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        counts = self._count(fitted, numbers.__getitem__)
        self.columns = {ngram: column for column, ngram in enumerate(sorted(numbers))}
        column_of = np.array([self.columns[ngram] for ngram in numbers], np.intc)
        ordered = csr_matrix(
            (counts.data, column_of.take(counts.indices), counts.indptr), counts.shape
        )
        ordered.sort_indices()
        self._counts = vstack((ordered, self._count_known_ngrams(others)), "csr")
        self._rows = {text: row for row, text in enumerate((*fitted, *others))}

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return the counts of texts, of shape (texts, columns)."""
        rows = [self._rows.get(text, -1) for text in texts]
        return self._count_known_ngrams(texts) if -1 in rows else self._counts[rows]

    def _count_known_ngrams(self, texts: Sequence[str]) -> csr_matrix:
        counts = self._count(texts, self.columns.get)
        counts.resize(len(texts), len(self.columns))
        return counts

    def _count(self, texts: Sequence[str], column_of: Callable[[str], int | None]) -> csr_matrix:
        """Count the n-grams that have a column; each text is a row."""
        columns, ends = array("i"), [0]
        known: dict[str, array[int]] = {}
        for text in texts:
            preprocessed = self._preprocess(text)
            for unit in preprocessed.split() if self._is_by_word else (preprocessed,):
                found = known.get(unit)
                if found is None:
                    numbers = map(column_of, self._ngrams_of(unit))
                    found = known[unit] = array("i", (n for n in numbers if n is not None))
                columns.extend(found)
            ends.append(len(columns))
        indices = np.array(columns, np.intc)
        shape = (len(texts), indices.max(initial=-1) + 1)
        counts = csr_matrix((np.ones(len(indices), self._dtype), indices, ends), shape)
        counts.sum_duplicates()
        return counts
