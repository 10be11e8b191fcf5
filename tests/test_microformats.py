"""The entry that holds the link: found, cut out, typed, and its author named."""

from __future__ import annotations

import time

import pytest

from linkback import links, microformats, urls
from linkback.mention import Author, Mention, Relation

PAGE = urls.parse("https://blog.example/2024/notes")
TARGET = urls.parse("https://site.example/post/")
LINK = '<a href="https://site.example/post/">this</a>'
# Far more than is needed on a slow machine.
SECONDS = 3.0


def read(html: str, rel_author: Author | None = None) -> Mention | Author | None:
    return microformats.read(html, links.in_html(html, PAGE, TARGET), TARGET, rel_author or Author())


def entry(html: str) -> Mention:
    found = read(html)
    assert isinstance(found, Mention)
    return found


def related(name: str, tag: str = "a") -> str:
    return f'<{tag} class="{name}" href="https://site.example/post">it</{tag}>'


class TestEntry:
    @pytest.mark.parametrize("root", ["h-entry", "h-event", "h-review", "h-recipe", "hentry", "post h-entry hentry"])
    def test_the_smallest_entry_around_the_link(self, root: str) -> None:
        html = f"<div class=h-entry><div class={root!r}><p class='e-content entry-content'>In {LINK}</p></div></div>"
        assert entry(html).text == "In this"

    @pytest.mark.parametrize("root", ["h-card", "h-adr", "h-geo", "h-feed", "h-full", "entry", "h-entry-title"])
    def test_what_is_no_entry(self, root: str) -> None:
        html = f"<div class='{root}'><p class=e-content>In {LINK}</p></div>"
        assert not isinstance(read(html), Mention)
        assert entry(f"<div class=h-entry>{html}</div>").relation is Relation.MENTION

    def test_what_an_entry_replies_to_is_part_of_it(self) -> None:
        cite = f"<div class='u-in-reply-to h-cite'><a class='u-url p-name' href='{TARGET}'>x</a></div>"
        reply = entry(f"<div class=h-entry><p class='p-author h-card'>Ann</p>{cite}<p class=e-content>No.</p></div>")
        assert (reply.relation, reply.author.name, reply.text) == (Relation.REPLY, "Ann", "No.")

    def test_what_an_entry_quotes_is_part_of_it(self) -> None:
        quote = f"<blockquote class=h-cite><p class=p-author>They</p>{LINK}</blockquote>"
        assert entry(f"<div class=h-entry><p class='p-author h-card'>Ann</p>{quote}</div>").author.name == "Ann"

    @pytest.mark.parametrize("prefix", ["u", "p"])
    @pytest.mark.parametrize("root", ["h-cite", "h-entry"])
    def test_a_comment_is_an_entry_of_its_own(self, prefix: str, root: str) -> None:
        comment = (
            f"<div class='{prefix}-comment {root}'><p class='p-author h-card'>Bob</p>{related('u-in-reply-to')}</div>"
        )
        found = entry(f"<div class=h-entry><p class='p-author h-card'>Ann</p>{comment}</div>")
        assert (found.author.name, found.relation) == ("Bob", Relation.REPLY)

    def test_comments_do_not_speak_for_the_entry(self) -> None:
        comment = f"<div class='u-comment h-cite'>{related('u-like-of')}<p class='p-author h-card'>Bob</p></div>"
        found = entry(f"<div class=h-entry>{LINK}{related('u-repost-of')}{comment}<p class=p-author>Ann</p></div>")
        assert (found.author.name, found.relation) == ("Ann", Relation.REPOST)

    def test_of_several_entries_the_one_that_relates_is_taken_else_the_first(self) -> None:
        plain = "".join(f"<div class=h-entry><p class=e-content>{n} {LINK}</p></div>" for n in range(3))
        assert entry(plain).text == "0 this"
        assert entry(f"{plain}<div class=h-entry>{related('u-bookmark-of')}</div>").relation is Relation.BOOKMARK

    def test_a_link_in_noscript_is_in_its_entry(self) -> None:
        assert entry(f"<div class=h-entry><p class=p-name>A</p><noscript>{LINK}</noscript></div>").name == "A"

    def test_a_page_without_an_entry_around_the_link_has_none(self) -> None:
        assert read(f"<p>{LINK}</p><div class=h-entry><p class=p-name>x</p></div>") is None
        assert read(f"<p>{LINK}</p>") is None

    def test_a_page_too_odd_for_a_tree_is_not_read(self) -> None:
        assert read(f"<div class=h-entry>{LINK}" + "<div>" * 300) is None


class TestRelation:
    @pytest.mark.parametrize("name", ["in-reply-to", "repost-of", "like-of", "bookmark-of"])
    @pytest.mark.parametrize("prefix", ["u", "p"])
    def test_a_property_that_leads_to_the_target(self, name: str, prefix: str) -> None:
        value = "" if prefix == "u" else f"{LINK}<data class=p-{name} value='{TARGET}'></data>"
        assert entry(f"<div class=h-entry>{value or related(f'u-{name}')}</div>").relation == name

    def test_a_property_that_leads_elsewhere_is_none(self) -> None:
        html = f"<div class=h-entry><a class=u-like-of href=https://else.example/></a>{LINK}</div>"
        assert entry(html).relation is Relation.MENTION

    def test_a_property_may_be_relative_or_an_item(self) -> None:
        assert (
            entry("<base href='//site.example'><div class=h-entry><a class=u-like-of href=post></a></div>").relation
            is Relation.LIKE
        )
        item = f"<div class='u-repost-of h-cite'><p class=p-name>x</p><a class=u-url href='{TARGET}'></a></div>"
        assert entry(f"<div class=h-entry>{item}</div>").relation is Relation.REPOST

    @pytest.mark.parametrize(
        ("names", "relation"),
        [
            ("u-bookmark-of u-like-of u-repost-of u-in-reply-to", Relation.REPLY),
            ("u-bookmark-of u-like-of u-repost-of", Relation.REPOST),
            ("u-bookmark-of u-like-of", Relation.LIKE),
        ],
    )
    def test_the_order_is_that_of_post_type_discovery(self, names: str, relation: Relation) -> None:
        assert entry(f"<div class=h-entry>{related(names)}</div>").relation is relation

    @pytest.mark.parametrize("answer", ["yes", "no", "maybe", "interested", " YES "])
    def test_an_rsvp_is_one_of_four_words(self, answer: str) -> None:
        found = entry(f"<div class=h-entry><data class=p-rsvp value='{answer}'></data>{related('u-in-reply-to')}</div>")
        assert (found.relation, found.rsvp) == (Relation.RSVP, answer.strip().lower())

    def test_any_other_answer_is_a_reply(self) -> None:
        found = entry(f"<div class=h-entry><p class=p-rsvp>perhaps</p>{related('u-in-reply-to')}</div>")
        assert (found.relation, found.rsvp) == (Relation.REPLY, "")


class TestAuthor:
    """https://indieweb.org/authorship, without leaving the page."""

    def author(self, inside: str, outside: str = "", rel: Author | None = None) -> Author:
        found = read(f"<div class=h-entry>{inside}{LINK}</div>{outside}", rel)
        assert isinstance(found, Mention)
        return found.author

    def test_a_card(self) -> None:
        card = "<a class='p-author h-card' href=/ann><img class=u-photo src=/a.jpg alt=>Ann</a>"
        assert self.author(card) == Author("Ann", "https://blog.example/a.jpg", "https://blog.example/ann")

    def test_a_name(self) -> None:
        assert self.author("<span class=p-author>Ann <b>A.</b></span>") == Author("Ann A.")

    def test_an_address_of_a_card_on_the_page(self) -> None:
        card = "<div class=h-card><a class='u-url p-name' href=/ann>Ann</a><img class=u-photo src=/a.jpg></div>"
        other = "<div class=h-card><a class='u-url p-name' href=/bob>Bob</a></div>"
        assert self.author("<a class=u-author href=/ann>x</a>", other + card) == Author(
            "Ann", "https://blog.example/a.jpg", "https://blog.example/ann"
        )

    def test_an_address_without_a_card_stays_an_address(self) -> None:
        assert self.author("<a class=u-author href=/ann>x</a>") == Author(url="https://blog.example/ann")

    def test_the_feeds_author(self) -> None:
        other = "<div class=h-entry><p class='p-author h-card'>Bob</p></div>"
        html = f"<div class=h-feed>{other}<p class='p-author h-card'>Ann</p><div class=h-entry>{LINK}</div></div>"
        assert entry(html).author == Author("Ann")

    def test_rel_author_with_its_card_or_alone(self) -> None:
        rel = Author("", "", "https://blog.example/ann")
        card = "<p class=h-card><a class='u-url p-name' href=/ann>Ann</a></p>"
        assert self.author("", card, rel) == Author("Ann", "", "https://blog.example/ann")
        assert self.author("", "", rel) == rel
        assert read(f"{LINK}{card}", rel) == Author("Ann", "", "https://blog.example/ann")

    def test_nobody(self) -> None:
        assert self.author("", "<p class=h-card>Somebody else</p>") == Author()

    @pytest.mark.parametrize("scheme", ["javascript:x", "data:text/html,x", "java\nscript:x", "vbscript:x"])
    def test_addresses_are_http_or_dropped(self, scheme: str) -> None:
        inside = f"<a class='u-url p-name' href='{scheme}'>Ann</a><img class=u-photo src='{scheme}'>"
        assert self.author(f"<div class='p-author h-card'>{inside}</div>") == Author("Ann")


class TestClassic:
    """WordPress themes still say hentry and vcard; they are told in today's names before mf2py sees them."""

    HTML = f"""<article class="post hentry"><h1 class="entry-title">Title</h1><a rel="bookmark" href="/p">link</a>
    <span class="author vcard"><a class="url fn n" href="/ann">Ann</a><img class="photo" src="/a.jpg"></span>
    <abbr class="published" title="2024-05-06T07:08:09Z">May</abbr>
    <div class="entry-summary">Short</div><div class="entry-content"><p>In {LINK}.</p></div></article>"""

    def test_an_entry(self) -> None:
        found = entry(self.HTML)
        assert found.author == Author("Ann", "https://blog.example/a.jpg", "https://blog.example/ann")
        assert (found.name, found.summary, found.text) == ("Title", "Short", "In this.")
        assert (found.url, found.published) == ("https://blog.example/p", "2024-05-06T07:08:09Z")

    def test_todays_names_on_the_root_hide_the_classic_ones(self) -> None:
        html = self.HTML.replace("hentry", "hentry h-entry").replace("entry-title", "entry-title p-name")
        found = entry(html)
        assert (found.name, found.summary, found.author) == ("Title", "", Author())

    def test_other_classic_roots_reach_no_parser(self) -> None:
        html = (
            f"<div class=hentry><div class='vevent geo adr hreview'><p class='entry-content'>In {LINK}</p></div></div>"
        )
        assert entry(html).text == "In this"


class TestWords:
    def test_a_title_that_repeats_the_text_is_none(self) -> None:
        words = f"<p class=p-name>I like</p><p class=e-content>I like {LINK} very much</p>"
        assert entry(f"<div class=h-entry>{words}</div>").name == ""
        assert entry(f"<div class=h-entry>{words.replace('I like</p>', 'Title</p>')}</div>").name == "Title"

    def test_content_may_be_plain(self) -> None:
        assert entry(f"<div class=h-entry>{LINK}<p class='p-content'>One &lt;b&gt;</p></div>").text == "One <b>"

    def test_the_target_is_never_the_entrys_own_address(self) -> None:
        assert entry(f"<div class=h-entry>{LINK}</div>").url == ""

    def test_pictures_and_syndication(self) -> None:
        found = entry(
            f"<div class=h-entry>{LINK}<img class=u-photo src=/a.jpg alt=A><img class=u-photo src=data:,x>"
            "<video class=u-video src=v></video><audio class=u-audio src=w></audio><a class=u-syndication href=https://s.example/1></a></div>"
        )
        assert found.photo == ("https://blog.example/a.jpg",)
        assert (found.video, found.audio) == (("https://blog.example/2024/v",), ("https://blog.example/2024/w",))
        assert found.syndication == ("https://s.example/1",)


class TestBoundedWork:
    """A stranger chooses how many elements a page has, and how many ancestors, cards and names there are to each."""

    def test_the_author_of_a_feed_may_stand_behind_many_entries(self) -> None:
        others = "<div class=h-entry><p class='p-author h-card'>Bob</p></div>" * 500
        html = f"<div class=h-feed>{others}<p class='p-author h-card'>Ann</p><div class=h-entry>{LINK}</div></div>"
        assert entry(html).author == Author("Ann")

    def test_the_card_of_an_author_may_stand_behind_many_cards_and_links(self) -> None:
        others = "".join(f"<p class=h-card><a class=u-url href=/{n}>{n}</a></p>" for n in range(400))
        card = "<p class=h-card><a class='u-url p-name' href=/ann>Ann</a></p>"
        html = f"<div class=h-entry>{LINK}<a class=u-author href=/ann>x</a></div>{others}{card}"
        assert entry(html).author == Author("Ann", "", "https://blog.example/ann")

    def test_what_may_be_read_of_all_cards_is_limited(self) -> None:
        """Each of these has a link to the author, but another URL; reading them all would take a minute."""
        other = (
            "<div class=h-card><a href=/ann></a><a class=u-url href=/z></a>" + "<p class='p-name p-note'>x</p>" * 300
        )
        html = f"<div class=h-entry>{LINK}<a class=u-author href=/ann>x</a></div>" + f"{other}</div>" * 90
        begun = time.process_time()
        assert entry(html).author == Author(url="https://blog.example/ann")
        assert time.process_time() - begun < SECONDS

    @pytest.mark.parametrize(
        ("before", "many"),
        [
            ("<a class=h-card href=/><marquee>" * 45, "<p>"),
            ("</div><div class=h-entry>" + "<div>" * 230, "<b class=author></b>"),
            ("<a class=u-author href=/me>m</a></div>" + "<div class=h-card>" * 60 + "<a href=/me></a>", "<p>"),
            ("<a class=u-author href=/me>m</a></div>" + "<div class=h-card>" * 200, "<a href=/me></a>"),
            (f"<div class='{'a ' * 4_000}'>" * 100 + LINK * 60, "x"),
        ],
    )
    def test_a_page_of_such_products_takes_no_longer_than_its_length(self, before: str, many: str) -> None:
        """Some of these took 14 s."""
        html = f"<div class=h-feed><div class=h-entry>{LINK}{before}" + many * (49_000 if many != "x" else 10)
        begun = time.process_time()
        read(html)
        assert time.process_time() - begun < SECONDS
