"""Lambda on this machine: the Runtime API on loopback, and AWS's own runtime client, which asks it for events.

The client is python3.13 with the standard library, the function's folder, the layer and what Lambda's runtime brings
itself on its path, in Lambda's order, and nothing else: no site-packages, no user's settings, no PYTHONPATH.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Longer than any invocation here takes, on any machine.
PATIENCE = 30.0
REGION = "us-east-1"

_CLIENT = """
import sys
task, layer, runtime, handler = sys.argv[1:]
sys.path[:0] = [task, layer]
sys.path.append(runtime)
from awslambdaric.__main__ import main
main([runtime, handler])
"""
_REPORT = re.compile(r"/2018-06-01/runtime/(?:invocation/([^/]+)/(response|error)|init/(error))")


class Event(NamedTuple):
    """One invocation: `deadline` is in milliseconds since 1970."""

    request_id: str
    body: bytes
    deadline: int


class Report(NamedTuple):
    """What became of an invocation (a response, an error), or of the process: a failed init, its end."""

    kind: str
    request_id: str
    told: Any


class Failed(Exception):  # noqa: N818 - reads as what happened
    """The function did not answer: `kind` is error, init or exit, `told` is what the client reported."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.kind}: {report.told}")
        self.kind, self.told = report.kind, report.told


class _Api(ThreadingHTTPServer):
    """Lambda's side: what is in `events` is handed out, what comes back is put into `reports`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.events = SimpleQueue[Event | None]()
        self.reports = SimpleQueue[Report]()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed process hangs up; anything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Api

    def do_GET(self) -> None:
        if self.path != "/2018-06-01/runtime/invocation/next":
            self._answer(404, {})
            return
        event = self.server.events.get()
        if event is None:  # the process has ended: nobody reads
            self.close_connection = True
            return
        told = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:{REGION}:123456789012:function:linkback",
            "Lambda-Runtime-Trace-Id": "Root=1-6a017b5a-0123456789abcdef01234567;Sampled=1",
        }
        self._answer(200, told, event.body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        found = _REPORT.fullmatch(self.path)
        if found:
            kind = found[2] or "init"
            self.server.reports.put(Report(kind, found[1] or "", json.loads(body)))
        self._answer(202 if found else 404, {"Content-Type": "application/json"}, b'{"status":"OK"}')

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Deployment:
    """One function as Lambda has it: its folders, its handler, its environment, and the seconds an invocation has."""

    task: Path
    layer: Path
    runtime: Path
    environment: Mapping[str, str]
    seconds: float
    handler: str = "app.handler"


class Instance:
    """`with Instance(deployment, log) as instance:` runs one process; `log` is the folder for what it prints."""

    def __init__(self, deployment: Deployment, log: Path) -> None:
        self._deployment, self._api = deployment, _Api()
        self._stdout, self._stderr = log / "stdout", log / "stderr"
        self._invocations = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._api.serve_forever, args=(0.05,), daemon=True).start()
        function = self._deployment
        command = ["python3.13", "-I", "-S", "-B", "-c", _CLIENT]
        command += [str(function.task), str(function.layer), str(function.runtime), function.handler]
        with self._stdout.open("wb") as out, self._stderr.open("wb") as err:
            self._process = subprocess.Popen(
                command, cwd=function.task, env=self._environment(), stdout=out, stderr=err
            )
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # as Lambda does: it does not ask
        self._process.wait()
        self._api.shutdown()
        self._api.server_close()

    def invoke(self, event: Any, seconds: float | None = None) -> Any:
        """What the function answers. Raises Failed if it does not."""
        self._invocations += 1
        request_id = f"00000000-0000-4000-8000-{self._invocations:012}"
        left = self._deployment.seconds if seconds is None else seconds
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        self._api.events.put(Event(request_id, body, int((time.time() + left) * 1000)))
        try:
            report = self._api.reports.get(timeout=PATIENCE)
        except Empty:
            raise Failed(Report("silence", request_id, f"no answer within {PATIENCE} s")) from None
        if report.kind != "response":
            raise Failed(report)
        assert report.request_id == request_id
        return report.told

    def stdout(self) -> list[str]:
        """The lines of the log so far."""
        return self._stdout.read_text("utf-8").splitlines()

    def stderr(self) -> str:
        """What the process complained of so far."""
        return self._stderr.read_text("utf-8")

    def _watch(self) -> None:
        status = self._process.wait()
        self._api.events.put(None)
        self._api.reports.put(Report("exit", "", {"status": status, "stderr": self.stderr()}))

    def _environment(self) -> dict[str, str]:
        """What Lambda sets, and what the function's owner does. Credentials are the emulator's."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "linkback",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/linkback",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/22/[$LATEST]0123456789abcdef0123456789abcdef",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._api.server_address[1]}",
            "LAMBDA_TASK_ROOT": str(self._deployment.task),
            "_HANDLER": self._deployment.handler,
            **self._deployment.environment,
        }
