"""The architecture's rules, read off the syntax of every module that is deployed or installed. Nothing is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).parents[1]
ROOMS = ("layers", "functions", "cli", "deploy")
LIBRARY = "layers/linkback"
DEF = (ast.FunctionDef, ast.AsyncFunctionDef)
ANONYMOUS = {"utils", "helpers", "common", "shared", "core", "base", "models", "manager"}
NETWORK = {
    "socket",
    "ssl",
    "asyncio",
    "http.client",
    "urllib.request",
    "urllib3",
    "requests",
    "httpx",
    "h11",
    "dns",
    "linkback.ppf",
    "linkback.web",
}
HEAVY = {"linkback.web", "linkback.page", "linkback.ppf", "dns", "h11", "turbohtml", "nh3", "mf2py"}


@dataclass(frozen=True)
class Module:
    """One file: its path below the project's root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def in_library(self) -> bool:
        return self.path.startswith(f"{LIBRARY}/")

    @property
    def name(self) -> str:
        """What the library's own files are imported as: `linkback`, `linkback.web`."""
        parts = Path(self.path).relative_to(LIBRARY).with_suffix("").parts
        return ".".join(parts).removesuffix(".__init__")

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.path}:{node.lineno}"

    def functions(self) -> Iterator[tuple[int, str]]:
        """Length in lines, from `def` to the end, and place of every function and method, the inner ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, DEF):
                yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{self.at(node)} {node.name}"


def imported(node: ast.AST) -> list[str]:
    """The dotted names that a statement imports. `from a import b` may mean the module `a.b`, so it is both.

    A dot before the name is the library's own package: it has no other within.
    """
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        package = ".".join(filter(None, ("linkback" if node.level else None, node.module)))
        return [package, *(f"{package}.{alias.name}" for alias in node.names)]
    return []


def at_import(body: list[ast.stmt]) -> Iterator[str]:
    """What is imported when the module is: within if, try, with and class, but in no function and not for types."""
    for node in body:
        yield from imported(node)
        if isinstance(node, DEF):
            continue
        guarded = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for part in ("orelse",) if guarded else ("body", "orelse", "handlers", "finalbody", "cases"):
            within = getattr(node, part, [])
            yield from at_import([inner for item in within for inner in _statements(item)])


def _statements(item: ast.AST) -> list[ast.stmt]:
    """A statement itself; of an `except` or a `case`, the statements within."""
    if isinstance(item, ast.ExceptHandler | ast.match_case):
        return item.body
    return [item] if isinstance(item, ast.stmt) else []


def modules() -> Iterator[Module]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


HOUSE = list(modules())


# The rules: each yields the places where it is broken


def makes_its_own_surroundings(module: Module) -> Iterator[str]:
    """os.environ, boto3 and Powertools' Logger and Metrics belong to functions/*/app.py and the commands."""
    if module.path.startswith(("cli/", "deploy/")) or Path(module.path).match("functions/*/app.py"):
        return
    for node in ast.walk(module.tree):
        names = set(imported(node))
        if isinstance(node, ast.Attribute | ast.Name):
            names.add(node.attr if isinstance(node, ast.Attribute) else node.id)
        words = {word for name in names for word in name.split(".")}
        theirs = {"environ", "environb", "getenv", "boto3", "aws_lambda_powertools", "Logger", "Metrics"}
        if isinstance(node, ast.stmt | ast.expr) and words & theirs:
            yield f"{module.at(node)} {ast.unparse(node)}"


def imports_outward(module: Module) -> Iterator[str]:
    """Nothing in the library imports the command or a function, not even late or for types."""
    for node in ast.walk(module.tree) if module.in_library else ():
        for name in imported(node):
            if name.split(".")[0] in {"linkback_cli", "cli", "deploy", "functions", "app"} and isinstance(
                node, ast.stmt
            ):
                yield f"{module.at(node)} {name}"


def asks_nameservers(module: Module) -> Iterator[str]:
    """The DNS client opens sockets of its own: one module uses it, and not before there is something to ask."""
    names = set(at_import(module.tree.body))
    if module.path != f"{LIBRARY}/linkback/ppf.py":
        names.update(name for node in ast.walk(module.tree) for name in imported(node))
    yield from (f"{module.path} {name}" for name in sorted(names) if name.split(".")[0] == "dns")


def has_a_name_that_says_nothing(module: Module) -> Iterator[str]:
    if ANONYMOUS & set(Path(module.path).with_suffix("").parts):
        yield module.path


def has_too_many_lines(module: Module) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > 350:
        yield f"{module.path} has {lines} lines"


def has_a_function_too_long(module: Module) -> Iterator[str]:
    for lines, place in module.functions():
        if lines > 40:
            yield f"{place} has {lines} lines"


def ways(door: Module, library: Mapping[str, Module]) -> dict[str, str]:
    """All that importing this function imports, each with the way there."""
    found, left = dict[str, str](), [(door, door.path)]
    while left:
        module, way = left.pop()
        for name in at_import(module.tree.body):
            parts = name.split(".")
            for reached in (".".join(parts[:n]) for n in range(1, len(parts) + 1)):  # a package before its module
                if reached not in found:
                    found[reached] = f"{way} → {reached}"
                    left += [(library[reached], found[reached])] if reached in library else []
    return found


# The house keeps them


def broken(rule: Callable[[Module], Iterator[str]]) -> list[str]:
    return [place for module in HOUSE for place in rule(module)]


def test_every_room_is_read() -> None:
    read = {module.path for module in HOUSE}
    doors = {f"functions/{name}/app.py" for name in ("receive", "verify", "publish", "moderate")}
    assert read >= {"layers/linkback/linkback/web.py", "cli/linkback_cli/command.py", *doors}


def test_the_environment_clients_and_logs_are_made_at_the_edge_only() -> None:
    assert broken(makes_its_own_surroundings) == []


def test_the_library_imports_neither_the_command_nor_a_function() -> None:
    assert broken(imports_outward) == []


def test_nameservers_are_asked_by_one_module_and_late() -> None:
    assert broken(asks_nameservers) == []


def test_every_module_is_named_after_what_it_is_about() -> None:
    assert broken(has_a_name_that_says_nothing) == []


@pytest.mark.parametrize("name", ["receive", "publish", "moderate"])
def test_a_door_and_a_read_start_without_the_parsers_and_the_visitor(name: str) -> None:
    library = {module.name: module for module in HOUSE if module.in_library}
    (door,) = (module for module in HOUSE if module.path == f"functions/{name}/app.py")
    reached = ways(door, library)
    assert "linkback.keys" in reached
    assert [way for heavy, way in reached.items() if heavy in HEAVY] == []


@pytest.mark.parametrize("name", ["receive", "publish", "moderate"])
def test_a_door_and_a_read_have_nothing_to_dial_with_but_awss_own_clients(name: str) -> None:
    """Not even late: no role of AWS's can forbid a function the internet."""
    library = {module.name: module for module in HOUSE if module.in_library}
    (door,) = (module for module in HOUSE if module.path == f"functions/{name}/app.py")
    ours = [door, *(library[reached] for reached in ways(door, library) if reached in library)]
    imports = [(module, node) for module in ours for node in ast.walk(module.tree) if isinstance(node, ast.stmt)]
    assert [module.at(node) for module, node in imports if NETWORK & set(imported(node))] == []


def test_no_file_is_longer_than_350_lines() -> None:
    assert broken(has_too_many_lines) == []


def test_no_function_is_longer_than_40_lines() -> None:
    assert broken(has_a_function_too_long) == []


def test_nine_functions_in_ten_have_30_lines_at_most() -> None:
    functions = [function for module in HOUSE for function in module.functions()]
    long = [place for lines, place in functions if lines > 30]
    assert len(long) <= len(functions) / 10, long


# And would be seen to break them


ELSEWHERE = f"{LIBRARY}/linkback/new.py"


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (makes_its_own_surroundings, ELSEWHERE, "import os\n\n\ndef late() -> str:\n    return os.environ['A']"),
        (makes_its_own_surroundings, ELSEWHERE, "from os import environ as settings"),
        (makes_its_own_surroundings, ELSEWHERE, "import os as system\nsystem.getenv('A')"),
        (makes_its_own_surroundings, ELSEWHERE, "def late() -> None:\n    import boto3.session"),
        (makes_its_own_surroundings, ELSEWHERE, "from aws_lambda_powertools import Tracer"),
        (makes_its_own_surroundings, ELSEWHERE, "from aws_lambda_powertools.metrics import Metrics"),
        (makes_its_own_surroundings, "functions/receive/door.py", "import boto3"),
        (imports_outward, ELSEWHERE, "from linkback_cli.events import http_event"),
        (imports_outward, ELSEWHERE, "if TYPE_CHECKING:\n    import functions.receive.app"),
        (asks_nameservers, ELSEWHERE, "def late() -> None:\n    import dns.resolver"),
        (asks_nameservers, "cli/linkback_cli/new.py", "from dns import query"),
        (asks_nameservers, f"{LIBRARY}/linkback/ppf.py", "import dns.query"),
        (has_a_name_that_says_nothing, "cli/linkback_cli/helpers.py", ""),
        (has_a_name_that_says_nothing, f"{LIBRARY}/linkback/core/feed.py", ""),
        (has_too_many_lines, ELSEWHERE, "\n" * 351),
        (has_a_function_too_long, ELSEWHERE, "class A:\n    async def b(self):" + "\n        pass" * 40),
    ],
)
def test_a_breach_is_seen_and_named(rule: Callable[[Module], Iterator[str]], path: str, text: str) -> None:
    places = list(rule(Module(path, text)))
    assert places
    assert all(place.startswith(path) for place in places)


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("from linkback import near", " → linkback.near → h11"),
        ("import linkback.near", " → linkback.near → h11"),
        ("from . import near", " → linkback.near → h11"),
        ("from .near import Near", " → linkback.near → h11"),
        ("from linkback.near import Near", " → linkback.near → h11"),
        ("try:\n    import x\nexcept ImportError:\n    from h11 import Connection", " → h11"),
        ("class A:\n    with b:\n        import h11._events", " → h11"),
        ("if TYPE_CHECKING:\n    import x\nelse:\n    import h11", " → h11"),
        ("if TYPE_CHECKING:\n    from linkback.near import Near", None),
        ("def late():\n    import h11", None),
    ],
)
def test_the_way_to_an_import_is_found_and_told(text: str, way: str | None) -> None:
    near = Module(f"{LIBRARY}/linkback/near.py", "import h11")
    reached = ways(Module("functions/new/app.py", text), {near.name: near})
    assert reached.get("h11") == (way and f"functions/new/app.py{way}")
