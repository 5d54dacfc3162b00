from __future__ import annotations

import pytest

from func.errors import TooLargeError
from func.protocols.batch_limit import check_batch_size
from func.settings import Settings

SETTINGS = Settings(max_batch_size=2)


def test_batch_of_the_limit_is_accepted():
    """As many texts as the setting says may be sent at once."""
    check_batch_size(2, SETTINGS, "'texts'")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("'texts'",), "'texts' must hold at most 2 texts", id="texts"),
        pytest.param(("A batch", "events"), "A batch must hold at most 2 events", id="events"),
    ],
)
def test_larger_batch_is_refused(arguments, message):
    """The error names the batch, its parts and the limit."""
    with pytest.raises(TooLargeError) as caught:
        check_batch_size(3, SETTINGS, *arguments)

    assert str(caught.value) == message
