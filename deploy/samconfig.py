"""What samconfig.toml says of `sam deploy`: the name of the stack, and what `sam deploy --guided` wrote down there."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.parameters import read as read_parameters
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SamConfig:
    """The settings that this command must know as SAM does; empty where the file is silent."""

    stack_name: str
    region: str
    profile: str
    parameters: dict[str, str]


def read(path: Path) -> SamConfig:
    """Read the default environment: `deploy` before `global`, as SAM does. Raises Trouble."""
    try:
        default = tomllib.loads(path.read_text("utf-8")).get("default", {})
    except FileNotFoundError:
        default = {}
    except tomllib.TOMLDecodeError as error:
        raise Trouble(f"{path.name} is not TOML ({error}): mend it, or take it away") from error
    said = {**default.get("global", {}).get("parameters", {}), **default.get("deploy", {}).get("parameters", {})}
    overrides = said.get("parameter_overrides", "")
    overrides = overrides if isinstance(overrides, str) else " ".join(map(str, overrides))
    parameters = read_parameters(overrides, f"parameter_overrides in {path.name}")
    return SamConfig(said.get("stack_name", ""), said.get("region", ""), said.get("profile", ""), parameters)
