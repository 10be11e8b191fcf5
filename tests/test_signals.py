"""Signals tell in sentences what speaks for waiting; honest pages have none, and small ones are not held for good."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sources
from linkback import signals, urls
from linkback.mention import Author, Mention, Relation
from linkback.ping import Declined
from linkback.places import Place
from linkback.policy import Claim
from linkback.signals import LONGEST_SENTENCE, Context, Signal
from linkback.surroundings import Surroundings
from sources import LINK, PROSE, TARGET, wordpress

PAGES = Path(__file__).parent / "pages"
CLAIM = Claim(urls.parse(sources.PAGE), urls.parse(TARGET), "site.example")
FRONT = Claim(urls.parse(sources.PAGE), urls.parse("https://www.site.example/"), "site.example")
KNOWN = Context(known=True)
# What an honest post looks like; a test changes one thing.
POST = Surroundings(html=True, links=5, hosts=4, language="en", words=400, text=f"On slow reading\n{PROSE}")
MENTION = Mention(Relation.MENTION, sources.PAGE, text="I read this.")


def told(
    around: Surroundings = POST, mention: Mention = MENTION, claim: Claim = CLAIM, context: Context = KNOWN
) -> dict[str, tuple[str, int]]:
    return {one.name: (one.words, one.weight) for one in signals.of(around, mention, claim, context)}


def of_page(html: str, context: Context = KNOWN, target: str = TARGET) -> tuple[Signal, ...]:
    reading = sources.read(html, target)
    claim = Claim(urls.parse(sources.PAGE), urls.parse(target), "site.example")
    return signals.of(reading.surroundings, reading.mention, claim, context)


HONEST = {
    "a WordPress post": wordpress(entry=LINK),
    "a reply with a footer": sources.REPLY,
    "an article with a footer": sources.ARTICLE_FOOTER,
    "a Blogger post": sources.BLOGGER,
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_page_of_a_new_host_is_only_told_to_be_new(name: str) -> None:
    found = of_page(HONEST[name], Context(site_language="en"))
    assert found == (Signal("first-seen", "First mention from blog.example.", 0),)
    assert signals.doubt(found) == 0


# Of the pages in tests/pages, which are as small as can be, these say nothing else than where the link is.
SMALL = {"link-outside-the-entry", "note-with-implied-name", "noscript-picture", "relative-with-base", "srcset"}


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.html")))
def test_of_the_pages_we_keep_none_waits_for_good_and_most_leave_no_doubt(name: str) -> None:
    expected = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    try:
        found = of_page((PAGES / f"{name}.html").read_text("utf-8"), Context(), expected["target"])
    except Declined:
        assert "declined" in expected
        return
    doubted = {signal.name for signal in found if signal.weight}
    assert doubted <= {"thin", "only-in-comments"}
    assert ("thin" in doubted) == (name in SMALL)
    assert ("only-in-comments" in doubted) == (name == "comment-on-a-page")


@pytest.mark.parametrize("target", [TARGET, "https://site.example/"])
@pytest.mark.parametrize("html", ["<p>See <a href=LINK>this</a></p>", "<a href=LINK></a>", "<img src=LINK>"])
def test_the_smallest_page_of_a_new_host_is_doubted_but_never_held_for_good(html: str, target: str) -> None:
    found = of_page(html.replace("LINK", target), Context(), target)
    assert signals.doubt(found) == 1


SPAM = {
    "a farm with a copied text": (
        sources.LINK_FARM,
        Context(elsewhere=("copy.example", "copy2.example")),
        ["same-text", "many-links", "first-seen"],
    ),
    "a scraper in another language that told something else": (
        sources.SCRAPER.replace("en-US", "ru"),
        Context(site_language="en", claimed={"title": "Cheap pills", "excerpt": "Buy them here"}),
        ["many-links", "claim-differs", "other-language", "thin"],
    ),
    "a link left in somebody's comments by a forged Pingback": (
        wordpress(comment=LINK),
        Context(permitted=False, elsewhere=("b.example",)),
        ["same-text", "sender-not-permitted", "only-in-comments", "first-seen"],
    ),
    "a parked domain": (
        f"<title>blog.example is for sale</title>{LINK}",
        Context(claimed={"title": "A fine post"}),
        ["parked", "claim-differs", "thin", "first-seen"],
    ),
}


@pytest.mark.parametrize("name", SPAM)
def test_what_several_things_speak_against_always_waits(name: str) -> None:
    html, context, expected = SPAM[name]
    found = of_page(html, context)
    assert {one.name for one in found} >= set(expected) - {"thin"}
    assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)
    assert signals.doubt(found) == 2


def test_a_planet_is_a_list_of_links_and_no_more() -> None:
    found = of_page(sources.PLANET)
    assert found == (Signal("many-links", "The page has 61 links to 31 other hosts, comments aside.", 1),)


class TestSender:
    def test_who_is_known_is_not_new(self) -> None:
        assert told() == {}
        assert told(context=Context()) == {"first-seen": ("First mention from blog.example.", 0)}

    @pytest.mark.parametrize(
        ("hosts", "words"),
        [
            (("a.example",), "The same text was seen on a.example."),
            (("a.example", "blog.example"), "The same text was seen on a.example."),
            (("a.example", "b.example"), "The same text was seen on a.example and 1 other host."),
            (tuple("abcd"), "The same text was seen on a and 3 other hosts."),
        ],
    )
    def test_where_else_the_text_was_seen_is_told(self, hosts: tuple[str, ...], words: str) -> None:
        assert told(context=Context(known=True, elsewhere=hosts)) == {"same-text": (words, 2)}

    def test_on_the_same_host_it_is_no_copy(self) -> None:
        assert told(context=Context(known=True, elsewhere=("blog.example",))) == {}

    def test_what_the_blogs_record_says_of_the_address_is_told(self) -> None:
        assert told(context=Context(known=True, permitted=False))["sender-not-permitted"][1] == 2
        assert told(context=Context(known=True, permitted=True))["sender-permitted"][1] == 0


@pytest.mark.parametrize(
    ("links", "hosts", "weight"),
    [(49, 24, 0), (50, 1, 1), (25, 25, 1), (199, 74, 1), (200, 2, 2), (75, 75, 2), (1_234, 1_000, 2)],
)
def test_many_links_are_doubtful_and_very_many_are_serious(links: int, hosts: int, weight: int) -> None:
    found = told(replace(POST, links=links, hosts=hosts))
    assert found.get("many-links", ("", 0))[1] == weight


def test_a_number_is_readable() -> None:
    found = told(replace(POST, links=1_234, hosts=1))
    assert found["many-links"][0] == "The page has 1,234 links to 1 other host, comments aside."


class TestPlace:
    @pytest.mark.parametrize("place", [place for place in Place if place])
    def test_each_part_of_a_page_is_told_in_a_sentence(self, place: Place) -> None:
        ((name, (words, weight)),) = told(replace(POST, place=place)).items()
        assert (name, weight) == (f"only-in-{place}", 1)
        assert place in words

    def test_who_replies_in_microformats_may_do_so_in_a_footer(self) -> None:
        reply = replace(MENTION, relation=Relation.REPLY)
        assert told(replace(POST, place=Place.FOOTER), reply) == {}
        assert "only-in-comments" in told(replace(POST, place=Place.COMMENTS), reply)

    def test_a_link_to_the_front_page_is_told(self) -> None:
        words = "It is about the front page of site.example, not about one of its posts."
        assert told(claim=FRONT) == {"home-page-only": (words, 1)}
        assert told(claim=replace(FRONT, target=urls.parse("https://site.example/?p=1"))) == {}


@pytest.mark.parametrize(
    ("theirs", "ours", "words"),
    [
        ("de", "en-GB", "The page is in German, yours in English."),
        ("xyz", "EN", "The page is in xyz, yours in English."),
        ("en", "en-US", ""),
        ("no", "nb", ""),
        ("", "en", ""),
        ("de", "", ""),
        ("de", "<script>", ""),
    ],
)
def test_another_language_is_told_where_both_are_known(theirs: str, ours: str, words: str) -> None:
    found = told(replace(POST, language=theirs), context=Context(known=True, site_language=ours))
    assert found == ({"other-language": (words, 1)} if words else {})


class TestThin:
    def test_a_page_of_few_words_is_told(self) -> None:
        assert told(replace(POST, words=14))["thin"] == ("The page has only 14 words.", 1)
        assert told(replace(POST, words=1))["thin"] == ("The page has only 1 word.", 1)
        assert told(replace(POST, words=0))["thin"] == ("The page has no words.", 1)
        assert told(replace(POST, words=15)) == {}

    def test_a_like_or_a_signed_note_may_be_short(self) -> None:
        short = replace(POST, words=3)
        assert told(short, replace(MENTION, relation=Relation.LIKE)) == {}
        assert told(short, replace(MENTION, author=Author("Ann"))) == {}
        assert told(short, replace(MENTION, html="<p>I read this.")) == {}

    def test_what_was_not_read_to_its_end_or_is_no_markup_is_not_judged(self) -> None:
        assert told(replace(POST, words=3, cut=True)) == {}
        assert told(Surroundings()) == {}


TRUE_CLAIMS = {
    "nothing": {},
    "the title": {"title": "On slow reading", "blog_name": "Anything at all"},
    "the title in other letters": {"title": "ON&nbsp;Slow  reading!"},
    "a title cut in a word": {"title": "On slow rea\u2026"},
    "no words": {"title": "***", "excerpt": "[...]"},
    "an excerpt cut at both ends": {"excerpt": "[...] Writing by hand makes me choose. What I cho [&hellip;]"},
    "an excerpt with tags and entities": {"excerpt": "<p>I&#8217;ve kept a <b>paper</b> notebook for eleven years"},
    "an excerpt half of which is ours": {"excerpt": "Ann writes: What I choose I remember, and more words"},
    "a few words": {"excerpt": "Read this, friends"},
    "the mention's own summary": {"excerpt": "A hand-written summary nobody sees"},
}
FALSE_CLAIMS = {
    "another title": {"title": "Cheap pills"},
    "the words of the title in another order": {"title": "Reading on, slow"},
    "another excerpt": {"excerpt": "Buy the best watches today with free delivery all over Europe"},
}


class TestClaim:
    @pytest.mark.parametrize("name", TRUE_CLAIMS)
    def test_what_a_sender_says_may_be_spelt_and_cut_in_many_ways(self, name: str) -> None:
        mention = replace(MENTION, summary="A hand-written summary nobody sees.")
        assert told(mention=mention, context=Context(known=True, claimed=TRUE_CLAIMS[name])) == {}

    @pytest.mark.parametrize("name", FALSE_CLAIMS)
    def test_what_is_not_on_the_page_is_told(self, name: str) -> None:
        assert told(context=Context(known=True, claimed=FALSE_CLAIMS[name]))["claim-differs"][1] == 2

    def test_the_title_is_quoted_on_one_line_without_what_cannot_be_seen(self) -> None:
        claimed = {"title": "<b>Cheap\n\u202epills\x00", "excerpt": "one two three four five six"}
        words, _ = told(context=Context(claimed=claimed))["claim-differs"]
        assert words == (
            'The title that the sender gave, "<b>Cheap pills", is not on the page. '
            "Most words of the excerpt that the sender gave are not on the page."
        )

    def test_nothing_is_held_against_a_page_that_was_not_read_to_its_end(self) -> None:
        context = Context(known=True, claimed=FALSE_CLAIMS["another title"])
        assert told(replace(POST, cut=True), context=context) == {}
        assert told(Surroundings(), context=context) == {}


@pytest.mark.parametrize(
    ("weights", "doubt"),
    [((), 0), ((0, 0), 0), ((1,), 1), ((2, 1), 1), ((2, 2), 2), ((1,) * 4, 1), ((2, 1, 1, 1), 1), ((2,) * 5, 2)],
)
def test_two_serious_signals_make_the_greatest_doubt_and_any_other_sum_a_doubt(
    weights: tuple[int, ...], doubt: int
) -> None:
    assert signals.doubt(Signal("x", "y", weight) for weight in weights) == doubt


SIGNALS = st.builds(Signal, st.text(), st.text(), st.integers(0, 2))


@given(st.lists(SIGNALS).map(tuple))
def test_signals_come_back_from_their_json(found: tuple[Signal, ...]) -> None:
    assert signals.from_json(signals.to_json(found)) == found


def test_their_json_is_compact() -> None:
    assert signals.to_json([Signal("first-seen", "Zoë", 0)]) == '[["first-seen","Zoë",0]]'


@pytest.mark.parametrize(
    "text",
    ["", "null", "{}", "[1]", '[["a","b"]]', '[["a","b",3]]', '[["a","b",true]]', '[["a",1,1]]', '"abc"', "[" * 99_999],
)
def test_what_is_no_list_of_signals_is_none(text: str) -> None:
    assert signals.from_json(text) == ()


class TestFingerprint:
    def test_trivial_variations_of_a_text_have_one(self) -> None:
        ours = signals.fingerprint(replace(MENTION, text=PROSE))
        assert len(ours) == 16
        for variation in (PROSE.upper(), PROSE.replace(" ", "\n").replace(".", " 7!"), f"\u200b{PROSE}\u00ad"):
            assert signals.fingerprint(replace(MENTION, text=variation)) == ours
        assert signals.fingerprint(replace(MENTION, text="", summary=PROSE)) == ours

    def test_another_text_has_another(self) -> None:
        one, other = (signals.fingerprint(replace(MENTION, text=f"{PROSE} {word}")) for word in ("yes", "no"))
        assert one != other

    def test_a_short_text_has_none(self) -> None:
        assert signals.fingerprint(replace(MENTION, text="x" * 39 + "1234567890")) == ""
        assert signals.fingerprint(replace(MENTION, text="x" * 40)) != ""

    def test_accents_are_the_same_however_they_are_encoded(self) -> None:
        one, other = (signals.fingerprint(replace(MENTION, text=word * 40)) for word in ("\u00e9", "e\u0301"))
        assert one == other


TEXT = st.text(st.characters(), max_size=60)
CONTEXTS = st.builds(
    Context,
    known=st.booleans(),
    claimed=st.dictionaries(st.sampled_from(["title", "excerpt", "blog_name"]), TEXT),
    elsewhere=st.lists(TEXT, max_size=3).map(tuple),
    site_language=TEXT,
    permitted=st.sampled_from([None, True, False]),
)
AROUND = st.builds(
    Surroundings,
    html=st.booleans(),
    links=st.integers(0, 10**6),
    hosts=st.integers(0, 1_000),
    place=st.sampled_from(Place),
    language=st.sampled_from(["", "en", "de", "zzzz"]),
    words=st.integers(0, 10**6),
    parked=st.booleans(),
    text=TEXT,
    cut=st.booleans(),
)
MENTIONS = st.builds(Mention, st.sampled_from(Relation), st.just(sources.PAGE), text=TEXT, summary=TEXT, name=TEXT)


@settings(deadline=None)
@given(AROUND, MENTIONS, CONTEXTS)
def test_whatever_is_said_becomes_signals_of_bounded_length(
    around: Surroundings, mention: Mention, context: Context
) -> None:
    found = signals.of(around, mention, CLAIM, context)
    assert signals.from_json(signals.to_json(found)) == found
    assert signals.to_json(found).encode()
    assert all(0 < len(one.words) <= LONGEST_SENTENCE for one in found)
    assert all(letter.isprintable() or letter in "\u200c\u200d" for one in found for letter in one.words)
    assert len(signals.fingerprint(mention)) in (0, 16)
