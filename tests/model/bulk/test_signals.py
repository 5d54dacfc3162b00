from __future__ import annotations

import signal

import pytest

from model.bulk.signals import STOPPING, interruptible
from model.errors import InterruptionError


@pytest.mark.parametrize("number", STOPPING)
def test_signal_is_noted_and_told_at_the_next_check(number):
    """Work goes on to where it can stop; a second signal would end the process at once."""
    before = signal.getsignal(number)
    with interruptible() as check:
        check()
        signal.raise_signal(number)

        assert signal.getsignal(number) is signal.SIG_DFL
        with pytest.raises(InterruptionError) as caught:
            check()

    assert caught.value.number == number
    assert signal.getsignal(number) is before
