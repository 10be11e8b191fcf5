"""What a browser complains of while it shows a page: scripts that threw, what the page's policy forbade, bad markup."""

from __future__ import annotations

import json
from typing import Any

# A field that is called `name` but has the name of something else than the visitor is no mistake.
ADVICE = "FormInputAssignedAutocompleteValueToIdOrNameAttributeError"


def complaint(method: str, told: dict[str, Any]) -> str:
    """The complaint that a DevTools event is, as a sentence; empty if it is none."""
    if method == "Runtime.exceptionThrown":
        details = told["exceptionDetails"]
        return f"uncaught: {details.get('exception', {}).get('description') or details['text']}"
    if method == "Runtime.consoleAPICalled" and told["type"] in {"error", "warning", "assert"}:
        words = (str(arg.get("value", arg.get("description", ""))) for arg in told["args"])
        return f"console.{told['type']}: {' '.join(words)}"
    if method == "Log.entryAdded" and told["entry"]["level"] in {"error", "warning"}:
        entry = told["entry"]
        if entry.get("url", "").endswith("/favicon.ico"):  # asked for by the browser of its own accord
            return ""
        return f"{entry['source']}: {entry['text']} {entry.get('url', '')}".rstrip()
    if method == "Audits.issueAdded" and ADVICE not in json.dumps(told):
        return f"{told['issue']['code']}: {json.dumps(told['issue']['details'], sort_keys=True)}"
    return ""


def of_request(method: str, told: dict[str, Any]) -> str:
    """The request that is complained of, if it is one."""
    request = told["entry"].get("networkRequestId", "") if method == "Log.entryAdded" else ""
    return str(request)
