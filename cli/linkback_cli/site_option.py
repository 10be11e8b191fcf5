"""`--site HOST[:PORT]`, as every command that has it reads it."""

from __future__ import annotations

from linkback.site import Sites
from linkback_cli.trouble import Trouble


def site(given: str) -> str:
    """The site as the feeds have it. Raises Trouble."""
    words = given.replace(",", " ").split()
    if not words:
        raise Trouble("--site is empty: give the host of your site, such as example.com")
    if words != [given.strip()]:
        hint = "give one host, such as example.com, and for each further site another --site"
        raise Trouble(f"--site has {given!r}: {hint}")
    try:
        return Sites.parse(given).names[0]
    except ValueError as error:
        raise Trouble(str(error).replace("Sites has", "--site has")) from None
