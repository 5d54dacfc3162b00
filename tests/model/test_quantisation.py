from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from model.quantisation import LEVELS, quantise


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_coefficients_become_multiples_of_a_power_of_two(dtype):
    """Coefficients move by half a step at most, and keep type and memory order."""
    before = np.asfortranarray(np.random.default_rng(0).normal(size=(5, 40)).astype(dtype))
    classifier = SimpleNamespace(coef_=before.copy(order="F"))

    quantise(classifier)

    step = 2.0 ** np.ceil(np.log2(np.abs(before).max() / LEVELS))
    units = classifier.coef_ / step
    assert (units == np.rint(units)).all()
    assert np.abs(units).max() <= LEVELS
    assert np.abs(classifier.coef_ - before).max() <= step / 2
    assert classifier.coef_.dtype == dtype
    assert classifier.coef_.flags.f_contiguous


def test_zeros_stay_zeros():
    """A classifier that learnt nothing stays as it is."""
    classifier = SimpleNamespace(coef_=np.zeros((2, 3)))

    quantise(classifier)

    assert not classifier.coef_.any()
