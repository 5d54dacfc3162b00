"""The model that answers unless a request names another one."""

from __future__ import annotations

from func.settings import Settings
from model.inference.intent_model import IntentModel


def load_default_model(settings: Settings) -> IntentModel:
    """Load the model that MODEL_URI names, or else the one at MODEL_PATH.

    Raises:
        ArtifactError: the model can't be fetched or served.
    """
    if settings.model_uri is None:
        return IntentModel.load(settings.model_path, threshold=settings.intent_threshold)
    # Imported late: a start from the image needs no store.
    from model.store.cache import BlobCache  # noqa: PLC0415
    from model.store.model_files import fetch  # noqa: PLC0415
    from model.store.uri import StoreUri  # noqa: PLC0415

    files = fetch(
        StoreUri.parse(settings.model_uri),
        cache=BlobCache(settings.model_cache_dir, settings.model_cache_mb),
        timeout_s=settings.model_fetch_timeout_s,
    )
    return files.load(threshold=settings.intent_threshold)
