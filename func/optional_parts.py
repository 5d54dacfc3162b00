"""The parts of the function that settings turn on; each is imported only then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from func.settings import Settings, SettingsError

if TYPE_CHECKING:
    from func.authentication import Authentication, Verifier
    from func.fallback.cascade import Cascade
    from func.models.named_models import NamedModels


def load_authentication(settings: Settings) -> Authentication | None:
    """Return how requests authenticate themselves; None if they need not.

    Raises:
        SettingsError: the token file can't be used, or the issuer's tokens can't be verified.
    """
    if not (settings.api_token_file or settings.oidc_issuer):
        return None
    from func.authentication import Authentication, BearerTokens  # noqa: PLC0415 - see the top

    tokens = BearerTokens.load(settings.api_token_file) if settings.api_token_file else None
    return Authentication(tokens, _load_verifier(settings) if settings.oidc_issuer else None)


def load_named_models(settings: Settings) -> NamedModels | None:
    """Return the models that requests may name; None if there is no store of them."""
    if not settings.models_uri:
        return None
    from func.models.named_models import NamedModels  # noqa: PLC0415 - see the top

    return NamedModels.from_settings(settings)


def load_cascade(settings: Settings) -> Cascade | None:
    """Return the cascade to the fallback; None without one.

    Raises:
        SettingsError: its URL or its token file can't be used.
    """
    if not settings.fallback_url:
        return None
    from func.fallback.cascade import Cascade  # noqa: PLC0415 - see the top

    return Cascade.from_settings(settings)


def check_options(settings: Settings, known: Sequence[str]) -> None:
    """Check that the options of questions are bound to known intents.

    Raises:
        SettingsError: one is bound to another.
    """
    bound = (intent for _, intents in settings.option_intents for intent in intents)
    if unknown := set(bound).difference(known):
        allowed = f"options bound to intents of the model: {', '.join(sorted(known))}"
        raise SettingsError("OPTION_INTENTS", min(unknown), allowed)


def _load_verifier(settings: Settings) -> Verifier:
    try:
        from func.oidc.token_verifier import TokenVerifier  # noqa: PLC0415 - see the top
    except ImportError as error:
        issuer, allowed = settings.oidc_issuer or "", "empty unless pyjwt[crypto] is installed"
        raise SettingsError("OIDC_ISSUER", issuer, allowed) from error
    return TokenVerifier.from_settings(settings)
