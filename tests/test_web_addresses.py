"""The visit by name: which address is dialled, which is refused, and whose certificate is believed."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import trustme

from linkback import address, urls, web
from linkback.ping import Declined, Reason, TryLater
from loopback import HTML, PAGE, Server, drip, fetch, only

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# Names and addresses


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    def unknown(_host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(TryLater) as later:
        fetch(urls.parse("http://blog.example/"), resolve=unknown)
    assert later.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("found", [(), UnicodeError("label too long")])
def test_a_name_without_an_address_is_unreachable(found: Sequence[str] | UnicodeError) -> None:
    def resolve(_host: str) -> Sequence[str]:
        if isinstance(found, UnicodeError):
            raise found
        return found

    with pytest.raises(TryLater) as later:
        fetch(urls.parse("http://blog.example/"), resolve=resolve)
    assert later.value.reason is Reason.UNREACHABLE


def test_the_systems_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in web.look_up("localhost")


def test_one_forbidden_address_among_good_ones_refuses_the_name_and_nothing_is_dialled() -> None:
    with Server(HTML + b"\r\n") as server:
        with pytest.raises(Declined) as refused:
            fetch(
                server.url(host="blog.example"), permit=only("127.0.0.1"), resolve=lambda _: ("127.0.0.1", "127.0.0.2")
            )
        assert server.requests == []
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "private", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00:ec2::254", "127.0.0.1"]
)
def test_a_public_name_with_a_private_address_is_refused(private: str) -> None:
    with pytest.raises(Declined) as refused:
        fetch(urls.parse("http://blog.example/"), permit=address.public, resolve=lambda _: ("93.184.216.34", private))
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


def test_a_name_is_looked_up_once_and_the_address_looked_at_is_dialled() -> None:
    """A name server that rebinds gives its second answer to nobody."""
    answers = iter([("127.0.0.1",), ("127.0.0.2",)])
    looked_at: list[str | None] = []
    with Server(HTML + b"\r\n" + PAGE) as server:
        answer = fetch(
            server.url(host="blog.example"),
            permit=lambda _url, ip=None: looked_at.append(ip),
            resolve=lambda _: next(answers),
        )
        assert answer.body == PAGE
    assert looked_at == [None, "127.0.0.1"]
    assert next(answers) == ("127.0.0.2",)


def test_a_host_that_is_an_address_is_looked_at_and_never_looked_up() -> None:
    looked_up: list[str] = []

    def resolve(host: str) -> Sequence[str]:
        looked_up.append(host)
        return ("127.0.0.1",)

    with pytest.raises(Declined):
        fetch(urls.parse("http://[::ffff:7f00:1]/"), permit=only(), resolve=resolve)
    with pytest.raises(Declined):
        fetch(urls.parse("http://127.0.0.1/"), permit=only(), resolve=resolve)
    assert looked_up == []


def test_further_addresses_are_tried_when_one_refuses() -> None:
    with Server(HTML + b"\r\n" + PAGE) as server:
        found = ("127.0.0.3", "127.0.0.2", "127.0.0.1")
        assert fetch(server.url(host="blog.example"), resolve=lambda _: found).body == PAGE


def test_a_name_with_many_addresses_does_not_make_us_knock_at_all_of_them() -> None:
    with Server(HTML + b"\r\n" + PAGE) as server:
        found = (*(f"127.0.0.{n}" for n in range(2, 6)), "127.0.0.1")
        with pytest.raises(TryLater):
            fetch(server.url(host="blog.example"), resolve=lambda _: found)
        assert server.requests == []


# TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def certified(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> Callable[[], ssl.SSLContext]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return lambda: context


def test_tls_keeps_the_name_while_the_looked_at_address_is_dialled(authority: trustme.CA) -> None:
    named: list[str | None] = []
    context = certified(authority, "blog.example")
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with Server(HTML + b"\r\n" + PAGE, context) as server:
        answer = fetch(server.url(host="blog.example"), permit=only("127.0.0.1"), tls=trusting(authority))
        assert f"\r\nHost: blog.example:{server.port}\r\n".encode() in server.requests[0]
    assert (answer.body, named) == (PAGE, ["blog.example"])


def test_a_certificate_for_another_name_is_unreachable(authority: trustme.CA) -> None:
    with (
        Server(HTML + b"\r\n", certified(authority, "other.example")) as server,
        pytest.raises(TryLater, match="certificate") as later,
    ):
        fetch(server.url(host="blog.example"), tls=trusting(authority))
    assert later.value.reason is Reason.UNREACHABLE


def test_a_certificate_nobody_vouches_for_is_unreachable(authority: trustme.CA) -> None:
    with (
        Server(HTML + b"\r\n", certified(authority, "blog.example")) as server,
        pytest.raises(TryLater, match="certificate") as later,
    ):
        fetch(server.url(host="blog.example"))
    assert later.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda connection: connection.sendall(b"HTTP/1.1 400 Plain HTTP\r\n\r\n"), Reason.UNREACHABLE),
        (lambda connection: connection.close(), Reason.UNREACHABLE),
        (drip(b"\x16\x03\x03\x40\x00", b"\2"), Reason.TIMEOUT),
    ],
    ids=["plain", "closed", "drip"],
)
def test_a_handshake_that_fails_or_drips_is_weather(script: Callable[[socket.socket], None], reason: Reason) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection = listener.accept()[0]
            with connection, suppress(OSError):
                connection.recv(4096)
                script(connection)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(TryLater) as later:
            fetch(urls.parse(f"https://127.0.0.1:{listener.getsockname()[1]}/"), seconds=0.5)
    assert later.value.reason is reason


def test_the_trusted_certificates_are_read_once() -> None:
    assert web.trusted() is web.trusted()
