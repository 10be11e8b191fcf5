"""What samconfig.toml says of `sam deploy`, which is also what it says of the bridge that was deployed."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path


def said(path: Path) -> dict[str, Any]:
    """The parameters of the default environment: `deploy` before `global`, as SAM has it; none without the file.

    Raises Trouble.
    """
    try:
        default = tomllib.loads(path.read_text("utf-8")).get("default", {})
    except FileNotFoundError:
        default = {}
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{path.name} is not TOML ({error}): mend it, or take it away") from error
    return {**default.get("global", {}).get("parameters", {}), **default.get("deploy", {}).get("parameters", {})}
