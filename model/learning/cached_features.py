"""The pipeline's features, computed several times as fast as by scikit-learn.

scikit-learn analyzes each occurrence of a word anew, and counts its n-grams in Python. Here each
word is analyzed once, and numpy counts. The features are the same, bit for bit.
"""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from model.errors import NoWordsError
from model.inference.familiarity_union import FamiliarityUnion


class CachedFeatures:
    """Features as a ``FeatureUnion`` computes them; blocks other than TF-IDF are its own.

    Attributes:
        sizes: the number of columns of each block, in order.
        parameters: of the union's n-gram blocks, with which scikit-learn finds the same features.
    """

    def __init__(
        self, union: FeatureUnion, texts: Sequence[str], *, max_columns: int = sys.maxsize
    ) -> None:
        """Fit the features.

        Args:
            union: unfitted.
            texts: to fit them on.
            max_columns: of a block of n-grams. If there are more, those in the fewest texts are
                left out, by a larger ``min_df``.

        Raises:
            NoWordsError: the texts have no n-gram that is frequent enough.
        """
        self._union = union
        self._blocks = {
            name: _CachedTfidf(block, max_columns) if type(block) is TfidfVectorizer else block
            for name, block in union.transformer_list
        }
        for block in self._blocks.values():
            block.fit(texts)
        self.sizes = {
            name: len(block.get_feature_names_out()) for name, block in self._blocks.items()
        }
        self.parameters = {
            f"{name}__min_df": block.min_df
            for name, block in self._blocks.items()
            if isinstance(block, _CachedTfidf)
        }

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the features of texts, sparse, of shape (texts, features)."""
        blocks = self.blocks(texts)
        if not isinstance(self._union, FamiliarityUnion):
            return blocks
        words, *_ = self._blocks.values()
        return self._union.completed(blocks, texts, words.columns)

    def blocks(self, texts: Sequence[str], *, without: str = "") -> Any:
        """Return the features of the union's blocks alone, as if all words were known.

        The columns of the block ``without`` are left out.
        """
        blocks = [block for name, block in self._blocks.items() if name != without]
        return hstack([block.transform(texts) for block in blocks]).tocsr()


class _CachedTfidf:
    """Computes what a ``TfidfVectorizer`` with the same parameters computes.

    A text is a sequence of units, whose n-grams are cached: words if n-grams lie within words,
    otherwise the text is its only unit.

    Attributes:
        columns: the column of each n-gram.
        min_df: the number of texts that an n-gram must be in.
    """

    def __init__(self, vectorizer: TfidfVectorizer, max_columns: int) -> None:
        self._preprocess = vectorizer.build_preprocessor()
        self._is_by_word = vectorizer.analyzer == "char_wb"
        # The units are preprocessed already; to do it twice could change them again.
        plain = clone(vectorizer).set_params(lowercase=False, strip_accents=None)
        self._ngrams_of = plain.build_analyzer()
        self.min_df = vectorizer.min_df
        self._max_columns = max_columns
        self._dtype = vectorizer.dtype
        self._tfidf = TfidfTransformer(
            norm=vectorizer.norm,
            use_idf=vectorizer.use_idf,
            smooth_idf=vectorizer.smooth_idf,
            sublinear_tf=vectorizer.sublinear_tf,
        )
        self.columns: dict[str, int] = {}
        self._cache: dict[str, array[int]] = {}

    def get_feature_names_out(self) -> list[str]:
        return list(self.columns)

    def fit(self, texts: Sequence[str]) -> None:
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        numbers_of: dict[str, array[int]] = {}
        counts = self._count(texts, numbers.__getitem__, numbers_of)
        text_counts = np.bincount(counts.indices)
        if len(text_counts) > self._max_columns:
            descending = -np.sort(-text_counts)
            self.min_df = max(self.min_df, int(descending[self._max_columns]) + 1)
        frequent = sorted(
            each for each, number in numbers.items() if text_counts[number] >= self.min_df
        )
        if not frequent:
            raise NoWordsError
        self.columns = {ngram: column for column, ngram in enumerate(frequent)}
        kept = np.array([numbers[ngram] for ngram in frequent])
        self._tfidf.fit(counts[:, kept])
        column_of = np.full(len(numbers), -1, np.intc)
        column_of[kept] = np.arange(len(kept))
        for unit, found in numbers_of.items():
            columns = column_of.take(found)
            self._cache[unit] = array("i", columns[columns >= 0].tobytes())

    def transform(self, texts: Sequence[str]) -> Any:
        return self._tfidf.transform(self._known_counts(texts), copy=False)

    def _known_counts(self, texts: Sequence[str]) -> Any:
        counts = self._count(texts, self.columns.get, self._cache)
        counts.resize(len(texts), len(self.columns))
        return counts

    def _count(
        self,
        texts: Sequence[str],
        column_of: Callable[[str], int | None],
        cache: dict[str, array[int]],
    ) -> Any:
        """Count the n-grams that have a column; each text is a row."""
        columns, ends = array("i"), [0]
        for text in texts:
            preprocessed = self._preprocess(text)
            for unit in preprocessed.split() if self._is_by_word else (preprocessed,):
                found = cache.get(unit)
                if found is None:
                    known = map(column_of, self._ngrams_of(unit))
                    found = cache[unit] = array("i", (n for n in known if n is not None))
                columns.extend(found)
            ends.append(len(columns))
        indices = np.array(columns, np.intc)
        shape = (len(texts), indices.max(initial=-1) + 1)
        counts = csr_matrix((np.ones(len(indices), self._dtype), indices, ends), shape)
        counts.sum_duplicates()
        return counts
