"""Object stores: S3 and what speaks its protocol, Google Cloud Storage, Azure Blob Storage.

Credentials come from where the clouds' own tools find them: the variables of the environment, the
identity of the service account (on EKS: IRSA and Pod Identity), the metadata service.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

if TYPE_CHECKING:
    from obstore.store import ClientConfig

from model.errors import StoreError, StoreMissingError, StoreUnavailableError
from model.store.transport import READ_TIMEOUT_S

# The variable, by scheme, that names another server of the same protocol.
ENDPOINTS = {"s3": "AWS_ENDPOINT_URL", "gs": "GOOGLE_BASE_URL", "az": "AZURE_STORAGE_ENDPOINT"}
CONNECT_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_S = 300.0


class ObjectTransport:
    """Reads and writes the objects under a prefix."""

    def __init__(self, location: str) -> None:
        """Create a transport that connects at its first use.

        Raises:
            StoreError: the location is no bucket, or the environment's settings can't be used.
        """
        self._location = location
        scheme, _, _ = location.partition("://")
        options: ClientConfig = {
            "connect_timeout": timedelta(seconds=CONNECT_TIMEOUT_S),
            "read_timeout": timedelta(seconds=READ_TIMEOUT_S),
            "timeout": timedelta(seconds=REQUEST_TIMEOUT_S),
            "allow_http": os.environ.get(ENDPOINTS[scheme], "").startswith("http://"),
        }
        try:
            # The caller retries, and resumes.
            self._store = from_url(
                location, client_options=options, retry_config={"max_retries": 0}
            )
        except (BaseError, ValueError) as error:
            remedy = "Check the variables that name the account and its credentials"
            raise StoreError(location, "can't be used with these settings", remedy) from error

    def open(self, key: str, offset: int) -> Iterator[bytes]:
        """Yield an object's content from an offset on."""
        with self._as_store_errors(f"{self._location}/{key}"):
            found = obstore.get(
                self._store, key, options={"range": {"offset": offset}} if offset else None
            )
            # Each piece as it arrives, so that the caller can bound the time of them all.
            for chunk in found.stream(min_chunk_size=1):
                yield bytes(chunk)

    def put(self, key: str, content: bytes, *, replace: bool = False) -> bool:
        """Write an object; return whether it was written."""
        with self._as_store_errors(f"{self._location}/{key}"):
            try:
                mode: Literal["overwrite", "create"] = "overwrite" if replace else "create"
                obstore.put(self._store, key, content, mode=mode)
            except AlreadyExistsError:
                return False
            except FileNotFoundError as error:
                raise StoreError(
                    self._location, "does not exist", "Create the bucket or container first"
                ) from error
        return True

    @contextmanager
    def _as_store_errors(self, place: str) -> Iterator[None]:
        """Convert the library's errors; their texts name requests, and are not shown."""
        try:
            yield
        except FileNotFoundError as error:
            raise StoreMissingError(place) from error
        except (BaseError, OSError, ValueError) as error:
            match type(error).__name__:
                case "PermissionDeniedError" | "UnauthenticatedError":
                    remedy = "Check the credentials and what they may do"
                    raise StoreError(
                        place, "may not be used with these credentials", remedy
                    ) from error
                case "GenericError":
                    raise StoreUnavailableError(
                        place, "could not be reached or broke off"
                    ) from error
                case name:
                    raise StoreError(place, f"can't be used ({name})") from error
