"""What `make build` and `make build-here` left in .aws-sam: whether Lambda could run it. Nothing else is on the path.

.aws-sam/build is what gets deployed (arm64); .aws-sam/here is the same for this machine, so that it can be imported.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.built

ROOT = Path(__file__).parent.parent
DEPLOYED, HERE = ROOT / ".aws-sam/build", ROOT / ".aws-sam/here"
FUNCTIONS = ("Receive", "Verify", "Publish")
LARGEST_LAYER = 8_000_000
AARCH64 = 183  # e_machine of an ELF header

# What the python3.13 runtime itself brings: our layer need not have it.
RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")

SETTINGS = {
    "AWS_DEFAULT_REGION": "eu-central-1",
    "TABLE": "linkback",
    "QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/pings.fifo",
    "SITES": "example.com",
    "MODERATION": "first",
    "SELF_MENTIONS": "refuse",
    "PINGS_PER_MINUTE": "60",
    "LOG_LEVEL": "INFO",
}

IMPORT = """
import importlib, json, pkgutil, sys
*ours, runtime, wanted = sys.argv[1:]
sys.path[:0] = ours
sys.path.append(runtime)
names = wanted.split(",")
if names == ["linkback"]:
    import linkback
    names = [found.name for found in pkgutil.walk_packages(linkback.__path__, "linkback.")]
modules = [importlib.import_module(name) for name in names]
print(json.dumps([callable(getattr(module, "handler", None)) for module in modules]))
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


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with boto3 and its needs alone, so that nothing else of this environment can be imported."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin)
        path = path.parent if path.name == "__init__.py" else path
        (folder / path.name).symlink_to(path)
    return folder


def python(script: str, *arguments: str | Path) -> str:
    """What python3.13 prints, without this environment's packages and settings."""
    command = ["python3.13", "-I", "-S", "-B", "-c", script, *map(str, arguments)]
    settings = {"PATH": os.environ["PATH"], **SETTINGS}
    ran = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def built(folder: Path) -> Path:
    """The folder, once `make` has filled it."""
    target = "build" if folder == DEPLOYED else "build-here"
    assert (folder / "Library/python/linkback").is_dir(), f"nothing is built there: make {target}"
    return folder


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_from_the_function_and_the_layer_alone(function: str, runtime: Path) -> None:
    here = built(HERE)
    printed = python(IMPORT, here / function, here / "Library/python", runtime, "app")
    assert json.loads(printed) == [True]


def test_every_module_of_the_library_imports_from_the_layer_alone(runtime: Path) -> None:
    """Those that are imported late, too: a dependency that is missing must not wait for the first odd page."""
    printed = python(IMPORT, built(HERE) / "Library/python", runtime, "linkback")
    assert len(json.loads(printed)) == len(list((ROOT / "layers/linkback/linkback").rglob("[!_]*.py")))


def test_what_is_imported_late_is_in_the_layer(runtime: Path) -> None:
    late = "aws_lambda_powertools.logging,aws_lambda_powertools.metrics,certifi,h11,idna,mf2py,nh3,turbohtml"
    assert python(IMPORT, built(HERE) / "Library/python", runtime, late)


@pytest.mark.parametrize("folder", [DEPLOYED, HERE], ids=["deployed", "here"])
def test_all_bytecode_is_pythons_3_13_and_taken_without_looking_at_dates(folder: Path) -> None:
    assert python(STALE, built(folder)) == ""


def test_what_is_built_is_what_stands_in_the_tree() -> None:
    """A build of yesterday proves nothing."""
    pairs = [(ROOT / "layers/linkback/linkback", built(DEPLOYED) / "Library/python/linkback")]
    pairs += [(ROOT / "functions" / name.lower(), DEPLOYED / name) for name in FUNCTIONS]
    for tree, copy in pairs:
        for source in tree.rglob("*.py"):
            assert (copy / source.relative_to(tree)).read_bytes() == source.read_bytes()


def test_compiled_code_is_for_the_processor_that_is_deployed() -> None:
    heads = {path.name: path.read_bytes()[:20] for path in built(DEPLOYED).rglob("*.so")}
    assert heads
    assert {int.from_bytes(head[18:20], "little") for head in heads.values()} == {AARCH64}


def test_the_layer_has_a_licence_of_each_package() -> None:
    for folder in (built(DEPLOYED) / "Library/python").glob("*.dist-info"):
        found = [path for path in folder.rglob("*") if path.name.upper().startswith(("LICEN", "COPYING"))]
        assert found or "License" in (folder / "METADATA").read_text("utf-8"), folder.name


def test_the_layer_is_small(tmp_path: Path) -> None:
    layer = built(DEPLOYED) / "Library"
    with zipfile.ZipFile(tmp_path / "layer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in layer.rglob("*"):
            archive.write(path, path.relative_to(layer))
    assert (tmp_path / "layer.zip").stat().st_size <= LARGEST_LAYER
