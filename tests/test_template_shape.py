"""Where a slip would change what the bridge does and nothing else would notice: these are held to the letter."""

from __future__ import annotations

import pytest

from cloudformation import EVERYTHING, Stack, stack

STACK, WHOLE = stack(), stack(**EVERYTHING)

# What is watched: namespace, metric, of what, statistic, seconds, periods (of which so many), more than.
WATCHED = {
    "DeadPings": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "<DeadPings.QueueName>", "Maximum", 300, 1, 1, 0),
    "Stalled": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "<Pings.QueueName>", "Maximum", 300, 3, 3, 3600),
    "ReceiveErrors": ("AWS/Lambda", "Errors", "<Receive>", "Sum", 300, 1, 1, 0),
    "Unavailable": ("Linkback/linkback", "Unavailable", "receive", "Sum", 300, 1, 1, 0),
    "VerifyErrors": ("AWS/Lambda", "Errors", "<Verify>", "Sum", 900, 4, 2, 0),
    "PublishErrors": ("AWS/Lambda", "Errors", "<Publish>", "Sum", 900, 1, 1, 1),
    "ModerateErrors": ("AWS/Lambda", "Errors", "<Moderate>", "Sum", 900, 1, 1, 1),
    "Throttled": ("AWS/Lambda", "Throttles", "<Receive>", "Sum", 300, 3, 2, 0),
    "ServerTrouble": ("AWS/ApiGateway", "5xx", "<Api>", "Sum", 900, 1, 1, 2),
    "Flood": ("AWS/ApiGateway", "Count", "<Api>", "Sum", 3600, 1, 1, 10_000),
}

# Memory (MB), time-out (s): WordPress waits for three seconds, ten pages take 65 MB each, API Gateway gives up at 30.
SIZES = {"Receive": (512, 10), "Verify": (1024, 120), "Publish": (512, 29), "Moderate": (512, 29)}


@pytest.mark.parametrize("alarm", WATCHED)
def test_an_alarm_watches_what_its_name_says(alarm: str) -> None:
    told = STACK.resources[f"{alarm}Alarm"]["Properties"]
    [of_what] = [one["Value"] for one in told["Dimensions"]]
    periods = told["EvaluationPeriods"]
    assert WATCHED[alarm] == (
        *(told["Namespace"], told["MetricName"], of_what, told["Statistic"], told["Period"], periods),
        *(told.get("DatapointsToAlarm", periods), told["Threshold"]),
    )


@pytest.mark.parametrize("function", SIZES)
def test_a_function_has_the_memory_and_the_time_that_its_work_takes(function: str) -> None:
    told = STACK.resources[function]["Properties"]
    assert (told["MemorySize"], told["Timeout"]) == SIZES[function]


def test_the_topic_has_no_key_that_alarms_may_not_use() -> None:
    assert STACK.resources["Alerts"]["Properties"] == {"DisplayName": "Linkback"}


def test_fifty_visits_at_once_and_no_message_is_passed_over() -> None:
    told = dict(STACK.resources["VerifyPing"]["Properties"])
    assert told.pop("EventSourceArn") == "<Pings.Arn>"
    assert told.pop("FunctionName") == "<Verify>"
    assert told == {
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 5},
    }


def test_a_message_is_never_delayed() -> None:
    assert not [name for name in ("Pings", "DeadPings") if "DelaySeconds" in STACK.resources[name]["Properties"]]


def test_what_is_replaced_goes_as_what_is_removed() -> None:
    """But for the table, a stack that is gone leaves nothing, and one that is updated leaves nothing twice."""
    kinds = ("AWS::Logs::LogGroup", "AWS::SQS::Queue")
    policies = {
        name: (one.get("DeletionPolicy"), one.get("UpdateReplacePolicy"))
        for name, one in STACK.resources.items()
        if one["Type"] in kinds
    }
    assert set(policies.values()) == {("Delete", "Delete")}
    assert len(policies) == 7


@pytest.mark.parametrize("made", [STACK, WHOLE], ids=["least", "whole"])
def test_the_api_is_reached_by_its_own_address_and_changes_nothing_on_the_way(made: Stack) -> None:
    api = made.resources["Api"]["Properties"]
    assert api.keys() == {"Body", "FailOnWarnings"}
    assert api["Body"].keys() == {"openapi", "info", "paths", "tags"}
    for operations in api["Body"]["paths"].values():
        for operation in operations.values():
            integration = dict(operation["x-amazon-apigateway-integration"])
            assert integration.pop("uri")
            assert integration == {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0"}
    stage = made.resources["ApiApiGatewayDefaultStage"]["Properties"]
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}
    assert "RouteSettings" not in stage


def test_the_access_log_has_values_that_api_gateway_knows() -> None:
    """A misspelt one is written as a hyphen, for ever."""
    told = STACK.resources["ApiApiGatewayDefaultStage"]["Properties"]["AccessLogSettings"]["Format"]
    words = {word.partition('"')[0] for word in told.split("$context.")[1:]}
    assert words == {
        "requestTimeEpoch",
        "requestId",
        "routeKey",
        "status",
        "identity.sourceIp",
        "responseLength",
        "responseLatency",
        "integrationLatency",
        "integrationErrorMessage",
    }


def test_the_cache_works_and_speaks_to_the_api_alone() -> None:
    told = dict(WHOLE.resources["FeedDistribution"]["Properties"]["DistributionConfig"])
    assert told.pop("Comment")
    assert told == {
        "Enabled": True,
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": "PriceClass_All",
        "Origins": [
            {
                "Id": "api",
                "DomainName": "linkback.example.com",
                "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]},
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "api",
            "ViewerProtocolPolicy": "https-only",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachedMethods": ["GET", "HEAD"],
            "Compress": True,
            "CachePolicyId": "<FeedCachePolicy>",
        },
    }


def test_names_that_all_regions_share_have_the_region_in_them() -> None:
    policy = WHOLE.resources["FeedCachePolicy"]["Properties"]["CachePolicyConfig"]["Name"]
    dashboard = WHOLE.resources["Dashboard"]["Properties"]["DashboardName"]
    assert all("eu-central-1" in name for name in (policy, dashboard))


def test_a_domain_of_ones_own_is_the_api_whole() -> None:
    (configuration,) = WHOLE.resources["Domain"]["Properties"]["DomainNameConfigurations"]
    assert WHOLE.resources["Domain"]["Properties"]["DomainName"] == "linkback.example.com"
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    assert configuration["IpAddressType"] == "dualstack"  # there is an AAAA record
    assert WHOLE.resources["DomainMapping"]["Properties"] == {
        "ApiId": "<Api>",
        "DomainName": "<Domain>",
        "Stage": "<ApiApiGatewayDefaultStage>",
    }
