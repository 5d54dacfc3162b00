"""The seeds of the fuzzing, and what it has found: each is tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import CompiledFormError
from model.inference.compiled_pipeline import CompiledPipeline
from tests.fuzz import targets

SEEDS = Path(__file__).parent / "seeds"


@pytest.mark.parametrize(
    "seed", sorted(SEEDS.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_seeds_are_handled(seed):
    """No seed and no finding breaks what holds for all."""
    targets.TARGETS[seed.parent.name](seed.read_bytes())


def test_built_files_are_handled():
    """The fuzzing of files begins with sound files."""
    for seed in targets.built_seeds():
        targets.file(seed)


def test_each_damaged_byte_is_noticed_or_harmless():
    """A file with one wrong byte and the right checksum is refused, or scores as a file may."""
    [sound] = targets.built_seeds()
    for place in range(0, len(sound), 7):
        targets.file(sound[:place] + bytes([sound[place] ^ 0x41]) + sound[place + 1 :])


def test_checksum_is_mended_before_a_file_is_read():
    """Changes within a file are read, instead of being refused for the checksum."""
    [sound] = targets.built_seeds()
    changed = sound.replace(b"greeting", b"GREETING")

    with pytest.raises(CompiledFormError, match="damaged"):
        CompiledPipeline.from_bytes(changed, model_sha256=targets.MODEL_SHA256)
    mended = CompiledPipeline.from_bytes(targets.sealed(changed), model_sha256=targets.MODEL_SHA256)
    assert mended.labels == ("GREETING", "order_tracking")
