"""What people see in a browser: plain pages without scripts, every value escaped."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from linkback.dialect import Request, Response
from linkback.ping import Declined, Ping, Status, TryLater

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STYLE = """
:root{color-scheme:light dark;--line:#8886;--soft:#8882;--accent:#0b62c4}
@media(prefers-color-scheme:dark){:root{--accent:#7db7ff}}
*{box-sizing:border-box}
body{font:1.05rem/1.55 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.2;margin:1rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}a{color:var(--accent)}
header,footer{font-size:.9rem;opacity:.85}footer{border-top:1px solid var(--line);margin-top:3rem;padding-top:1rem}
pre,code{font:.9rem/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:var(--soft);padding:.8rem;border-radius:.4rem;white-space:pre-wrap}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem}dt{font-weight:600}
dd{margin:0;overflow-wrap:anywhere}label{display:block;font-weight:600;margin-top:1rem}
input{font:inherit;width:100%;padding:.5rem;border:1px solid var(--line);border-radius:.3rem;background:transparent}
input{color:inherit}button{font:inherit;margin-top:1rem;padding:.5rem 1.2rem;border:0;border-radius:.3rem}
button{background:#0b62c4;color:#fff;cursor:pointer}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.status{display:inline-block;padding:.1rem .7rem;border:1px solid var(--line);border-radius:1rem;font-weight:600}
article{border-top:1px solid var(--line);margin-top:1.5rem;overflow-wrap:anywhere}.p-name{font-weight:600}
article p{margin:.6rem 0}article small,article time{opacity:.85;font-size:.9rem}article img{max-width:100%}
article~.none{display:none}
@media(max-width:30rem){dl{grid-template-columns:1fr}dd{margin-bottom:.6rem}}
"""

_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

WORDS = {
    Status.QUEUED: "Your mention is waiting to be visited. This usually takes a few seconds.",
    Status.WAITING: "The page could not be checked. Send the mention again, later than the time given as retry at.",
    Status.HELD: "The link was found. The mention waits for the owner of the site.",
    Status.PUBLISHED: "The link was found, and the mention is in the site's feed.",
    Status.HIDDEN: "The page no longer links here, so the mention is no longer shown.",
    Status.DECLINED: "The mention was not accepted.",
    Status.GONE: "The page is gone, and so is the mention.",
}


def wanted(request: Request) -> bool:
    """Whether a person's browser asks, rather than a program: HTML is accepted by name, JSON is not."""
    accepted = request.headers.get("accept", "").lower()
    return "text/html" in accepted and "application/json" not in accepted


def page(status: int, title: str, main: str, headers: Mapping[str, str], *, base: str, refresh: int = 0) -> Response:
    """A whole HTML page of the bridge at `base`, around `main`, which is markup already escaped.

    `refresh` reloads it after so many seconds.
    """
    reload = f'<meta http-equiv="refresh" content="{refresh}">' if refresh else ""
    document = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - Linkback</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'{reload}<style>{_STYLE}</style></head><body><header><a href="{root(base)}/">Linkback</a></header>'
        f"<main><h1>{escape(title)}</h1>{main}</main><footer>Linkback takes Webmentions, Pingbacks and TrackBacks for "
        f"static sites, and visits the linking page before it believes them.</footer></body></html>\n"
    )
    told = {
        "content-type": "text/html; charset=utf-8",
        # A cache before the bridge has another name than the form's address.
        "content-security-policy": f"{_POLICY} {base[: len(base) - len(root(base))]}",
        "referrer-policy": "no-referrer",
    }
    return Response(status, document, {**headers, **told, "x-content-type-options": "nosniff"})


def mention_form(base: str) -> str:
    """The form of `GET /webmention`."""
    return (
        '<p>This address takes <a href="https://www.w3.org/TR/webmention/">Webmentions</a>. Did you write a page that '
        "links to a page of a site served here? Your software may tell us by itself; or do it by hand:</p>"
        f'<form method="post" action="{escape(base)}/webmention">'
        '<label for="source">Address of your page</label>'
        '<input id="source" name="source" type="url" required placeholder="https://you.example/post">'
        '<label for="target">Address of the page it links to</label>'
        '<input id="target" name="target" type="url" required placeholder="https://example.com/page">'
        "<button>Send</button></form>"
    )


def accepted(location: str, ping: Ping) -> str:
    """The answer to a mention sent by hand."""
    return (
        f'<p>We will visit <a href="{link(ping.source)}" rel="nofollow ugc">{escape(ping.source)}</a> in a moment and '
        f"look for the link to {escape(ping.target)}.</p>"
        f'<p><a href="{escape(location)}">See what became of it</a></p>'
    )


def refused(refusal: Declined | TryLater, base: str) -> str:
    """Why a mention sent by hand was not taken, and the way back."""
    words = f"<p>{escape(refusal.detail)}</p><p>({escape(refusal.reason)})</p>"
    return f'{words}<p><a href="{root(base)}/webmention">Back to the form</a></p>'


def fate(told: Mapping[str, object]) -> str:
    """The status page of one ping, from the members of its JSON."""
    status = Status(str(told["status"]))
    rows = (
        (name, told.get(name)) for name in ("source", "target", "protocol", "received", "checked", "retry_at", "reason")
    )
    listed = "".join(f"<dt>{name.replace('_', ' ')}</dt><dd>{escape(str(value))}</dd>" for name, value in rows if value)
    detail = "".join(f"<p>{escape(words)}</p>" for words in dict.fromkeys((WORDS[status], str(told["detail"]))))
    return (
        f'<p><span class="status">{escape(status)}</span></p>{detail}<dl>{listed}</dl>{_found(told.get("links_found"))}'
    )


def _found(links: object) -> str:
    if not isinstance(links, list) or not links:
        return ""
    items = "".join(f"<li><code>{escape(str(found))}</code></li>" for found in links)
    return f"<h2>Links to the site that the page does have</h2><ul>{items}</ul>"


def tags(base: str) -> str:
    """The two tags for a site's head, in the one form that every sender finds (Pingback 1.0, section 2.2)."""
    return f'<link rel="pingback" href="{base}/pingback">\n<link rel="webmention" href="{base}/webmention">'


def home(base: str, sites: Iterable[str]) -> str:
    """What this bridge is, and what to paste."""
    start = root(base)
    feeds = "".join(
        f"<h2>{escape(site)}</h2><ul>"
        f'<li><a href="{start}/api/mentions.html?domain={escape(site)}">All mentions</a> on a page</li>'
        f'<li><a href="{start}/feed.json?domain={escape(site)}">JSON Feed</a> or '
        f'<a href="{start}/api/mentions.atom?domain={escape(site)}">Atom</a> for feed readers</li>'
        f'<li><a href="{start}/api/mentions.jf2?domain={escape(site)}">JF2</a> for the next build of the site</li>'
        f"<li>TrackBack address of a page: <code>{escape(base)}/trackback/{escape(site)}/path/of/page</code></li></ul>"
        for site in sites
    )
    return (
        "<p>This is a bridge between blogs that announce their links and static sites, which cannot hear them. It "
        "takes Webmentions, Pingbacks and TrackBacks, visits the linking page to see whether the link is there, and "
        "gives the site a feed of mentions.</p>"
        "<h2>Is this your site? Paste these two tags into the head of every page</h2>"
        f"<pre><code>{escape(tags(base), quote=False)}</code></pre>{feeds}<h2>Did you link to one of these sites?</h2>"
        f'<p><a href="{start}/webmention">Tell us by hand</a>, or let your blog do it.</p>'
        f'<h2>Is it yours?</h2><p><a href="{start}/dashboard">Sign in to your desk</a>: approve what waits, block what '
        "nobody wants, see why a ping was declined.</p>"
    )


def root(base: str) -> str:
    """The path that is before all of the bridge's own, escaped: none, but for a stage or a domain that maps a path."""
    path = base.partition("://")[2].partition("/")[2]
    return f"/{escape(path)}" if path else ""


def link(url: str) -> str:
    """A stranger's URL as an attribute's value: http(s) or nothing."""
    return escape(url) if url.lower().startswith(("http://", "https://")) else ""
