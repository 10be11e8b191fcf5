"""The bridge that is meant by STACK, REGION and samconfig.toml, where a command works on one that is there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from linkback_cli import samconfig, stack
from linkback_cli.account import sign_in
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from linkback_cli.account import Account
    from linkback_cli.stack import Stack


def find(example: str, name: str | None = None, region: str | None = None) -> tuple[Account, Stack]:
    """Its account and its stack, by this name in this region where they are said before all.

    `example` is how to say which stack is meant. Raises Trouble.
    """
    config = samconfig.said(Path("samconfig.toml"))
    account = sign_in(config.get("profile"), region or os.environ.get("REGION") or config.get("region"))
    name = name or os.environ.get("STACK") or config.get("stack_name") or "linkback"
    found = stack.find(account, name)
    if found.new:
        raise Trouble(f"There is no stack {name} in {account.region}: say which, as in {example}")
    stack.check_ours(found, account.region)
    return account, found
