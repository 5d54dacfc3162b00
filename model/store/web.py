"""A store on a web server: files below a URL, read over HTTPS."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator

from model.errors import StoreError
from model.store.http import HttpClient, range_from, rest_of, status_error


class WebTransport:
    """Reads the files below a URL."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._client = HttpClient()

    def open(self, key: str, offset: int) -> Iterator[bytes]:
        """Yield a file's content from an offset on."""
        url = f"{self._location}/{key}"
        try:
            with self._client.send("GET", url, headers=range_from(offset)) as response:
                yield from rest_of(response, offset)
        except urllib.error.HTTPError as error:
            with error:
                raise status_error(error, url) from error

    def put(self, key: str, content: bytes, *, replace: bool = False) -> bool:  # noqa: ARG002
        """Raise StoreError: HTTPS has no common way to write."""
        remedy = "Push to a folder, and upload it"
        raise StoreError(f"{self._location}/{key}", "can't be written over HTTPS", remedy)
