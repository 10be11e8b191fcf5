"""The demo's HTML: one small layout, readable on a phone and in the dark, without JavaScript."""

from __future__ import annotations

from html import escape
from http import HTTPStatus
from urllib.parse import parse_qsl

from linkback_cli.events import HttpAnswer, HttpRequest

STYLE = """
:root{color-scheme:light dark;--ink:#1d2433;--dim:#5a6478;--paper:#fbfaf7;--card:#fff;--line:#dcd9d0;--accent:#0b5f6b;
--on:#fff;--good:#1b6e3c;--bad:#a3291f;--wait:#845400}
@media(prefers-color-scheme:dark){:root{--ink:#e7e9ee;--dim:#a4adbd;--paper:#14181f;--card:#1c222c;--line:#343d4b;
--accent:#7fd3dd;--on:#0d2226;--good:#7fd6a0;--bad:#ff9d92;--wait:#f0c26b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:anywhere;
font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
header,main,footer{max-width:44rem;margin:0 auto;padding:1rem 1.25rem}
header{border-bottom:1px solid var(--line);display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline}
header .name{font-weight:700;font-size:1.15rem;text-decoration:none;color:var(--ink)}
header span,.dim{color:var(--dim)}
footer{border-top:1px solid var(--line);margin-top:2rem}
h1{font-size:1.75rem;line-height:1.25;margin:1rem 0 .5rem}
h2{font-size:1.2rem;line-height:1.35;margin:1.75rem 0 .4rem}
a{color:var(--accent)}
.small{font-size:.9rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:1rem 0}
.card>:first-child{margin-top:0}
.card>:last-child{margin-bottom:0}
.card p{margin:.4rem 0}
.row{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0}
form{margin:0}
button{font:inherit;font-size:.95rem;padding:.45rem .9rem;min-height:2.75rem;border-radius:.5rem;cursor:pointer;
border:1px solid var(--accent);background:var(--accent);color:var(--on)}
button.quiet{background:transparent;color:var(--accent)}
button:hover{filter:brightness(1.1)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
pre{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.7rem .8rem;overflow:auto;
font-size:.85rem;line-height:1.45;white-space:pre-wrap}
.state{font-weight:700}
.good{color:var(--good)}
.bad{color:var(--bad)}
.wait{color:var(--wait)}
.plain{list-style:none;padding:0;margin:0}
.mention{border-left:3px solid var(--accent);padding:.1rem 0 .1rem .9rem;margin:1rem 0}
.mention p{margin:.2rem 0}
summary{cursor:pointer}
"""


def page(title: str, header: str, body: str, head: str = "", footer: str = "") -> str:
    """A whole document; all but the title are HTML already."""
    foot = f'<footer class="small dim">{footer}</footer>\n' if footer else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'{head}<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header>{header}</header>\n<main>{body}</main>\n{foot}</body>\n</html>\n"
    )


def button(action: str, label: str, fields: dict[str, str] | None = None, style: str = "") -> str:
    """A form that is one button."""
    pairs = (fields or {}).items()
    hidden = "".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in pairs)
    quiet = f' class="{style}"' if style else ""
    return f'<form method="post" action="{escape(action)}">{hidden}<button{quiet}>{escape(label)}</button></form>'


def html(text: str, status: int = HTTPStatus.OK) -> HttpAnswer:
    """A page as an answer, never kept by the browser: everything here changes by pressing buttons."""
    headers = (("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"))
    return HttpAnswer(status, text.encode(), headers)


def go(path: str) -> HttpAnswer:
    """After a POST: look at this page."""
    return HttpAnswer(HTTPStatus.SEE_OTHER, b"", (("location", path),))


def missing(header: str) -> HttpAnswer:
    """There is no such page."""
    words = "<h1>There is no such page</h1><p><a href='/'>To the first page</a></p>"
    return html(page("Not here", header, words), HTTPStatus.NOT_FOUND)


def form(request: HttpRequest) -> dict[str, str]:
    """The fields of a posted form."""
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def foreign(request: HttpRequest) -> bool:
    """Whether some other page had the browser post this: the demo's buttons are for its own pages."""
    origin = next((value for name, value in request.headers if name.lower() == "origin"), None)
    return request.method == "POST" and origin not in (None, "null", f"http://{request.host}")
