"""What an owner may say to template.yaml, and what it answers."""

from __future__ import annotations

import re

import pytest

from cloudformation import EVERYTHING, MINIMUM, ROOT, expanded, stack
from deploy.parameters import check_rules
from linkback.site import Sites
from linkback_cli.trouble import Trouble

TEMPLATE = expanded()
PARAMETERS = TEMPLATE["Parameters"]
DEFAULTS = {name: str(parameter.get("Default", "")) for name, parameter in PARAMETERS.items()}
DOMAIN = {name: EVERYTHING[name] for name in ("DomainName", "CertificateArn")}
OF_A_DOMAIN = {"Domain", "DomainMapping", "DomainRecord", "DomainRecord6"}
OF_A_CACHE = {"FeedDistribution", "FeedCachePolicy"}


# What is asked


def test_the_parameters_are_those_of_the_contract_and_only_sites_must_be_given() -> None:
    assert {name: parameter.get("Default") for name, parameter in PARAMETERS.items()} == {
        "Sites": None,
        "Moderation": "first",
        "SelfMentions": "refuse",
        "AlertEmail": "",
        "RebuildHook": "",
        "WebSubHub": "",
        "DomainName": "",
        "CertificateArn": "",
        "HostedZoneId": "",
        "FeedCache": "none",
        "LogLevel": "INFO",
        "LogRetentionDays": 30,
        "Architecture": "arm64",
    }


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_says_what_it_is_for_and_what_it_must_be(name: str) -> None:
    parameter = PARAMETERS[name]
    assert len(parameter["Description"]) > 20
    assert "AllowedValues" in parameter or parameter["ConstraintDescription"].startswith("must be ")
    assert parameter["Type"] in {"String", "Number"}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_takes_its_default_and_the_value_that_the_linter_tries(name: str) -> None:
    parameter, values = PARAMETERS[name], [EVERYTHING[name], *([MINIMUM[name]] if name in MINIMUM else [])]
    for value in [*values, *([str(parameter["Default"])] if "Default" in parameter else [])]:
        assert value in map(str, parameter.get("AllowedValues", [value]))
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value)


def test_the_consoles_form_has_every_parameter_once() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(PARAMETERS)


@pytest.mark.parametrize(
    "text",
    ["example.com", "example.com,blog.example.org", "example.com, a-b.example", "bücher.example", "日本.example"],
)
def test_sites_that_the_template_lets_in_are_read_by_the_functions(text: str) -> None:
    assert re.fullmatch(PARAMETERS["Sites"]["AllowedPattern"], text)
    assert len(Sites.parse(text).names) == text.count(",") + 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("Sites", text)
            for text in (
                "",
                " ",
                "https://example.com",
                "example.com/blog",
                "a.example,,b.example",
                ",",
                " a.example",
                "a.example ",
            )
        ),
        *(("Sites", text) for text in ("-a.example", "a.example,-", "a..example", "a.-b.example", "bü..example")),
        ("Sites", f"{'a' * 64}.example"),
        *(("AlertEmail", text) for text in ("me", "me@example", "a@example.com, b@example.com")),
        *(("RebuildHook", text) for text in ("http://builds.example", "builds.example", "https://a b")),
        *(("WebSubHub", text) for text in ("http://hub.example", "hub.example", 'https://hub.example/">')),
        *(
            ("DomainName", text)
            for text in ("https://a.example", "a.example/", "A.example", "*.example.com", "localhost.")
        ),
        *(
            ("CertificateArn", text)
            for text in ("yes", "arn:aws:iam::123456789012:server-certificate/x", "arn:aws:acm")
        ),
        *(("HostedZoneId", text) for text in ("/hostedzone/Z0123456789", "example.com", "z0123456789")),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(name: str, text: str) -> None:
    assert not re.fullmatch(PARAMETERS[name]["AllowedPattern"], text)
    assert re.fullmatch(r"must be .{20,}\.", PARAMETERS[name]["ConstraintDescription"])


def test_no_parameter_is_hidden_for_sam_asks_those_again_and_again() -> None:
    """`sam deploy --guided` takes Enter for an empty hidden parameter as no answer."""
    assert not [name for name, one in PARAMETERS.items() if "NoEcho" in one]


def test_the_rebuild_hook_is_in_nothing_that_is_made() -> None:
    assert "builds.example.com" not in str(stack(**EVERYTHING))


# A domain of one's own, a cache


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("DomainName", "DomainName needs CertificateArn"),
        ("CertificateArn", "CertificateArn is for a DomainName"),
        ("HostedZoneId", "HostedZoneId is where DomainName's records go"),
        ("DomainName HostedZoneId", "DomainName needs CertificateArn"),
        ("CertificateArn HostedZoneId", "CertificateArn is for a DomainName"),
    ],
)
def test_half_a_domain_is_refused_with_a_sentence_before_anything_is_made(given: str, told: str) -> None:
    with pytest.raises(Trouble, match=f"^{told}"):
        check_rules(DEFAULTS | {name: EVERYTHING[name] for name in given.split()}, TEMPLATE["Rules"])


@pytest.mark.parametrize("given", [{}, DOMAIN, EVERYTHING])
def test_no_domain_and_a_whole_one_are_let_through(given: dict[str, str]) -> None:
    check_rules(DEFAULTS | given, TEMPLATE["Rules"])


def test_without_being_asked_for_there_is_no_domain_and_no_cache() -> None:
    made = stack()
    assert not made.resources.keys() & (OF_A_DOMAIN | OF_A_CACHE)
    assert not [one["Type"] for one in made.resources.values() if re.search("CloudFront|Route53|Domain", one["Type"])]
    assert {re.sub(r"^https://([^/]+)/.*", r"\1", made.outputs[f"{door}Endpoint"]) for door in DOORS} == {
        "<Api>.execute-api.eu-central-1.amazonaws.com"
    }


DOORS = ("Webmention", "Pingback", "Trackback")


def test_a_domain_without_a_zone_says_what_its_record_must_point_to() -> None:
    made = stack(**DOMAIN)
    assert made.resources.keys() & OF_A_DOMAIN == {"Domain", "DomainMapping"}
    assert made.outputs["DomainTarget"] == "<Domain.RegionalDomainName>"
    assert "DomainTarget" not in stack().outputs.keys() | stack(**EVERYTHING).outputs.keys()


def test_a_domain_leads_to_the_api_and_is_in_all_that_is_to_be_pasted() -> None:
    made = stack(**DOMAIN, HostedZoneId=EVERYTHING["HostedZoneId"])
    properties = {name: made.resources[name]["Properties"] for name in OF_A_DOMAIN}
    assert properties["DomainMapping"] == {"ApiId": "<Api>", "DomainName": "<Domain>", "Stage": f"<{STAGE}>"}
    (configuration,) = properties["Domain"]["DomainNameConfigurations"]
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    for name, kind in (("DomainRecord", "A"), ("DomainRecord6", "AAAA")):
        told = properties[name]
        assert (told["Type"], told["Name"], told["HostedZoneId"]) == (
            kind,
            DOMAIN["DomainName"],
            "Z0123456789ABCDEFGHIJ",
        )
        assert told["AliasTarget"] == {
            "DNSName": "<Domain.RegionalDomainName>",
            "HostedZoneId": "<Domain.RegionalHostedZoneId>",
        }
    pasted = [made.outputs[name] for name in (*(f"{door}Endpoint" for door in DOORS), "FeedUrl", "Tags", "Desk")]
    assert all("https://linkback.example.com/" in one and "execute-api" not in one for one in pasted)


STAGE = "ApiApiGatewayDefaultStage"


@pytest.mark.parametrize("domain", [{}, DOMAIN])
def test_the_cache_asks_the_api_for_reads_alone_and_keeps_to_what_the_feeds_say(domain: dict[str, str]) -> None:
    made = stack(FeedCache="cloudfront", **domain)
    told = made.resources["FeedDistribution"]["Properties"]["DistributionConfig"]
    (origin,) = told["Origins"]
    # A domain whose record its owner makes by hand may not be there yet.
    zone = domain.get("DomainName") if "HostedZoneId" in domain else None
    assert origin["DomainName"] == (zone or "<Api>.execute-api.eu-central-1.amazonaws.com")
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    behaviour = told["DefaultCacheBehavior"]
    assert "CacheBehaviors" not in told
    assert set(behaviour["AllowedMethods"]) == {"GET", "HEAD", "OPTIONS"}
    assert (behaviour["ViewerProtocolPolicy"], behaviour["CachePolicyId"]) == ("https-only", "<FeedCachePolicy>")
    policy = made.resources["FeedCachePolicy"]["Properties"]["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["MaxTTL"]) == (0, 7 * 24 * 3600)
    assert policy["DefaultTTL"] < 60
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert (key["CookiesConfig"], key["HeadersConfig"]) == ({"CookieBehavior": "none"}, {"HeaderBehavior": "none"})
    assert key["EnableAcceptEncodingGzip"]
    assert key["EnableAcceptEncodingBrotli"]


def test_a_cache_is_what_the_build_reads_and_no_door() -> None:
    made, without = stack(FeedCache="cloudfront"), stack()
    assert made.outputs.pop("FeedUrl").startswith("https://<FeedDistribution.DomainName>/api/mentions.jf2?domain=")
    without.outputs.pop("FeedUrl")
    assert made.outputs == without.outputs


# What is answered, and what is told


def test_the_outputs_are_addresses_and_tags_ready_to_paste_and_what_an_operator_needs() -> None:
    outputs = stack().outputs
    for door, path in (("Webmention", "webmention"), ("Pingback", "pingback"), ("Trackback", "trackback/")):
        assert outputs[f"{door}Endpoint"] == f"https://<Api>.execute-api.eu-central-1.amazonaws.com/{path}"
    assert outputs["FeedUrl"].endswith("/api/mentions.jf2?domain=example.com")
    shown = re.sub(r"https://[^/]+", "B", outputs["Tags"])
    assert shown == '<link rel="pingback" href="B/pingback">\n<link rel="webmention" href="B/webmention">'
    assert outputs["Desk"] == "https://<Api>.execute-api.eu-central-1.amazonaws.com/dashboard"
    operators = {"AlertsTopic": "<Alerts>", "TableName": "<Table>", "DeadPingsQueue": "<DeadPings>"}
    assert outputs.items() >= operators.items()
    assert outputs["DashboardUrl"].endswith("/cloudwatch/home?region=eu-central-1#dashboards/dashboard/<Dashboard>")


def test_the_repository_of_applications_is_told_of_these_files() -> None:
    told = TEMPLATE["Metadata"]["AWS::ServerlessRepo::Application"]
    assert (told["Name"], told["SpdxLicenseId"]) == ("linkback", "MIT")
    assert (ROOT / told["LicenseUrl"]).read_text("utf-8").startswith("MIT License")
    assert (ROOT / told["ReadmeUrl"]).read_text("utf-8").startswith("# Linkback")
    assert re.fullmatch(r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", told["Author"])
    assert all(re.fullmatch(r"[a-zA-Z0-9+\-_:/@]+", label) for label in told["Labels"])
    assert len(told["Labels"]) <= 10
    assert len(told["Description"]) <= 256
