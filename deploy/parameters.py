"""The parameters of a deployment, held against what template.yaml says of them before AWS is asked."""

from __future__ import annotations

import difflib
import re
import shlex
from typing import TYPE_CHECKING, Any

from linkback.site import Sites
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Declared = dict[str, dict[str, Any]]

# Of https://me@example.com:8080/blog the host.
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:/+)?(?:[^/?#]*@)?([^/?#:@]+)(?::\d+)?(?:[/?#].*)?")


def read(text: str, where: str = "PARAMETERS") -> dict[str, str]:
    """Read `Name=value Other="a value"`. Raises Trouble that names `where` it stands."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Trouble(f"{where} cannot be read ({error}): write Name=value, with quotes around spaces") from error
    for word in words:
        if not re.fullmatch(r"[A-Za-z0-9]+=.*", word, re.DOTALL):
            raise Trouble(f"{where} has {word!r}: write each one as Name=value, such as Moderation=none")
    return dict(word.split("=", 1) for word in words)


def check(given: Mapping[str, str], declared: Declared) -> dict[str, str]:
    """What was given, tidied, if template.yaml would take it. Raises Trouble with the first thing that it would not."""
    for name in sorted(given.keys() - declared.keys()):
        near = difflib.get_close_matches(name, declared, 1, 0.5)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise Trouble(f"There is no parameter {name}.{guess} There are: {', '.join(declared)}")
    tidy = {name: sites(value, declared[name]) if name == "Sites" else value for name, value in given.items()}
    for name, value in tidy.items():
        if problem := _problem(value, declared[name]):
            raise Trouble(f"{name} cannot be {value!r}: it {problem}")
    return tidy


def check_places(said: Mapping[str, str], declared: Declared) -> None:
    """What stands beside PARAMETERS instead of in it, such as `make deploy Moderation=none`. Raises Trouble."""
    for name in declared:
        if name in said:
            where = "SITES=example.com" if name == "Sites" else f'PARAMETERS="{name}={said[name]}"'
            raise Trouble(f"{name} would be passed over where it stands: write {where}")


def check_certificate(arn: str, region: str) -> None:
    """An HTTP API takes a certificate of its own region only. Raises Trouble."""
    if arn and arn.split(":")[3] != region:
        raise Trouble(
            f"CertificateArn is of the region {arn.split(':')[3]}, and the stack is in {region}: ask ACM for one there."
        )


def check_rules(values: Mapping[str, str], rules: Mapping[str, Any]) -> None:
    """What the template's Rules say of parameters that need each other. Raises Trouble with the rule's own sentence."""
    for rule in rules.values():
        if _value(rule["RuleCondition"], values):
            for assertion in rule["Assertions"]:
                if not _value(assertion["Assert"], values):
                    raise Trouble(assertion["AssertDescription"])


def sites(text: str, declared: Mapping[str, Any]) -> str:
    """The sites without blanks around their commas. Raises Trouble that says what to write instead."""
    tidy = ",".join(word.strip() for word in text.split(","))
    if problem := _refused(tidy, declared, text):
        meant = ",".join(dict.fromkeys(_hosts(text)))
        hint = f" Write {meant}" if meant and not _refused(meant, declared, meant) else ""
        raise Trouble(f"{problem}{hint}")
    return tidy


def _refused(text: str, declared: Mapping[str, Any], said: str) -> str | None:
    """What CloudFormation, or else the functions themselves, would have against the sites, which were said so."""
    if problem := _problem(text, declared):
        return f"Sites cannot be {said!r}: it {problem}"
    try:
        Sites.parse(text)
    except ValueError as error:
        return f"{error}."
    return None


def _problem(value: str, declared: Mapping[str, Any]) -> str | None:
    """Why CloudFormation would not take the value, in words that follow "it"."""
    if "\\" in value:
        return "must have no \\ in it, which SAM would read as its own: in an address write %5C."
    allowed = [str(one) for one in declared.get("AllowedValues", ())]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}."
    if not re.fullmatch(declared.get("AllowedPattern", r"(?s:.*)"), value):
        return str(declared.get("ConstraintDescription", f"must match {declared['AllowedPattern']}"))
    return None


def _hosts(text: str) -> Iterator[str]:
    for word in re.split(r"[\s,;]+", text.strip()):
        if found := _ADDRESS.fullmatch(word):
            yield found[1]


def _value(node: Any, values: Mapping[str, str]) -> Any:
    """What a rule's condition comes to, by the functions that ours are made of. Raises ValueError for another."""
    match node:
        case str():
            return node
        case {"Ref": name}:
            return values[name]
        case {"Fn::Not": [one]}:
            return not _value(one, values)
        case {"Fn::Equals": [one, other]}:
            return _value(one, values) == _value(other, values)
    raise ValueError(f"a rule of template.yaml has {node}, which is not known here")
