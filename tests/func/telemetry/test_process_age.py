"""The age of this process."""

from __future__ import annotations

import time

from func.telemetry.process_age import seconds_since_start


def test_age_of_the_process_grows():
    """The age lies between zero and that of the machine, and never decreases."""
    age_s = seconds_since_start()

    assert 0 < age_s < time.clock_gettime(time.CLOCK_BOOTTIME)
    assert seconds_since_start() >= age_s
