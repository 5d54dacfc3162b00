"""Settings: defaults, parsing and validation."""

from __future__ import annotations

from pathlib import Path

import pytest

from func.settings import ROOT, Settings, SettingsError
from tests.support.kubernetes.rules import RESERVED_PORTS


def test_empty_environment_gives_the_defaults():
    """Without variables, the function serves its own model on port 8080."""
    settings = Settings.from_environ({})

    assert settings == Settings()
    assert settings.port == 8080
    assert settings.model_path == ROOT / "model" / "artifacts" / "intent_model.pkl"


def test_empty_variable_counts_as_unset():
    """A variable without a value leaves the default, as manifests often contain it."""
    assert Settings.from_environ({"PORT": "", "INTENT_THRESHOLD": " "}) == Settings()


def test_overrides_without_extensions_are_none():
    """A SinkBinding may override nothing."""
    assert Settings.from_environ({"K_CE_OVERRIDES": '{"extensions": null}'}) == Settings()


def test_each_variable_is_read():
    """Each field is set by the variable of its name in capitals."""
    settings = Settings.from_environ(
        {
            "HOST": "::1",
            "PORT": "9000",
            "METRICS_PORT": "9464",
            "THREADS": "3",
            "SHUTDOWN_TIMEOUT_S": "1.5",
            "MODEL_PATH": "/models/mine.pkl",
            "INTENT_THRESHOLD": "0.25",
            "MAX_BODY_BYTES": "70000",
            "MAX_TEXT_LENGTH": "100",
            "MAX_BATCH_SIZE": "7",
            "OIDC_ISSUER": "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12",
            "OIDC_AUDIENCE": "intent-namespace/intent-classifier",
            "CORS_ORIGINS": "https://shop.example, http://localhost:3000",
            "WEBHOOK_ORIGINS": "EventGrid.azure.net",
            "TEXT_POINTER": "/event/text, /a,b/0,/c~1d",
            "GATEWAY_TEXT_POINTER": "/body/0/text",
            "OPTION_INTENTS": '{"billing": ["refund", "charge"], "angry": ["complaint"]}',
            "FALLBACK_URL": "https://api.example/v1/decisions",
            "FALLBACK_KIND": "Chat",
            "FALLBACK_MODEL": "small/1.5",
            "FALLBACK_TOKEN_FILE": "/run/token",
            "FALLBACK_TIMEOUT_S": "0.5",
            "FALLBACK_MAX_IN_FLIGHT": "4",
            "LOW_CONFIDENCE": "0.7",
            "EVENT_SOURCE": "https://shop.example/intents",
            "EVENT_TYPE_PREFIX": "com.example",
            "K_SINK": "https://sink.example:8443/orders?tenant=a",
            "K_CE_OVERRIDES": '{"extensions": {"environment": "staging"}}',
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "TEXT",
        }
    )

    assert settings == Settings(
        host="::1",
        port=9000,
        metrics_port=9464,
        threads=3,
        shutdown_timeout_s=1.5,
        model_path=Path("/models/mine.pkl"),
        intent_threshold=0.25,
        max_body_bytes=70000,
        max_text_length=100,
        max_batch_size=7,
        oidc_issuer="https://oidc.eks.eu-west-1.amazonaws.com/id/AB12",
        oidc_audience="intent-namespace/intent-classifier",
        cors_origins=("https://shop.example", "http://localhost:3000"),
        webhook_origins=("eventgrid.azure.net",),
        text_pointer=("/event/text", "/a,b/0", "/c~1d"),
        gateway_text_pointer="/body/0/text",
        option_intents=(("billing", ("refund", "charge")), ("angry", ("complaint",))),
        fallback_url="https://api.example/v1/decisions",
        fallback_kind="chat",
        fallback_model="small/1.5",
        fallback_token_file=Path("/run/token"),
        fallback_timeout_s=0.5,
        fallback_max_in_flight=4,
        low_confidence=0.7,
        event_source="https://shop.example/intents",
        event_type_prefix="com.example",
        k_sink="https://sink.example:8443/orders?tenant=a",
        k_ce_overrides=(("environment", "staging"),),
        log_level="DEBUG",
        log_format="text",
    )


ORIGINS = "origins such as https://shop.example, separated by commas, or *"
SINK = "a URL such as http://broker-ingress.knative-eventing.svc/default"
OVERRIDES = 'JSON such as {"extensions": {"environment": "staging"}}'
OPTIONS = 'a JSON object of options and their intents, such as {"billing": ["charge_dispute"]}'
ISSUER = "a URL with https, such as https://kubernetes.default.svc.cluster.local"
POINTERS = "JSON pointers such as /event/text or /body/0/text, separated by commas"
METRICS_PORTS = "a number from 0 to 65535, but none of Knative's 8008, 8012, 8013, 8022, 9090, 9091"


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        pytest.param("PORT", "http", "a whole number from 0 to 65535", id="port-no-number"),
        pytest.param("PORT", "65536", "a whole number from 0 to 65535", id="port-too-high"),
        pytest.param("METRICS_PORT", "metrics", METRICS_PORTS, id="metrics-port-no-number"),
        pytest.param("METRICS_PORT", "-1", METRICS_PORTS, id="metrics-port-too-low"),
        pytest.param("METRICS_PORT", "8080", "another port than PORT", id="metrics-port-of-app"),
        *(
            pytest.param("METRICS_PORT", str(port), METRICS_PORTS, id=f"metrics-port-{port}")
            for port in sorted(RESERVED_PORTS)
        ),
        pytest.param("THREADS", "0", "a whole number from 1 to 1000", id="no-threads"),
        pytest.param("INTENT_THRESHOLD", "nan", "a number from 0 to 1", id="not-a-number"),
        pytest.param("INTENT_THRESHOLD", "-2.5", "a number from 0 to 1", id="no-probability"),
        pytest.param("SHUTDOWN_TIMEOUT_S", "-1", "a number from 0 to 3600", id="negative-time"),
        pytest.param(
            "MAX_BODY_BYTES", "65535", "a whole number from 65536 to 67108864", id="small-body"
        ),
        pytest.param("LOG_FORMAT", "xml", "one of json, text", id="log-format"),
        pytest.param("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR", id="log-level"),
        pytest.param(
            "EVENT_SOURCE", "a b", "a URI reference of printable ASCII without spaces", id="source"
        ),
        pytest.param(
            "EVENT_TYPE_PREFIX", "a/b", "letters, digits, '.', '_' and '-'", id="type-prefix"
        ),
        *(
            pytest.param("OIDC_ISSUER", value, ISSUER, id=f"issuer-{value}")
            for value in ("a.example", "http://a.example", "http://localhost.a.example", "https://")
        ),
        pytest.param(
            "OIDC_AUDIENCE", "a b", "printable ASCII without spaces", id="audience-of-two-words"
        ),
        *(
            pytest.param("CORS_ORIGINS", value, ORIGINS, id=f"origin-{value}")
            for value in ("shop.example", "https://shop.example/", "https://a.example,", "null")
        ),
        pytest.param(
            "WEBHOOK_ORIGINS",
            "https://a.example",
            "names such as eventgrid.azure.net, separated by commas, or *",
            id="webhook-origin",
        ),
        *(
            pytest.param("TEXT_POINTER", value, POINTERS, id=f"pointers-{value}")
            for value in ("text", "/a,/b~2", "/a~")
        ),
        pytest.param(
            "GATEWAY_TEXT_POINTER",
            "text",
            "a JSON pointer such as /messages or /body/0/text",
            id="pointer",
        ),
        *(
            pytest.param("OPTION_INTENTS", value, OPTIONS, id=f"options-{value}")
            for value in ("billing", "[]", '{"a": "b"}', '{"a": []}', '{"a": [1]}')
        ),
        *(
            pytest.param(
                "FALLBACK_URL", value, "a URL such as https://api.example/v1/decisions", id=value
            )
            for value in (
                "api.example",
                "ftp://a.example/",
                "http://user:word@a.example/",
                "http://a.example:65536/",
                "http://a.example:0/",
                "http://[::1/",
            )
        ),
        pytest.param(
            "FALLBACK_KIND", "grpc", "one of systemone, decisions, chat", id="fallback-kind"
        ),
        pytest.param("HOST", "a b", "a host name or address", id="host"),
        *(
            pytest.param("K_SINK", value, SINK, id=f"sink-{value}")
            for value in (
                "sink",
                "ftp://a",
                "http://",
                "http://a:0",
                "http://a:99999",
                "http://a b",
            )
        ),
        *(
            pytest.param("K_CE_OVERRIDES", value, OVERRIDES, id=f"overrides-{value}")
            for value in (
                "{",
                "[]",
                '{"extensions": []}',
                '{"extensions": {"Name": "a"}}',
                '{"extensions": {"id": "a"}}',
                '{"extensions": {"name": 1}}',
                '{"extensions": {"name": ""}}',
                '{"extensions": {"name": "a\\n"}}',
            )
        ),
    ],
)
def test_bad_value_names_variable_value_and_allowed_values(key, value, allowed):
    """The error names all that is needed to correct the value."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({key: value})

    assert (caught.value.key, caught.value.value, caught.value.allowed) == (key, value, allowed)
    assert str(caught.value) == f"{key}={value!r} is not allowed: it must be {allowed}."


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        pytest.param({"OIDC_ISSUER": "https://a.example"}, "OIDC_AUDIENCE", id="no-audience"),
        pytest.param({"OIDC_AUDIENCE": "intents"}, "OIDC_ISSUER", id="no-issuer"),
    ],
)
def test_issuer_and_audience_come_together(environ, missing):
    """An issuer's token for anybody must not be accepted, nor one of any issuer."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ(environ)

    assert caught.value.key == missing
