"""HTTPS as stores need it: streamed responses, ranges, and errors that say what to do."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from model.errors import StoreError, StoreMissingError, StoreUnavailableError
from model.store.timed_responses import TimedHttpHandler, TimedHttpsHandler, TimedResponse
from model.store.transport import CHUNK_BYTES, READ_TIMEOUT_S

DENIED = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN))
TRANSIENT = frozenset((HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from HTTPS to anything else."""

    def redirect_request(  # noqa: PLR0913, PLR0917 - the signature is urllib's
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in {"https", req.type}:
            raise StoreError(_place(req.full_url), "redirects to a place without encryption")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any
    ) -> Any | None:
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except (StoreError, ValueError):
            fp.close()  # urllib leaves it open where the location is no URL
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _opener() -> urllib.request.OpenerDirector:
    # build_opener would also follow redirects to files and FTP servers.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        TimedHttpHandler(),
        TimedHttpsHandler(context=ssl.create_default_context()),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener


class HttpClient:
    """Sends requests over HTTPS; certificates are checked as SSL_CERT_FILE says."""

    def __init__(self) -> None:
        self._opener = _opener()

    @contextmanager
    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: str = "",
        body: bytes | None = None,
    ) -> Iterator[TimedResponse]:
        """Send a request; yield the response, whose body is not yet read.

        The whole response has to arrive in READ_TIMEOUT_S, unless ``rest_of`` reads its body.

        ``authorization`` is a header that is not sent to where the server redirects.

        Raises:
            urllib.error.HTTPError: the status is no success.
            StoreUnavailableError: there is no answer in time.
            StoreError: the server's certificate is not trusted.
        """
        request = urllib.request.Request(  # noqa: S310 - handlers of HTTP and HTTPS alone
            url, data=body, headers=dict(headers or {}), method=method
        )
        if authorization:
            request.add_unredirected_header("Authorization", authorization)
        place = _place(url)
        with _as_store_errors(place):
            response = self._opener.open(request, timeout=READ_TIMEOUT_S)
            with closing(response):
                yield response


def range_from(offset: int) -> dict[str, str]:
    """Return the headers that ask for the content from an offset on."""
    return {"Range": f"bytes={offset}-"} if offset else {}


def rest_of(response: TimedResponse, offset: int) -> Iterator[bytes]:
    """Yield the content from an offset on, of a response to a request for that range.

    A server without ranges sends the whole content; chunks before the offset are yielded empty.
    Each chunk is yielded as it arrives, so that the caller can bound the time of them all.
    """
    skipped = 0 if response.status == HTTPStatus.PARTIAL_CONTENT else offset
    while chunk := response.read1(CHUNK_BYTES):
        yield chunk[skipped:]
        skipped = max(0, skipped - len(chunk))
        response.restart_clock()
    if response.length:  # read1() does not report that the body ends before its length
        raise http.client.IncompleteRead(b"", response.length)


def status_error(error: urllib.error.HTTPError, place: str) -> StoreError:
    """Return the error that a status of failure means."""
    if error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return StoreMissingError(place)
    if error.code in DENIED:
        remedy = "Check the credentials and what they may do"
        return StoreError(place, f"may not be used: the server answers {error.code}", remedy)
    if error.code in TRANSIENT or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StoreUnavailableError(place, f"is not available: the server answers {error.code}")
    return StoreError(place, f"can't be used: the server answers {error.code}")


@contextmanager
def _as_store_errors(place: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError:
        raise
    # Chunks, redirects and headers that make no sense can raise ValueError or OverflowError.
    except (OSError, http.client.HTTPException, ValueError, OverflowError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            remedy = "Set SSL_CERT_FILE to the certificate of the authority that signed it"
            raise StoreError(place, "has a certificate that is not trusted", remedy) from error
        if isinstance(reason, TimeoutError):
            raise StoreUnavailableError(
                place, f"sent too little within {READ_TIMEOUT_S:g} s"
            ) from error
        raise StoreUnavailableError(place, "could not be reached or broke off") from error


def _place(url: str) -> str:
    """Return a URL without its query, which may hold a signature."""
    return url.partition("?")[0]
