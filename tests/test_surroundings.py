"""What a page looks like around its link: how much else it links to, where the link stands, how much there is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sources
from linkback import links, page, surroundings, urls
from linkback.places import Place
from linkback.surroundings import Surroundings
from linkback.web import Answer
from sources import LINK, PROSE, TARGET, wordpress


def seen(html: str) -> Surroundings:
    return sources.read(html).surroundings


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_only_markup_has_surroundings(kind: str) -> None:
    answer = Answer(urls.parse(sources.PAGE), 200, {"content-type": kind}, f'["{TARGET}"]'.encode())
    reading = page.read(answer, urls.parse(TARGET))
    assert reading.surroundings == Surroundings()
    assert reading.mention.url == sources.PAGE


class TestLinks:
    def test_those_to_other_hosts_count_and_each_host_once(self) -> None:
        around = seen(
            f'{LINK}<a href="/about"><a href="https://www.blog.example/x"><a href="mailto:a@b.example"><a href="#a"><a>'
            '<a href="//one.example"><a href=" HTTPS://www.One.example:8080/a"><a href="http://u:p@two.example?x"></a>'
            '<img src="https://three.example/i.png"><link href="https://four.example/">'
        )
        assert (around.links, around.hosts) == (4, 3)

    def test_what_is_in_a_script_a_template_or_a_comment_does_not_count(self) -> None:
        hidden = '<a href="https://x.example/">x</a>'
        around = seen(f"{LINK}<script>{hidden}</script><template>{hidden}</template><!-- {hidden} -->")
        assert (around.links, around.hosts) == (1, 1)

    def test_those_of_the_comments_are_not_the_authors(self) -> None:
        around = seen(wordpress(entry=LINK))
        assert (around.links, around.hosts) == (3, 3)

    def test_hosts_are_counted_up_to_a_thousand(self) -> None:
        many = "".join(f'<a href="https://{n}.x.example/">' for n in range(1_500))
        around = seen(LINK + many)
        assert (around.links, around.hosts) == (1_501, surroundings.MOST_HOSTS)


PARTS = {
    "a post": (wordpress(entry=LINK), Place.ELSEWHERE),
    "a comment": (wordpress(comment=LINK), Place.COMMENTS),
    "the blogroll": (wordpress(blogroll=LINK), Place.BLOGROLL),
    "the footer": (wordpress(footer=LINK), Place.FOOTER),
    "the menu": (wordpress(menu=LINK), Place.NAVIGATION),
    "footer and post": (wordpress(footer=LINK, entry=LINK), Place.ELSEWHERE),
    "blogroll and footer": (wordpress(blogroll=LINK, footer=LINK), Place.BLOGROLL),
    "a reply": (sources.REPLY, Place.ELSEWHERE),
    "an article's own footer": (sources.ARTICLE_FOOTER, Place.ELSEWHERE),
    "a planet": (sources.PLANET, Place.ELSEWHERE),
    "Blogger's widget of posts": (sources.BLOGGER, Place.ELSEWHERE),
    "nothing but a paragraph": (f"<p>See {LINK}</p>", Place.ELSEWHERE),
    "an aside": (f"<p>x</p><aside><p>{LINK}</aside>", Place.SIDEBAR),
    "a sidebar by id": (f"<div id=sidebar><ul><li>{LINK}</ul></div>", Place.SIDEBAR),
    "behind a sidebar": (f"<div class=sidebar><ul><li><div>x</ul></div><p>{LINK}", Place.ELSEWHERE),
    "a sidebar that is left open": (f"<div class=sidebar><p>x<main>{LINK}</main>", Place.ELSEWHERE),
    "behind ends without a beginning": (f"<aside></div></section></li>{LINK}</aside>", Place.SIDEBAR),
    "another item of a list": (f"<ul><li class=comment>x<li>{LINK}</ul>", Place.ELSEWHERE),
    "another cell": (f"<table><tr><td class=sidebar>x<td>{LINK}</table>", Place.ELSEWHERE),
    "an entry's own comment": (f"<div class=h-entry>x<div class='u-comment h-cite'>{LINK}</div></div>", Place.COMMENTS),
    "a comment that is an entry": (f"<article class='p-comment h-entry'>{LINK}</article>", Place.COMMENTS),
    "what is cited": (f"<div class='h-entry'><div class='u-like-of h-cite'>{LINK}</div></div>", Place.ELSEWHERE),
    "a remark in a post": (f"<div class=e-content><div class=comment>{LINK}</div></div>", Place.ELSEWHERE),
    "the footer of an entry's whole page": (f"<body class=h-entry><p>x<footer>{LINK}</footer>", Place.ELSEWHERE),
    "the footer beside a main": (f"<body><main class=h-entry>x</main><footer>{LINK}</footer>", Place.FOOTER),
    "the footer in a main that is an entry": (f"<main class=h-entry>x<footer>{LINK}</footer></main>", Place.ELSEWHERE),
    "a page builder's widget in a post": (f"<article><div class=widget>{LINK}</div></article>", Place.ELSEWHERE),
    "a page that is called one": (f"<body class='comments sidebar footer'><p>{LINK}", Place.ELSEWHERE),
    "words that only contain one": (f"<div class='has-sidebar nofooter comments-open'>{LINK}</div>", Place.ELSEWHERE),
    "a self-closing element": (f"<aside class=x />{LINK}", Place.ELSEWHERE),
    "a <noscript> in a footer": (f"<footer><noscript>{LINK}</noscript></footer>", Place.FOOTER),
    "100,000 levels": ("<div>" * 100_000 + f"<aside>{LINK}", Place.SIDEBAR),
    "behind 50,000 levels of asides": ("<aside>" * 50_000 + "</aside>" * 50_000 + LINK, Place.ELSEWHERE),
}


@pytest.mark.parametrize("name", PARTS)
def test_the_part_of_the_page_that_has_the_link_is_told(name: str) -> None:
    html, place = PARTS[name]
    assert seen(html).place is place


@pytest.mark.parametrize(
    ("html", "language"),
    [
        ('<html lang="en-GB">', "en"),
        ("<html LANG=DE>", "de"),
        ('<html xmlns="x" xml:lang="pt_BR">', "pt"),
        ("<html lang=''>", ""),
        ("<html lang='123'>", ""),
        ("<html>", ""),
        ("<p lang=de>", ""),
        ("<html lang=fr><html lang=en>", "fr"),
    ],
)
def test_the_language_is_what_the_page_says_it_is_in(html: str, language: str) -> None:
    assert seen(html + LINK).language == language


class TestWords:
    def test_the_visible_ones_count(self) -> None:
        html = f"<title>Not these</title><style>a b c</style><script>a b</script><p>One <b>t</b>wo,</p>three {LINK}"
        assert seen(html + "<template>x y</template><noscript>x y z</noscript><!-- x -->").words == 5

    def test_a_script_without_spaces_has_about_a_word_for_two_letters(self) -> None:
        assert seen(f"<p>{'紙のノートを' * 10}{LINK}").words == pytest.approx(30, abs=3)

    def test_the_text_has_title_descriptions_and_words_and_a_space_between_blocks(self) -> None:
        html = f'<title> A  title</title><meta name="Description" content="About"><p>One<p>two<br>three{LINK}'
        assert seen(html).text == "A title\nAbout\n One two threea post"

    def test_more_than_anyone_reads_is_cut(self) -> None:
        around = seen(LINK + "<p>word" * 100_000)
        assert around.cut
        assert len(around.text) == surroundings.LONGEST_TEXT
        assert not seen(LINK).cut
        assert sources.read(LINK, truncated=True).surroundings.cut


@pytest.mark.parametrize(
    "html",
    [
        "<title>blog.example is for sale!</title><p>Make an offer.",
        "<h1>This domain name is for sale</h1><a href=/offer>Buy this domain</a>",
        '<script src="https://img.sedoparking.com/js/jquery.js"></script><p>Related searches',
        "<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>",
        "<title>Apache2 Ubuntu Default Page: It works</title>",
        "<title>My blog – Just another WordPress site</title><h2>Hello world!</h2><p>Welcome to WordPress.",
    ],
)
def test_a_parked_page_or_one_just_installed_is_told(html: str) -> None:
    assert seen(html + LINK).parked


@pytest.mark.parametrize(
    "html",
    [
        "<title>My blog – Just another WordPress site</title><p>" + PROSE,
        "<title>Hello world!</title><p>My first program says so.",
        f"<title>How I lost a domain</title><p>{PROSE * 9} Then I saw: this domain is for sale.",
        f"<title>This domain is for sale</title><p>{PROSE * 9}",
        "<p>I asked sedoparking.com about it.",
        "<p>Old bicycles for sale",
    ],
)
def test_a_page_that_only_speaks_of_such_things_is_none(html: str) -> None:
    assert not seen(html + LINK).parked


def whole(around: Surroundings) -> None:
    assert around.html
    assert 0 <= around.hosts <= min(around.links, surroundings.MOST_HOSTS)
    assert len(around.text) <= surroundings.LONGEST_TEXT
    assert around.language == "" or (around.language.isalpha() and around.language.islower())


MARKUP = st.lists(
    st.sampled_from(
        "<aside> </aside> <footer> </footer> <div class=sidebar> </div> <li class=comment> </li> </ul> <main> </main> "
        "<article> </article> <template> </template> <noscript> </noscript> <title> </title> <script> </script> <td> "
        "<body> </body> <html\tlang=x> <a\thref=//x.example> <meta\tname=description\tcontent=x> x".split()
    ),
    max_size=60,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(MARKUP | st.text(), MARKUP)
def test_any_page_has_some(before: str, after: str) -> None:
    html = before.replace("\t", " ") + LINK + after.replace("\t", " ")
    base = urls.parse(sources.PAGE)
    found = links.in_html(html, base, urls.parse(TARGET))
    whole(surroundings.read(html, found, base))
