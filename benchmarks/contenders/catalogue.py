"""The contenders: the project, its peers, and alternative servers for the project's app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.contenders.contender import Call, Contender
from benchmarks.system.paths import PEERS, ROOT


def _one_intent(answer: Any) -> list[str]:
    return [answer["intent"]]


def _intents(answers: Any) -> list[str]:
    return [answer["intent"] for answer in answers]


def _tensor(texts: Sequence[str]) -> object:
    tensor = {"name": "text", "shape": [len(texts)], "datatype": "BYTES", "data": list(texts)}
    return {"parameters": {"content_type": "str"}, "inputs": [tensor]}


def _peer_requirements(name: str) -> tuple[Path, ...]:
    return (PEERS / name / "requirements.txt",)


TEXT = Call(path="/predict", body=lambda texts: {"text": texts[0]}, intents=_one_intent)
TEXTS = Call(
    path="/predict",
    body=lambda texts: {"texts": list(texts)},
    intents=lambda answer: _intents(answer["predictions"]),
)
INSTANCES = Call(
    path="/v1/models/intent:predict",
    body=lambda texts: {"instances": list(texts)},
    intents=lambda answer: _intents(answer["predictions"]),
)
TENSOR = Call(
    path="/v2/models/intent/infer",
    body=_tensor,
    intents=lambda answer: list(answer["outputs"][0]["data"]),
)
BENTO_TEXTS = Call(path="/predict_batch", body=TEXTS.body, intents=_intents)

# These contenders import benchmarks.peers.pipeline_model from the project's root.
PEER_ENVIRON = {"MODEL_PATH": "{model}", "PYTHONPATH": "{root}"}
OWN_ENVIRON = {"HOST": "127.0.0.1", "PORT": "{port}", "MODEL_PATH": "{model}"}

OURS = Contender(
    name="intent-function",
    command=("{programs}/python", "-m", "func.server"),
    environ=OWN_ENVIRON,
    single=TEXT,
    batch=TEXTS,
)
HELLO = Contender(
    name="flask-hello",
    command=("{programs}/python", "hello_app.py"),
    environ={"PORT": "{port}"},
    files=PEERS / "flask-hello",
    single=TEXT,
    has_model=False,
)
CLASSIC = Contender(
    name="classic",
    command=(
        *("{programs}/gunicorn", "--bind", "127.0.0.1:{port}"),
        *("--workers", "1", "--threads", "8", "--worker-class", "gthread", "classic_app:app"),
    ),
    environ=PEER_ENVIRON,
    requirements=_peer_requirements("classic"),
    files=PEERS / "classic",
    single=TEXT,
    batch=TEXTS,
)
KSERVE = Contender(
    name="kserve",
    command=(
        *("{programs}/python", "kserve_model.py"),
        *("--http_port", "{port}", "--grpc_port", "{port_2}"),
    ),
    environ=PEER_ENVIRON,
    requirements=_peer_requirements("kserve"),
    files=PEERS / "kserve",
    single=INSTANCES,
    batch=INSTANCES,
)
MLSERVER = Contender(
    name="mlserver",
    command=("{programs}/mlserver", "start", "."),
    environ={
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "{port_2}",
        "MLSERVER_METRICS_PORT": "{port_3}",
    },
    requirements=_peer_requirements("mlserver"),
    files=PEERS / "mlserver",
    single=TENSOR,
    batch=TENSOR,
)
BENTOML = Contender(
    name="bentoml",
    command=(
        *("{programs}/bentoml", "serve", "service:IntentClassifier"),
        *("--host", "127.0.0.1", "--port", "{port}"),
    ),
    environ={**PEER_ENVIRON, "BENTOML_HOME": "home", "BENTOML_DO_NOT_TRACK": "True"},
    requirements=_peer_requirements("bentoml"),
    files=PEERS / "bentoml",
    single=TEXT,
    batch=BENTO_TEXTS,
)
FUNC_PYTHON = Contender(
    name="func-python",
    command=("{programs}/python", "function.py"),
    environ={**PEER_ENVIRON, "LISTEN_ADDRESS": "127.0.0.1:{port}"},
    requirements=_peer_requirements("func-python"),
    files=PEERS / "func-python",
    single=TEXT,
    batch=TEXTS,
)
CONTENDERS = (OURS, HELLO, CLASSIC, KSERVE, MLSERVER, BENTOML, FUNC_PYTHON)

# Models with sentence encoders, beside the pipeline of n-grams.
OURS_WITH_USE = replace(OURS, name="intent-function-use", features="use")
OURS_WITH_MINILM = replace(OURS, name="intent-function-minilm", features="minilm")
SENTENCE_TRANSFORMERS = replace(
    CLASSIC,
    name="sentence-transformers",
    requirements=_peer_requirements("sentence-transformers"),
    encoder="sentence-transformers",
)
ONNX_RUNTIME = replace(
    SENTENCE_TRANSFORMERS,
    name="onnx-minilm",
    requirements=_peer_requirements("onnx-minilm"),
    encoder="onnx-minilm",
)
ENCODERS = (OURS_WITH_USE, OURS_WITH_MINILM, CLASSIC, SENTENCE_TRANSFORMERS, ONNX_RUNTIME)

# Two peers with request batching, which is off by default.
MLSERVER_BATCHING = replace(
    MLSERVER, name="mlserver-batching", files=PEERS / "mlserver-batching", batch=None
)
BENTOML_BATCHING = replace(
    BENTOML,
    name="bentoml-batching",
    command=tuple(part.replace("service:", "batching_service:") for part in BENTOML.command),
    files=PEERS / "bentoml-batching",
    single=Call(path="/predict", body=TEXTS.body, intents=_intents),
    batch=None,
)
BATCHING = (MLSERVER_BATCHING, BENTOML_BATCHING)

# The project's own app on alternative servers, all installed in one environment.
_SERVERS = (ROOT / "requirements.txt", PEERS / "servers" / "requirements.txt")
APP_ON_OWN_SERVER = Contender(
    name="func.server",
    command=OURS.command,
    environ=OWN_ENVIRON,
    requirements=_SERVERS,
    single=TEXT,
    batch=TEXTS,
)
APP_ON_GUNICORN = Contender(
    name="gunicorn",
    command=(
        *("{programs}/gunicorn", "--bind", "127.0.0.1:{port}"),
        *("--workers", "1", "--threads", "8", "--worker-class", "gthread", "func.app:app"),
    ),
    environ=OWN_ENVIRON,
    requirements=_SERVERS,
    single=TEXT,
    batch=TEXTS,
)
APP_ON_GRANIAN = Contender(
    name="granian",
    command=(
        *("{programs}/granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", "{port}", "--workers", "1", "--blocking-threads", "8", "func.app:app"),
    ),
    environ=OWN_ENVIRON,
    requirements=_SERVERS,
    single=TEXT,
    batch=TEXTS,
)
SERVERS = (APP_ON_OWN_SERVER, APP_ON_GUNICORN, APP_ON_GRANIAN)
