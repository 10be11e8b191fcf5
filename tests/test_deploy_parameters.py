"""The parameters of a deployment against template.yaml: what is wrong is said before AWS is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy import parameters, samconfig
from developer import Developer
from linkback_cli import template
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path

DECLARED = template.load().tree["Parameters"]
HOSTS = "must be one or more host names separated by commas, without https:// and without paths."


def refusal(given: dict[str, str]) -> str:
    with pytest.raises(Trouble) as trouble:
        parameters.check(given, DECLARED)
    return trouble.value.message


@pytest.mark.parametrize(
    ("sites", "meant"),
    [
        ("https://example.com", "example.com"),
        ("https://example.com/blog", "example.com"),
        ("http://example.com:8080/?a=b#c", "example.com"),
        ("example.com/", "example.com"),
        ("example.com:443", "example.com"),
        ("me@example.com", "example.com"),
        ("mailto://me@example.com", "example.com"),
        ("example.com blog.example.org", "example.com,blog.example.org"),
        ("https://example.com,https://example.com/de, blog.example.org", "example.com,blog.example.org"),
        ("example.com;", "example.com"),
        ("https://bücher.example/", "bücher.example"),
    ],
)
def test_sites_that_are_not_hosts_are_told_as_hosts(sites: str, meant: str) -> None:
    assert refusal({"Sites": sites}) == f"Sites cannot be {sites!r}: it {HOSTS} Write {meant}"


def test_what_sam_would_hand_on_as_something_else_is_refused() -> None:
    assert "write %5C" in refusal({"RebuildHook": "https://h.example/?a=\\"})


@pytest.mark.parametrize("sites", ["", " ", ",", "-example.com", "https://", "*.example.com", "a..b"])
def test_sites_that_nobody_can_guess_are_refused_without_a_guess(sites: str) -> None:
    assert refusal({"Sites": sites}) == f"Sites cannot be {sites!r}: it {HOSTS}"


def test_sites_that_only_the_functions_would_refuse_are_refused_as_they_would() -> None:
    assert refusal({"Sites": "☃.example"}).startswith("Sites has '☃.example', which is not a host name (")


@pytest.mark.parametrize(
    ("sites", "taken"),
    [
        ("example.com", "example.com"),
        (" example.com , blog.example.org ", "example.com,blog.example.org"),
        ("www.example.com", "www.example.com"),
    ],
)
def test_hosts_are_taken_without_the_blanks(sites: str, taken: str) -> None:
    assert parameters.check({"Sites": sites}, DECLARED) == {"Sites": taken}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Moderation": "nobody"}, "Moderation cannot be 'nobody': it must be one of first, all, none."),
        ({"AlertEmail": "me"}, "AlertEmail cannot be 'me': it must be one e-mail address, or empty."),
        ({"LogRetentionDays": "31"}, "LogRetentionDays cannot be '31': it must be one of 1, 3, 5, 7, 14, 30, 60, 90, "),
        ({"Architecture": "x86"}, "Architecture cannot be 'x86': it must be one of arm64, x86_64."),
        (
            {"Moderaton": "none"},
            "There is no parameter Moderaton. Did you mean Moderation? There are: Sites, Moderation, ",
        ),
        ({"Xyzzy": "none"}, "There is no parameter Xyzzy. There are: Sites, Moderation, "),
    ],
)
def test_what_the_template_would_not_take(given: dict[str, str], said: str) -> None:
    assert refusal(given).startswith(said)


def test_every_default_of_the_template_is_taken() -> None:
    defaults = {name: str(one["Default"]) for name, one in DECLARED.items() if "Default" in one}
    assert parameters.check(defaults, DECLARED) == defaults
    assert set(DECLARED) - set(defaults) == {"Sites"}


def test_words_are_read_as_a_shell_does() -> None:
    text = "Moderation=none RebuildHook='https://x.example/?a=b&c' Sites=\"a.example, b.example\" AlertEmail="
    assert parameters.read(text) == {
        "Moderation": "none",
        "RebuildHook": "https://x.example/?a=b&c",
        "Sites": "a.example, b.example",
        "AlertEmail": "",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("none", "PARAMETERS has 'none': write each one as Name=value, such as Moderation=none"),
        (
            "ParameterKey=A,ParameterValue=B C",
            "PARAMETERS has 'C': write each one as Name=value, such as Moderation=none",
        ),
        ("A='b", "PARAMETERS cannot be read (No closing quotation): write Name=value, with quotes around spaces"),
    ],
)
def test_words_that_are_no_parameters(text: str, said: str) -> None:
    with pytest.raises(Trouble) as trouble:
        parameters.read(text)
    assert trouble.value.message == said


# samconfig.toml


def test_what_deploy_says_in_samconfig_counts_before_what_it_says_for_all(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(
        '[default.global.parameters]\nstack_name = "linkback"\nregion = "eu-west-1"\n[default.deploy.parameters]\n'
        'stack_name = "mine"\nprofile = "me"\n'
        'parameter_overrides = "Sites=\\"a.example, b.example\\" AlertEmail=\\"\\""'
    )
    sites = {"Sites": "a.example, b.example", "AlertEmail": ""}
    assert samconfig.read(path) == samconfig.SamConfig("mine", "eu-west-1", "me", sites)


def test_parameters_of_samconfig_may_be_a_list(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text('[default.deploy.parameters]\nparameter_overrides = ["Sites=a.example", "Moderation=all"]')
    assert samconfig.read(path).parameters == {"Sites": "a.example", "Moderation": "all"}


def test_no_samconfig_says_nothing(tmp_path: Path) -> None:
    assert samconfig.read(tmp_path / "samconfig.toml") == samconfig.SamConfig("", "", "", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("=", "samconfig.toml is not TOML (Invalid statement (at line 1, column 1)): mend it, or take it away"),
        (
            '[default.deploy.parameters]\nparameter_overrides = "none"',
            "parameter_overrides in samconfig.toml has 'none': write each one as Name=value, such as Moderation=none",
        ),
    ],
)
def test_a_samconfig_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(text)
    with pytest.raises(Trouble) as trouble:
        samconfig.read(path)
    assert trouble.value.message == said


def test_the_command_refuses_before_it_looks_for_credentials(tmp_path: Path) -> None:
    said = f"Sites cannot be 'https://example.com/': it {HOSTS} Write example.com"
    assert Developer(tmp_path).refusal(SITES="https://example.com/", AWS_ACCESS_KEY_ID="") == said
