from __future__ import annotations

import numpy as np
import pytest

from model.inference.encoders.verified_rows import DIGEST_BYTES, ROWS_A_BLOCK, VerifiedRows


def test_digests_have_to_fit_the_table():
    """A table needs a digest for each block of rows."""
    rows = np.zeros((ROWS_A_BLOCK + 1, 4), np.uint8)
    digests = np.zeros((1, DIGEST_BYTES), np.uint8)

    with pytest.raises(ValueError, match="do not fit"):
        VerifiedRows(rows, digests, rows.tobytes(), start=0)
