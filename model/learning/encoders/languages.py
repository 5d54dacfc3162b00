"""The languages of the Universal Sentence Encoder, and the letters that they are written in."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping

# Letters beside a to z, or the beginnings of their names in Unicode.
LETTERS: Mapping[str, str | tuple[str, ...]] = {
    "ar": ("ARABIC",),
    "de": "äöüß",
    "en": "",
    "es": "áéíñóúü",
    "fr": "àâæçèéêëîïôùûüÿœ",
    "it": "àèéìíîòóùú",
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "nl": "áéëíïóöúü",
    "pl": "óąćęłńśźż",
    "pt": "àáâãçéêíóôõúü",
    "ru": ("CYRILLIC",),
    "th": ("THAI",),
    "tr": "âçîöûüğış",
    "zh": ("CJK",),
    "zh-TW": ("CJK",),
}
LANGUAGES = tuple(LETTERS)


def can_spell(piece: str, languages: Collection[str]) -> bool:
    """Return whether all letters of a piece belong to one of the languages.

    Args:
        piece: its letters from a to z, digits and signs belong to every language.
        languages: keys of ``LETTERS``.
    """
    letters = [letter for letter in piece.lower() if letter.isalpha() and not letter.isascii()]
    return any(all(_is_letter(letter, LETTERS[code]) for letter in letters) for code in languages)


def _is_letter(letter: str, letters: str | tuple[str, ...]) -> bool:
    if isinstance(letters, str):
        return letter in letters
    return unicodedata.name(letter, "").startswith(letters)
