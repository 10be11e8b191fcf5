"""What `make build build-here` left in .aws-sam: whether Lambda could run it. Nothing else is on the path."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from built import FUNCTIONS, HERE, ROOT, RUNTIME, SHIPPED, built

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.built

LARGEST_LAYER = 8_000_000

# How compiled files begin: ELF; Mach-O (thin, either order, and fat); an archive of objects; Windows.
COMPILED = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe", b"!<arch>", b"MZ")
AARCH64 = b"\x7fELF\x02\x01" + (183).to_bytes(2, "little")  # 64 bits, little-endian, e_machine


IMPORT = """
import importlib, pkgutil, sys
layer, runtime, wanted = sys.argv[1:]
sys.path.insert(0, layer)
sys.path.append(runtime)
names = wanted.split(",")
if names == ["linkback"]:
    import linkback
    names = [found.name for found in pkgutil.walk_packages(linkback.__path__, "linkback.")]
for name in names:
    importlib.import_module(name)
    print(name)
"""

STALE = """
import importlib.util, pathlib, sys
for source in pathlib.Path(sys.argv[1]).rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(source))
    head = compiled.read_bytes()[:16] if compiled.exists() else b""
    unchecked = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    if head != unchecked + importlib.util.source_hash(source.read_bytes()):
        print(source)
"""


def python(script: str, *arguments: str | Path) -> str:
    """What python3.13 prints, without this environment's packages and settings."""
    command = ["python3.13", "-I", "-S", "-B", "-c", script, *map(str, arguments)]
    ran = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_module_of_the_library_imports_from_the_layer_alone() -> None:
    """Those that are imported late, too: a dependency that is missing must not wait for the first odd page."""
    printed = python(IMPORT, built(HERE) / "Library/python", built(RUNTIME), "linkback").split()
    package = ROOT / "layers/linkback/linkback"
    assert len(printed) == len(list(package.rglob("[!_]*.py"))) + len(list(package.glob("*/__init__.py")))


def test_what_is_imported_late_is_in_the_layer() -> None:
    late = "aws_lambda_powertools.logging,certifi,dns.query,dns.resolver,h11,idna,mf2py,nh3,publicsuffixlist,turbohtml"
    assert python(IMPORT, built(HERE) / "Library/python", built(RUNTIME), late).split() == late.split(",")


@pytest.mark.parametrize("folder", [SHIPPED, HERE], ids=["deployed", "here"])
def test_all_bytecode_is_pythons_3_13_and_taken_without_looking_at_dates(folder: Path) -> None:
    assert python(STALE, built(folder)) == ""


@pytest.mark.parametrize("folder", [SHIPPED, HERE], ids=["deployed", "here"])
def test_what_is_built_is_what_stands_in_the_tree(folder: Path) -> None:
    """Every file, the desk's style and script among them: a build of yesterday proves nothing."""
    pairs = [(ROOT / "layers/linkback/linkback", built(folder) / "Library/python/linkback")]
    pairs += [(ROOT / "functions" / name.lower(), folder / name) for name in FUNCTIONS]
    for tree, copy in pairs:
        assert files(copy) == files(tree)


def files(folder: Path) -> dict[str, bytes]:
    """What is in a folder and those below it, but for bytecode."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_compiled_code_is_for_the_processor_that_is_deployed() -> None:
    """Whatever its name and wherever it is: a library, a program, a part of one. The functions have none."""
    heads = {path: path.read_bytes()[:20] for path in built(SHIPPED).rglob("*") if path.is_file()}
    compiled = {path: head for path, head in heads.items() if head.startswith(COMPILED)}
    assert {path for path in heads if re.search(r"\.(so|a|dylib|pyd|dll|exe)(\.|$)", path.name)} <= compiled.keys()
    assert {path.relative_to(SHIPPED).parts[0] for path in compiled} == {"Library"}
    assert {str(path): head[:6] + head[18:] for path, head in compiled.items() if head[:6] + head[18:] != AARCH64} == {}


def test_every_package_of_the_layer_is_for_that_processor_or_for_any() -> None:
    wheels = [path.read_text("utf-8") for path in (built(SHIPPED) / "Library/python").glob("*.dist-info/WHEEL")]
    tags = {tag for wheel in wheels for tag in re.findall(r"^Tag: .*-(\S+)$", wheel, re.MULTILINE)}
    assert len(wheels) == len((ROOT / "layers/linkback/requirements.txt").read_text("utf-8").splitlines()) - 1
    assert {tag for tag in tags if tag != "any" and not tag.endswith("_aarch64")} == set()


def test_the_layer_has_a_licence_of_each_package() -> None:
    for folder in (built(SHIPPED) / "Library/python").glob("*.dist-info"):
        found = [path for path in folder.rglob("*") if path.name.upper().startswith(("LICEN", "COPYING"))]
        assert found or "License" in (folder / "METADATA").read_text("utf-8"), folder.name


def test_the_layer_is_small(tmp_path: Path) -> None:
    layer = built(SHIPPED) / "Library"
    with zipfile.ZipFile(tmp_path / "layer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in layer.rglob("*"):
            archive.write(path, path.relative_to(layer))
    assert (tmp_path / "layer.zip").stat().st_size <= LARGEST_LAYER
