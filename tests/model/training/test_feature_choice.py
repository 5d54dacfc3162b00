from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.datasets.dataset import Dataset
from model.datasets.readers import Example
from model.errors import DataError, EncoderMissingError, VectorsMissingError
from model.inference.model_card import IntentDescription
from model.training import feature_choice
from model.training.feature_choice import Candidate, choose, fit_candidates
from model.training.fitted_model import FittedModel
from model.training.record import Options
from model.training.trainer import fit

COUNT = 1000


@pytest.fixture(scope="module")
def fitted(small_dataset) -> FittedModel:
    """A model of the small data."""
    return fit(small_dataset, Options(), progress=lambda _: None)


def candidate(fitted: FittedModel, wrong: range) -> Candidate:
    """Return a candidate that classifies these of a thousand held-out utterances wrongly."""
    is_right = ~np.isin(np.arange(COUNT), wrong)
    return Candidate(Options(), fitted, is_right, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("wrong", "chosen"),
    [
        pytest.param([range(100), range(95)], 0, id="half-a-point"),
        pytest.param([range(100), range(94)], 1, id="more-than-half-a-point"),
        pytest.param([range(100), range(8, 100), range(80)], 2, id="best-of-three"),
        pytest.param([range(100), range(80), range(78)], 1, id="cheaper-of-two-good-ones"),
        pytest.param([range(300), range(290, 580)], 0, id="within-the-standard-error"),
        pytest.param([range(50), range(100)], 0, id="cheapest-is-best"),
    ],
)
def test_cheapest_of_nearly_the_best_accuracy_is_chosen(fitted, wrong, chosen):
    """A gain below half a point, or within its standard error, is worth no further cost."""
    candidates = [candidate(fitted, each) for each in wrong]

    assert choose(candidates) is candidates[chosen]


def test_each_installed_kind_is_a_candidate(small_dataset, fitted, monkeypatch):
    """Kinds that are not installed are named and left out; languages are those of one encoder."""
    asked = []

    def fit_some(_: Dataset, options: Options, **__: object) -> object:
        asked.append(options)
        if options.features == "static":
            raise VectorsMissingError
        if options.features == "use":
            raise EncoderMissingError("use", "its package is not installed")
        return fitted

    monkeypatch.setattr(feature_choice, "fit", fit_some)
    lines: list[str] = []
    options = Options(seed=3, languages=("en",))
    candidates = fit_candidates(small_dataset, options, progress=lines.append)

    assert [each.options.features for each in candidates] == ["tfidf", "minilm"]
    assert [each.languages for each in asked] == [(), (), ("en",), ()]
    assert {each.seed for each in asked} == {3}
    assert lines[0] == "Candidate 1 of 4: --features tfidf"
    assert lines[2].startswith("Left out: --features static needs the word vectors")
    assert lines[4].startswith("Left out: --features use: its package is not installed: pip")


def test_candidates_are_measured(small_dataset, fitted, monkeypatch):
    """Accuracy is that of cross-validation, and costs are those of the saved model."""
    monkeypatch.setattr(feature_choice, "KINDS", ("tfidf",))
    [found] = fit_candidates(small_dataset, Options(), progress=lambda _: None)
    targets = fitted.training_set.targets[fitted.held_out.scored]

    assert found.accuracy == (fitted.held_out.logits.argmax(axis=1) == targets).mean()
    assert fitted.compiled
    assert found.megabytes == pytest.approx(len(fitted.compiled) / 1e6, rel=0.01)
    assert 0 < found.milliseconds < found.load_milliseconds * 100


def test_descriptions_alone_leave_nothing_to_compare(small_dataset):
    """The error names the features that learn from descriptions."""
    examples = [Example(each, each, small_dataset.train[0].file, 1) for each in ("a", "b")]
    described = {each: IntentDescription(each) for each in ("a", "b")}
    dataset = replace(small_dataset, train=tuple(examples), descriptions=described)

    with pytest.raises(DataError, match="has too few utterances to compare features by: add utter"):
        fit_candidates(dataset, Options(), progress=lambda _: None)
