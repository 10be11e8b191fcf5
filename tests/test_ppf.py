"""Pingback Permitted From: what a record says, and the DNS it is asked of, which here is a real server on loopback."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback import ppf
from linkback.ppf import Names, Unanswered, ask, permitted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SENDER = "192.0.2.7"


class Zone:
    """Names and what they have, and how often it was asked for."""

    def __init__(self, records: Mapping[str, str | Sequence[str]], addresses: Mapping[str, Sequence[str]]) -> None:
        self.records, self.hosts, self.asked = records, addresses, list[str]()

    def txt(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        found = self.records.get(name.removeprefix("_pingback."), ())
        return [found] if isinstance(found, str) else found

    def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        return self.hosts.get(host, ())

    def says(self, ip: str = SENDER, host: str = "blog.example") -> bool | None:
        return permitted(host, ip, self.txt, self.addresses)


def said(record: str, ip: str = SENDER, **addresses: Sequence[str]) -> bool | None:
    """What the record of blog.example says; `blog` and `other` have addresses, under .example."""
    return Zone({"blog.example": record}, {f"{host}.example": found for host, found in addresses.items()}).says(ip)


# What a record says


@pytest.mark.parametrize(
    ("record", "ip", "says"),
    [
        ("v=ppf1 ip4:192.0.2.7", SENDER, True),
        ("v=ppf1 ip4:192.0.2.7", "192.0.2.8", False),
        ("v=ppf1 ip4:192.0.2.0/24", "192.0.2.255", True),
        ("v=ppf1 ip4:192.0.2.0/24", "192.0.3.0", False),
        ("v=ppf1 ip4:192.0.2.9/24", SENDER, True),  # bits beyond the length do not count
        ("v=ppf1 ip4:0.0.0.0/0", SENDER, True),
        ("v=ppf1 ip4:0.0.0.0/0", "2001:db8::1", False),
        ("v=ppf1 ip6:::/0", SENDER, False),
        ("v=ppf1 ip6:2001:db8::/32", "2001:db8:ffff::1", True),
        ("v=ppf1 ip6:2001:DB8::1", "2001:db8:0:0::1", True),
        ("v=ppf1 ip6:2001:db8::/32", "2001:db9::", False),
        ("v=ppf1 ip4:192.0.2.7", "::ffff:192.0.2.7", True),  # as a socket of both families names it
        ("v=ppf1 ip4:198.51.100.1 ip4:192.0.2.7", SENDER, True),
        ("V=PPF1 IP4:192.0.2.7", SENDER, True),
        ("v=ppf1   ip4:192.0.2.7  ", SENDER, True),
        ("v=ppf1 none", SENDER, False),
        ("v=ppf1 none ip4:192.0.2.7", SENDER, False),
        ("v=ppf1 ip4:192.0.2.7 none", SENDER, True),
        ("v=ppf1", SENDER, False),
        ("v=ppf1 ", SENDER, False),
    ],
)
def test_networks_and_none_are_tried_from_left_to_right(record: str, ip: str, says: bool | None) -> None:  # noqa: FBT001 - the column of a table
    assert said(record, ip) is says


def test_a_is_the_blogs_own_addresses() -> None:
    assert said("v=ppf1 a", blog=["198.51.100.1", SENDER]) is True
    assert said("v=ppf1 a", blog=["198.51.100.1"]) is False
    assert said("v=ppf1 A:Other.Example.", other=[SENDER]) is True
    assert said("v=ppf1 a:other.example", blog=[SENDER]) is False


def test_addresses_are_compared_as_addresses_and_what_is_none_is_passed_over() -> None:
    assert said("v=ppf1 a", "2001:db8::1", blog=["rubbish", "", "2001:0db8::0001"]) is True
    assert said("v=ppf1 a", blog=["::ffff:192.0.2.7"]) is True


def test_terms_of_unknown_names_are_passed_over() -> None:
    assert said("v=ppf1 mx mx:mail.example exp=why.example ptr/24 future.thing_2:x ip4:192.0.2.7") is True
    assert said("v=ppf1 mx ip4:198.51.100.1") is False


@pytest.mark.parametrize(
    "term",
    [
        *("ip4", "ip4:", "ip4:192.0.2", "ip4:192.0.2.7/33", "ip4:192.0.2.7/", "ip4:192.0.2.7/024", "ip4:2001:db8::1"),
        *("ip4:192.0.2.0/255.255.255.0", "ip4:3221225991", "ip4=192.0.2.7", "ip4:192.0.2.0/-1"),
        *("ip6", "ip6:", "ip6:192.0.2.7", "ip6:2001:db8::/129", "ip6:fe80::1%eth0", "ip6:[2001:db8::1]"),
        *("a:", "a/24", "a=other.example", "a:192.0.2.7", "a:localhost", "a:[::1]", "a:-x.example", "a:x..example"),
        *("a:other.example/24", f"a:{'x' * 64}.example", f"a:{'x.' * 200}example", "a:0x7f.1", "a:x.example:53"),
        *("include", "include:", "include:%{i}.example", "include:_pingback", "none:x", "none/0"),
        *("-all", "?all", "+a", ":", "a\tnone", "\x00", "ip4:192.0.2.\uff17", "caf\u00e9", "\u212ay", "4ip:1"),
    ],
)
def test_a_record_with_a_malformed_term_says_nothing(term: str) -> None:
    """Wherever it stands: a record is read whole before it is believed."""
    assert said(f"v=ppf1 {term}", blog=[SENDER]) is None
    assert said(f"v=ppf1 ip4:{SENDER} {term}") is None


def test_no_record_says_nothing() -> None:
    assert Zone({}, {}).says() is None
    for text in (
        "",
        "v=ppf10 none",
        "v=ppf2 none",
        "v=spf1 none",
        " v=ppf1 none",
        "v=ppf1\tnone",
        "v=ppf1\n",
        "x v=ppf1",
    ):
        assert said(text) is None


def test_other_texts_beside_the_record_are_other_peoples() -> None:
    texts = ["google-site-verification=x", f"v=ppf1 ip4:{SENDER}", "v=spf1 -all", "\x00\uffff"]
    assert Zone({"blog.example": texts}, {}).says() is True


def test_two_records_say_nothing() -> None:
    assert Zone({"blog.example": ["v=ppf1 none", "v=ppf1 none"]}, {}).says() is None


def test_a_record_has_a_thousand_characters_at_most() -> None:
    assert said(f"v=ppf1 ip4:{SENDER}".ljust(1000)) is True
    assert said(f"v=ppf1 ip4:{SENDER}".ljust(1001)) is None


@pytest.mark.parametrize(
    "host", ["", "localhost", SENDER, "::1", "[::1]", "x..example", f"{'x.' * 130}example", "a b.example"]
)
def test_what_is_no_public_name_is_not_asked_for(host: str) -> None:
    zone = Zone({host: "v=ppf1 none"}, {})
    assert zone.says(host=host) is None
    assert zone.asked == []


@pytest.mark.parametrize("ip", ["", "unknown", "192.0.2", "192.0.2.7:80", "[::1]", "1" * 5000])
def test_a_sender_without_an_address_is_not_asked_for(ip: str) -> None:
    zone = Zone({"blog.example": "v=ppf1 none"}, {})
    assert zone.says(ip) is None
    assert zone.asked == []


def test_the_name_that_is_asked_for_is_in_lower_case_and_idna() -> None:
    zone = Zone({}, {})
    zone.says(host="Bücher.Example.")
    assert zone.asked == ["_pingback.xn--bcher-kva.example"]


# Includes, and how many


def test_an_include_permits_whom_that_record_permits() -> None:
    records = {"blog.example": "v=ppf1 include:host.example", "host.example": "v=ppf1 a"}
    assert Zone(records, {"host.example": [SENDER]}).says() is True
    assert Zone(records, {"blog.example": [SENDER]}).says() is False


def test_an_included_none_is_nobody_of_theirs_and_the_next_term_is_tried() -> None:
    records = {"blog.example": f"v=ppf1 include:host.example ip4:{SENDER}", "host.example": "v=ppf1 none"}
    assert Zone(records, {}).says() is True


@pytest.mark.parametrize("included", ["", "v=ppf1 ip4:x", ("v=ppf1", "v=ppf1")])
def test_an_include_of_what_is_no_record_says_nothing(included: str | Sequence[str]) -> None:
    records = {"blog.example": f"v=ppf1 include:host.example ip4:{SENDER}", "host.example": included}
    assert Zone(records, {}).says() is None


def chain(includes: int) -> Zone:
    hosts = ["blog.example", *(f"{n}.example.com" for n in range(includes))]
    records = {host: f"v=ppf1 include:{onward}" for host, onward in itertools.pairwise(hosts)}
    return Zone(records | {hosts[-1]: f"v=ppf1 ip4:{SENDER}"}, {})


def test_five_includes_one_within_another_are_followed_and_no_sixth() -> None:
    assert chain(5).says() is True
    assert chain(6).says() is None


def test_a_circle_of_includes_ends_and_says_nothing() -> None:
    alone = Zone({"blog.example": "v=ppf1 include:blog.example"}, {})
    two = Zone({"blog.example": "v=ppf1 include:b.example", "b.example": "v=ppf1 include:blog.example"}, {})
    for zone in (alone, two):
        assert zone.says() is None
        assert len(zone.asked) == 6


def test_ten_look_ups_are_made_and_no_eleventh() -> None:
    for terms, says in ((9, False), (10, None)):
        zone = Zone({"blog.example": "v=ppf1" + " a" * terms}, {"blog.example": ["198.51.100.1"]})
        assert zone.says() is says
        assert len(zone.asked) == 10


def test_a_tree_of_includes_ends_and_says_nothing() -> None:
    zone = Zone({"blog.example": "v=ppf1" + " include:blog.example" * 40}, {})
    assert zone.says() is None
    assert len(zone.asked) <= 10


@pytest.mark.parametrize("failure", [Unanswered("x"), TimeoutError(), socket.gaierror(-3, "x"), UnicodeError("x")])
def test_where_the_network_fails_it_says_nothing(failure: Exception) -> None:
    def fails(_name: str) -> Sequence[str]:
        raise failure

    assert permitted("blog.example", SENDER, fails, fails) is None
    assert permitted("blog.example", SENDER, lambda _: ["v=ppf1 a none"], fails) is None


TERMS = (
    st.sampled_from(["a", "a:b.example", "ip4:192.0.2.0/24", "ip6:::/1", "include:b.example", "none", "mx"]) | st.text()
)
RECORDS = st.lists(TERMS, max_size=20).map(" ".join).map("v=ppf1 {}".format) | st.text()


@given(
    st.lists(RECORDS, max_size=3), st.lists(st.text() | st.ip_addresses().map(str)), st.text() | st.just("a.example")
)
def test_whatever_the_dns_says_there_is_an_answer(texts: list[str], addresses: list[str], host: str) -> None:
    for ip in (SENDER, "2001:db8::1", host):
        assert permitted(host, ip, lambda _: texts, lambda _: addresses) in (True, False, None)


# A nameserver on loopback

Answers = Callable[[dns.message.Message], Sequence[bytes]]


class Nameserver:
    """Answers on UDP and TCP, on one port of the system's choice, with what a function makes of a question."""

    def __init__(self, over_udp: Answers, over_tcp: Answers | None = None) -> None:
        self.over_udp, self.over_tcp, self.asked = over_udp, over_tcp or over_udp, list[str]()
        self.udp, self.tcp = _sockets()
        self.address = self.udp.getsockname()
        for serve in (self._datagrams, self._connections):
            threading.Thread(target=serve, daemon=True).start()

    def _datagrams(self) -> None:
        with suppress(OSError, dns.exception.DNSException):  # closed, a read has nothing
            while True:
                question, sender = self.udp.recvfrom(4096)
                for answer in self._answers("udp", self.over_udp, question):
                    self.udp.sendto(answer, sender)

    def _connections(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.tcp.accept()
                with connection, suppress(OSError):
                    question = connection.recv(4096)
                    for answer in self._answers("tcp", self.over_tcp, question[2:]):
                        connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def _answers(self, way: str, answers: Answers, wire: bytes) -> Sequence[bytes]:
        question = dns.message.from_wire(wire)
        self.asked.append(f"{way} {question.question[0]}")
        return answers(question)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for listening in (self.udp, self.tcp):
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)  # wakes the threads
            listening.close()


def _sockets() -> tuple[socket.socket, socket.socket]:
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # somebody else's: another, then
            tcp.close()
            udp.close()
        else:
            return udp, tcp


def answer(
    question: dns.message.Message, *records: str, rcode: dns.rcode.Rcode = dns.rcode.NOERROR
) -> dns.message.Message:
    """An answer with records as a zone's file has them: `name TTL IN TYPE data`."""
    made = dns.message.make_response(question)
    made.set_rcode(rcode)
    for record in records:
        name, ttl, kind, data = (part for part in record.split(" ", 4) if part != "IN")
        made.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, data))
    return made


def zone(*records: str) -> Answers:
    """What a nameserver of these records answers: those of the name, and where its aliases lead; else NXDOMAIN."""

    def answers(question: dns.message.Message) -> Sequence[bytes]:
        asked = question.question[0]
        name, kind = str(asked.name), dns.rdatatype.to_text(asked.rdtype)
        found, led = list[str](), {name}
        for record in records:
            owner, _, _, type_, data = record.split(" ", 4)
            if owner in led and type_ in (kind, "CNAME"):
                found.append(record)
                led |= {data} if type_ == "CNAME" else set()
        known = name in {record.split(" ")[0] for record in records}
        return [answer(question, *found, rcode=dns.rcode.NOERROR if known else dns.rcode.NXDOMAIN).to_wire()]

    return answers


def silent(_question: dns.message.Message) -> Sequence[bytes]:
    return []


def of(answers: Answers, over_tcp: Answers | None = None) -> Nameserver:
    return Nameserver(answers, over_tcp)


BLOG = '_pingback.blog.example. 60 IN TXT "v=ppf1 a include:host.example"'
HOST = '_pingback.host.example. 60 IN TXT "v=ppf1 ip4:" "192.0.2.7" " ip6:2001:db8::/32"'
ADDRESS = "blog.example. 60 IN A 198.51.100.1"
ADDRESS6 = "blog.example. 60 IN AAAA 3fff::1"


def test_records_are_asked_of_the_nameserver() -> None:
    with of(zone(BLOG, HOST, ADDRESS, ADDRESS6)) as server:
        says = {
            ip: ask("blog.example", ip, 5, [server.address]) for ip in (SENDER, "198.51.100.1", "3fff::1", "3fff::2")
        }
    assert says == {SENDER: True, "198.51.100.1": True, "3fff::1": True, "3fff::2": False}
    assert server.asked[:3] == [
        "udp _pingback.blog.example. IN TXT",
        "udp blog.example. IN A",
        "udp _pingback.host.example. IN TXT",
    ]
    assert "udp blog.example. IN AAAA" in server.asked


@pytest.fixture
def empty() -> Iterator[Nameserver]:
    with of(zone("other.example. 60 IN A 192.0.2.1")) as server:
        yield server


def test_a_name_that_is_not_there_has_no_texts_and_no_addresses(empty: Nameserver) -> None:
    names = Names(5, [empty.address])
    assert (names.txt("_pingback.blog.example"), names.addresses("blog.example")) == ([], [])
    assert ask("blog.example", SENDER, 5, [empty.address]) is None


def test_a_name_without_texts_has_none(empty: Nameserver) -> None:
    assert Names(5, [empty.address]).txt("other.example") == []


def test_a_senders_address_that_is_none_is_not_asked_for(empty: Nameserver) -> None:
    assert ask("blog.example", "unknown", 5, [empty.address]) is None
    assert empty.asked == []


def test_a_nameserver_that_never_answers_costs_no_more_than_the_time() -> None:
    with of(silent) as server:
        started = time.monotonic()
        assert ask("blog.example", SENDER, 0.3, [server.address]) is None
        assert time.monotonic() - started < 0.6
        with pytest.raises(Unanswered):
            Names(0.1, [server.address]).txt("blog.example")
        assert ask("blog.example", SENDER, 0, [server.address]) is None


def test_the_time_is_for_all_questions_together() -> None:
    def slow(question: dns.message.Message) -> Sequence[bytes]:
        time.sleep(0.2)
        return zone('_pingback.blog.example. 60 IN TXT "v=ppf1' + " a" * 9 + '"', ADDRESS)(question)

    with of(slow) as server:
        started = time.monotonic()
        assert ask("blog.example", SENDER, 0.7, [server.address]) is None
        assert time.monotonic() - started < 1.0
        assert 2 <= len(server.asked) <= 5


def test_a_second_nameserver_is_asked_where_the_first_does_not_answer() -> None:
    with of(silent) as dead, of(zone(HOST)) as server:
        assert ask("host.example", SENDER, 5, [dead.address, server.address]) is True


def test_a_lost_datagram_is_sent_again() -> None:
    lost: list[str] = []

    def once(question: dns.message.Message) -> Sequence[bytes]:
        lost.append("")
        return zone(HOST)(question) if len(lost) > 1 else []

    with of(once) as server:
        assert ask("host.example", SENDER, 5, [server.address]) is True


def test_a_nameserver_that_is_not_there_is_weather() -> None:
    with of(silent) as server:
        pass
    with pytest.raises(Unanswered):
        Names(1, [server.address]).txt("blog.example")
    with pytest.raises(Unanswered):
        Names(1, [("no address", 53)]).txt("blog.example")


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.YXDOMAIN])
def test_a_nameserver_that_fails_is_weather(rcode: dns.rcode.Rcode) -> None:
    with of(lambda question: [answer(question, rcode=rcode).to_wire()]) as server:
        with pytest.raises(Unanswered):
            Names(5, [server.address]).txt("blog.example")
        assert ask("blog.example", SENDER, 5, [server.address]) is None


def test_a_name_that_cannot_be_asked_for_is_weather(empty: Nameserver) -> None:
    for name in ("x..example", f"{'x' * 64}.example", "x." * 200, "\udc80.example"):
        with pytest.raises(Unanswered):
            Names(1, [empty.address]).txt(name)


def flagged(question: dns.message.Message) -> Sequence[bytes]:
    """Too large for a datagram."""
    made = answer(question)
    made.flags |= dns.flags.TC
    return [made.to_wire()]


LONG = '_pingback.blog.example. 60 IN TXT "v=ppf1 ' + "ip4:198.51.100.1 " * 12 + '" "' + "ip4:198.51.100.2 " * 12 + '" '
LONG += '"ip4:192.0.2.7"'


def test_an_answer_cut_short_is_fetched_over_tcp() -> None:
    with of(flagged, zone(LONG)) as server:
        assert ask("blog.example", SENDER, 5, [server.address]) is True
        assert [asked[:3] for asked in server.asked] == ["udp", "tcp"]


@pytest.mark.parametrize("over_tcp", [silent, flagged, lambda _: [b""], lambda _: [b"\xff" * 500]])
def test_where_tcp_has_no_answer_either_it_is_weather(over_tcp: Answers) -> None:
    with of(flagged, over_tcp) as server:
        with pytest.raises(Unanswered):
            Names(2, [server.address]).txt("blog.example")
        assert ask("blog.example", SENDER, 2, [server.address]) is None


def test_a_tcp_answer_that_trickles_ends_with_the_time() -> None:
    def trickles(_question: dns.message.Message) -> Sequence[bytes]:
        time.sleep(2)
        return []

    with of(flagged, trickles) as server:
        started = time.monotonic()
        assert ask("blog.example", SENDER, 0.5, [server.address]) is None
        assert time.monotonic() - started < 0.8


def test_texts_are_bounded_in_number_and_length() -> None:
    ten = [f'_pingback.blog.example. 60 IN TXT "{n}"' for n in range(10)]
    thousand = f"_pingback.long.example. 60 IN TXT {' '.join(['x' * 250] * 4)}"
    over = f"_pingback.over.example. 60 IN TXT {' '.join(['x' * 250] * 4)} y"
    with of(zone(*ten, thousand, over)) as server:
        assert len(Names(5, [server.address]).txt("_pingback.blog.example")) == 10
        assert Names(5, [server.address]).txt("_pingback.long.example") == ["x" * 1000]
        with pytest.raises(Unanswered, match="more texts"):
            Names(5, [server.address]).txt("_pingback.over.example")
    with of(flagged, zone(*ten, '_pingback.blog.example. 60 IN TXT "v=ppf1 none"')) as server:
        assert ask("blog.example", SENDER, 5, [server.address]) is None


def test_bytes_beyond_ascii_make_no_record() -> None:
    with of(zone('_pingback.blog.example. 60 IN TXT "v=ppf1 \\195\\169 none"')) as server:
        assert Names(5, [server.address]).txt("_pingback.blog.example") == ["v=ppf1 \ufffd\ufffd none"]
        assert ask("blog.example", SENDER, 5, [server.address]) is None


def test_garbage_before_the_answer_is_passed_over() -> None:
    """It may be anyone's, who guessed the port."""

    def noisy(question: dns.message.Message) -> Sequence[bytes]:
        forged = answer(question, '_pingback.host.example. 60 IN TXT "v=ppf1 none"')
        forged.id ^= 1
        return [b"", b"\xff" * 600, forged.to_wire(), question.to_wire(), *zone(HOST)(question)]

    with of(noisy) as server:
        assert ask("host.example", SENDER, 5, [server.address]) is True


@pytest.mark.parametrize("cut", [3, 11, 12, 20, 40, 60])
def test_garbage_alone_is_weather(cut: int) -> None:
    with of(lambda question: [zone(HOST)(question)[0][:cut]]) as server, pytest.raises(Unanswered):
        Names(0.3, [server.address]).txt("_pingback.host.example")


def test_a_turned_over_byte_anywhere_is_an_answer_or_weather() -> None:
    turned = list[int]()

    def damaged(question: dns.message.Message) -> Sequence[bytes]:
        wire = bytearray(zone(HOST)(question)[0])
        wire[12 + turned[-1] % (len(wire) - 12)] ^= 0xC1
        return [bytes(wire)]

    with of(flagged, damaged) as server:
        for byte in range(110):
            turned.append(byte)
            assert ask("host.example", SENDER, 0.05, [server.address]) in (True, False, None)
    assert sum(asked.startswith("tcp") for asked in server.asked) >= 110


def aliases(count: int) -> list[str]:
    names = ["_pingback.blog.example.", *(f"{n}.example.com." for n in range(count))]
    led = [f"{name} 60 IN CNAME {onward}" for name, onward in itertools.pairwise(names)]
    return [*led, f'{names[-1]} 60 IN TXT "v=ppf1 ip4:{SENDER}"']


def test_aliases_are_followed_within_the_answer() -> None:
    with of(zone(*aliases(3))) as server:
        assert ask("blog.example", SENDER, 5, [server.address]) is True
        assert len(server.asked) == 1


def test_aliases_that_lead_nowhere_in_circles_or_too_far_are_no_record() -> None:
    circle = ["_pingback.blog.example. 60 IN CNAME b.example.", "b.example. 60 IN CNAME _pingback.blog.example."]
    for records in (aliases(3)[:-1], circle, aliases(40)):
        with of(zone(*records)) as server:
            assert ask("blog.example", SENDER, 5, [server.address]) is None


def test_the_systems_own_nameservers_are_asked_where_no_others_are_given() -> None:
    """There is nothing to rely on but that it ends: whoever runs this may have no network."""
    started = time.monotonic()
    assert ask("blog.invalid", SENDER, 0.5) is None
    assert time.monotonic() - started < 2
    assert all(isinstance(ip, str) for ip, _ in ppf._of_the_system())  # noqa: SLF001 - the machine's own
