"""The visit that is sent elsewhere: each hop goes through the same door, and there is an end to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from linkback import address
from linkback.ping import Declined, Reason
from loopback import HTML, PAGE, Server, answered, declined, fetch, redirect

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from linkback.urls import Url


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_remembered(status: int) -> None:
    def by_path(connection: socket.socket) -> None:
        first = len(server.requests) == 1
        connection.sendall(redirect("b?c#d", status) if first else HTML + b"\r\n" + PAGE)

    with Server(by_path) as server:
        answer = fetch(server.url("/x/a"))
        assert [request.split()[1] for request in server.requests] == [b"/x/a", b"/x/b?c"]
    assert (str(answer.url), answer.body) == (str(server.url("/x/b?c#d")), PAGE)
    assert answer.hops == (server.url("/x/a"),)


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_of_the_300s_are_answers(status: int) -> None:
    assert answered(redirect("/elsewhere", status)).status == status


@pytest.mark.parametrize("location", [b"", b"Location:\r\n"])
def test_a_redirect_to_nowhere_is_an_answer(location: bytes) -> None:
    assert answered(b"HTTP/1.1 302 Found\r\n" + location + b"Content-Length: 0\r\n\r\n").status == 302


def chain(length: int) -> Callable[[socket.socket], None]:
    answers = iter([*(redirect(f"/{hop}") for hop in range(length)), HTML + b"\r\n" + PAGE])
    return lambda connection: connection.sendall(next(answers))


def test_eight_redirects_are_followed() -> None:
    with Server(chain(8)) as server:
        answer = fetch(server.url("/start"))
    assert (len(answer.hops), answer.body) == (8, PAGE)


def test_a_ninth_redirect_is_one_too_many() -> None:
    with Server(chain(9)) as server:
        with pytest.raises(Declined) as refused:
            fetch(server.url("/start"))
        assert len(server.requests) == 9
    assert refused.value.reason is Reason.TOO_MANY


@pytest.mark.parametrize("location", ["/", "/#there", "?"])
def test_a_circle_is_seen_at_once(location: str) -> None:
    with Server(redirect(location)) as server:
        with pytest.raises(Declined) as refused:
            fetch(server.url())
        assert len(server.requests) == 1
    assert refused.value.reason is Reason.TOO_MANY


FORBIDDEN = [
    "file:///etc/passwd",
    "gopher://127.0.0.1:11211/_stats",
    "ftp://example.com/",
    "javascript:alert(1)",
    "data:text/html,hello",
    "http://user:secret@example.com/",
    "//user@example.com/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://[fe80::1%25eth0]/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://[",
    "http:\\\\127.0.0.1\\",
    "/" + "a" * 3000,
]


@pytest.mark.parametrize("location", FORBIDDEN)
def test_a_redirect_to_what_is_no_page_of_the_web_is_forbidden(location: str) -> None:
    assert declined(redirect(location)).reason is Reason.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data/", "http://localhost/", "http://127.0.0.1:9001/"]
)
def test_a_redirect_goes_through_the_same_door(location: str) -> None:
    def permit(url: Url, ip: str | None = None) -> None:
        if url.port != server.port:
            address.public(url, ip)

    with Server(redirect(location)) as server, pytest.raises(Declined) as refused:
        fetch(server.url(), permit=permit)
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


def test_every_hop_is_admitted_before_its_name_is_looked_up() -> None:
    asked: list[str] = []

    def admit(url: Url) -> None:
        asked.append(f"admit {url.host}")
        if url.host == "blocked.example":
            raise Declined(Reason.BLOCKED, "The owner does not want to hear from blocked.example.")

    def resolve(host: str) -> Sequence[str]:
        asked.append(f"look up {host}")
        return ("127.0.0.1",)

    with Server(redirect("http://blocked.example/")) as server, pytest.raises(Declined) as refused:
        fetch(server.url(host="blog.example"), admit=admit, resolve=resolve)
    assert refused.value.reason is Reason.BLOCKED
    assert asked == ["admit blog.example", "look up blog.example", "admit blocked.example"]


def test_a_location_in_utf8_is_read_as_utf8() -> None:
    def by_path(connection: socket.socket) -> None:
        connection.sendall(redirect("/café") if len(server.requests) == 1 else HTML + b"\r\n" + PAGE)

    with Server(by_path) as server:
        assert fetch(server.url()).url.path == "/caf%C3%A9"


def test_cookies_are_not_carried_from_hop_to_hop() -> None:
    def by_path(connection: socket.socket) -> None:
        first = redirect("/b").replace(b"Location", b"Set-Cookie: a=b\r\nLocation")
        connection.sendall(first if len(server.requests) == 1 else HTML + b"\r\n" + PAGE)

    with Server(by_path) as server:
        fetch(server.url())
        assert b"cookie" not in server.requests[1].lower()
