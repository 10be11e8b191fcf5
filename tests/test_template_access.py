"""Who may do what in the stack that template.yaml makes: each function by its role, the world by the API's routes."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import desk
from cloudformation import EVERYTHING, stack
from linkback_cli import template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Bridge, Call
    from desk import Owner
    from internet import Web

STACK = stack(**EVERYTHING)
FUNCTIONS = STACK.of_type("AWS::Lambda::Function")
ROLES = STACK.of_type("AWS::IAM::Role")
TABLE = "<Table.Arn>"

WRITE_OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
TRACE = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}

# The design's table of functions, to the letter. Behind a bar: the partitions of the table.
MAY = {
    "Receive": {
        f"{TABLE}|PING#*": {"dynamodb:GetItem", "dynamodb:PutItem"},
        f"{TABLE}|SITE#*": {"dynamodb:BatchGetItem"},
        "<Pings.Arn>": {"sqs:SendMessage"},
        "<ReceiveLog.Arn>": WRITE_OWN_LOG,
        "*": TRACE,
    },
    "Verify": {
        f"{TABLE}|PAGE#*|ALIAS#*|TEXT#*": {"dynamodb:GetItem", "dynamodb:PutItem"},
        f"{TABLE}|PING#*|DAY#*|SEQUENCE": {"dynamodb:UpdateItem"},
        f"{TABLE}|SITE#*": {"dynamodb:BatchGetItem"},
        "<Pings.Arn>": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"},
        "<VerifyLog.Arn>": WRITE_OWN_LOG,
        "*": TRACE,
    },
    "Publish": {
        f"{TABLE}|PING#*|SEQUENCE|TOKEN#*": {"dynamodb:GetItem"},
        f"{TABLE}|ALIAS#*": {"dynamodb:BatchGetItem"},
        f"{TABLE}/index/feed": {"dynamodb:Query"},
        f"{TABLE}/index/thread": {"dynamodb:Query"},
        "<PublishLog.Arn>": WRITE_OWN_LOG,
        "*": TRACE,
    },
    "Moderate": {
        f"{TABLE}|PAGE#*|PING#*|TOKEN#*|SESSION#*": {"dynamodb:GetItem"},
        f"{TABLE}|SITE#*": {"dynamodb:BatchGetItem"},
        f"{TABLE}|SITE#*|DAY#*|TOKEN#*": {"dynamodb:Query"},
        f"{TABLE}|PAGE#*|PING#*|SITE#*|TOKEN#*|SESSION#*": {"dynamodb:PutItem"},
        f"{TABLE}|PING#*|TOKEN#*|SEQUENCE": {"dynamodb:UpdateItem"},
        f"{TABLE}|SITE#*|TOKEN#*|SESSION#*": {"dynamodb:DeleteItem"},
        f"{TABLE}/index/feed": {"dynamodb:Query"},
        f"{TABLE}/index/claim": {"dynamodb:Query"},
        "<Pings.Arn>": {"sqs:SendMessage"},
        "<ModerateLog.Arn>": WRITE_OWN_LOG,
        "*": TRACE,
    },
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def partitions(statement: dict[str, Any]) -> list[str]:
    """The partition keys that a statement is for. No other condition is known here."""
    if "Condition" not in statement:
        return []
    ((operator, condition),) = statement["Condition"].items()
    assert (operator, condition.keys()) == ("ForAllValues:StringLike", {"dynamodb:LeadingKeys"})
    return as_list(condition["dynamodb:LeadingKeys"])


def allowed(function: str) -> dict[str, set[str]]:
    """What a function's role may do, by resource."""
    role = ROLES[FUNCTIONS[function]["Role"].removeprefix("<").removesuffix(".Arn>")]
    may: dict[str, set[str]] = {}
    for statement in (one for policy in role["Policies"] for one in policy["PolicyDocument"]["Statement"]):
        assert statement.keys() - {"Condition"} == {"Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        for resource in as_list(statement["Resource"]):
            place = "|".join([resource, *partitions(statement)])
            may.setdefault(place, set()).update(as_list(statement["Action"]))
    return may


# The roles


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_do_what_the_design_says_and_nothing_else(function: str) -> None:
    assert allowed(function) == MAY[function]


def test_the_functions_are_those_of_the_design() -> None:
    assert FUNCTIONS.keys() == MAY.keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_statement_has_a_wildcard_but_that_for_xray(function: str) -> None:
    actions = {place: may for place, may in allowed(function).items() if "*" in place.partition("|")[0]}
    assert actions == {"*": TRACE}
    assert not [action for may in allowed(function).values() for action in may if "*" in action]


@pytest.mark.parametrize("name", ROLES)
def test_only_lambda_takes_a_role_and_nothing_else_is_attached_to_it(name: str) -> None:
    (statement,) = ROLES[name]["AssumeRolePolicyDocument"]["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    assert ROLES[name].keys() == {"AssumeRolePolicyDocument", "Policies"}


def test_each_function_has_a_role_of_its_own() -> None:
    assert len({told["Role"] for told in FUNCTIONS.values()}) == len(FUNCTIONS) == len(ROLES)


# What the functions ask of the table is what their roles let them, all of it and no more


class Asked(NamedTuple):
    """One request to DynamoDB: `place` is the table's or the index's, `key` the partition's."""

    function: str
    action: str
    place: str
    key: str


def asked(function: str, action: str, request: dict[str, Any]) -> Iterator[Asked]:
    if action == "BatchGetItem":
        [told] = request["RequestItems"].values()
        yield from (Asked(function, action, TABLE, key["pk"]["S"]) for key in told["Keys"])
    elif action == "TransactWriteItems":  # which AWS takes for what it is made of
        for one in request["TransactItems"]:
            ((kind, told),) = one.items()
            yield from asked(function, f"{kind}Item", told)
    elif "IndexName" in request:
        yield Asked(function, action, f"{TABLE}/index/{request['IndexName']}", "")
    else:
        key = request.get("Item") or request.get("Key") or {"pk": request["ExpressionAttributeValues"][":pk"]}
        yield Asked(function, action, TABLE, key["pk"]["S"])


def single_grants(function: str) -> Iterator[tuple[str, str, str]]:
    """Each action on the table or an index that a role allows, with each of its partitions: place, key, action."""
    for resource, actions in allowed(function).items():
        place, *keys = resource.split("|")
        if place.startswith(TABLE):
            yield from ((place, key, action) for key in keys or ["*"] for action in actions)


def permits(one: Asked, function: str, place: str, key: str, action: str) -> bool:
    asks = (one.function, one.place, f"dynamodb:{one.action}")
    return asks == (function, place, action) and fnmatchcase(one.key, key)


@pytest.fixture
def watched(calls: list[Call], make_bridge: Callable[..., Bridge]) -> tuple[Bridge, set[Asked]]:
    """A bridge, and what its functions ask of the table."""
    seen: set[Asked] = set()
    bridge = make_bridge(SITES="127.0.0.1", SELF_MENTIONS="allow")

    def as_function(name: str, handler: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
            calls.clear()
            answer = handler(event, context)
            seen.update(one for call in calls for one in asked(name, *call))
            return answer

        return handle

    for name in MAY:
        setattr(bridge, name.lower(), as_function(name, getattr(bridge, name.lower())))
    return bridge, seen


# Long enough for its fingerprint to be kept.
REPLY = """<article class=h-entry><p class=e-content>A reply of some more letters than anybody would write by chance.
{} <a class=u-in-reply-to href="{}">this</a>.</article>"""


def moderate(owner: Owner) -> None:
    """All that an owner does, over HTTP and at the desk."""
    [mention] = owner.queue("public")
    owner.act(mention["id"], "delete")
    owner.act(mention["id"], "approve")
    rule = {"kind": "dialect", "value": "trackback"}
    for method, place, body in (
        *(("POST", "rules", {**rule, "action": "hold"}), ("GET", "rules", None), ("DELETE", "rules", rule)),
        ("POST", f"pings/{owner.get('pings')['items'][0]['id']}/retry", None),
    ):
        assert owner.api(method, place, body)[0] == 200
    owner.sign_in()
    assert "<svg" in owner.page("/pings")  # the chart
    for place, field in (
        *(("/mentions", ("do", f"hold none {mention['id']}")), ("/undo", ("site", ""))),
        *(("/tokens", ("name", "other")), ("/tokens", ("revoke", "other")), ("/sign-out", ("site", ""))),
    ):
        assert owner.submit(place, field).status in {200, 303}


def test_the_roles_fit_the_functions_like_gloves(
    watched: tuple[Bridge, set[Asked]], internet: Web, dynamodb: Any, table_name: str
) -> None:
    """Not one request that a role does not let through, and nothing that is let through and never asked for."""
    bridge, seen = watched
    target = internet.put("/post", "<link rel=canonical href=/the-post><title>A page of ours</title>")
    source = internet.put("/in", REPLY.format("See", target))
    assert bridge.fate(source, target)["status"] == "published"
    internet.put("/in", REPLY.format("Do read", target))
    assert bridge.fate(source, target)["status"] == "published"  # edited
    moderate(desk.owner(bridge, dynamodb, table_name))
    bridge.pingback(source, target)
    bridge.pingback(source, target)  # told again within the minute
    internet.put("/in", "gone", 410)
    assert bridge.fate(source, target)["status"] == "gone"
    for read in ("/healthz", "/api/mentions.jf2?domain=127.0.0.1", f"/api/count?target={target}", "/feed.json"):
        assert bridge.get(read).status == 200
    assert bridge.get("/api/export?token=unknown").status == 401
    granted = {(function, *grant) for function in FUNCTIONS for grant in single_grants(function)}
    used = {one: [grant for grant in granted if permits(one, *grant)] for one in seen}
    assert [one for one in seen if not used[one]] == []
    assert granted - {grant for grants in used.values() for grant in grants} == set()


# The world


def routes() -> dict[tuple[str, str], str]:
    """The function behind every method and path of the deployed API."""
    found: dict[tuple[str, str], str] = {}
    for path, methods in STACK.resources["Api"]["Properties"]["Body"]["paths"].items():
        for method, told in methods.items():
            integration = told["x-amazon-apigateway-integration"]
            assert integration["payloadFormatVersion"] == "2.0"
            (function,) = re.findall(r"functions/<(\w+)\.Arn>/invocations$", integration["uri"])
            key = ("ANY" if method == "x-amazon-apigateway-any-method" else method.upper(), path)
            found[("ANY", "$default") if told.get("isDefaultRoute") else key] = function
    return found


def test_the_routes_are_those_of_the_contract() -> None:
    doors = ("/webmention", "/pingback", "/xmlrpc", "/trackback", "/trackback/{target+}")
    reads = (
        *("/", "/healthz", "/pings/{id}", "/feed.json", "/api/count", "/api/count.json"),
        *(f"/api/{name}{end}" for name in ("mentions", "links") for end in ("", ".jf2", ".json", ".atom", ".html")),
        *("/api/deleted", "/api/changes", "/api/export", "/api/export.jf2"),
    )
    owners = ("/dashboard", "/dashboard/{proxy+}", "/moderation/{proxy+}")
    assert routes() == {
        **{("ANY", path): "Receive" for path in doors},
        **{("GET", path): "Publish" for path in reads},
        **{("ANY", path): "Moderate" for path in owners},
        ("ANY", "$default"): "Publish",
    }
    local = {(route.method, route.path): route.function.title() for route in template.load().routes()}
    assert local == routes()


def test_every_route_is_throttled() -> None:
    (stage,) = STACK.of_type("AWS::ApiGatewayV2::Stage").values()
    settings = stage["DefaultRouteSettings"]
    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"] <= 100
    assert "RouteSettings" not in stage
    assert stage["StageName"] == "$default"


def test_nothing_but_the_api_and_the_queue_calls_a_function() -> None:
    for permission in STACK.of_type("AWS::Lambda::Permission").values():
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["Action"] == "lambda:InvokeFunction"
        arn = "arn:aws:execute-api:eu-central-1:123456789012:<Api>/"
        assert permission["SourceArn"].startswith(arn), permission
        assert permission["FunctionName"] in {"<Receive>", "<Publish>", "<Moderate>"}
    (mapping,) = STACK.of_type("AWS::Lambda::EventSourceMapping").values()
    assert (mapping["EventSourceArn"], mapping["FunctionName"]) == ("<Pings.Arn>", "<Verify>")
    assert not STACK.of_type("AWS::Lambda::Url")


def test_no_queue_topic_table_or_log_is_open_to_anyone() -> None:
    """By kind: what can open something up to others is not on this list, so a new one must be thought about here."""
    made = {one["Type"] for one in STACK.resources.values()}
    assert made == {
        *(f"AWS::Lambda::{kind}" for kind in ("EventSourceMapping", "Function", "LayerVersion", "Permission")),
        *(f"AWS::ApiGatewayV2::{kind}" for kind in ("Api", "ApiMapping", "DomainName", "Stage")),
        *(f"AWS::CloudFront::{kind}" for kind in ("CachePolicy", "Distribution")),
        *(f"AWS::CloudWatch::{kind}" for kind in ("Alarm", "Dashboard")),
        *("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Logs::LogGroup"),
        *("AWS::IAM::Role", "AWS::Route53::RecordSet"),
    }
    told = json.dumps(STACK.resources)
    assert not re.search(r'"Principal": ("\*"|\{"AWS")', told)
    assert not re.search(r'"(ResourcePolicy|ResourcePolicyDocument|RedriveAllowPolicy|DataProtectionPolicy)":', told)


def test_the_dead_letters_are_reached_by_the_queue_alone() -> None:
    """No role names them, no function hears of them: an owner's own key sends them back."""
    users = {name for name, one in STACK.resources.items() if "<DeadPings" in json.dumps(one)}
    assert users == {"Pings", "DeadPingsAlarm", "Dashboard"}


def test_the_access_log_has_no_text_of_a_strangers() -> None:
    (stage,) = STACK.of_type("AWS::ApiGatewayV2::Stage").values()
    line = stage["AccessLogSettings"]["Format"]
    assert json.loads(line).keys() >= {"ip", "route", "status", "request"}
    words = set(re.findall(r"\$context\.[\w.]+", line))
    assert not words & {"$context.path", "$context.identity.userAgent", "$context.protocol", "$context.domainName"}


def test_the_door_needs_no_sign_in_and_the_word_auth_deploys_nothing() -> None:
    body = json.dumps(STACK.resources["Api"]["Properties"]["Body"])
    assert "ecurity" not in body
    assert "uthorizer" not in body
    assert template.load().tree["Resources"]["Api"]["Properties"]["Auth"] == {"EnableIamAuthorizer": False}
