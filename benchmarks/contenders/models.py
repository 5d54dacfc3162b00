"""The pipeline that all contenders serve: trained once, and fitted again if a peer needs it."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.contenders.environments import Environment
from benchmarks.contenders.fingerprint import fingerprint, is_current, mark_current
from benchmarks.data.corpus import Corpus
from benchmarks.reporting.console import progress
from benchmarks.system.paths import PEERS, ROOT, WORK
from benchmarks.system.subprocesses import run, succeeds

MODEL_NAME = "intent_model.pkl"
FIT = PEERS / "fit_pipeline.py"
# scikit-learn warns of a pickle from another version; -W turns the warning into an error.
LOAD = "import joblib, sys; joblib.load(sys.argv[1]).predict_proba(['hello'])"
# The project's own file is compressed, which would slow down the peers' start.
DUMP_AGAIN = "import joblib, sys; joblib.dump(joblib.load(sys.argv[1]), sys.argv[2])"


def prepare_model(corpus: Corpus, *, keep: bool = False) -> Path:
    """Train with the project's own command, unless code and data are unchanged.

    Args:
        corpus: the training data.
        keep: reuse an existing model even if code or data have changed.

    Raises:
        PreparationError: the training failed.
    """
    folder = WORK / "model"
    key = fingerprint([*sorted((ROOT / "model").rglob("*.py")), *corpus.files])
    is_there = (folder / MODEL_NAME).exists()
    if not is_current(folder, key) and not (keep and is_there):
        progress(f"Training on {corpus.name} (some minutes)")
        train = (sys.executable, "-m", "model.train", "--data", corpus.folder, "--output", folder)
        run(train, log="training")
        mark_current(folder, key)
    return folder / MODEL_NAME


def model_of_peers(model: Path) -> Path:
    """Return the path of the same pipeline as ``joblib.dump`` writes it by default.

    Raises:
        PreparationError: the file can't be written.
    """
    folder = WORK / "models" / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    key = fingerprint([model])
    if not is_current(folder, key):
        run((sys.executable, "-c", DUMP_AGAIN, model, folder / MODEL_NAME), log="peers-model")
        mark_current(folder, key)
    return folder / MODEL_NAME


def model_for(environment: Environment, name: str, model: Path, corpus: Corpus) -> Path:
    """Return a file that an environment can load: `model`, or a pipeline fitted there.

    Raises:
        PreparationError: the fit failed.
    """
    if succeeds((environment.python, "-W", "error::UserWarning", "-c", LOAD, model)):
        return model
    folder = WORK / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    key = fingerprint([model, FIT, *corpus.files, environment.mark])
    if not is_current(folder, key):
        progress(f"Fitting the pipeline again for {name}, which can't load the project's file")
        train = corpus.folder / "train.csv"
        run((environment.python, FIT, train, folder / MODEL_NAME), log=f"{name}-fit")
        mark_current(folder, key)
    return folder / MODEL_NAME
