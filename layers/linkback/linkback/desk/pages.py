"""The desk's pages: they work without scripts, and every value that a stranger chose is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from linkback.desk import cards, chart, layout
from linkback.desk.attempts import members
from linkback.desk.layout import View, current, signed_in
from linkback.human import link, root
from linkback.ping import Status
from linkback.record import State
from linkback.rules import KINDS, Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from linkback.desk.acts import Done
    from linkback.desk.ledger import Page
    from linkback.desk.refused import Refused
    from linkback.dialect import Request, Response
    from linkback.dynamodb import Item
    from linkback.record import Record
    from linkback.rules import Rule
    from linkback.tokens import Owner

_STATES = {State.HELD: "Waiting", State.PUBLIC: "Public", State.SPAM: "Spam", State.GONE: "Gone"}
_DID = {
    State.PUBLIC: "Approved", State.HELD: "Put back to wait", State.SPAM: "Called spam",
    State.DELETED: "Deleted (listed under Gone; its words are kept for a day)", State.GONE: "Gone",
}  # fmt: skip
_RULED = {Action.ALLOW: "let in", Action.HOLD: "held", Action.BLOCK: "blocked"}
_BULK = {
    "Approve": ("approve none", (State.HELD, State.SPAM)),
    "Hold": ("hold none", (State.PUBLIC, State.SPAM)),
    "Spam": ("spam none", (State.HELD, State.PUBLIC, State.GONE)),
    "Delete": ("delete none", tuple(_STATES)),
}
_NO_PINGS = "None of those that were looked through. Ask for others, or for more below."
_NO_PINGS_YET = "No pings yet. Whoever links to your site and says so stands here for 90 days."
# What stands as held on the status page that its sender sees.
_DECIDED = {"spam": "You called it spam.", "deleted": "You deleted it."}
_HELP = (
    ("j, k", "next, previous"), ("a", "approve"), ("t", "approve and trust"), ("s", "spam"), ("b", "block"),
    ("d", "delete"), ("h", "hold"), ("x", "tick"), ("o", "open the page"), ("u", "undo"), ("/", "search"),
    ("?", "these keys"),
)  # fmt: skip


# Whole pages


def sign_in(request: Request, problem: str, status: int = 200, after: int = 0) -> Response:
    """Where a token is given."""
    told = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    main = (
        f'{told}<form method="post" action="{root(request.base)}/dashboard/sign-in" class="sign-in">'
        '<label for="token">Your token</label><input id="token" name="token" type="password" required autofocus '
        'autocomplete="current-password" spellcheck="false"><button class="main">Sign in</button></form>'
        "<p>You have none? In a checkout of the bridge <code>.venv/bin/linkback token create NAME</code> makes one. On "
        "your own machine <code>make run</code> prints one for each run; or add <code>--data .linkback</code>.</p>"
    )
    extra = {"retry-after": str(after)} if after else {}
    return layout.page(request, status, "Sign in", main, extra)


def refusal(refused: Refused, request: Request, **headers: str) -> Response:
    """Why something was not done, and the way back."""
    main = (
        f'<p class="problem" role="alert">{escape(refused.detail)}</p>'
        f'<p><a href="{root(request.base)}{_way_back(request)}">Back</a></p>'
    )
    extra = {"retry-after": str(refused.after)} if refused.after else {}
    title = "Partly done" if refused.partly else "Not done"
    return layout.page(request, refused.status, title, main, extra | headers)


def _way_back(request: Request) -> str:
    """The page that the form was on."""
    place = request.path.removeprefix("/dashboard").rstrip("/")
    return f"/dashboard{place}" if place in ("/pings", "/rules", "/tokens") else "/dashboard"


def queue(view: View, state: State, page: Page[Record], words: str, last: list[Done]) -> Response:
    """The mentions in one state, each with what speaks for and against it, and the buttons."""
    many = f"{len(page.items)}{'+' if page.cursor else ''}"
    listed = "".join(cards.card(record) for record in page.items) or _nothing(state, words, page)
    more = _more(view, "", page, state=str(state), q=words)
    acts = ((name, act) for name, (act, states) in _BULK.items() if state in states)
    bulk = "".join(f'<button name="do" value="{act}">{name}</button>' for name, act in acts)
    main = (
        f"{_states(view, state)}{_search(view, state, words)}{_keys()}{_undo(view, state, last)}"
        f'<form method="post" action="{view.here}/mentions" id="queue">{view.hidden(state=str(state), q=words)}'
        f'<div class="bulk"><label><input type="checkbox" id="all"> <span>all</span></label> '
        f'<span id="ticked">Ticked:</span> {bulk}</div><div id="list">{listed}</div></form>{more}'
    )
    return signed_in(view, f"{_STATES[state]} ({many})", main)


def pings(view: View, page: Page[Item], asked: Mapping[str, str], days: chart.Days) -> Response:
    """The attempt log, as its `status` and words (`q`) were asked for, and the counts of the last days."""
    status = asked["status"]
    chosen = "".join(
        f'<option value="{one}"{" selected" if one == status else ""}>{one or "all"}</option>' for one in ("", *Status)
    )
    site = f'<input type="hidden" name="site" value="{escape(view.site)}">'
    filters = (
        f'<form class="filter" role="search"><label>Status <select name="status">{chosen}</select></label>{site}'
        f'<label>Words <input name="q" type="search" value="{escape(asked["q"])}" placeholder="host or reason"></label>'
        "<button>Show</button></form>"
    )
    listed = "".join(_attempt(view, members(item), asked) for item in page.items)
    none = "" if listed else f"<p>{_NO_PINGS if page.cursor or any(asked.values()) else _NO_PINGS_YET}</p>"
    main = f"{chart.svg(days)}{filters}{listed}{none}{_more(view, '/pings', page, **asked)}"
    return signed_in(view, "Pings", main)


def rules(view: View, page: Page[Rule], known: Page[Rule]) -> Response:
    """Every rule, each to be taken back, and a form for another."""
    kinds = "".join(f'<option value="{kind}">{kind}</option>' for kind in KINDS)
    actions = "".join(f'<option value="{one}">{one}</option>' for one in (Action.BLOCK, Action.HOLD, Action.ALLOW))
    form = (
        f'<form method="post" action="{view.here}/rules" class="add">{view.hidden()}'
        f'<label>Kind <select name="kind">{kinds}</select></label>'
        '<label>Value <input name="value" required placeholder="spam.example"></label>'
        f'<label>Action <select name="action">{actions}</select></label>'
        '<label class="tick"><input type="checkbox" name="replace" value="yes"> replace what is there</label>'
        '<button class="main">Add</button></form>'
    )
    words = (
        "<p>The most specific rule wins: author before prefix before host before dialect. A <em>host</em> is meant "
        "with its subdomains, a <em>prefix</em> is an address with all that is below it, an <em>author</em> the "
        "address that a page gives for its author, a <em>dialect</em> one of webmention, pingback, trackback.</p>"
    )
    listed = _table(view, ("Kind", "Value", "Action"), page.items, "Take back") or "<p>There are none.</p>"
    people = _table(view, ("Kind", "Value", ""), known.items, "Forget") or "<p>Nobody yet.</p>"
    main = (
        f"{words}{form}{listed}{_more(view, '/rules', page)}<h2>Known by an approval</h2>"
        f"<p>With Moderation=first their further mentions do not wait.</p>{people}"
        f"{_more(view, '/rules', known, name='known')}"
    )
    return signed_in(view, "Rules", main)


def tokens(view: View, owners: Iterable[Owner], made: str) -> Response:
    """Every token by its name, and one that was just made, once."""
    new = (
        f'<p class="done" role="status">Your new token: <code id="new">{escape(made)}</code><br>It is shown now and '
        "never again: keep it in a password manager.</p>"
        if made
        else ""
    )
    rows = "".join(
        f"<tr><td class=value>{escape(one.name or '(made by hand)')}{_own(view, one)}</td>"
        f"<td>{escape(', '.join(one.sites) or 'all sites')}</td>"
        f"<td>{_time(one.created)}</td><td>{_time(one.used) or 'never'}</td><td>{_revoke(one)}</td></tr>"
        for one in owners
    )
    main = (
        f"{new}<p>Whoever has a token can do all that you can do here, for the sites it is for. Revoking one signs out "
        "who came in with it."
        "</p>"
        f'<form method="post" action="{view.here}/tokens">{view.hidden()}<div class="wide"><table><thead><tr>'
        "<th>Name</th><th>For</th><th>Made</th><th>Last used</th><th><span class=hide>Action</span></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></form>"
        f'<form method="post" action="{view.here}/tokens" class="add">{view.hidden()}'
        '<label>Name <input name="name" required maxlength="64" placeholder="laptop"></label>'
        '<button class="main">Make a token</button></form>'
    )
    return signed_in(view, "Tokens", main)


def did(done: list[Done]) -> str:
    """What was done, in a sentence or two."""
    if not done:
        return "Nothing was changed."
    of = done[0].source if len(done) == 1 else f"{len(done)} mentions"
    rules = {
        change.key: change.now for one in done for change in one.changed if change.key.kind in KINDS and change.now
    }
    told = [f"From now on {key.kind} {key.value} is {_RULED[action]}." for key, action in rules.items()]
    return " ".join([f"{_DID[done[0].after]}: {of}.", *told[:3]])


# Parts of pages


def _states(view: View, state: State) -> str:
    shown = (
        f'<a href="{view.address("", state=str(one))}"{current(one is state)}>{name}</a>'
        for one, name in _STATES.items()
    )
    return f'<p class="states">{" ".join(shown)}</p>'


def _search(view: View, state: State, words: str) -> str:
    site = f'<input type="hidden" name="site" value="{escape(view.site)}">' if len(view.sites) > 1 else ""
    return (
        f'<form class="search" role="search" action="{view.here}">{site}'
        f'<input type="hidden" name="state" value="{state}"><label class="hide" for="q">Search what is listed</label>'
        f'<input id="q" name="q" type="search" value="{escape(words)}" placeholder="host, author or words">'
        "<button>Search</button></form>"
    )


def _undo(view: View, state: State, last: list[Done]) -> str:
    if not last:
        return '<div id="undo" role="status"></div>'
    return (
        f'<div id="undo" role="status"><form method="post" action="{view.here}/undo">{view.hidden(state=str(state))}'
        f'<span id="did">Last: {escape(did(last))}</span> <button data-key="u">Undo</button></form></div>'
    )


def _nothing(state: State, words: str, page: Page[Record]) -> str:
    if words and page.cursor:
        return '<p class="none">None among the last thousand. Search further below.</p>'
    if words:
        return '<p class="none">Nothing here has these words.</p>'
    told = "Nothing waits for you." if state is State.HELD else "There are none."
    return f'<p class="none">{told}</p>'


def _more(view: View, tab: str, page: Page[Any], name: str = "cursor", **query: str) -> str:
    if not page.cursor:
        return ""
    return f'<p class="more"><a rel="next" href="{view.address(tab, **query, **{name: page.cursor})}">More</a></p>'


def _keys() -> str:
    keys = "".join(f"<div><dt><kbd>{key}</kbd></dt><dd>{words}</dd></div>" for key, words in _HELP)
    return f'<details class="keys"><summary>Keys</summary><dl>{keys}</dl></details>'


def _attempt(view: View, told: Mapping[str, object], asked: Mapping[str, str]) -> str:
    source, target = str(told.get("source", "")), str(told.get("target", ""))
    reason = f" <code>{escape(str(told['reason']))}</code>" if "reason" in told else ""
    decided = str(told.get("decided", ""))
    reason += f" <em>{escape(_DECIDED[decided])}</em>" if decided in _DECIDED else ""
    detail = f"<p>{escape(str(told['detail']))}</p>" if "detail" in told else ""
    found = told.get("links_found")
    links = "".join(f"<li><code>{escape(str(one))}</code></li>" for one in found) if isinstance(found, list) else ""
    listed = f"<p>Links to your site that the page does have:</p><ul>{links}</ul>" if links else ""
    return (
        f'<article class="attempt"><h2><span class="status {escape(str(told.get("status", "")))}">'
        f"{escape(str(told.get('status', '')))}</span>{reason} {escape(cards.host(source))}</h2>"
        f'<p><a href="{link(source)}" rel="nofollow ugc noreferrer" target="_blank">{escape(source)}</a> to '
        f"{escape(target)}</p>{detail}{listed}<p class=meta>{escape(str(told.get('protocol', '')))}, received "
        f"{_time(told.get('received'))}{_later(told)}</p>"
        f'<form method="post" action="{view.here}/pings">{view.hidden(**asked)}'
        f'<button name="retry" value="{escape(str(told.get("id", "")))}">Try again</button></form></article>'
    )


def _later(told: Mapping[str, object]) -> str:
    checked = f", visited {_time(told['checked'])}" if "checked" in told else ""
    return checked + (f", again at {_time(told['retry_at'])}" if "retry_at" in told else "")


def _table(view: View, heads: tuple[str, str, str], found: Iterable[Rule], button: str) -> str:
    rows = "".join(
        f"<tr><td>{escape(rule.kind.removeprefix('known-'))}</td><td class=value>{escape(rule.value)}</td>"
        f"<td>{escape(rule.action) if heads[2] else ''}</td><td>"
        f'<button name="remove" value="{escape(f"{rule.kind} {rule.value}")}">{button}'
        f"<span class=hide> {escape(rule.value)}</span></button></td></tr>"
        for rule in found
    )
    if not rows:
        return ""
    head = "".join(f"<th>{one}</th>" if one else "<td></td>" for one in heads)
    return (
        f'<form method="post" action="{view.here}/rules">{view.hidden()}<div class="wide"><table><thead><tr>{head}'
        f"<th><span class=hide>Take back</span></th></tr></thead><tbody>{rows}</tbody></table></div></form>"
    )


def _own(view: View, owner: Owner) -> str:
    return " (you are signed in with it)" if owner.digest == view.session.owner.digest else ""


def _revoke(owner: Owner) -> str:
    if not owner.name:
        return ""
    name = escape(owner.name)
    return f'<button name="revoke" value="{name}">Revoke<span class=hide> {name}</span></button>'


def _time(told: object) -> str:
    time = str(told or "")
    return f'<time datetime="{escape(time)}">{escape(time[:16].replace("T", " "))} UTC</time>' if time else ""
