"""The routes of a deployed stack's HTTP API, made through API Gateway's public API.

CloudFormation hands the API's definition (`Body`) to API Gateway, which makes an integration and a route of each of its
operations. MiniStack's passes over `Body` and says CREATE_COMPLETE: this does what it left out, from the processed
template and nothing else, so that what is tested are the template's own routes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY = "x-amazon-apigateway-any-method"
_ARN = re.compile(r"\$\{(\w+)\.Arn\}")


def make(cloudformation: Any, apigateway: Any, functions: Mapping[str, str], stack: str) -> list[str]:
    """The route keys, once each has its route. `functions` are the ARNs by logical id."""
    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    resources = (template if isinstance(template, dict) else json.loads(template))["Resources"]
    [(name, body)] = [
        (name, one["Properties"]["Body"]) for name, one in resources.items() if one["Type"] == "AWS::ApiGatewayV2::Api"
    ]
    api = _physical(cloudformation, stack)[name]
    known = {route["RouteKey"] for route in apigateway.get_routes(ApiId=api)["Items"]}
    wanted = {_key(method, path): operation for path, one in body["paths"].items() for method, operation in one.items()}
    for key in wanted.keys() - known:
        integration = wanted[key]["x-amazon-apigateway-integration"]
        made = apigateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=functions[_function(integration["uri"])],
            PayloadFormatVersion=integration["payloadFormatVersion"],
        )
        apigateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{made['IntegrationId']}")
    return sorted(wanted)


def _physical(cloudformation: Any, stack: str) -> dict[str, str]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [one for page in pages for one in page["StackResourceSummaries"]]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def _key(method: str, path: str) -> str:
    return "$default" if path == "/$default" else f"{'ANY' if method == ANY else method.upper()} {path}"


def _function(uri: Any) -> str:
    """The logical id of the function that an integration's `uri` names."""
    found = _ARN.search(uri["Fn::Sub"] if isinstance(uri, dict) else uri)
    assert found, f"no function in {uri}"
    return found[1]
