from __future__ import annotations

import pytest

from model.learning.encoders.languages import can_spell


@pytest.mark.parametrize(
    ("piece", "languages", "expected"),
    [
        pytest.param("▁order", ["zh"], True, id="ascii-everywhere"),
        pytest.param("▁4711!", ["ar"], True, id="digits-and-signs-everywhere"),
        pytest.param("für", ["de"], True, id="own-letter"),
        pytest.param("FÜR", ["de"], True, id="capital"),
        pytest.param("für", ["en"], False, id="letter-of-another-language"),
        pytest.param("für", ["en", "de"], True, id="one-of-two"),
        pytest.param("señür", ["es", "de", "fr"], True, id="one-language-has-all-letters"),
        pytest.param("señâ", ["es", "fr"], False, id="no-language-has-all-letters"),
        pytest.param("注文", ["ja"], True, id="script"),
        pytest.param("注文する", ["zh"], False, id="another-script"),
        pytest.param("▁заказ", ["ru"], True, id="cyrillic"),
    ],
)
def test_piece_belongs_to_the_languages_that_can_spell_it(piece, languages, expected):
    """A piece can be spelt if one of the languages has all of its letters."""
    assert can_spell(piece, languages) == expected
