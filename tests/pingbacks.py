"""Pingback's one call as XML, and what a stock client makes of its answer."""

from __future__ import annotations

import xmlrpc.client

import pytest

from linkback import pingback
from linkback.ping import Declined, Protocol
from wire import NOW, post

SOURCE, TARGET = "http://alice.example.org/#p123", "http://bob.example.net/#foo"
CALL = (
    "<methodCall><methodName>pingback.ping</methodName><params>"
    "<param><value><string>{}</string></value></param><param><value><string>{}</string></value></param>"
    "</params></methodCall>"
)
PLAIN = CALL.format(SOURCE, TARGET)


def read(body: bytes | str, content_type: str = "text/xml") -> tuple[str, str]:
    ping = pingback.read(post("/pingback", body, content_type), NOW)
    assert ping.protocol is Protocol.PINGBACK
    assert ping.received == NOW
    return ping.source, ping.target


def fault(body: bytes | str, content_type: str = "text/xml") -> tuple[int, str]:
    """What a stock client makes of the answer to this body: the code and the words."""
    request = post("/pingback", body, content_type)
    with pytest.raises(Declined) as refusal:
        pingback.read(request, NOW)
    return told(pingback.decline(request, refusal.value).body)


def told(answer: str) -> tuple[int, str]:
    with pytest.raises(xmlrpc.client.Fault) as fault_:
        xmlrpc.client.loads(answer)
    return fault_.value.faultCode, fault_.value.faultString
