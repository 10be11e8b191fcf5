"""Which addresses may be visited: RFC 6890 and its successors, row by row, with the neighbours of each range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkback import urls
from linkback.address import Permit, Verdict, public, verdict
from linkback.ping import Declined, Reason

ROWS = [
    # IPv4: the first and the last address of each range, and the neighbours outside it
    ("0.0.0.0", Verdict.UNSPECIFIED),  # noqa: S104 - an address to judge, not one to listen on
    ("0.0.0.1", Verdict.THIS_NETWORK),
    ("0.255.255.255", Verdict.THIS_NETWORK),
    ("1.0.0.0", Verdict.PUBLIC),
    ("9.255.255.255", Verdict.PUBLIC),
    ("10.0.0.0", Verdict.PRIVATE),
    ("10.255.255.255", Verdict.PRIVATE),
    ("11.0.0.0", Verdict.PUBLIC),
    ("100.63.255.255", Verdict.PUBLIC),
    ("100.64.0.0", Verdict.SHARED),
    ("100.127.255.255", Verdict.SHARED),
    ("100.128.0.0", Verdict.PUBLIC),
    ("126.255.255.255", Verdict.PUBLIC),
    ("127.0.0.0", Verdict.LOOPBACK),
    ("127.0.0.1", Verdict.LOOPBACK),
    ("127.255.255.255", Verdict.LOOPBACK),
    ("128.0.0.0", Verdict.PUBLIC),
    ("169.253.255.255", Verdict.PUBLIC),
    ("169.254.0.0", Verdict.LINK_LOCAL),
    ("169.254.169.254", Verdict.LINK_LOCAL),
    ("169.254.170.2", Verdict.LINK_LOCAL),
    ("169.254.255.255", Verdict.LINK_LOCAL),
    ("169.255.0.0", Verdict.PUBLIC),
    ("172.15.255.255", Verdict.PUBLIC),
    ("172.16.0.0", Verdict.PRIVATE),
    ("172.31.255.255", Verdict.PRIVATE),
    ("172.32.0.0", Verdict.PUBLIC),
    ("191.255.255.255", Verdict.PUBLIC),
    ("192.0.0.0", Verdict.PROTOCOL),
    ("192.0.0.255", Verdict.PROTOCOL),
    ("192.0.1.0", Verdict.PUBLIC),
    ("192.0.2.0", Verdict.DOCUMENTATION),
    ("192.0.2.255", Verdict.DOCUMENTATION),
    ("192.0.3.0", Verdict.PUBLIC),
    ("192.31.195.255", Verdict.PUBLIC),
    ("192.31.196.1", Verdict.ANYCAST),
    ("192.31.197.0", Verdict.PUBLIC),
    ("192.52.192.255", Verdict.PUBLIC),
    ("192.52.193.1", Verdict.ANYCAST),
    ("192.52.194.0", Verdict.PUBLIC),
    ("192.88.98.255", Verdict.PUBLIC),
    ("192.88.99.1", Verdict.RELAY),
    ("192.88.100.0", Verdict.PUBLIC),
    ("192.167.255.255", Verdict.PUBLIC),
    ("192.168.0.0", Verdict.PRIVATE),
    ("192.168.255.255", Verdict.PRIVATE),
    ("192.169.0.0", Verdict.PUBLIC),
    ("192.175.47.255", Verdict.PUBLIC),
    ("192.175.48.6", Verdict.ANYCAST),
    ("192.175.49.0", Verdict.PUBLIC),
    ("198.17.255.255", Verdict.PUBLIC),
    ("198.18.0.0", Verdict.BENCHMARKING),
    ("198.19.255.255", Verdict.BENCHMARKING),
    ("198.20.0.0", Verdict.PUBLIC),
    ("198.51.99.255", Verdict.PUBLIC),
    ("198.51.100.1", Verdict.DOCUMENTATION),
    ("198.51.101.0", Verdict.PUBLIC),
    ("203.0.112.255", Verdict.PUBLIC),
    ("203.0.113.1", Verdict.DOCUMENTATION),
    ("203.0.114.0", Verdict.PUBLIC),
    ("223.255.255.255", Verdict.PUBLIC),
    ("224.0.0.0", Verdict.MULTICAST),
    ("239.255.255.255", Verdict.MULTICAST),
    ("240.0.0.0", Verdict.RESERVED),
    ("255.255.255.254", Verdict.RESERVED),
    ("255.255.255.255", Verdict.BROADCAST),
    # IPv6
    ("::", Verdict.UNSPECIFIED),
    ("::1", Verdict.LOOPBACK),
    ("::fffe:0:0:0", Verdict.RESERVED),
    ("::ffff:0:127.0.0.1", Verdict.RESERVED),
    ("100::1", Verdict.DISCARD),
    ("100:0:0:1::1", Verdict.RESERVED),
    ("100:0:0:2::1", Verdict.RESERVED),
    ("1fff:ffff::", Verdict.RESERVED),
    ("2001:1::1", Verdict.PROTOCOL),
    ("2001:20::1", Verdict.PROTOCOL),
    ("2001:1ff:ffff::1", Verdict.PROTOCOL),
    ("2001:200::1", Verdict.PUBLIC),
    ("2001:db7:ffff::1", Verdict.PUBLIC),
    ("2001:db8::1", Verdict.DOCUMENTATION),
    ("2001:db9::1", Verdict.PUBLIC),
    ("2001:ffff::1", Verdict.PUBLIC),
    ("2003::1", Verdict.PUBLIC),
    ("2606:2800:220:1::1", Verdict.PUBLIC),
    ("2620:4f:8000::1", Verdict.ANYCAST),
    ("2620:4f:8001::1", Verdict.PUBLIC),
    ("3ffe:ffff::1", Verdict.PUBLIC),
    ("3fff::1", Verdict.DOCUMENTATION),
    ("3fff:fff::1", Verdict.DOCUMENTATION),
    ("3fff:1000::1", Verdict.PUBLIC),
    ("4000::1", Verdict.RESERVED),
    ("5eff::1", Verdict.RESERVED),
    ("5f00::1", Verdict.RESERVED),
    ("fbff::1", Verdict.RESERVED),
    ("fc00::1", Verdict.PRIVATE),
    ("fd00:ec2::254", Verdict.PRIVATE),
    ("fdff:ffff::1", Verdict.PRIVATE),
    ("fe00::1", Verdict.RESERVED),
    ("fe80::1", Verdict.LINK_LOCAL),
    ("febf::1", Verdict.LINK_LOCAL),
    ("fec0::1", Verdict.PRIVATE),
    ("feff::1", Verdict.PRIVATE),
    ("ff02::1", Verdict.MULTICAST),
    # IPv4 inside IPv6: mapped, compatible, NAT64, 6to4, Teredo, ISATAP
    ("::ffff:127.0.0.1", Verdict.LOOPBACK),
    ("::ffff:169.254.169.254", Verdict.LINK_LOCAL),
    ("::ffff:7f00:1", Verdict.LOOPBACK),
    ("::ffff:0.0.0.0", Verdict.UNSPECIFIED),
    ("::ffff:8.8.8.8", Verdict.PUBLIC),
    ("::127.0.0.1", Verdict.LOOPBACK),
    ("::10.0.0.1", Verdict.PRIVATE),
    ("::8.8.8.8", Verdict.TUNNEL),
    ("64:ff9b::127.0.0.1", Verdict.LOOPBACK),
    ("64:ff9b::169.254.169.254", Verdict.LINK_LOCAL),
    ("64:ff9b::8.8.8.8", Verdict.PUBLIC),
    ("64:ff9b:0:0:0:1:808:808", Verdict.RESERVED),
    ("64:ff9b:1::8.8.8.8", Verdict.PRIVATE),
    ("64:ff9b:2::8.8.8.8", Verdict.RESERVED),
    ("2002:7f00:1::", Verdict.LOOPBACK),
    ("2002:a9fe:a9fe::1", Verdict.LINK_LOCAL),
    ("2002:c0a8:101::1", Verdict.PRIVATE),
    ("2002:808:808::1", Verdict.TUNNEL),
    ("2001:0:808:808:0:0:80ff:fffe", Verdict.LOOPBACK),  # 127.0.0.1, its bits turned over
    ("2001:0:808:808:0:0:5601:5601", Verdict.LINK_LOCAL),  # 169.254.169.254
    ("2001:0:808:808:0:0:f7f7:f7f7", Verdict.TUNNEL),  # 8.8.8.8
    ("2606:2800::5efe:10.0.0.1", Verdict.PRIVATE),
    ("2606:2800::200:5efe:127.0.0.1", Verdict.LOOPBACK),
    ("2606:2800::5efe:8.8.8.8", Verdict.PUBLIC),
    ("2606:2800::5eff:10.0.0.1", Verdict.PUBLIC),
    ("fe80::5efe:8.8.8.8", Verdict.LINK_LOCAL),
    # zones, and what only looks like an address
    ("fe80::1%eth0", Verdict.ZONE),
    ("2606:2800::1%1", Verdict.ZONE),
    ("::ffff:8.8.8.8%lo", Verdict.ZONE),
    ("", Verdict.NOT_AN_ADDRESS),
    ("127.1", Verdict.NOT_AN_ADDRESS),
    ("2130706433", Verdict.NOT_AN_ADDRESS),
    ("0x7f.0.0.1", Verdict.NOT_AN_ADDRESS),
    ("0177.0.0.1", Verdict.NOT_AN_ADDRESS),
    ("8.8.8.8 ", Verdict.NOT_AN_ADDRESS),
    ("8.8.8.8/32", Verdict.NOT_AN_ADDRESS),
    ("[::1]", Verdict.NOT_AN_ADDRESS),
    ("example.com", Verdict.NOT_AN_ADDRESS),
]


@pytest.mark.parametrize(("ip", "expected"), ROWS)
def test_each_address_has_its_named_verdict(ip: str, expected: Verdict) -> None:
    assert verdict(ip) is expected


def test_every_verdict_has_a_row() -> None:
    assert {expected for _, expected in ROWS} == set(Verdict)


@given(st.text(max_size=60) | st.ip_addresses().map(str))
def test_any_text_has_a_verdict(text: str) -> None:
    assert verdict(text) in Verdict


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_like_the_one_it_carries(address: object) -> None:
    assert verdict(f"::ffff:{address}") is verdict(str(address))
    assert verdict(f"64:ff9b::{address}") is verdict(str(address))


PUBLIC_URLS = [
    "http://example.com/",
    "https://example.com/",
    "http://example.com:8080/",
    "https://example.com:8443/",
    "http://example.com:443/",
    "http://8.8.8.8/",
    "http://[2606:2800::1]/",
    "http://localhost.example.com/",
    "http://internal-affairs.example/",
    "http://my.locals/",
]

FORBIDDEN_URLS = [
    "http://example.com:22/",
    "http://example.com:8081/",
    "http://example.com:11211/",
    "https://example.com:9001/",
    "http://127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://blog.localhost/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://router.home.arpa/",
    "http://nas.lan/",
    "http://wordpress/",
]


@pytest.mark.parametrize("text", PUBLIC_URLS)
def test_a_public_url_is_permitted(text: str) -> None:
    public(urls.parse(text))


@pytest.mark.parametrize("text", FORBIDDEN_URLS)
def test_a_url_that_cannot_be_public_is_refused_before_its_name_is_looked_up(text: str) -> None:
    with pytest.raises(Declined) as refused:
        public(urls.parse(text))
    assert refused.value.reason is Reason.FORBIDDEN_ADDRESS


def test_the_address_about_to_be_dialled_decides_whatever_the_name_says() -> None:
    url = urls.parse("http://example.com/")
    public(url, "8.8.8.8")
    with pytest.raises(Declined, match="link-local"):
        public(url, "169.254.169.254")


def test_the_port_is_looked_at_again_when_dialling() -> None:
    with pytest.raises(Declined, match="port 22"):
        public(urls.parse("http://example.com:22/"), "8.8.8.8")


def test_the_refusal_never_names_the_address() -> None:
    """What a name resolves to inside somebody's network is not for the sender's eyes."""
    with pytest.raises(Declined) as refused:
        public(urls.parse("http://example.com/"), "10.1.2.3")
    assert "10.1.2.3" not in refused.value.detail


def test_public_is_a_permit() -> None:
    permit: Permit = public
    permit(urls.parse("https://example.com/"))
