"""Settings, read once from the environment."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from func.sink_variables import extensions

ROOT = Path(__file__).resolve().parent.parent
KNATIVE_PORTS = (8008, 8012, 8013, 8022, 9090, 9091)  # the queue-proxy's, in the same pod
MODEL_NAME = "intent-classifier"  # in the contracts that name a model
# Pairs of an option and its intents: hashable, for a cache.
OptionIntents = tuple[tuple[str, tuple[str, ...]], ...]
# Whoever answers in place of an issuer can sign tokens. Plain HTTP is for tests on one machine.
ISSUER_URL = (
    r"(?:https://[0-9A-Za-z.:\[\]-]+|http://(?:localhost|127\.0\.0\.1)(?::\d+)?)(?:/[!-~]*)?"
)
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_FORMATS = ("json", "text")


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
        model_path: the trained pipeline; its card is in the same folder.
        model_uri: the model in a store, or its folder; replaces ``model_path``. See
            ``model.store.uri``.
        model_cache_dir: a folder that keeps downloaded files; None keeps none.
        model_fetch_timeout_s: the longest time to download a model.
        models_uri: the store of models that requests name; None for none. See ``func.models``.
        models_memory_mb: the memory of these models.
        models_refresh_s: the time after which a request has a name's pointer read again.
        intent_threshold: overrides the out-of-scope threshold of the model; 0 to 1, the lowest
            probability of being in scope that is not rejected.
        max_header_bytes, max_body_bytes, max_json_depth, max_text_length, max_batch_size: limits
            of a request: bytes of its head and its body, nested objects and lists, characters of
            an utterance (as sent and normalised), utterances.
        api_token_file: tokens, one a line, of which requests must carry one; None for no tokens.
        oidc_issuer: of tokens that requests may carry; None for none. See ``func.oidc``.
        oidc_audience: whom these tokens must be for.
        cors_origins: of pages that may call the function from a browser; ``*`` for any.
        webhook_origins: senders of events that may validate the function as their webhook.
        text_pointer: where the data of events and requests may have their text, as JSON pointers
            that are tried in order; () for the fields of the JSON contract only.
        gateway_text_pointer: where the requests of a gateway have their text, as a JSON pointer;
            "" for the fields of the JSON contract.
        option_intents: the intents that options of System One and Decisions stand for.
        fallback_url: another classifier, which is asked for what the model is not to be acted on;
            None for none. See ``func.fallback``.
        fallback_kind: its contract; None for the one that its path means.
        fallback_model: the model that it is asked for.
        fallback_token_file: the token that it is sent, in the first line; None for none.
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

    host: str = "0.0.0.0"  # noqa: S104 - in a container, the only useful address
    port: int = 8080
    metrics_port: int | None = None
    threads: int = 2
    max_waiting: int = 256
    request_timeout_s: float = 30.0
    shutdown_delay_s: float = 0.0
    shutdown_timeout_s: float = 25.0
    model_path: Path = ROOT / "model" / "artifacts" / "intent_model.pkl"
    model_uri: str | None = None
    model_cache_dir: Path | None = None
    model_fetch_timeout_s: float = 60.0
    models_uri: str | None = None
    models_memory_mb: int = 128
    models_refresh_s: float = 30.0
    intent_threshold: float | None = None
    max_header_bytes: int = 32 * 1024
    max_body_bytes: int = 1024 * 1024
    max_json_depth: int = 32
    max_text_length: int = 5000
    max_batch_size: int = 256
    api_token_file: Path | None = None
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    cors_origins: tuple[str, ...] = ()
    webhook_origins: tuple[str, ...] = ()
    text_pointer: tuple[str, ...] = ()
    gateway_text_pointer: str = ""
    option_intents: OptionIntents = ()
    fallback_url: str | None = None
    fallback_kind: Literal["systemone", "decisions", "chat"] | None = None
    fallback_model: str = "default"
    fallback_token_file: Path | None = None
    fallback_timeout_s: float = 2.0
    fallback_max_in_flight: int = 16
    low_confidence: float = 0.5
    event_source: str = "/intent-classifier"
    event_type_prefix: str = "org.intentclassifier"
    event_model_attribute: str = "intentmodel"
    k_sink: str | None = None
    k_ce_overrides: tuple[tuple[str, str], ...] = ()
    log_level: str = "INFO"
    log_format: str = "json"

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
                parse, allowed = _PARSERS[field.name]
                try:
                    values[field.name] = parse(text)
                except ValueError as error:
                    raise SettingsError(key, text, allowed) from error
        settings = cls(**values)
        if settings.metrics_port and settings.metrics_port == settings.port:
            raise SettingsError("METRICS_PORT", str(settings.port), "another port than PORT")
        if (settings.oidc_issuer is None) is not (settings.oidc_audience is None):
            key = "OIDC_AUDIENCE" if settings.oidc_issuer else "OIDC_ISSUER"
            raise SettingsError(key, "", "set, because the other of the two is")
        return settings


Parser = tuple[Callable[[str], Any], str]


def _integer(lowest: int, highest: int) -> Parser:
    def parse(text: str) -> int:
        if not lowest <= (number := int(text)) <= highest:
            raise ValueError
        return number

    return parse, f"a whole number from {lowest} to {highest}"


def _port_beside_knative(text: str) -> int:
    if not 0 <= (port := int(text)) <= 65535 or port in KNATIVE_PORTS:  # noqa: PLR2004
        raise ValueError
    return port


def _number(lowest: float, highest: float) -> Parser:
    def parse(text: str) -> float:
        number = float(text)
        if not (math.isfinite(number) and lowest <= number <= highest):
            raise ValueError
        return number

    return parse, f"a number from {lowest:g} to {highest:g}"


def _choice(allowed: tuple[str, ...]) -> Parser:
    def parse(text: str) -> str:
        by_lower_case = {name.lower(): name for name in allowed}
        if text.lower() not in by_lower_case:
            raise ValueError
        return by_lower_case[text.lower()]

    return parse, f"one of {', '.join(allowed)}"


def _matching(pattern: str, allowed: str) -> Parser:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return parse, allowed


def _list(pattern: str, allowed: str) -> Parser:
    def parse(text: str) -> tuple[str, ...]:
        items = tuple(item.strip().lower() for item in text.split(","))
        if not all(re.fullmatch(pattern, item) for item in items):
            raise ValueError
        return items

    return parse, f"{allowed}, separated by commas, or *"


def _pointers(text: str) -> tuple[str, ...]:
    # Names may hold commas; only a comma before a slash ends a pointer.
    pointers = tuple(pointer.strip() for pointer in re.split(r",\s*(?=/)", text))
    if not all(re.fullmatch(_POINTER, pointer) for pointer in pointers):
        raise ValueError
    return pointers


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[0-9A-Za-z.:_\[\]-]+(?:/[!-~]*)?", text):
        raise ValueError
    parts = urlsplit(text)
    if not parts.hostname or parts.port == 0:  # both raise ValueError as well
        raise ValueError
    return text


def _option_intents(text: str) -> OptionIntents:
    match json.loads(text):
        case dict(value) if all(map(_is_list_of_texts, value.values())):
            return tuple((option, tuple(intents)) for option, intents in value.items())
    raise ValueError


def _is_list_of_texts(value: object) -> bool:
    is_filled = isinstance(value, list) and bool(value)
    return is_filled and all(isinstance(each, str) for each in value)  # type: ignore[attr-defined]


_POINTER = r"(?:/(?:[^~/]|~[01])*)+"  # RFC 6901, but for the pointer to the whole document
# CloudEvents, section "Size Limits": receivers should accept events of at least 64 KiB.
_MIN_BODY_BYTES = 64 * 1024
_MIN_HEADER_BYTES = 8 * 1024  # what RFC 9112, section 3, recommends for the first line alone
_PARSERS: Mapping[str, Parser] = {
    "host": _matching(r"[0-9A-Za-z.:_-]+", "a host name or address"),
    "port": _integer(0, 65535),
    "metrics_port": (
        _port_beside_knative,
        f"a number from 0 to 65535, but none of Knative's {', '.join(map(str, KNATIVE_PORTS))}",
    ),
    "threads": _integer(1, 1000),
    "max_waiting": _integer(1, 1_000_000),
    "request_timeout_s": _number(0.1, 3600),
    "shutdown_delay_s": _number(0, 3600),
    "shutdown_timeout_s": _number(0, 3600),
    "model_path": (Path, "a path"),
    "model_uri": (str, "a path or a URI"),
    "model_cache_dir": (Path, "a path"),
    "model_fetch_timeout_s": _number(1, 3600),
    "models_uri": (str, "a path or a URI"),
    "models_memory_mb": _integer(1, 1024 * 1024),
    "models_refresh_s": _number(0.1, 86_400),
    "intent_threshold": _number(0, 1),
    "max_header_bytes": _integer(_MIN_HEADER_BYTES, 1024 * 1024),
    "max_body_bytes": _integer(_MIN_BODY_BYTES, 64 * 1024 * 1024),
    "max_json_depth": _integer(1, 200),
    "max_text_length": _integer(1, 1_000_000),
    "max_batch_size": _integer(1, 10_000),
    "api_token_file": (Path, "a path"),
    "oidc_issuer": _matching(
        ISSUER_URL, "a URL with https, such as https://kubernetes.default.svc.cluster.local"
    ),
    "oidc_audience": _matching(r"[!-~]+", "printable ASCII without spaces"),
    "cors_origins": _list(
        r"\*|[a-z][a-z0-9+.-]*://[a-z0-9.:\[\]_-]+", "origins such as https://shop.example"
    ),
    "webhook_origins": _list(r"\*|[a-z0-9._-]+", "names such as eventgrid.azure.net"),
    "text_pointer": (
        _pointers,
        "JSON pointers such as /event/text or /body/0/text, separated by commas",
    ),
    "gateway_text_pointer": _matching(_POINTER, "a JSON pointer such as /messages or /body/0/text"),
    "option_intents": (
        _option_intents,
        'a JSON object of options and their intents, such as {"billing": ["charge_dispute"]}',
    ),
    "fallback_url": (_url, "a URL such as https://api.example/v1/decisions"),
    "fallback_kind": _choice(("systemone", "decisions", "chat")),
    "fallback_model": _matching(r"[!-~]+", "a name of printable ASCII without spaces"),
    "fallback_token_file": (Path, "a path"),
    "fallback_timeout_s": _number(0.01, 600),
    "fallback_max_in_flight": _integer(1, 1000),
    "low_confidence": _number(0, 1),
    "event_source": _matching(r"[!-~]+", "a URI reference of printable ASCII without spaces"),
    "event_type_prefix": _matching(r"[0-9A-Za-z._-]+", "letters, digits, '.', '_' and '-'"),
    # CloudEvents 1.0, section "Naming Conventions".
    "event_model_attribute": _matching(r"[a-z0-9]{1,20}", "1 to 20 lower-case letters and digits"),
    "k_sink": (_url, "a URL such as http://broker-ingress.knative-eventing.svc/default"),
    "k_ce_overrides": (
        extensions,
        'JSON such as {"extensions": {"environment": "staging"}}',
    ),
    "log_level": _choice(LOG_LEVELS),
    "log_format": _choice(LOG_FORMATS),
}
