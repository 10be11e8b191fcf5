"""Pages as the web has them, each with `LINK` where a test puts its link; PAGE is where they stand."""

from __future__ import annotations

from linkback import page, urls
from linkback.web import Answer

TARGET = "https://site.example/2024/a-post/"
PAGE = "https://blog.example/2024/06/on-slow-reading/"
LINK = f'<a href="{TARGET}">a post</a>'
PROSE = (
    "I have kept a paper notebook for eleven years now, and what surprised me most is how seldom I look anything up "
    "in it. Writing by hand makes me choose. What I choose I remember, and the rest was never worth the ink. "
)


def read(html: str, target: str = TARGET, *, truncated: bool = False) -> page.Reading:
    """What this page, found at PAGE, says of the target."""
    headers = {"content-type": "text/html; charset=utf-8"}
    answer = Answer(urls.parse(PAGE), 200, headers, html.encode("utf-8", "replace"), truncated)
    return page.read(answer, urls.parse(target))


def wordpress(entry: str = "", comment: str = "", blogroll: str = "", footer: str = "", menu: str = "") -> str:
    """A post of a classic theme with thirty comments and a blogroll, and something more in each part."""
    comments = "".join(
        f'<li id="comment-{n}" class="comment even thread-even depth-1"><article class="comment-body">'
        f'<footer class="comment-meta"><b class="fn"><a href="https://reader-{n}.example/" rel="ugc nofollow">Reader '
        f"{n}</a></b></footer><p>So true, number {n}.</p></article></li>"
        for n in range(30)
    )
    return f"""<!DOCTYPE html><html lang="en-US"><head><title>On slow reading &#8211; A Blog</title></head>
<body class="post-template-default single single-post has-sidebar has-comments comment-form-open widget-free">
<div id="page" class="site right-sidebar"><header><nav class="main-navigation"><ul class="menu"><li><a href="/">Home</a>
<li>{menu}</ul></nav></header><div id="content" class="site-content"><main id="main" class="site-main">
<article id="post-7" class="post-7 post type-post hentry has-comments"><header><h1 class="entry-title">On slow
reading</h1><span class="author vcard"><a class="url fn n" href="/author/ann/">Ann</a></span></header>
<div class="entry-content"><p>{PROSE * 3}<p>{entry}</p></div>
<footer class="entry-footer">Filed under <a href="/category/reading/" rel="category tag">Reading</a></footer></article>
<div id="comments" class="comments-area"><h2>31 thoughts</h2><ol class="comment-list">{comments}
<li class="comment odd"><article class="comment-body"><p>I wrote {comment} about this.</p></article></li></ol>
<div id="respond" class="comment-respond"><form class="comment-form"><textarea></textarea></form></div></div></main>
<aside id="secondary" class="widget-area"><section class="widget widget_links"><h2>Blogroll</h2><ul class="xoxo
blogroll"><li><a href="https://friend.example/">A friend</a></li><li>{blogroll}</li></ul></section></aside></div>
<footer id="colophon" class="site-footer"><a href="https://wordpress.org/">Proudly powered</a>
{footer}</footer></div></body></html>"""


REPLY = f"""<!doctype html><html lang=en><title>Notes</title><body class="h-entry"><main><article class="h-entry">
<a class="p-author h-card" href="/">Ann</a><div class="u-in-reply-to h-cite">In reply to
<a class="u-url" href="{TARGET}">a post</a></div><div class="e-content"><p>No, the other way round.</div>
<footer><a class="u-url" href="/notes/1">today</a></footer></article></main><footer>CC BY</footer>"""

ARTICLE_FOOTER = f"""<!doctype html><html lang=en><title>Notes</title><body><article><h1>Notes</h1><p>{PROSE}
<footer>Found through {LINK}.</footer><aside>More on this: {LINK}</aside></article><footer>CC BY</footer>"""

LINK_FARM = (
    '<!doctype html><html lang="en"><head><title>Best links 2024</title></head><body><div class="list">'
    + "".join(f'<a href="http://www.cheap-{n % 140}.example/p/{n}">offer {n}</a> ' for n in range(311))
    + LINK
    + "</div></body></html>"
)

# A machine's copy of the beginning of somebody's post, with other people's links around it.
SCRAPER = f"""<html lang="en-US"><head><title>On slow reading | News Portal 24</title></head><body><div
class="container"><h1>On slow reading</h1><p>{PROSE}[&hellip;]</p><p>Source: {LINK}</p></div><div class="sidebar">"""
SCRAPER += "".join(f'<a href="https://casino-{n}.example/">play {n}</a>' for n in range(80)) + "</div>"

PLANET = (
    '<html lang="en"><title>Planet</title><div id="planet">'
    + "".join(
        f'<div class="entry"><h3><a href="https://member-{n}.example/p">Post {n}</a></h3><p>{PROSE}</p></div>'
        for n in range(30)
    )
    + f'<div class="entry"><h3>Another</h3><p>{PROSE} {LINK}</p></div></div><div class="sidebar"><ul>'
    + "".join(f'<li><a href="https://member-{n}.example/">Member {n}</a>' for n in range(30))
    + "</ul></div>"
)

BLOGGER = f"""<html lang='en'><head><title>A blog</title></head><body class='item-view'><div class='main section'
id='main'><div class='widget Blog' id='Blog1'><div class='blog-posts hfeed'><div class='post'><div class='post-body
entry-content'>{PROSE} {LINK}</div></div></div></div></div><div class='sidebar section'><div class='widget'></div></div>
"""
