"""Translate template.yaml as CloudFormation would, then lint what comes out: `make check`.

Linting the template as it stands is not enough: cfn-lint does not look behind SAM's own resource types, and passes a
wrong runtime, a misspelled event or a queue whose visibility timeout is below its function's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parent.parent

# A bridge that uses all there is. The linter looks into both sides of each condition anyway; with values it also sees
# whether what an owner may write fits where it goes.
EVERYTHING = {
    "Sites": "example.com,blog.example.org",
    "Moderation": "all",
    "SelfMentions": "hold",
    "AlertEmail": "owner@example.com",
    "RebuildHook": "https://builds.example.com/hook",
    "WebSubHub": "https://hub.example.com/",
    "DomainName": "linkback.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "FeedCache": "cloudfront",
    "LogLevel": "WARNING",
    "LogRetentionDays": "365",
    "Architecture": "x86_64",
}


class NoManagedPolicies:
    """What the translator asks for AWS's managed policies by name: ours are all written out."""

    def load(self) -> dict[str, str]:
        """No names."""
        return {}


def main(path: Path = ROOT / "template.yaml") -> str | int:
    """0, or what is wrong."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    try:
        expanded = expand(yaml_parse(path.read_text("utf-8")))
    except InvalidDocumentException as error:
        return "\n".join([f"{path.name} is not a SAM template:", *(f"- {cause.message}" for cause in error.causes)])
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "expanded.json")
        written.write_text(json.dumps(expanded, indent=1))
        lint, words = Path(sys.executable).with_name("cfn-lint"), [f"{name}={EVERYTHING[name]}" for name in EVERYTHING]
        findings = max(
            subprocess.run([lint, *options, "--", written], check=False).returncode
            for options in ([], ["--parameters", *words])
        )
    print(f"{path.name}: {len(expanded['Resources'])} resources, {'see above' if findings else 'nothing to say'}")
    return findings


def expand(template: dict[str, Any]) -> dict[str, Any]:
    """The CloudFormation template that SAM makes of this one, as it is after packaging: code lies in a bucket."""
    for resource in template["Resources"].values():
        for member in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][member] = "s3://bucket/key"
    values = {name: parameter.get("Default") for name, parameter in template.get("Parameters", {}).items()}
    expanded: dict[str, Any] = transform(template, values, NoManagedPolicies())
    return expanded


if __name__ == "__main__":
    sys.exit(main())
