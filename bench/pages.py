"""What reading a page costs: an ordinary one against mf2py, and hostile ones of a megabyte each.

The ratios are best of several rounds, both sides taken in turns in one run. mf2py parses the same text with its
default settings (html5lib) and, for fairness, with the standard library's parser. Each hostile page is read in a
process of its own with a limit of time and memory, so that one that hangs or crashes shows up as a row.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import mf2py

from linkback import links, page, urls
from linkback.ping import Declined
from linkback.web import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = "https://static.example/2024/05/a-quiet-web/"
PAGE = "https://blog.example/2024/06/notes-on-a-quiet-web/"
ROUNDS = 9
FIND_GOAL, READ_GOAL = 40.0, 3.0
CPU_GOAL, MEMORY_GOAL = 1.0, 128.0
MEGABYTE = 1_048_576
LINK = f'<p>See <a href="{TARGET}">this</a>.</p>'


def main() -> int:
    """Print the ratios and the table; 1 if a goal was missed."""
    missed = _speed() + _hostile()
    return int(missed > 0)


def _answer(text: str) -> Answer:
    return Answer(urls.parse(PAGE), 200, {"content-type": "text/html; charset=utf-8"}, text.encode()[:MEGABYTE])


def _speed() -> int:
    text, target = blog_page(), urls.parse(TARGET)
    answer = _answer(text)
    sides: dict[str, Callable[[], object]] = {
        "mf2py": lambda: mf2py.parse(doc=text, url=PAGE),
        "mf2py, html.parser": lambda: mf2py.parse(doc=text, url=PAGE, html_parser="html.parser"),
        "finding the link": lambda: links.in_html(text, answer.url, target),
        "the whole reading": lambda: page.read(answer, target),
    }
    best = _best(sides)
    print(f"a blog page of {len(text) / 1000:.0f} KB with {text.count('<a ')} links; milliseconds, best of {ROUNDS}:")
    print("   ".join(f"{name} {seconds * 1000:.1f}" for name, seconds in best.items()))
    missed = 0
    for name, goal in (("finding the link", FIND_GOAL), ("the whole reading", READ_GOAL)):
        ratio, other = best["mf2py"] / best[name], best["mf2py, html.parser"] / best[name]
        print(f"{name}: {ratio:.1f} x faster than mf2py.parse (goal {goal:.0f}; {other:.1f} x with html.parser)")
        missed += ratio < goal
    return missed


def _best(sides: dict[str, Callable[[], object]]) -> dict[str, float]:
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(ROUNDS):
        for name, side in sides.items():
            begun = time.perf_counter()
            side()
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


# ---- hostile pages


def _filled(piece: str, size: int = MEGABYTE) -> str:
    """The piece as often as it fits; `%d` in it is a running number."""
    if "%d" not in piece:
        return piece * (size // len(piece))
    numbered, length, number = [], 0, 0
    while length + len(piece) < size:
        numbered.append(piece.replace("%d", str(number)))
        length += len(numbered[-1])
        number += 1
    return "".join(numbered)


_FEED = f"<div class=h-feed><div class=h-entry>{LINK}</div>"
_BY_ME = f"<div class=h-entry>{LINK}<a class=u-author href=/me>me</a></div>"
_OTHERS_CARD = (
    "<div class=h-card><a href=/me></a><a class=u-url href=/z></a>" + "<p class='p-name p-note'>x" * 300 + "</div>"
)

# A name, what comes first, what fills the page, and its size. `LINK` stands before it, after it, or both.
HOSTILE = {
    "nested <div>": ("", "<div>", MEGABYTE),
    "nested <select>": ("", "<select>", MEGABYTE),
    "<a ": ("", "<a ", MEGABYTE),
    "<a> reopened": ("", "<a><p>", MEGABYTE),
    "unterminated href": ("", '<a href="', MEGABYTE),
    "open comment": ("<!--", "<!-", MEGABYTE),
    "open comments": ("", "<!--", MEGABYTE),
    "distinct attributes": ("<p ", "a%d=1 ", MEGABYTE),
    "the same attribute": ("<p ", "class=h-entry ", MEGABYTE),
    "one class attribute": ('<p class="', "h-entry ", MEGABYTE),
    "reopened formatting": ("", "<b><i><u><p>", MEGABYTE),
    "reopened in 41 KB": ("", "<p><b><i>", 41_000),
    "reopened, distinct": ("", "<p><b a=%d>", MEGABYTE),
    "closed out of turn": ("", "<b a=%d><object></b></object>", MEGABYTE),
    "adopted": ("", "<b a=%d>" + "<div>" * 9 + "</b>" + "</div>" * 9, MEGABYTE),
    "&": ("", "&", MEGABYTE),
    "nested h-entry": ("", "<div class=h-entry>", MEGABYTE),
    "h-entry in h-entry": ("", "<div class='h-entry p-name e-content'>", 2_500),
    "h-entries": ("", "<div class=h-entry><p class=p-name>x</div>", MEGABYTE),
    "vcard agent, 10 KB": ("<div class=hentry>", "<div class='vcard agent'>", 10_000),
    "vcard agent, 2 KB": ("<div class=hentry>", "<div class='vcard agent'>", 2_000),
    "vcard agent": ("<div class=hentry>", "<div class='vcard agent'>", MEGABYTE),
    "properties": ("<div class=h-entry>", "<p class='p-name e-content u-url'>x</p>", MEGABYTE),
    "deep content": ("<div class=h-entry>" + "<i class=e-content>" * 60, "<br>", 60_000),
    "wide content": ("<div class='h-entry e-content'>", "<br>", 250_000),
    "wide and long": ("<div class='h-entry e-content'>" + "x" * 150_000, "<br>", 100_000),
    "cards": ("<a rel=author href=/me>me</a>", "<div class=h-card><a class=u-url href=/%d>", MEGABYTE),
    "<base>": ("", "<base href=/%d>", MEGABYTE),
    "srcset commas": ("<img srcset='", ",", MEGABYTE),
    "srcset candidates": ("<img srcset='", f"{TARGET}%d 2x,", MEGABYTE),
    "noscript": ("", "<noscript>", MEGABYTE),
    "noscript closed": ("", "<noscript></noscript>", MEGABYTE),
    "templates": ("", "<template>", MEGABYTE),
    "links to the host": ("", "<a href=//static.example/%d>", MEGABYTE),
    "JSON-LD": ("<script type='application/ld+json'>", "[", MEGABYTE),
    "JSON-LD, 100 KB": ("<script type='application/ld+json'>", '{"@graph":[', 100_000),
    "tables": ("", "<table><tr><td>", MEGABYTE),
    "<p>": ("", "<p>", MEGABYTE),
    "spaces": ("<p>", " ", MEGABYTE),
    "full stops": ("<p>", ". ", MEGABYTE),
    # A number that the page chooses (ancestors, cards, classes, open tags) times the number of its elements.
    "linked cards in cards": ("<a class=h-card href=/><marquee>" * 45, "<p>", MEGABYTE),
    "authors deep in an entry": (f"{_FEED}<div class=h-entry>" + "<div>" * 240, "<b class=author></b>", MEGABYTE),
    "cards in cards": (f"{_BY_ME}" + "<div class=h-card>" * 60 + "<a href=/me></a>", "<p>", MEGABYTE),
    "cards of others": (_BY_ME, _OTHERS_CARD, MEGABYTE),
    "links to the author": (_BY_ME + "<div class=h-card>" * 200, "<a href=/me></a>", MEGABYTE),
    "a link around blocks": (f"<a href={TARGET}>", "<p>", MEGABYTE),
    "ends without beginnings": ("<div>" * 230, "</a>", MEGABYTE),
    "ends of paragraphs": ("<div>" * 230, "</p>", MEGABYTE),
    "long classes": (f"<div class='{'a ' * 4_000}'>" * 100 + LINK * 60, "x", MEGABYTE),
    "one long class": (f"<div class='{'p-a ' * 220_000}'>" + LINK * 60, "x", MEGABYTE),
    "formatted paragraphs": ("".join(f"<p><b a={n}>" for n in range(100)), "<p>x</p>", MEGABYTE),
    "reopened in <noscript>": ("<noscript>", "<p><b a=%d>", MEGABYTE),
    "reopened in <svg><style>": ("<svg><style>", "<p><b a=%d>", MEGABYTE),
    "reopened in CDATA": ("<svg><![CDATA[ > <!-- ]]>", "<p><b a=%d>", MEGABYTE),
    "blocks in <span>": ("", "<span><div></span>", MEGABYTE),
    "blocks in <marquee>": ("", "<div><marquee></div>", MEGABYTE),
    "a long <base>": (f"<base href='//static.example/{'a/' * 980}'>", "<a href=../../%d>", MEGABYTE),
    "links to other hosts": ("", "<a href=//h%d.example>", MEGABYTE),
    "nested sidebars": ("", "<aside class='widget x'>", MEGABYTE),
    "sidebars closed out of turn": ("<aside>" * 50_000, "<div></aside>", MEGABYTE),
    "short words": ("<p>", "x ", MEGABYTE),
    "words without spaces": ("<p>", "\u7d19", MEGABYTE // 3),
    "international hosts": ("", "<a href=//\u00fc.%d.\u00e4.static.example/%%20\u00fc>", MEGABYTE),
}


# Where the link stands; `%s` is the hostile part.
PLACES = {
    "link before": LINK + "%s",
    "link after": "%s" + LINK,
    "in an entry": f"<div class=h-entry>{LINK}<div class=e-content>%s",
}


def hostile_page(name: str) -> str:
    """The page of this row of the table."""
    name, _, place = name.partition(" | ")
    start, piece, size = HOSTILE[name]
    return PLACES[place].replace("%s", start + _filled(piece, size - len(start) - 600))


def _hostile() -> int:
    names = [f"{name} | {place}" for name in HOSTILE for place in PLACES]
    ordinary = _read_apart("ordinary")
    print(f"\n{'hostile page':40} {'outcome':18} {'CPU s':>7} {'MB above an ordinary page':>10}")
    missed, worst = 0, (0.0, 0.0)
    for name in names:
        outcome, cpu, memory = _read_apart(name)
        above = memory - ordinary[2]
        bad = cpu > CPU_GOAL or above > MEMORY_GOAL
        missed += bad
        worst = (max(worst[0], cpu), max(worst[1], above))
        print(f"{name:40} {outcome:18} {cpu:7.2f} {above:10.0f}{'   MISSED' if bad else ''}", flush=True)
    print(f"worst: {worst[0]:.2f} s (goal {CPU_GOAL:.0f}), {worst[1]:.0f} MB (goal {MEMORY_GOAL:.0f}); {missed} missed")
    return missed


def _read_apart(name: str) -> tuple[str, float, float]:
    """Outcome, CPU seconds and peak MB of a process that reads this page."""
    command = [sys.executable, __file__, name]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "never ended", 60.0, 0.0
    if done.returncode:
        return f"crashed ({done.returncode})", float("inf"), float("inf")
    outcome, cpu, memory = json.loads(done.stdout)
    return outcome, cpu, memory


def child(name: str) -> None:
    """Read one page and print what it cost."""
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    text = blog_page() if name == "ordinary" else hostile_page(name)
    answer = _answer(text)
    begun = time.process_time()
    try:
        outcome = str(page.read(answer, urls.parse(TARGET)).mention.relation)
    except Declined as declined:
        outcome = str(declined.reason)
    cpu = time.process_time() - begun
    print(json.dumps([outcome, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


# ---- an ordinary page: as WordPress themes write it, with an entry, comments and sidebars; always the same

_WORDS = (
    "the web was once a quiet place where people wrote long letters to nobody in particular and somebody wrote back "
    "with a link that led to another page of another person who had thought about the same thing years before"
).split()


def _prose(seed: int, count: int) -> str:
    return " ".join(_WORDS[(seed * 7 + step * step + step) % len(_WORDS)] for step in range(count)).capitalize() + "."


def _rows(row: str, count: int) -> str:
    """The row so many times, with its number for `%d` and some prose for `%s`."""
    return "".join(row.replace("%d", str(n)).replace("%s", _prose(n, 9)) + "\n" for n in range(count))


_BLOCK_CSS = """<link rel="stylesheet" id="block-%d-css" media="all"
href="https://blog.example/wp-includes/blocks/%d/style.min.css?ver=6.5">"""
_HEAD = f"""<!DOCTYPE html><html lang="en-US"><head><meta charset="UTF-8">
<meta name="viewport" content="width=device-width"><title>Notes on a quiet web &#8211; Blog</title>
<link rel="canonical" href="{PAGE}">
<meta property="og:title" content="Notes on a quiet web"><meta property="og:type" content="article">
<meta property="article:published_time" content="2024-06-02T09:30:00+02:00">
<link rel="pingback" href="https://blog.example/xmlrpc.php">{_rows(_BLOCK_CSS, 12)}
<style>{_rows(".wp-block-%d{margin:0 auto;padding:%dpx;color:#333}", 60)}</style>
<script>{_rows('window.wp%d={"a":"<b>%d</b>","url":"https://static.example/"};', 40)}</script>
<script type="application/ld+json">{{"@context":"https://schema.org","@graph":[{{"@type":"BlogPosting",
"headline":"Notes on a quiet web","datePublished":"2024-06-02T09:30:00+02:00",
"author":{{"@type":"Person","name":"Ann Example","url":"https://blog.example/author/ann/"}}}}]}}</script></head>"""

_MENU = (
    '<li id="menu-item-%d" class="menu-item menu-item-type-post_type menu-item-%d"><a href="/section-%d/">%s</a></li>'
)
_PARAGRAPH = '<p>%s %s %s <a href="https://other-%d.example/posts/%d?a=1&amp;b=2">post %d</a> %s <em>%s</em></p>'
_PICTURE = """<figure class="wp-block-image size-large"><img loading="lazy" width="1024" height="683" alt=""
src="/wp-content/uploads/%d-1024x683.jpg" srcset="/wp-content/uploads/%d-1024x683.jpg 1024w,
/wp-content/uploads/%d-300x200.jpg 300w"><figcaption>%s</figcaption></figure>"""
_ENTRY = f"""<article id="post-7" class="post-7 post type-post status-publish hentry h-entry category-web">
<header class="entry-header"><h1 class="entry-title p-name"><a class="u-url" href="{PAGE}" rel="bookmark">Notes on a
quiet web</a></h1><span class="author vcard p-author h-card"><img class="avatar u-photo" src="/avatar/ann.jpg" alt="">
<a class="url fn n u-url p-name" href="/author/ann/">Ann Example</a></span>
<time class="entry-date published dt-published" datetime="2024-06-02T09:30:00+02:00">June 2</time></header>
<div class="entry-content e-content">{_rows(_PARAGRAPH, 24)}{_rows(_PICTURE, 6)}
<blockquote><p>{_prose(3, 40)}</p></blockquote>
<p>I answer to <a href="{TARGET}?utm_source=feed">A quiet web</a> here. {_prose(5, 30)}</p>
<ul>{_rows("<li>%s</li>", 10)}</ul></div></article>"""
_COMMENT = f"""<li id="comment-%d" class="comment even thread-even depth-1"><article class="comment-body">
<footer class="comment-meta"><div class="comment-author vcard"><img alt="" src="https://gravatar.example/%d.jpg"
class="avatar" height="32" width="32"><b class="fn"><a href="https://reader-%d.example/" rel="ugc external nofollow"
class="url">Reader %d</a></b> <span class="says">says:</span></div><div class="comment-metadata">
<a href="{PAGE}#comment-%d"><time datetime="2024-06-03T10:00:00+02:00">June 3</time></a></div></footer>
<div class="comment-content"><p>%s %s %s %s</p></div><div class="reply"><a rel="nofollow" class="comment-reply-link"
href="?replytocom=%d#respond">Reply</a></div></article></li>"""
_ARCHIVE = '<li><a href="https://blog.example/archive/%d/">Month %d</a> (%d)</li>'
_TAG = '<a href="/tag/t%d/" class="tag-cloud-link tag-link-%d" style="font-size: 12pt;">tag %d</a>'


def blog_page() -> str:
    """The whole page; its link to TARGET stands near the end of the entry."""
    return f"""{_HEAD}<body class="post-template-default single single-post postid-7"><div id="page" class="site">
<nav id="site-navigation" class="main-navigation"><ul id="primary-menu" class="menu">{_rows(_MENU, 40)}</ul></nav>
<main id="primary" class="site-main">{_ENTRY}<div id="comments" class="comments-area"><ol class="comment-list">
{_rows(_COMMENT, 12)}</ol></div></main><aside id="secondary" class="widget-area"><ul>{_rows(_ARCHIVE, 100)}</ul>
<div class="tagcloud">{_rows(_TAG, 90)}</div></aside><footer id="colophon" class="site-footer">
<a href="https://wordpress.example/">Proudly powered</a></footer></div></body></html>"""


if __name__ == "__main__":
    if sys.argv[1:]:
        child(sys.argv[1])
    else:
        sys.exit(main())
