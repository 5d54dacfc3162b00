from __future__ import annotations

import signal

import pytest

from model.bulk.signals import STOPPING, defer_signals
from model.errors import InterruptionError


@pytest.mark.parametrize("number", STOPPING)
def test_deferred_signal_raises_when_asked(number):
    """A signal interrupts at the next call; a second one would end the process at once."""
    before = signal.getsignal(number)
    with defer_signals() as raise_if_interrupted:
        raise_if_interrupted()
        signal.raise_signal(number)

        assert signal.getsignal(number) is signal.SIG_DFL
        with pytest.raises(InterruptionError) as caught:
            raise_if_interrupted()

    assert caught.value.number == number
    assert signal.getsignal(number) is before
