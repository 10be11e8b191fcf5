"""What the documents say is so: links lead somewhere, targets exist, figures add up, workflows are pinned."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
import yaml
from botocore import xform_name

from documents import FENCE, OPERATIONS, README, ROOT, anchors, log_fields, named, prose, rows, section, text, words
from linkback import telemetry
from linkback_cli import template

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.y*ml"))
TREE = template.load().tree


# Links and commands


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_link_within_the_project_leads_to_a_file_and_a_heading(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"\s*\n\s*", " ", prose(path))):
        target, _, anchor = link.partition("#")
        if "://" in link:
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


def targets() -> set[str]:
    """The first words of the Makefile's rules."""
    heads = re.findall(r"^([\w./-]+(?: [\w./-]+)*):(?!=)", text(ROOT / "Makefile"), re.MULTILINE)
    return {name for head in heads for name in head.split()}


def made(told: str) -> set[str]:
    """What `make` is told to make, in backquotes and in blocks; what follows a variable or an option counts, too."""
    code = [*re.findall(r"`([^`\n]+)`", FENCE.sub("", told)), *(block[0] for block in FENCE.finditer(told))]
    calls = [call for part in code for call in re.findall(r"(?:^|[\s(])make((?: +[\w./-]+(?![\w./-]*=))+)", part)]
    return {word for call in calls for word in call.split() if not word.startswith("-")}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_a_make_target_that_is_named_exists(path: Path) -> None:
    assert made(text(path)) <= targets()


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_make_target_that_a_workflow_runs_exists(path: Path) -> None:
    assert made("".join(f"```\n{script}\n```\n" for script in scripts(path))) <= targets()


def test_a_target_that_is_named_is_seen() -> None:
    assert made(
        '`make test ARGS="-k x"`, `make build build-here bench`\n```\nmake deploy SITES=a\nmake run  # it\n```'
    ) == {
        "test",
        "build",
        "build-here",
        "bench",
        "deploy",
        "run",
    }


QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


def aws_commands() -> list[list[str]]:
    """Every `aws …` of the documents' blocks, as words; what stands in quotes is one word, `…`."""
    blocks = [block[0].replace("\\\n", " ") for path in DOCUMENTS for block in FENCE.finditer(text(path))]
    calls = [call for block in blocks for call in re.findall(r"\baws ([^|;&)\n]+)", QUOTED.sub("…", block))]
    return [call.split() for call in calls]


# A command that no service has, and an option that has another name there.
CLIS_OWN = {
    ("logs", "tail"): {"since", "filter-pattern"},
    ("sns", "subscribe"): {"topic-arn", "protocol", "notification-endpoint"},
}


@pytest.mark.parametrize("command", aws_commands(), ids=lambda words: " ".join(words[:3]))
def test_an_aws_command_and_its_options_exist(command: list[str]) -> None:
    """As the AWS CLI makes them of the services' models, but for its own."""
    service, name, *rest = command
    options = {word.removeprefix("--") for word in rest if word.startswith("--")} - {"query", "output", "region"}
    if own := CLIS_OWN.get((service, name)):
        assert options <= own
        return
    session = botocore.session.get_session()
    if name == "wait":
        waiters = session.get_waiter_model(service)
        known = {xform_name(waiter, "-"): waiters.get_waiter(waiter).operation for waiter in waiters.waiter_names}
        operation = known[rest[0]]
    else:
        known = {xform_name(one, "-"): one for one in session.get_service_model(service).operation_names}
        operation = known[name]
    shape = session.get_service_model(service).operation_model(operation).input_shape
    members = {xform_name(member, "-"): kind.type_name for member, kind in shape.members.items()}
    members |= {f"no-{member}": kind for member, kind in members.items() if kind == "boolean"}
    assert options <= members.keys()


# Template and README


def test_every_parameter_stands_in_readme_with_its_default() -> None:
    told = {words(row[0])[0]: row[1] for row in rows(section(README, "### Parameters"))}
    assert told.keys() == TREE["Parameters"].keys()
    for name, parameter in TREE["Parameters"].items():
        assert str(parameter.get("Default", "required")) in (told[name].strip("`"), {"empty": ""}.get(told[name]))


def test_every_output_stands_in_readme() -> None:
    told = [words(row[0])[0] for row in rows(section(README, "### Outputs"))]
    assert told == list(TREE["Outputs"])


def alarms() -> set[str]:
    kinds = TREE["Resources"].items()
    return {name.removesuffix("Alarm") for name, one in kinds if one["Type"] == "AWS::CloudWatch::Alarm"}


def test_every_alarm_has_a_section_that_says_what_it_means_and_what_to_do() -> None:
    told = re.findall(r"^### (\w+)$", section(OPERATIONS, "## Alarms"), re.MULTILINE)
    assert set(told) == alarms()
    for name in told:
        for word in ("**Means:**", "**Look:**", "**Do:**"):
            assert word in section(OPERATIONS, f"### {name}")


def test_every_metric_is_told_with_its_unit() -> None:
    told = {words(row[0])[0]: row[2] for row in rows(section(OPERATIONS, "## Metrics"))}
    assert told == telemetry.UNITS


def test_every_field_of_a_log_line_is_told(bridge: Any, internet: Any) -> None:
    documented = log_fields()
    bridge.fate(internet.put("/a", "no link"), "https://example.com/")
    bridge.webmention("https://a.example/", "https://elsewhere.example/")
    bridge.get("/api/mentions.jf2")
    bridge.get("/moderation/mentions")
    unreadable = {"messageId": "m", "body": "{}", "attributes": {"MessageGroupId": "a.example"}}
    bridge.verify({"Records": [unreadable]}, None)
    for event, fields in bridge.logged:
        assert fields.keys() <= documented[event]
    assert {event for event, _ in bridge.logged} == documented.keys()


# Workflows


@cache
def workflow(path: Path) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(text(path))
    return loaded


def scripts(path: Path) -> list[str]:
    return [step["run"] for job in workflow(path)["jobs"].values() for step in job["steps"] if "run" in step]


def test_there_are_workflows_to_test_and_to_release() -> None:
    assert [path.name for path in WORKFLOWS] == ["release.yml", "test.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_an_action_is_pinned_to_a_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"uses: *(.+)", text(path))
    assert len(used) == sum(
        len([step for step in job["steps"] if "uses" in step]) for job in workflow(path)["jobs"].values()
    )
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []


def test_an_action_is_the_same_wherever_it_is_used() -> None:
    pins = {pin for path in WORKFLOWS for pin in re.findall(r"uses: *(.+)", text(path))}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_job_may_do_what_it_says_and_ends_in_time(path: Path) -> None:
    assert workflow(path)["permissions"] == {}
    assert workflow(path)["concurrency"]["group"]
    for name, job in workflow(path)["jobs"].items():
        assert isinstance(job["permissions"], dict), name
        writes = {right for right, level in job["permissions"].items() if level != "read"}
        signs = {"release": {"contents", "id-token", "attestations"}, "publish": {"id-token"}}
        assert writes == (signs.get(name, set()) if path.stem == "release" else set()), name
        assert job["timeout-minutes"] <= 30


@pytest.mark.parametrize("path", WORKFLOWS, ids=named)
def test_a_workflow_takes_nobodys_words_into_a_script_and_names_no_registry(path: Path) -> None:
    assert [script for script in scripts(path) if "${{" in script] == []
    hosts = ("pypi." + "org", "pythonhosted." + "org", "npmjs." + "org", "registry")
    assert [host for host in hosts if host in text(path).lower()] == []


def test_the_release_workflow_publishes_only_where_it_was_told_where() -> None:
    condition = workflow(ROOT / ".github/workflows/release.yml")["jobs"]["publish"]["if"]
    assert set(re.findall(r"vars\.(\w+) != ''", condition)) == {"RELEASE_ROLE_ARN", "RELEASE_REGION", "RELEASE_BUCKET"}
    assert set(words(section(ROOT / "CONTRIBUTING.md", "## Release"))) >= {"RELEASE_ROLE_ARN", "RELEASE_REGION"}
