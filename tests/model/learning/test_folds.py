from __future__ import annotations

from model.learning.folds import enough_folds, fold_splits
from model.learning.training_set import TrainingSet
from tests.support.small_data import SMALL_DATA

PAIRS = [(text, intent) for intent, texts in SMALL_DATA.items() for text in texts]


def training_set_of(*further: tuple[str, str]) -> TrainingSet:
    texts, intents = zip(*further, *PAIRS, strict=True)
    return TrainingSet(texts, intents)


def test_every_fold_learns_all_intents():
    """An intent with fewer utterances than folds is held out one by one."""
    thin = training_set_of(("sing a song", "song"), ("sing now", "song"))

    splits = fold_splits(thin, seed=0)

    assert len(splits) == 5
    assert all(set(thin.targets[split.fitted]) == {0, 1, 2, 3} for split in splits)


def test_each_out_of_scope_text_is_held_out_once():
    """Every group of texts outside is spread over all folds by itself."""
    texts, intents = zip(*PAIRS, strict=True)
    outside = tuple("abcdefghij")
    training_set = TrainingSet(texts, intents, outside, contrast=(outside[:5],))

    splits = fold_splits(training_set, seed=0)

    ordinary, contrast = zip(*(split.outside for split in splits), strict=True)
    assert sum(ordinary).tolist() == [1] * 10
    assert sum(contrast).tolist() == [1] * 5
    assert [int(each.sum()) for each in contrast] == [1] * 5


def test_hyperparameters_of_large_data_are_chosen_on_some_folds(monkeypatch):
    """So many folds are enough as hold out a number of utterances together."""
    training_set = training_set_of()
    monkeypatch.setattr("model.learning.folds.MIN_HELD_OUT", len(training_set) // 3)

    assert enough_folds(training_set, fold_splits(training_set, seed=0)) == 2
