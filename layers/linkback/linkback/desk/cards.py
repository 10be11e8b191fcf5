"""One mention on the desk: who, what, the words around the link, what the sender claimed, the signals, the buttons."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from linkback import rules, signals, urls
from linkback.desk.acts import author
from linkback.desk.mentions import claimed
from linkback.feed import seen
from linkback.record import Record, State
from linkback.shared_hosts import is_shared_page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXCERPT, _BEFORE = 400, 150
_CLAIMS = {"title": "title", "excerpt": "excerpt", "blog_name": "blog"}
_THEIRS = 'rel="nofollow ugc noreferrer" target="_blank" '


def card(record: Record) -> str:
    """One mention. Its id in the page is `m-` and its claim, by which scripts find it."""
    said = seen.parse(record.seen)
    who = seen.author(said)
    name = who["name"] or said.get("name", "") or host(record.source)
    claim = escape(record.claim)
    return (
        f'<article class="mention" id="m-{claim}" tabindex="-1" aria-labelledby="h-{claim}">'
        f'<header><input type="checkbox" name="id" value="{claim}" aria-label="Tick {escape(name)}">'
        f'<h2 id="h-{claim}">{seen.linked(name, seen.url(record.source), _THEIRS)}</h2> '
        f"<small>{escape(host(record.source))}</small></header>"
        f"<p class=meta>{_did(record, said)}</p>{_words(record, said)}{_signals(record)}{_claimed(record)}"
        f"<p class=buttons>{''.join(_buttons(record))}</p></article>"
    )


def host(source: str) -> str:
    """The host of an address, for people."""
    return source.partition("://")[2].partition("/")[0]


def _did(record: Record, said: Mapping[str, object]) -> str:
    target = seen.url(record.target)
    short = target.partition("://")[2]
    dialects = ", ".join(record.protocols)
    received = record.received
    return (
        f"{seen.DID[str(said['relation'])]} {seen.linked(short, target, _THEIRS)}, by {escape(dialects)}, "
        f'<time datetime="{escape(received)}">{escape(received[:16].replace("T", " "))} UTC</time>'
    )


def _words(record: Record, said: Mapping[str, object]) -> str:
    """The title, and of the text what is around the sentence that has the link, which is marked."""
    title = str(said.get("name", "")) if seen.author(dict(said))["name"] else ""
    text = str(said.get("text", "")) or str(said.get("summary", ""))
    parts = [f"<p class=title>{escape(title)}</p>"] if title else []
    before, sentence, after = text.partition(record.sentence) if record.sentence else ("", "", text)
    if record.sentence and not sentence:
        parts.append(f"<blockquote><mark>{escape(record.sentence)}</mark></blockquote>")
        before, after = "", text
    if text:
        start = f"…{before[-_BEFORE:]}" if len(before) > _BEFORE else before
        rest = max(_EXCERPT - len(start) - len(sentence), 0)
        end = f"{after[:rest]}…" if len(after) > rest else after
        marked = f"<mark>{escape(sentence)}</mark>" if sentence else ""
        parts.append(f"<p class=excerpt>{escape(start)}{marked}{escape(end)}</p>")
    return "".join(parts)


def _signals(record: Record) -> str:
    told = signals.from_json(record.signals)
    found = "".join(f'<li class="w{min(max(one.weight, 0), 2)}">{escape(one.words)}</li>' for one in told)
    return f'<ul class="signals" aria-label="Signals">{found}</ul>' if found else ""


def _claimed(record: Record) -> str:
    told = claimed(record)
    rows = "".join(
        f"<dt>{words}</dt><dd>{escape(told[name])}</dd>" for name, words in _CLAIMS.items() if told.get(name)
    )
    return f"<div class=claimed><p>Its sender claimed (never published):</p><dl>{rows}</dl></div>" if rows else ""


def _buttons(record: Record) -> Iterator[str]:
    """Those that make sense where it stands. For a host of many people the author is trusted or blocked."""
    scope, whom = _scope(record)
    if record.state is not State.PUBLIC and record.state is not State.GONE:
        yield _button(record, "approve none", "Approve", "a", "main")
    if scope and record.state is State.HELD:
        yield _button(record, f"approve {scope}", f"Approve, trust {whom}", "t")
    if record.state is State.PUBLIC:
        yield _button(record, "hold none", "Hold", "h")
    if record.state is not State.SPAM:
        yield _button(record, "spam none", "Spam", "s")
    if scope and record.state is not State.GONE:
        yield _button(record, f"spam {scope}", f"Block {whom}", "b")
    if record.state is not State.DELETED:
        yield _button(record, "delete none", "Delete", "d")


def _button(record: Record, act: str, words: str, key: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    told = f'name="do" value="{act} {escape(record.claim)}"'
    return f'<button {told} data-key="{key}"{style}>{escape(words)}</button>'


def _scope(record: Record) -> tuple[str, str]:
    """Whom a rule would speak of, host or author, and how they are called; "" where none can be had."""
    try:
        source = urls.parse(record.source)
    except urls.BadUrl:  # whatever a hand left in the table, it must not close the whole queue
        return "", ""
    if not is_shared_page(source):
        return "host", rules.authority(source)
    who = author(record)
    return ("author", rules.author_key(who)) if rules.author_key(who) and rules.believed(who, source) else ("", "")
