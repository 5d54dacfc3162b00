from __future__ import annotations

import subprocess
import sys

import pytest

from func.models.default_model import load_default_model
from func.settings import Settings
from model.errors import StoreError
from model.store.folder import FolderTransport
from model.store.model_files import push
from model.training.fitted_model import MODEL_NAME
from tests.support.paths import ROOT


def test_without_a_uri_the_model_of_the_image_is_loaded(small_folder, small_model):
    """MODEL_PATH names a pipeline, with its compiled form beside it."""
    settings = Settings(model_path=small_folder / MODEL_NAME)
    assert load_default_model(settings).card == small_model.card


def test_a_uri_replaces_the_model_of_the_image(tmp_path, small_files, small_model):
    """MODEL_URI names a model by its digest; its files are kept in MODEL_CACHE_DIR."""
    push(small_files, FolderTransport(tmp_path / "store"))
    settings = Settings(
        model_path=tmp_path / "none.pkl",
        model_uri=f"{tmp_path}/store#sha256={small_files.digest}",
        model_cache_dir=tmp_path / "cache",
        intent_threshold=0.25,
    )
    model = load_default_model(settings)
    assert model.card.model_sha256 == small_model.card.model_sha256
    assert model.card.threshold == 0.25
    assert (tmp_path / "cache" / small_files.digest).exists()


def test_a_uri_that_can_not_be_used_is_an_artifact_error():
    """The boundaries of the function report it as any model that can't be served."""
    with pytest.raises(StoreError, match="names no digest"):
        load_default_model(Settings(model_uri="s3://bucket/models"))


def test_a_start_from_the_image_imports_no_store(small_folder):
    """The first answer waits for nothing that it does not need."""
    code = (
        "import sys, pathlib; from func.settings import Settings; from func.app import App\n"
        f"App.load(Settings(model_path=pathlib.Path({str(small_folder / MODEL_NAME)!r})))\n"
        "late = ('model.store', 'obstore', 'ssl')\n"
        "print([name for name in sys.modules if name.startswith(late)])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
