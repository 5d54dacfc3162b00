from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.inference.spelling import Spelling
from model.inference.text_analysis import Normalization

KNOWN = {
    *("cancel", "order", "orders", "hello", "loose", "plan", "planet", "straße"),
    *("заказ", "παραγγελια", "الطلب", "הזמנה", "取消订单吧", "주문취소요", "შეკვეთა"),
}
NORMALIZE = Normalization(lowercase=True, strip_accents="unicode")


def known_after(*words: str) -> Spelling:
    return Spelling({*KNOWN, *words}, NORMALIZE)


SPELLING = known_after()


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        pytest.param("cancl", "cancel", id="left-out"),
        pytest.param("ancel", "cancel", id="left-out-first"),
        pytest.param("cance", "cancel", id="left-out-last"),
        pytest.param("heelo", "heelo", id="replaced"),
        pytest.param("helllo", "hello", id="typed-twice"),
        pytest.param("ccancel", "cancel", id="typed-twice-first"),
        pytest.param("helo", "hello", id="typed-once"),
        pytest.param("cacnel", "cancel", id="swapped"),
        pytest.param("cancle", "cancel", id="swapped-last"),
        pytest.param("lecnac", "lecnac", id="in-another-order"),
        pytest.param("cacenl", "cacenl", id="two-typos"),
        pytest.param("canocel", "canocel", id="another-letter-too-many"),
        pytest.param("cancelx", "cancelx", id="letter-of-no-known-word"),
        pytest.param("зказ", "заказ", id="cyrillic"),
        pytest.param("παραγγγελία", "παραγγελια", id="greek"),
        pytest.param("الطلبب؟", "الطلب؟", id="arabic"),
        pytest.param("הזמנ", "הזמנה", id="hebrew"),
        pytest.param("'cancl' \u2019cancl\u2019", "'cancel' \u2019cancel\u2019", id="quoted"),
        pytest.param("o\u0301rdr", "order", id="decomposed-accent"),
    ],
)
def test_word_one_typo_away_from_a_known_one_is_corrected(text, corrected):
    """A typo is a letter left out, typed twice, or swapped with the next one."""
    assert SPELLING.corrected(text) == corrected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("orde", id="completed-by-one-letter"),
        pytest.param("ORDE", id="in-capitals"),
        pytest.param("ordes", id="completed-or-swapped"),
    ],
)
def test_word_that_may_be_several_is_left_alone(text):
    """Nothing tells which one was meant."""
    assert known_after("ordet", "ordse").corrected(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("cancel the order", id="known-or-far"),
        pytest.param("pln", id="short"),
        pytest.param("cancl's", id="apostrophe-behind"),
        pytest.param("l'cancl", id="apostrophe-before"),
        pytest.param("cancl\u2019s", id="curly-apostrophe-behind"),
        pytest.param("l\u2019cancl", id="curly-apostrophe-before"),
        pytest.param("_cancl cancl_ cancl2 2cancl", id="no-letters"),
        pytest.param("取消订单", id="chinese"),
        pytest.param("주문취소", id="korean"),
        pytest.param("შეკვეთ", id="georgian"),
        pytest.param("cancl\u0337", id="mark-behind"),
        pytest.param("x\u0337cancl", id="mark-before"),
        pytest.param("\ud800 \ud800\ud800\ud800\ud800", id="half-characters"),
    ],
)
def test_what_is_no_misspelt_word_is_left_alone(text):
    """Short words, parts of words, and scripts in which one character more is another word."""
    assert SPELLING.corrected(text) == text
    assert SPELLING.corrections(text) == {}


@pytest.mark.parametrize(("length", "is_corrected"), [(15, True), (16, True), (17, False)])
def test_long_words_are_left_alone(length, is_corrected):
    """As in the shares of known words, 16 letters are the limit."""
    word = "abcdefghijklmnopqr"[: length + 1]

    assert (known_after(word).corrected(word[:-1]) == word) is is_corrected


def test_the_rest_of_the_text_stays_as_it_is():
    """Spaces, capitals and known words are not touched, nor the accents of other words."""
    text = "  Cancl, my ORDERS\u2026 \u00c9t\u00e9\n"

    assert SPELLING.corrected(text) == "  cancel, my ORDERS\u2026 \u00c9t\u00e9\n"


def test_corrections_are_named():
    """Each misspelt word once, as it was typed."""
    text = "Cancl my ordrs, cancl or Cancl"

    assert SPELLING.corrections(text) == {"Cancl": "cancel", "ordrs": "orders", "cancl": "cancel"}


def test_known_word_is_right_though_another_one_is_a_typo_away():
    """Also beside a misspelt one."""
    assert SPELLING.corrected("order the ordrs") == "order the orders"


def test_words_are_compared_in_their_normalized_form():
    """Capitals and accents do not make a word unknown."""
    assert SPELLING.corrected("C\u00e1ncl C\u00c1NCEL") == "cancel C\u00c1NCEL"


def test_right_words_are_left_alone_though_no_utterance_has_them():
    """The vectors' vocabulary knows more words of the language; it is asked for them as typed."""
    spelling = Spelling({"planet"}, NORMALIZE, lambda word: word == "Pl\u00e1ne")

    assert spelling.corrected("Pl\u00e1ne plane") == "Pl\u00e1ne planet"


def test_nothing_known_corrects_nothing():
    """A vocabulary may be empty."""
    assert Spelling(set(), NORMALIZE).corrected("cancl") == "cancl"


def test_digits_are_not_added():
    """A known word may have them."""
    assert known_after("cancer2").corrected("cancer") == "cancer"


def test_half_characters_may_be_known():
    """JSON can hold them."""
    assert Spelling({"\ud800", "cancel"}, NORMALIZE).corrected("cancl") == "cancel"


@given(
    st.sampled_from(["cancel", "orders", "hello", "straße", "заказ", "παραγγελια", "الطلب"]),
    st.data(),
)
def test_any_typo_of_a_known_word_is_undone(word, data):
    """Unless it makes a word that is known, or one typo away from another one."""
    place = data.draw(st.integers(0, len(word) - 1))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    misspelt = data.draw(
        st.sampled_from(
            (before + after, before + letter * 2 + after, before + after[:1] + letter + after[1:])
        )
    )
    corrected = Spelling({word}, str.lower).corrected(misspelt)

    assert corrected == word or len(misspelt) < 4
