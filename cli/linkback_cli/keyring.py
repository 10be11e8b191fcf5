"""Where the tokens of a bridge are: in the table of a stack, in the store of one that runs here, or saved by one."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from linkback import tokens
from linkback.dynamodb import pack, unpack
from linkback.site import Sites
from linkback.tokens import BadToken, Tokens
from linkback_cli import deployed, functions, note, store
from linkback_cli.account import in_words
from linkback_cli.data import DataDir, InUse
from linkback_cli.note import Note
from linkback_cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from linkback.tokens import Owner
    from linkback_cli.data import Item

# How long a bridge may take to start or to stop: until then it is not known to whom the tokens are to be told.
PATIENCE = 15.0


class Tokenring(Protocol):
    """What can be done with the tokens of any bridge; see linkback.tokens.Tokens."""

    def create(self, name: str, sites: Iterable[str], now: float) -> str:
        """A new token. Raises BadToken."""

    def all(self) -> list[Owner]:
        """Every token, oldest first."""

    def revoke(self, name: str) -> Owner:
        """Take back the token of this name. Raises BadToken."""


class Keyring(NamedTuple):
    """The tokens of one bridge, where its owner signs in with them, and its sites ((): not known just now)."""

    tokens: Tokenring
    desk: str
    sites: tuple[str, ...]


@contextmanager
def of_stack(name: str | None, region: str | None) -> Iterator[Keyring]:
    """Of the bridge that was deployed as this stack, or as the environment and samconfig.toml say. Raises Trouble."""
    account, found = deployed.find("--stack linkback --region eu-central-1", name, region)
    table = found.outputs.get("TableName")
    if not table:
        raise Trouble(
            f"The stack {found.name} has no table yet ({found.status}): wait until it has, then do this again."
        )
    desk = found.outputs.get("Desk", "/dashboard of your bridge")
    with in_words(account.region):
        yield Keyring(Tokens(account.client("dynamodb"), table), desk, Sites.parse(found.parameters["Sites"]).names)


@contextmanager
def of_directory(path: Path, patience: float = PATIENCE) -> Iterator[Keyring]:
    """Of the bridge that `linkback serve --data` runs, or has run, in this directory. Raises Trouble.

    While one starts or stops there, it is waited for, for so many seconds.
    """
    path = path.absolute()
    if not (path / "lock").exists():
        raise Trouble(f"{path} was never a bridge's: give the directory that `linkback serve --data DIR` was given")
    found = _found(path, patience)
    if isinstance(found, Note):
        with _answering(path):
            yield Keyring(_Running(path, found), f"{found.address}/dashboard", found.sites)
        return
    with closing(found):
        address = Note.read(path).address or "the address that it says"
        yield Keyring(_Saved(found), f"{address}/dashboard once `linkback serve` runs", ())


def _found(path: Path, patience: float) -> DataDir | Note:
    """The directory, if no bridge uses it, else the note of the one that does."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return DataDir(path)
        except InUse:
            there = Note.read(path)
        if there.store and _answers(there):
            return there
        if time.monotonic() > deadline:
            raise Trouble(f"The bridge that uses {path} neither starts nor stops: do this again when it has")
        time.sleep(0.1)


def _answers(there: Note) -> bool:
    # boto3 reads the profile of the user's shell even when told all it needs.
    functions.use_environment(functions.aws_environment(there.store, {}))
    try:
        Tokens(store.client("dynamodb", there.store), store.TABLE).all()
    except (BotoCoreError, ClientError, ValueError):
        return False
    return True


@contextmanager
def _answering(path: Path) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Trouble(f"The store of the bridge that uses {path} does not answer any more: {error}") from None


class _Running(Tokens):
    """In the store of a bridge that runs; what is done there is saved by it within seconds. Raises Trouble."""

    def __init__(self, path: Path, there: Note) -> None:
        super().__init__(store.client("dynamodb", there.store), store.TABLE)
        self._path, self._there = path, there

    def create(self, name: str, sites: Iterable[str], now: float) -> str:
        """A new token."""
        _check_name(name)
        token = super().create(name, sites, now)
        self._tell()
        return token

    def revoke(self, name: str) -> Owner:
        """Take back the token of this name."""
        owner = super().revoke(name)
        self._tell()
        return owner

    def _tell(self) -> None:
        note.tell(self._path)
        # As long as this stands there the last save has not begun.
        if Note.read(self._path) != self._there:
            raise Trouble(
                "The bridge was stopped at this moment: see what `linkback token list` has, then do this again"
            )


class _Saved:
    """In the saved state of a bridge that does not run; its tokens for one run are over. Raises Trouble."""

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self._items = [item for item in data.load() if not store.is_fixed_token(item)]

    def create(self, name: str, sites: Iterable[str], now: float) -> str:
        """A new token."""
        _check_name(name)
        token, stored = tokens.new(name, sites, now, self.all())
        self._save([*self._items, pack(stored)])
        return token

    def all(self) -> list[Owner]:
        """Every token, oldest first."""
        found = [tokens.read(unpack(item)) for item in self._items if store.is_token(item)]
        return sorted(found, key=lambda owner: owner.created)

    def revoke(self, name: str) -> Owner:
        """Take back the token of this name."""
        found = tokens.named(name, self.all())
        gone = {one.digest for one in found}
        kept = [one for one in self._items if not (store.is_token(one) and tokens.read(unpack(one)).digest in gone)]
        self._save(kept)
        return found[0]

    def _save(self, items: list[Item]) -> None:
        try:
            self._data.save(items)
        except OSError as error:
            raise Trouble(f"{self._data.path} cannot be written to ({error.strerror}): nothing was changed") from None
        self._items = items


def _check_name(name: str) -> None:
    """Raise BadToken for the one by which a token is known that holds for one run."""
    if name.strip() == store.FIXED:
        raise BadToken(f"{store.FIXED} is what the token of each run is called: choose another name.")
