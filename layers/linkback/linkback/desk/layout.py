"""What every page of the desk has: who is signed in, the tabs, the style, and the policy that its browser keeps.

Nothing of a stranger's is loaded: no picture, no style, no script. The policy of each page says so to the browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from linkback.desk import assets
from linkback.dialect import Request, Response
from linkback.human import root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from linkback.desk.sessions import Session

_TABS = {"": "Mentions", "/pings": "Pings", "/rules": "Rules", "/tokens": "Tokens"}

# What a form has done, for the page that it leads to.
_DONE = {
    "undone": "Undone: it is as it was before.",
    "again": "It is being visited again: load this page anew in a moment.",
    "added": "The rule is there. It counts from the next ping on.",
    "removed": "Taken back.",
    "revoked": "Revoked: whoever was signed in with it is signed out.",
}


@dataclass(frozen=True, slots=True)
class View:
    """What every page of a session shows: whose it is, and of which site. `tab` is the page's place.

    `done` is the word for what a form has just done, if it has one.
    """

    request: Request
    session: Session
    site: str
    sites: list[str]
    tab: str
    done: str = ""

    @property
    def here(self) -> str:
        """The path of the desk, escaped."""
        return f"{root(self.request.base)}/dashboard"

    def address(self, tab: str, **query: str) -> str:
        """A page of the desk, of this site, escaped."""
        kept = {name: value for name, value in {"site": self._named, **query}.items() if value}
        return escape(f"{self.here}{tab}" + (f"?{urlencode(kept)}" if kept else ""))

    def hidden(self, **fields: str) -> str:
        """What each form carries beside its own fields: the CSRF token, the site, and these."""
        told = {"csrf": self.session.csrf, "site": self._named, **fields}
        return "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in told.items() if value
        )

    @property
    def _named(self) -> str:
        return self.site if len(self.sites) > 1 else ""


def signed_in(view: View, title: str, main: str) -> Response:
    """A page with its tabs."""
    tabs = "".join(f'<a href="{view.address(tab)}"{current(tab == view.tab)}>{name}</a>' for tab, name in _TABS.items())
    out = (
        f'<form method="post" action="{view.here}/sign-out">{view.hidden()}'
        f'<button class="quiet">Sign out</button></form>'
    )
    return page(view.request, 200, title, _done(view) + main, {}, nav=f"<nav>{tabs}{_sites(view)}{out}</nav>")


def _done(view: View) -> str:
    words = _DONE.get(view.done)
    return f'<p class="done" role="status">{words}</p>' if words else ""


def page(request: Request, status: int, title: str, main: str, extra: Mapping[str, str], *, nav: str = "") -> Response:
    """A whole page: `nav`, the title, and `main`, which is markup already escaped; `extra` has further headers."""
    desk = f"{root(request.base)}/dashboard"
    css, js = (f"{desk}/{name}?v={assets.asset(name).sign}" for name in ("desk.css", "desk.js"))
    document = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} - Linkback</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<link rel="stylesheet" href="{css}"><script src="{js}" defer></script></head>'
        f'<body><header><a href="{root(request.base)}/">Linkback</a></header>'
        f"<main>{nav}<h1>{escape(title)}</h1>{main}</main>"
        '<div id="toast" role="status" aria-live="polite"></div></body></html>\n'
    )
    return Response(status, document, {**_headers(request.base), **extra})


def _headers(base: str) -> dict[str, str]:
    desk, origin = f"{base}/dashboard", base.removesuffix(root(base))
    policy = (
        f"default-src 'none'; style-src {desk}/desk.css; script-src {desk}/desk.js; connect-src {desk}/; "
        f"form-action 'self' {origin}; frame-ancestors 'none'; base-uri 'none'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
    }


def _sites(view: View) -> str:
    if not view.sites[1:]:  # one is no choice
        return ""
    options = "".join(
        f"<option{' selected' if site == view.site else ''}>{escape(site)}</option>" for site in view.sites
    )
    action = f"{view.here}{view.tab}"
    return (
        f'<form action="{action}"><label>Site <select name="site">{options}</select></label>'
        '<button class="quiet">Go</button></form>'
    )


def current(here: object) -> str:
    """The attribute of a link to where one is."""
    return ' aria-current="page"' if here else ""
