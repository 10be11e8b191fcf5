"""The rules of an owner: written, listed, taken back. What could not be meant is refused with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from linkback import rules, urls
from linkback.desk.refused import Refused
from linkback.ping import Protocol, stamp_at
from linkback.rules import KINDS, KNOWN, Action, Kind, Rule
from linkback.shared_hosts import is_shared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linkback.shared_hosts import IsSuffix
    from linkback.table import Table

_KINDS = ", ".join(KINDS)
_ACTIONS = ", ".join(Action)


class Rulebook:
    """The rules of one bridge's sites. `is_suffix` tells of a host whether anybody may have a name below it."""

    def __init__(self, table: Table, is_suffix: IsSuffix) -> None:
        self._table, self._is_suffix = table, is_suffix

    def add(
        self, site: str, told: Mapping[str, Any], now: float, *, replacing: bool = False
    ) -> tuple[Rule, Action | None]:
        """The rule that these members mean, written; and what there was said before. Raises Refused.

        One that contradicts a rule of the same kind and value is refused, unless it is meant to replace it.
        """
        rule = self._read(site, told, now)
        before = self._table.look(rule.site, [rule.key]).get(rule.key)
        if before not in (None, rule.action) and not replacing:
            said = f"There is a rule for {rule.kind} {rule.value} that says {before}. Say that the new one replaces it."
            raise Refused(409, "contradiction", said)
        if before is not rule.action:
            self._table.put_rule(rule)
        return rule, before

    def remove(self, site: str, told: Mapping[str, Any]) -> Rule:
        """Take back the rule of this site, kind and value, or an approval's mark. Raises Refused."""
        kind = _word(told, "kind")
        if kind not in {*KINDS, *KNOWN}:
            raise Refused(400, "bad-rule", f"kind must be one of {_KINDS}.")
        # As it is listed: one that would not be taken today can be taken back all the same.
        for value in dict.fromkeys((_word(told, "value"), self._value_or_told(Kind(kind), told))):
            rule = Rule(site, Kind(kind), value, Action.HOLD)
            action = self._table.look(site, [rule.key]).get(rule.key)
            if action:
                self._table.delete_rule(site, rule.key)
                return Rule(site, rule.kind, value, action)
        raise Refused(404, "unknown-rule", f"There is no rule for {kind} {_word(told, 'value')[:200]}.")

    def _read(self, site: str, told: Mapping[str, Any], now: float) -> Rule:
        """The rule that these members mean, in its normal form. Raises Refused."""
        kind, action = _word(told, "kind"), _word(told, "action")
        if kind not in KINDS:
            raise Refused(400, "bad-rule", f"kind must be one of {_KINDS}.")
        if action not in set(Action):
            raise Refused(400, "bad-rule", f"action must be one of {_ACTIONS}.")
        value = self._value(Kind(kind), _word(told, "value"))
        return Rule(site, Kind(kind), value, Action(action), stamp_at(now))

    def _value_or_told(self, kind: Kind, told: Mapping[str, Any]) -> str:
        try:
            return self._value(kind, _word(told, "value"))
        except Refused:
            return _word(told, "value")

    def _value(self, kind: Kind, value: str) -> str:
        if kind is Kind.DIALECT:
            if value.lower() not in set(Protocol):
                raise Refused(400, "bad-rule", f"value must be one of {', '.join(Protocol)} for a rule by dialect.")
            return value.lower()
        url = _url(kind, value)
        if kind is Kind.HOST:
            return self._host(url, value)
        if kind is Kind.PREFIX and url.fragment:
            raise Refused(400, "bad-rule", "A prefix has no fragment: what is behind # is of one and the same page.")
        key = urls.page_key(url)
        if "/" not in key and is_shared(url.host):
            said = f"{key} has pages of many people: give the part that is one person's, such as {key}/somebody."
            raise Refused(400, "shared-host", said)
        if kind is Kind.PREFIX and key.count("/") >= rules.MOST_SEGMENTS:
            raise Refused(400, "bad-rule", f"A prefix has at most {rules.MOST_SEGMENTS} segments.")
        return key

    def _host(self, url: urls.Url, value: str) -> str:
        host = url.host.removeprefix("www.")
        if url.path != "/" or url.query or url.fragment:
            raise Refused(400, "bad-rule", f"{value[:200]} is more than a host: make it a rule for a prefix.")
        if host.count(".") >= rules.MOST_LABELS:
            raise Refused(400, "bad-rule", f"A host has at most {rules.MOST_LABELS} labels here.")
        if is_shared(host) or (":" not in host and self._is_suffix(host)):
            said = (
                f"{host} has pages of many people, so it is judged by author or by prefix, never as a host: such as "
                f"the prefix {host}/somebody/."
            )
            raise Refused(400, "shared-host", said)
        return rules.authority(url)


def _url(kind: Kind, value: str) -> urls.Url:
    """The address; one without a scheme is as good."""
    if value.startswith("*."):
        raise Refused(400, "bad-rule", "Leave the *. out: a host is meant with its subdomains.")
    bad = ""
    try:
        url = urls.parse(value if "://" in value else f"https://{value}")
        if "." in url.host or ":" in url.host or url.host == "localhost":
            return url
        bad = "its host is one word"
    except urls.BadUrl as error:
        bad = str(error)
    example = {"host": "spam.example", "prefix": "example.net/~bob/"}.get(kind, "https://bob.example/")
    raise Refused(400, "bad-rule", f"value cannot be used: {bad}. Write it like {example}.")


def _word(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(400, "bad-rule", f"{name} must be a string.")
    return (value or "").strip()
