"""A GET that ends: within bounds of attempts, redirects and bytes, whatever the server does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from linkback import __version__, urls
from linkback_cli.console import printable
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    import threading

MOST_BYTES = 16_000_000  # the bridge ends at a quarter of that
PAUSES = (0.5, 1.0)  # seconds before the second attempt and before the third, which is the last
LONGEST_PAUSE = 10
_MOST_REDIRECTS = 5
_SECONDS = 20  # for each step: connecting, sending, the next piece of the answer
_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
# One layer of compression only: a piece of 64 KB then has 66 MB at most, not as many as a stranger likes.
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip",
    "user-agent": f"linkback/{__version__} (fetch)",
}


class Down(Exception):  # noqa: N818 - a state of the bridge, which may pass
    """There is no answer to be had now: `what` the bridge did, as the rest of a sentence, and what to `do` about it."""

    def __init__(
        self, what: str, do: str = "If this lasts, see whether --base is right, and the bridge's alarms"
    ) -> None:
        super().__init__(what)
        self.what, self.do = what, do


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a download: `url` is where it led, `following` what its Link header names as next."""

    status: int
    url: str
    body: bytes
    etag: str
    following: str
    retry_after: str


def client() -> httpx.Client:
    """A client with the proxies and certificates of the environment. Raises Trouble when they cannot be used."""
    try:
        return httpx.Client(headers=_HEADERS, timeout=_SECONDS)
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        hint = "See HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR"
        raise Trouble(f"The environment's proxy or certificates cannot be used ({error}). {hint}") from None


def get(to: httpx.Client, url: str, stopping: threading.Event, etag: str = "") -> Answer:
    """The answer, unless it is 429 or a 5xx for the third time. Raises Down, at the latest soon after `stopping`."""
    trouble: str
    for pause in (*PAUSES, None):
        wait = pause
        try:
            answer = _followed(to, url, stopping, {"if-none-match": etag} if etag else {})
        except httpx.TransportError as error:
            trouble = f"cannot be reached ({_words(error)})"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Down(f"sends what cannot be read ({_words(error)})") from None
        else:
            if not _busy(answer.status):
                return answer
            trouble = f"answers {answer.status}"
            wait = pause and _asked_for(answer.retry_after, pause)
        if wait is None or stopping.wait(wait):
            break
    raise Down(trouble)


def _followed(to: httpx.Client, url: str, stopping: threading.Event, headers: dict[str, str]) -> Answer:
    for _ in range(_MOST_REDIRECTS + 1):
        with to.stream("GET", url, headers=headers) as response:
            if not response.has_redirect_location:
                return _answer(response, stopping)
            try:
                url = str(urls.resolve(url, response.headers["location"]))
            except urls.BadUrl as bad:
                raise Down(f"redirects to an address that is none ({bad})", "See whether --base is right") from None
    raise Down(f"redirects more than {_MOST_REDIRECTS} times", "See whether --base is right")


def _answer(response: httpx.Response, stopping: threading.Event) -> Answer:
    return Answer(
        response.status_code,
        str(response.url),
        _body(response, stopping),
        response.headers.get("etag", ""),
        response.links.get("next", {}).get("url", ""),
        response.headers.get("retry-after", ""),
    )


def _body(response: httpx.Response, stopping: threading.Event) -> bytes:
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip"):
        raise Down(f"answers in a coding that was not asked for ({printable(coding, 40)})")
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MOST_BYTES:
            raise Down(f"answers with more than {MOST_BYTES // 1_000_000} MB", "See whether --base is right")
        if stopping.is_set():
            raise Down("takes too long")
    return bytes(body)


def _busy(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _asked_for(retry_after: str, pause: float) -> float:
    """The seconds that a Retry-After asks for, within reason; of one with a date, our own pause."""
    seconds = retry_after.strip()
    return min(int(seconds), LONGEST_PAUSE) if re.fullmatch(r"[0-9]{1,9}", seconds) else pause


def _words(error: Exception) -> str:
    return printable(_ERRNO.sub("", str(error)) or type(error).__name__)
