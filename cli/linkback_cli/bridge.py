"""The whole bridge on one machine: store, functions, queue and gateway, started and stopped together."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from linkback.site import Sites
from linkback_cli import functions, localhost, note, permits, store, template
from linkback_cli.emulator import Emulator
from linkback_cli.functions import Function
from linkback_cli.gateway import Gateway
from linkback_cli.note import Note
from linkback_cli.store import Saver, Store
from linkback_cli.trouble import Trouble
from linkback_cli.worker import Source, Worker

if TYPE_CHECKING:
    from pathlib import Path

    from linkback.address import Permit
    from linkback_cli.console import Console
    from linkback_cli.data import DataDir
    from linkback_cli.functions import Handler
    from linkback_cli.template import Template

NAMES = ("receive", "verify", "publish", "moderate")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an owner sets. `permitted` are the loopback addresses (`host:port`) to be visited; None: any at all.

    `token` is the owner's for this run; `shows_token`: nobody has chosen it, so it must be told.
    """

    sites: tuple[str, ...]
    moderation: str
    self_mentions: str
    permitted: tuple[str, ...] | None
    token: str
    shows_token: bool = False
    hub: str = ""
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """As template.yaml hands it to the functions."""
        return {
            "SITES": ",".join(self.sites),
            "MODERATION": self.moderation,
            "SELF_MENTIONS": self.self_mentions,
            "WEBSUB_HUB": self.hub,
        }

    @property
    def permit(self) -> Permit:
        """Which addresses `receive` takes and `verify` visits."""
        return permits.everything if self.permitted is None else permits.public_and(self.permitted)


def _plan(root: Path) -> Template:
    try:
        return template.load(root / "template.yaml")
    except (OSError, yaml.YAMLError) as error:
        raise Trouble(f"template.yaml cannot be read ({error}): run from a complete checkout") from None


class Bridge:
    """`start` it, hand requests to `gateway`, `stop` it; `close` releases what is left after trouble."""

    gateway: Gateway

    def __init__(self, settings: Settings, data: DataDir, console: Console, root: Path) -> None:
        self._settings, self._data, self._console, self._root = settings, data, console, root
        self._emulator = Emulator(data.path / "store.log")
        self._open = ExitStack()
        self._saver: Saver | None = None
        self._worker: Worker | None = None
        self._note = Note()

    @property
    def alive(self) -> bool:
        """Whether the store still runs."""
        return self._emulator.alive

    @property
    def log(self) -> Path:
        """Where the store writes what troubles it."""
        return self._emulator.log

    def start(self, base: str) -> None:
        """Everything is ready when this returns. `base` is the bridge's own address. Raises Trouble."""
        items = [item for item in self._data.load() if not store.is_fixed_token(item)]
        plan = _plan(self._root)
        Note("", base, self._settings.sites).leave(self._data)  # another one's store may stand there still
        self._emulator.start()
        self._open.callback(self._emulator.stop)
        # Before the first client is made: boto3 reads the profile of the user's shell even when told all it needs.
        functions.use_environment(functions.aws_environment(self._emulator.endpoint, {}))
        self._emulator.wait_until_ready()
        kept = Store(self._emulator.endpoint, plan)
        kept.fill(items)
        saver = self._saver = Saver(kept, self._data, self._console)
        kept.put(store.token_item(self._settings.token))
        saver.touch()
        for old, new in self._settings.aliases:
            moved = kept.alias(Sites(self._settings.sites), old, new)
            self._console.say(f"{old} is {new}; mentions that moved there: {moved}")
            saver.touch()
        made = self._functions(kept, plan)
        source = Source(kept.sqs, kept.queue_url, kept.queue_arn, plan.batches())
        worker = self._worker = Worker(source, made["verify"], saver.touch, self._console)

        def written() -> None:
            saver.touch()
            worker.nudge()

        self.gateway = Gateway(plan.routes(), made, written, self._console)
        self._resume(kept, items, base)
        saver.start()
        worker.start()
        self._note = Note(self._emulator.endpoint, base, self._settings.sites)
        self._note.leave(self._data)

    def heed(self) -> None:
        """Save what another command has changed in the store; to be called each second."""
        if self._saver and note.told(self._data):
            self._saver.touch()

    def _resume(self, kept: Store, items: list[dict[str, Any]], base: str) -> None:
        lost = kept.requeue(items, base)
        if items:
            self._console.say(f"Restored {len(items)} items; {lost} pings are visited again")

    def _functions(self, kept: Store, plan: Template) -> dict[str, Function]:
        settings = {"TABLE": store.TABLE, "QUEUE_URL": kept.queue_url, **self._settings.environment}
        made = {}
        for name in NAMES:
            environment = functions.aws_environment(self._emulator.endpoint, plan.environment(name) | settings)
            functions.use_environment(environment)  # as it is when Lambda loads this one
            at_once = plan.batches().at_once if name == "verify" else functions.INSTANCES
            made[name] = self._function(name, environment, at_once)
        return made

    def _function(self, name: str, environment: dict[str, str], at_once: int) -> Function:
        try:
            app = functions.load(self._root / "functions", name)
        except OSError as error:
            raise Trouble(f"functions/{name}/app.py cannot be read ({error}): run from a complete checkout") from None
        dials: dict[str, Any] = {"permit": self._settings.permit} if name in ("receive", "verify") else {}
        if name == "verify":
            dials |= {"resolve": localhost.look_up, "permitted": localhost.permitted}

        def make() -> Handler:
            made: Handler = app.connect(environment, log=self._console.line, **dials)
            return made

        function = Function(make, at_once)
        function.warm()
        return function

    def stop(self) -> bool:
        """After the last request: end the visits in work, save, end the store. False if a visit would not end."""
        with suppress(OSError):  # what can be saved is to be saved nevertheless
            self._note._replace(store="").leave(self._data)  # from here on nobody else writes to it
        finished = self._worker is None or self._worker.stop()
        if not finished:
            self._console.say("A visit takes too long: it is made again at the next start")
        if self._saver:
            self._saver.stop()
        self.close()
        return finished

    def close(self) -> None:
        """End the store."""
        self._open.close()
