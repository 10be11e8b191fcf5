"""The deployed functions, loaded as Lambda loads them: their own app.py, told by the environment what is theirs."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Handler = Callable[[dict[str, Any], Any], Any]

# One instance serves one event at a time on Lambda; more at once means more instances, here as there.
INSTANCES = 4
_making = threading.Lock()


def aws_environment(endpoint: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of the functions: the embedded store and nothing of the user's own AWS profile or region."""
    return {
        **settings,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # the store asks for no more
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_LAMBDA_FUNCTION_NAME": "linkback-local",
        "POWERTOOLS_SERVICE_NAME": "linkback",
        "POWERTOOLS_METRICS_DISABLED": "true",
        "LOG_LEVEL": "WARNING",
    }


def use_environment(environment: Mapping[str, str]) -> None:
    """Make it the process's own, in place of every AWS setting and proxy that the user's shell had."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "BOTO_", "POWERTOOLS_")) or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ.update(environment)


def load(folder: Path, name: str) -> Any:
    """The module functions/<name>/app.py, under a name of its own so that they do not collide."""
    spec = spec_from_file_location(f"linkback_function_{name}", folder / name / "app.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(folder / name / "app.py")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Function:
    """One function: as many instances as there are events at once, up to INSTANCES, each given one event at a time."""

    def __init__(self, make: Callable[[], Handler], instances: int = INSTANCES) -> None:
        self._make = make
        # The warmest first: an instance that counts (pings per minute) counts most of them.
        self._free: queue.LifoQueue[Handler] = queue.LifoQueue()
        self._unmade = threading.BoundedSemaphore(instances)

    def __call__(self, event: dict[str, Any]) -> Any:
        """What the handler returns or raises."""
        with self._instance() as handler:
            return handler(event, None)

    def warm(self) -> None:
        """Make the first instance now, so that the first request need not wait for it."""
        with self._instance():
            pass

    @contextmanager
    def _instance(self) -> Iterator[Handler]:
        handler = self._take()
        try:
            yield handler
        finally:
            self._free.put(handler)

    def _take(self) -> Handler:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            if not self._unmade.acquire(blocking=False):
                return self._free.get()
        try:
            with _making:  # making boto3 clients is not safe in threads; using them is
                return self._make()
        except BaseException:
            self._unmade.release()
            raise
