"""The bridge that is meant by STACK, REGION and samconfig.toml, where a command works on one that is there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from deploy import samconfig, stack
from deploy.account import sign_in
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from deploy.account import Account
    from deploy.stack import Stack


def find(command: str) -> tuple[Account, Stack]:
    """Its account and its stack; `command` is what to say again with another STACK. Raises Trouble."""
    config = samconfig.read(Path("samconfig.toml"))
    account = sign_in(config.profile, os.environ.get("REGION") or config.region)
    name = os.environ.get("STACK") or config.stack_name or "linkback"
    found = stack.find(account, name)
    if found.new:
        say = f"say which, as in {command} STACK=linkback REGION=…"
        raise Trouble(f"There is no stack {name} in {account.region}: {say}")
    stack.check_ours(found, account.region)
    return account, found
