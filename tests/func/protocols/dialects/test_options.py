"""Options: the intents that they stand for, and their probabilities."""

from __future__ import annotations

import pytest

from func.protocols.dialects.options import (
    MARK,
    Options,
    Vocabulary,
    certainty,
    expected_level,
)

LABELS = ("refund", "charge", "greeting")
KNOWN = Vocabulary.of(LABELS)
BOUND = Vocabulary.of(
    LABELS, (("money", ("refund", "charge")), ("charge", ("refund",)), ("x", ("tea",)))
)
DISTRIBUTION = {"refund": 0.4, "charge": 0.2, "greeting": 0.1, "out_of_scope": 0.3}


@pytest.mark.parametrize(
    ("name", "description", "intents"),
    [
        pytest.param("refund", None, ("refund",), id="name"),
        pytest.param("refund", "money back", ("refund",), id="description-is-not-read"),
        pytest.param("refund", ["money", "back"], ("refund",), id="list-of-other-texts"),
        pytest.param("refund", {"a": "b"}, ("refund",), id="other-object"),
        pytest.param("out_of_scope", None, ("out_of_scope",), id="out-of-scope"),
        pytest.param("billing", ["refund", "charge"], ("refund", "charge"), id="list"),
        pytest.param("refund", ["charge"], ("charge",), id="list-before-name"),
        pytest.param("billing", {"intents": ["refund"]}, ("refund",), id="object"),
        pytest.param("billing", "refund , charge", ("refund", "charge"), id="text"),
        pytest.param("billing", ["refund", "refund"], ("refund",), id="list-with-a-repetition"),
        pytest.param("billing", "charge,charge", ("charge",), id="text-with-a-repetition"),
        pytest.param("billing", "refund, money", (), id="text-with-another-word"),
        pytest.param("billing", ["refund", 7], (), id="list-with-a-number"),
        pytest.param("billing", [], (), id="empty-list"),
        pytest.param("billing", None, (), id="unknown"),
        pytest.param(True, "charge", ("charge",), id="boolean"),
    ],
)
def test_option_stands_for_intents(name, description, intents):
    """The list of a description comes first, then the name, then a description's names."""
    assert Options.bind([(name, description)], KNOWN).intents == [intents]


@pytest.mark.parametrize(
    ("name", "description", "intents"),
    [
        pytest.param("money", None, ("refund", "charge"), id="name"),
        pytest.param("money", "about payments", ("refund", "charge"), id="description"),
        pytest.param("money", ["greeting"], ("greeting",), id="request-before-settings"),
        pytest.param("charge", None, ("refund",), id="settings-before-intent"),
        pytest.param("refund", None, ("refund",), id="others-stay"),
        pytest.param("x", None, (), id="intent-of-another-model"),
    ],
)
def test_settings_bind_options_to_intents(name, description, intents):
    """So questions whose options the request can't explain have answers."""
    assert Options.bind([(name, description)], BOUND).intents == [intents]


def test_first_option_without_an_intent_is_found():
    """The place of an option that can't be answered leads to the error."""
    assert Options([("refund",), (), ()]).unbound == 1
    assert Options([("refund",)]).unbound is None


def test_no_is_all_that_is_no_yes():
    """A no has intents of its own only if it names some."""
    yes, no = Options.yes_and_no("refund, charge", None, KNOWN).intents

    assert (yes, set(no)) == (("refund", "charge"), {"greeting", "out_of_scope"})
    assert Options.yes_and_no("refund", "charge", KNOWN).intents == [("refund",), ("charge",)]


def test_yes_to_all_intents_is_certain():
    """Nothing is left for a no."""
    options = Options.yes_and_no(sorted(KNOWN.intents), None, KNOWN)

    assert options.unbound is None
    assert options.shares(DISTRIBUTION) == [pytest.approx(1)]


def test_shares_are_conditional_on_the_options():
    """They add up to 1 whatever the probability of all other intents."""
    options = Options([("refund", "charge"), ("out_of_scope",)])

    assert options.shares(DISTRIBUTION) == [
        pytest.approx(2 / 3, abs=1e-6),
        pytest.approx(1 / 3, abs=1e-6),
    ]


def test_shares_are_equal_where_no_option_is_possible():
    """Where all probabilities are 0, none is more likely than another."""
    assert Options([("refund",), ("charge",)]).shares({"refund": 0.0, "charge": 0.0}) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        pytest.param([0.25] * 4, 0.0, id="flat"),
        pytest.param([0.0, 1.0], 1.0, id="certain"),
        pytest.param([0.75, 0.25], 0.5, id="between"),
        pytest.param([0.333333] * 3, 0.0, id="rounded"),
        pytest.param([1.0], 1.0, id="single"),
    ],
)
def test_certainty_is_0_if_flat_and_1_if_certain(shares, expected):
    """It is what the largest share has above an equal one."""
    assert certainty(shares) == expected


def test_expected_level_is_the_mean():
    """Levels count from 0."""
    assert expected_level([0.25, 0.25, 0.5]) == 1.25


DESCRIBED = Vocabulary.of(LABELS, reads_descriptions=True)


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        pytest.param([("sales", "wants_to buy")], ["sales: wants_to buy"], id="both"),
        pytest.param([("new_sales", None)], ["new sales"], id="name"),
        pytest.param([(True, "wants to buy")], ["wants to buy"], id="description"),
        pytest.param([("urgent", "urgent")], ["urgent"], id="level"),
        pytest.param(
            [("refund", "money back"), ("sales", "buying")],
            ["refund: money back", "sales: buying"],
            id="beside-an-intent",
        ),
    ],
)
def test_descriptions_stand_for_options_that_are_no_intents(options, keys):
    """With an encoder, all options of a question then are compared in the same way."""
    assert Options.bind(options, DESCRIBED).intents == [(MARK + key,) for key in keys]


@pytest.mark.parametrize(
    ("options", "known"),
    [
        pytest.param([("sales", "buying"), (True, None)], DESCRIBED, id="without-a-text"),
        pytest.param([("sales", "buying"), (" ", {"intents": ["x"]})], DESCRIBED, id="blank"),
        pytest.param([("sales", "buying")], KNOWN, id="without-an-encoder"),
    ],
)
def test_options_that_can_not_be_described_stay_without_an_answer(options, known):
    """Each option needs a text, and the model an encoder."""
    assert Options.bind(options, known).unbound == 0


@pytest.mark.parametrize(
    ("yes", "no", "intents"),
    [
        pytest.param("angry", "calm", [(MARK + "angry",), (MARK + "calm",)], id="both"),
        pytest.param("angry", "refund", [(MARK + "angry",), (MARK + "refund",)], id="intent"),
        pytest.param("refund", "calm", [("refund",), ("charge", "greeting")], id="yes-is-known"),
    ],
)
def test_described_yes_needs_a_described_no(yes, no, intents):
    """Similarity to one text says nothing without another one to compare with."""
    bound = Options.yes_and_no(yes, no, DESCRIBED).intents

    assert [tuple(sorted({*each} - {"out_of_scope"})) for each in bound] == intents
    assert Options.yes_and_no("angry", None, DESCRIBED).unbound == 0
