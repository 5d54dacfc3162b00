"""The OpenAPI description: valid, equal to the app's behaviour, and tested by schemathesis."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from func.handler import IntentFunction
from func.protocols.dialect_routes import GATEWAY
from func.protocols.open_inference import DATATYPES
from func.settings import MODEL_NAME, Settings
from func.telemetry.recorder import Telemetry
from func.web.flask_app import create_flask_app
from func.web.openapi import describe
from tests.func.models.conftest import PublishedModels
from tests.support.kubernetes.event_sink import running_sink
from tests.support.paths import ROOT
from tests.support.processes import unmeasured
from tests.support.servers import RunningServer

SETTINGS = Settings(
    max_text_length=70, max_batch_size=7, event_source="/here", event_type_prefix="com.example"
)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
CONFIG = ROOT / "tests" / "support" / "schemathesis.toml"


@pytest.fixture(scope="module")
def server(small_folder, tmp_path_factory, small_files):
    """A server with the small model, also under a name, and with a sink of corrections."""
    models = PublishedModels(tmp_path_factory.mktemp("published") / "models", small_files)
    models.publish("acme")
    with running_sink() as sink:
        running = RunningServer.start(
            {
                "MODEL_PATH": str(small_folder / "intent_model.pkl"),
                "MODELS_URI": str(models.folder),
                "K_SINK": sink.url,
            }
        )
        yield running
        running.stop()


@pytest.mark.parametrize("models_uri", [None, "/models"])
def test_description_is_valid(models_uri):
    """The OpenAPI validator reports no error, with and without published models."""
    validate(describe(Settings(models_uri=models_uri), "0123456789ab", ["greeting"]))


def test_published_models_are_described_if_there_are_any():
    """Their paths have the operations of the default model's, and a name."""
    [without, described] = (
        describe(Settings(models_uri=uri), "v1", ["greeting"]) for uri in (None, "/models")
    )
    added = described["paths"].keys() - without["paths"].keys()

    assert added == {
        "/models/{name}/predict",
        "/v1/models/{name}",
        "/v1/models/{name}:predict",
    }
    named = described["paths"]["/models/{name}/predict"]["post"]
    assert named["parameters"][-1]["name"] == "name"
    assert named["requestBody"] == described["paths"]["/predict"]["post"]["requestBody"]
    models = [
        each["components"]["schemas"][f"{name}Response"]["properties"]["model"]
        for each in (without, described)
        for name in ("SystemOne", "Decisions", "Classify")
    ]
    assert models == [{"const": MODEL_NAME}] * 3 + [{"type": "string"}] * 3
    assert "404" in described["paths"]["/classify"]["post"]["responses"]


def test_description_names_the_limits_in_force():
    """Limits and names in the description follow the settings."""
    schemas = describe(SETTINGS, "v1", ["greeting"])["components"]["schemas"]

    assert schemas["Text"]["maxLength"] == 70
    assert {schemas[name]["maxItems"] for name in ("Texts", "Instances", "Events")} == {7}
    assert schemas["Shape"]["prefixItems"][0]["maximum"] == 7
    assert schemas["Version"]["enum"] == ["v1"]
    assert schemas["KnownIntent"]["enum"] == ["greeting", "out_of_scope"]
    assert schemas["Reply"]["properties"]["source"] == {"const": "/here"}
    assert schemas["Reply"]["properties"]["type"]["enum"] == [
        "com.example.intent.classified",
        "com.example.intent.out_of_scope",
        "com.example.intent.rejected",
    ]


def test_description_has_the_routes_of_the_app(small_model, settings):
    """The description has exactly the app's routes and methods."""
    app = create_flask_app(IntentFunction(small_model, settings), Telemetry())
    described = {
        (path, method.upper())
        for path, item in describe(settings, "v1", ["greeting"])["paths"].items()
        for method in item
    }
    served = {
        (re.sub("<(.+?)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
    }

    # Flask's static route, which only parliament's app has, is no part of the contract.
    # The app answers gateways before Flask, since their paths may be anything.
    assert served - {("/static/{path:filename}", "GET")} == described - {(GATEWAY.route, "POST")}


def test_description_has_the_tensors_of_the_model():
    """The description names the tensors of the Open Inference Protocol as the code does."""
    schemas = describe(SETTINGS, "v1", ["greeting"])["components"]["schemas"]

    assert schemas["RequestedOutput"]["properties"]["name"]["enum"] == [*DATATYPES]
    assert schemas["InferenceResponse"]["properties"]["model_name"] == {"const": MODEL_NAME}


def test_description_is_served(client, settings, small_model):
    """The app serves its description, for its settings and its model."""
    response = client.get("/openapi.json")

    assert response.content_type == "application/json"
    card = small_model.card
    assert response.json == describe(settings, card.model_sha256[:12], card.labels)


def test_server_conforms_to_its_description(server):
    """No response deviates, to valid, invalid and random requests by schemathesis."""
    program = Path(sys.executable).with_name("st")
    options = ["--max-examples", "8", "--no-color", "--continue-on-failure"]
    process = subprocess.run(
        [program, "--config-file", CONFIG, "run", f"{server.url}/openapi.json", *options],
        cwd=ROOT,
        env=unmeasured() | {"SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )

    assert process.returncode == 0, process.stdout
    assert "Tested: 29" in process.stdout
