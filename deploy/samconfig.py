"""What samconfig.toml says of `sam deploy`: the name of the stack, and what `sam deploy --guided` wrote down there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.parameters import read as read_parameters
from linkback_cli import samconfig

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
    said = samconfig.said(path)
    overrides = said.get("parameter_overrides", "")
    overrides = overrides if isinstance(overrides, str) else " ".join(map(str, overrides))
    parameters = read_parameters(overrides, f"parameter_overrides in {path.name}")
    return SamConfig(said.get("stack_name", ""), said.get("region", ""), said.get("profile", ""), parameters)
