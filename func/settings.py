"""Settings, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

from func import setting_values as allowed
from func.setting_values import OptionIntents, setting

ROOT = Path(__file__).resolve().parent.parent
MODEL_NAME = "intent-classifier"  # in the contracts that name a model
# Whoever answers in place of an issuer can sign tokens. Plain HTTP is for tests on one machine.
ISSUER_URL = (
    r"(?:https://[0-9A-Za-z.:\[\]-]+|http://(?:localhost|127\.0\.0\.1)(?::\d+)?)(?:/[!-~]*)?"
)
# CloudEvents, section "Size Limits": receivers should accept events of at least 64 KiB.
MIN_BODY_BYTES = 64 * 1024
MIN_HEADER_BYTES = 8 * 1024  # what RFC 9112, section 3, recommends for the first line alone


class SettingsError(Exception):
    """A variable has a value that is not allowed.

    Attributes:
        key: the variable.
        value: its value.
        allowed: a description of the allowed values.
    """

    def __init__(self, key: str, value: str, allowed: str) -> None:
        self.key, self.value, self.allowed = key, value, allowed
        super().__init__(f"{key}={value!r} is not allowed: it must be {allowed}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings; each field is the variable of the same name in capitals.

    Attributes:
        host, port: the address of the server; port 0 means any free one.
        metrics_port: the port of the metrics; 0 means any free one, None disables them.
        threads: the number of requests that threads answer at once.
        max_waiting: the number of requests that may arrive together, and of large ones that may
            wait for a thread; more are refused with 503.
        request_timeout_s: the longest time for a request to arrive, and to wait for a thread.
        shutdown_delay_s: the time after SIGTERM in which new connections are still accepted.
        shutdown_timeout_s: the time after that for requests in flight.
        model_path: the trained pipeline, its compiled form, or their folder; the card is there too.
        model_uri: the model in a store, or its folder; replaces ``model_path``. See
            ``model.store.uri``.
        model_cache_dir: a folder that keeps downloaded files; None keeps none.
        model_cache_mb: the size of these files.
        model_fetch_timeout_s: the longest time to download a model.
        models_uri: the store of models that requests name; None for none. See ``func.models``.
        models_memory_mb: the memory of these models.
        models_refresh_s: the time after which a request to a model reads its pointer again.
        intent_threshold: overrides the out-of-scope threshold of the model; 0 to 1, the lowest
            probability of being in scope that is not rejected.
        max_header_bytes, max_body_bytes, max_json_depth, max_text_length, max_batch_size: limits
            of a request: bytes of its head and its body, nested objects and lists, characters of
            an utterance (as sent and normalised), utterances.
        api_token_file: tokens, one a line, of which requests must carry one; None for no tokens.
        oidc_issuer: the issuer of tokens that requests may carry; None for none. See ``func.oidc``.
        oidc_audience: the audience that these tokens must be issued for.
        cors_origins: of pages that may call the function from a browser; ``*`` for any.
        webhook_origins: senders of events that may validate the function as their webhook.
        text_pointer: where the data of events and requests may have their text, as JSON pointers
            that are tried in order; () for the fields of the JSON contract only.
        gateway_text_pointer: where the requests of a gateway have their text, as a JSON pointer;
            "" for the fields of the JSON contract.
        option_intents: the intents that options of System One and Decisions stand for.
        fallback_url: another classifier, which is asked about texts of which the model is not sure
            enough; None for none. See ``func.fallback``.
        fallback_kind: its contract; None to tell it from the path of the URL.
        fallback_model: the name of the model in requests to it.
        fallback_token_file: a file with the token to send to it, in the first line; None for none.
        fallback_timeout_s: the longest time that a request waits for it.
        fallback_max_in_flight: the number of texts that it is asked about at once, and of requests
            that wait for it.
        low_confidence: below it, replies to events have low certainty; 0 to 1.
        event_source, event_type_prefix: of the function's replies to events.
        event_model_attribute: the extension attribute by which an event names a model.
        k_sink: the URL to which corrections are sent as events; None for none. A SinkBinding sets
            it, and ``k_ce_overrides``.
        k_ce_overrides: extension attributes of these events, by name.
        log_level, log_format: see ``func.telemetry.logs``.
    """

    # In a container, the only useful address.
    host: str = setting("0.0.0.0", allowed.matching(r"[0-9A-Za-z.:_-]+", "a host name or address"))  # noqa: S104
    port: int = setting(8080, allowed.integer(0, 65535))
    metrics_port: int | None = setting(None, allowed.METRICS_PORT)
    threads: int = setting(2, allowed.integer(1, 1000))
    max_waiting: int = setting(256, allowed.integer(1, 1_000_000))
    request_timeout_s: float = setting(30.0, allowed.number(0.1, 3600))
    shutdown_delay_s: float = setting(0.0, allowed.number(0, 3600))
    shutdown_timeout_s: float = setting(25.0, allowed.number(0, 3600))
    model_path: Path = setting(ROOT / "model" / "artifacts" / "intent_model.pkl", allowed.PATH)
    model_uri: str | None = setting(None, allowed.STORE)
    model_cache_dir: Path | None = setting(None, allowed.PATH)
    model_cache_mb: int = setting(192, allowed.integer(1, 1024 * 1024))
    model_fetch_timeout_s: float = setting(60.0, allowed.number(1, 3600))
    models_uri: str | None = setting(None, allowed.STORE)
    models_memory_mb: int = setting(128, allowed.integer(1, 1024 * 1024))
    models_refresh_s: float = setting(30.0, allowed.number(0.1, 86_400))
    intent_threshold: float | None = setting(None, allowed.number(0, 1))
    max_header_bytes: int = setting(32 * 1024, allowed.integer(MIN_HEADER_BYTES, 1024 * 1024))
    max_body_bytes: int = setting(1024 * 1024, allowed.integer(MIN_BODY_BYTES, 64 * 1024 * 1024))
    max_json_depth: int = setting(32, allowed.integer(1, 200))
    max_text_length: int = setting(5000, allowed.integer(1, 1_000_000))
    max_batch_size: int = setting(256, allowed.integer(1, 10_000))
    api_token_file: Path | None = setting(None, allowed.PATH)
    oidc_issuer: str | None = setting(
        None,
        allowed.matching(
            ISSUER_URL, "a URL with https, such as https://kubernetes.default.svc.cluster.local"
        ),
    )
    oidc_audience: str | None = setting(
        None, allowed.matching(r"[!-~]+", "printable ASCII without spaces")
    )
    cors_origins: tuple[str, ...] = setting(
        (),
        allowed.several(
            r"[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]_-]+", "origins such as https://shop.example"
        ),
    )
    webhook_origins: tuple[str, ...] = setting(
        (), allowed.several(r"[a-z0-9._-]+", "names such as eventgrid.azure.net")
    )
    text_pointer: tuple[str, ...] = setting((), allowed.POINTERS)
    gateway_text_pointer: str = setting(
        "", allowed.matching(allowed.POINTER, "a JSON pointer such as /messages or /body/0/text")
    )
    option_intents: OptionIntents = setting((), allowed.OPTIONS)
    fallback_url: str | None = setting(None, allowed.url("https://api.example/v1/decisions"))
    fallback_kind: Literal["systemone", "decisions", "chat"] | None = setting(
        None, allowed.choice("systemone", "decisions", "chat")
    )
    fallback_model: str = setting("default", allowed.NAME)
    fallback_token_file: Path | None = setting(None, allowed.PATH)
    fallback_timeout_s: float = setting(2.0, allowed.number(0.01, 600))
    fallback_max_in_flight: int = setting(16, allowed.integer(1, 1000))
    low_confidence: float = setting(0.5, allowed.number(0, 1))
    event_source: str = setting(
        "/intent-classifier",
        allowed.matching(r"[!-~]+", "a URI reference of printable ASCII without spaces"),
    )
    event_type_prefix: str = setting(
        "org.intentclassifier",
        allowed.matching(r"[0-9A-Za-z._-]+", "letters, digits, '.', '_' and '-'"),
    )
    # CloudEvents 1.0, section "Naming Conventions".
    event_model_attribute: str = setting(
        "intentmodel", allowed.matching(r"[a-z0-9]{1,20}", "1 to 20 lower-case letters and digits")
    )
    k_sink: str | None = setting(
        None, allowed.url("http://broker-ingress.knative-eventing.svc/default")
    )
    k_ce_overrides: tuple[tuple[str, str], ...] = setting((), allowed.EXTENSIONS)
    log_level: str = setting("INFO", allowed.choice("DEBUG", "INFO", "WARNING", "ERROR"))
    log_format: str = setting("json", allowed.choice("json", "text"))

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings; an unset or empty variable means the default.

        Raises:
            SettingsError: a value is not allowed.
        """
        values: dict[str, Any] = {}
        for field in fields(cls):
            key = field.name.upper()
            if text := environ.get(key, "").strip():
                parse, words = field.metadata["parser"]
                try:
                    values[field.name] = parse(text)
                except ValueError as error:
                    raise SettingsError(key, text, words) from error
        settings = cls(**values)
        if settings.metrics_port and settings.metrics_port == settings.port:
            raise SettingsError("METRICS_PORT", str(settings.port), "another port than PORT")
        if (settings.oidc_issuer is None) is not (settings.oidc_audience is None):
            key = "OIDC_AUDIENCE" if settings.oidc_issuer else "OIDC_ISSUER"
            raise SettingsError(key, "", "set, because the other of the two is")
        return settings
