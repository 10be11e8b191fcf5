"""Signals: what speaks for waiting with a mention, each a plain sentence that its owner can check. Pure.

There is no hidden score. Each signal weighs 0 (merely told), 1 (doubtful) or 2 (serious); they sort what waits, and
HOLDS serious ones make a mention wait whatever the setting is. Nothing is published, refused or deleted for them. What
an ordinary small page of a host that is new to the owner can come to stays below that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from linkback import language, rules, wording
from linkback.mention import Author, Relation
from linkback.record import MOST_DOUBT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from linkback.mention import Mention
    from linkback.policy import Claim
    from linkback.surroundings import Surroundings

# With so many serious signals a mention always waits for its owner, unless a rule allows it. One may be bad luck.
HOLDS = 2
LONGEST_SENTENCE = 300

SERIOUS, DOUBTFUL, TOLD = 2, 1, 0
# What rests on who told of the page, and not on the page.
OF_SENDER = frozenset({"claim-differs", "sender-not-permitted", "sender-permitted"})

# Links to other hosts, and those hosts, from which a page is rather a list, and a list of anything at all.
_MANY = (50, 25)
_VERY_MANY = (200, 75)
_FEW_WORDS = 15
_LONGEST_QUOTE = 120
# Letters below which two texts may well be the same by chance: "Thanks for sharing!".
_SHORTEST_TEXT = 40

_PARTS = {
    "comments": "The link stands only in the comments of the page.",
    "blogroll": "The link stands only in a blogroll.",
    "sidebar": "The link stands only in a sidebar.",
    "footer": "The link stands only in the footer of the page.",
    "navigation": "The link stands only in the navigation of the page.",
}


class Signal(NamedTuple):
    """One observation: its `name`, the sentence that tells it, and how much it weighs (0 to 2).

    The sentence has at most LONGEST_SENTENCE characters on one line and may quote a stranger: who shows it escapes it.
    """

    name: str
    words: str
    weight: int


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the page.

    `known`: the owner has approved or allowed the source's host or author before. `claimed` is what the sender said of
    the page (Ping.claimed). `elsewhere` are other hosts on which the same text was seen. `site_language` is that of the
    target, or "". `permitted`: whether the PPF record of the source's blog names the address that the ping came from;
    None where it has none.
    """

    known: bool = False
    claimed: Mapping[str, str] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    site_language: str = ""
    permitted: bool | None = None


def of(surroundings: Surroundings, mention: Mention, claim: Claim, context: Context) -> tuple[Signal, ...]:
    """What is to be said of this mention, the gravest first."""
    found = (
        *_of_sender(claim, context),
        *_of_page(surroundings, mention),
        *_of_link(surroundings, mention, claim),
        *_of_language(surroundings, context),
        *_of_claim(surroundings, mention, context.claimed),
    )
    lines = (Signal(name, wording.line(words, LONGEST_SENTENCE), weight) for name, words, weight in found)
    return tuple(sorted(lines, key=lambda signal: -signal.weight))


def doubt(signals: Iterable[Signal]) -> int:
    """0 where nothing speaks against the mention, 1 where something does, 2 where so much does that it always waits."""
    weights = [signal.weight for signal in signals]
    return MOST_DOUBT if weights.count(SERIOUS) >= HOLDS else min(sum(weights), 1)


def to_json(signals: Iterable[Signal]) -> str:
    """The signals as one compact string."""
    return json.dumps([list(signal) for signal in signals], ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> tuple[Signal, ...]:
    """The inverse of to_json; of anything else, nothing."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(rows, list) or not all(map(_is_signal, rows)):
        return ()
    return tuple(Signal(*row) for row in rows)


def _is_signal(row: object) -> bool:
    match row:
        case [str(), str(), bool()]:
            return False
        case [str(), str(), int(weight)]:
            return TOLD <= weight <= SERIOUS
    return False


def fingerprint(mention: Mention) -> str:
    """What texts that differ in case, spaces, digits and punctuation only have in common: 16 URL-safe characters.

    Of the mention's own text, or its summary where it has none; `""` where that has fewer than 40 letters. Letters
    that only look different (ligatures, full width, accents apart) count as the same.
    """
    letters = "".join(filter(str.isalpha, wording.plain(mention.text or mention.summary)))
    if len(letters) < _SHORTEST_TEXT:
        return ""
    digest = hashlib.sha256(letters.encode("utf-8", "replace")).digest()
    return base64.urlsafe_b64encode(digest[:12]).decode()


# ---- each signal


def _of_sender(claim: Claim, context: Context) -> Iterator[Signal]:
    host = rules.authority(claim.source)
    if not context.known:
        yield Signal("first-seen", f"First mention from {host}.", TOLD)
    others = [other for other in dict.fromkeys(context.elsewhere) if other != host]
    if others:
        more = f" and {_number(len(others) - 1, 'other host')}" if others[1:] else ""
        yield Signal(
            "same-text", f"The same text was seen on {wording.line(others[0], _LONGEST_QUOTE)}{more}.", SERIOUS
        )
    if context.permitted is False:
        words = "The blog's PPF record does not name the address this ping came from."
        yield Signal("sender-not-permitted", words, SERIOUS)
    elif context.permitted:
        yield Signal("sender-permitted", "The blog's PPF record names the address this ping came from.", TOLD)


def _of_page(surroundings: Surroundings, mention: Mention) -> Iterator[Signal]:
    links, hosts, words = surroundings.links, surroundings.hosts, surroundings.words
    if weight := _many(links, hosts):
        told = f"The page has {_number(links, 'link')} to {_number(hosts, 'other host')}, comments aside."
        yield Signal("many-links", told, weight)
    if surroundings.parked:
        yield Signal("parked", "The page looks like a parked domain or a site that was just installed.", SERIOUS)
    # A like, a repost, a signed note or an entry's own content (of which we keep the HTML) may be as short as it wants.
    whole = surroundings.html and not surroundings.cut
    bare = mention.relation is Relation.MENTION and mention.author == Author() and not mention.html
    if whole and bare and words < _FEW_WORDS:
        yield Signal(
            "thin", f"The page has only {_number(words, 'word')}." if words else "The page has no words.", DOUBTFUL
        )


def _many(links: int, hosts: int) -> int:
    if links >= _VERY_MANY[0] or hosts >= _VERY_MANY[1]:
        return SERIOUS
    return DOUBTFUL if links >= _MANY[0] or hosts >= _MANY[1] else TOLD


def _of_link(surroundings: Surroundings, mention: Mention, claim: Claim) -> Iterator[Signal]:
    place = surroundings.place
    # Who says in microformats that he replies means it, wherever his theme puts that.
    if place and (place in ("comments", "blogroll") or mention.relation is Relation.MENTION):
        yield Signal(f"only-in-{place}", _PARTS[place], DOUBTFUL)
    if not set("/?") & set(claim.page):
        words = f"It is about the front page of {claim.page}, not about one of its posts."
        yield Signal("home-page-only", words, DOUBTFUL)


def _of_language(surroundings: Surroundings, context: Context) -> Iterator[Signal]:
    theirs, ours = surroundings.language, language.primary(context.site_language)
    if theirs and ours and theirs != ours:
        words = f"The page is in {language.name(theirs)}, yours in {language.name(ours)}."
        yield Signal("other-language", words, DOUBTFUL)


def _of_claim(surroundings: Surroundings, mention: Mention, claimed: Mapping[str, str]) -> Iterator[Signal]:
    title, excerpt = claimed.get("title", ""), claimed.get("excerpt", "")
    if not (title or excerpt) or not surroundings.html or surroundings.cut:
        return
    seen = wording.Seen(f"{surroundings.text}\n{mention.name}\n{mention.summary}\n{mention.text}")
    said = []
    if not seen.has_title(title):
        said.append(f'The title that the sender gave, "{wording.line(title, _LONGEST_QUOTE)}", is not on the page.')
    if not seen.has_most_of(excerpt):
        said.append("Most words of the excerpt that the sender gave are not on the page.")
    if said:
        yield Signal("claim-differs", " ".join(said), SERIOUS)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
