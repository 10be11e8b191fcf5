"""A blog whose pages link to the example sites' posts, and try to bring markup of their own onto them."""

from __future__ import annotations

from dataclasses import dataclass

ATTEMPT = "document.title=`taken`"
SCRIPT = f"<script>{ATTEMPT}</script>"
ESCAPED = SCRIPT.replace("<", "&lt;").replace(">", "&gt;")
FIRST, SECOND = "/first-post/", "/second-post/"
OLD = "/2019/stool.html"  # where the first post was once


@dataclass(frozen=True, slots=True)
class Stranger:
    """One page of the blog: the post that it links to, who wrote it, and words of it that the post is to show.

    `name` and `words` are text as a reader sees it, angle brackets and all. `html` has `{target}` for the link.
    `linked` is the address that the link has, where that is another one of the post.
    """

    path: str
    post: str
    name: str
    words: str
    html: str
    linked: str = ""


REPLY = Stranger(
    "/a-reply/",
    FIRST,
    f"Ada {SCRIPT}<img src=x onerror={ATTEMPT}> Quill",
    "Mine has four legs 🪑 and none too many.",
    f"""<!DOCTYPE html><title>A reply</title>
<article class="h-entry">
<p class="p-author h-card"><img class="u-photo" src="/ada.svg" alt="">
<a class="p-name u-url" href="/">Ada {ESCAPED}&lt;img src=x onerror={ATTEMPT}&gt; Quill</a></p>
<p><a class="u-in-reply-to" href="{{target}}">In reply to this</a>, <time class="dt-published">2026-03-15</time></p>
<div class="e-content"><p onclick="{ATTEMPT}">Mine has <em>four legs</em> 🪑 and none too many.</p>{SCRIPT}
<p><img src="/none.png" onerror="{ATTEMPT}" alt=""> <a href="javascript:{ATTEMPT}">More</a></p></div>
</article>""",
)
LIKE = Stranger(
    "/a-like/",
    FIRST,
    f'Bo "onmouseover="{ATTEMPT} Fern',
    "",
    f"""<!DOCTYPE html><title>A like</title>
<article class="h-entry">
<a class="u-url" href='/a-like/"onmouseover="{ATTEMPT}'>here</a>
<span class="p-author h-card">Bo &quot;onmouseover=&quot;{ATTEMPT} Fern</span>
likes <a class="u-like-of" href="{{target}}">a stool</a>
</article>""",
)
REPOST = Stranger(
    "/a-repost/",
    FIRST,
    "Cy Marsh",
    "",
    """<!DOCTYPE html><title>A repost</title>
<article class="h-entry"><span class="p-author h-card">Cy Marsh</span>
shares <a class="u-repost-of" href="{target}">a stool</a></article>""",
    linked=OLD,
)
LINK = Stranger(
    "/a-plain-link/",
    SECOND,
    "",
    f"Oils {SCRIPT} & other links",
    f"""<!DOCTYPE html><title>Oils {ESCAPED} &amp; other links</title>
<p>Before winter &lt;b onclick={ATTEMPT}&gt; read <a href="{{target}}">this on oil</a>.</p>""",
)
UNTITLED = Stranger(
    "/an-untitled-link/",
    SECOND,
    "",
    f"Also {SCRIPT} worth reading is this.",
    f"""<!DOCTYPE html><p>Also {ESCAPED} worth reading is <a href="{{target}}">this</a>.</p>""",
)
STRANGERS = (REPLY, LIKE, REPOST, LINK, UNTITLED)
FACE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="teal"/></svg>'
