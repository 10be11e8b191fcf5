"""Hosts whose pages are by many people: there one stranger's spam says nothing of another's mention.

They are judged by author or by prefix, never as a host. A host of which each user has a subdomain (alice.github.io) is
one such host by itself, while its users' are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkback.urls import Url

# Whether anybody may have a name below a host (the public suffix list).
IsSuffix = Callable[[str], bool]

# With all their subdomains (en.wikipedia.org, old.reddit.com).
_WHOLE = frozenset(
    "brid.gy archive.org archive.is archive.ph archive.today t.co bit.ly tinyurl.com lnkd.in "
    "medium.com github.com gitlab.com codeberg.org bitbucket.org stackoverflow.com stackexchange.com "
    "twitter.com x.com bsky.app facebook.com instagram.com threads.net linkedin.com reddit.com youtube.com youtu.be "
    "vimeo.com flickr.com pinterest.com mastodon.social mastodon.online fosstodon.org hachyderm.io micro.blog "
    "news.ycombinator.com lobste.rs lemmy.world slashdot.org metafilter.com wikipedia.org fandom.com "
    "news.google.com translate.google.com sites.google.com docs.google.com notion.so dev.to hashnode.com quora.com "
    "telegra.ph telegram.me t.me write.as feedly.com newsblur.com inoreader.com pinboard.in pocket.co "
    "indieweb.org granary.io telegraph.p3k.io commentpara.de quill.p3k.io indieblog.page pastebin.com hackmd.io "
    "rentry.co disqus.com raw.githubusercontent.com storage.googleapis.com s3.amazonaws.com".split()
)
# The host itself and its www., while each subdomain is somebody's own.
_ALONE = frozenset(
    "substack.com wordpress.com blogspot.com blogger.com tumblr.com livejournal.com dreamwidth.org github.io gitlab.io "
    "netlify.app vercel.app pages.dev neocities.org weebly.com wixsite.com typepad.com ghost.io bearblog.dev "
    "hatenablog.com ameblo.jp note.com over-blog.com jimdo.com squarespace.com wixstudio.io".split()
)


# Below them is one user's part, of hosts that no list knows.
_USERS = frozenset({"u", "user", "users"})
# Bridges that write pages for others, and say truly for whom.
_VOUCHERS = ("brid.gy", ".brid.gy")


def is_shared_page(page: Url) -> bool:
    """Whether the host of this page is by many people: by its name, or since the page is in the part of one of them."""
    first = page.path.split("/", 2)[1]
    return is_shared(page.host) or first.startswith(("@", "~", "%7E", "%7e", "%40")) or first.lower() in _USERS


def vouches(host: str) -> bool:
    """Whether the pages of this host name their authors truly, whoever wrote what is on them."""
    return host == _VOUCHERS[0] or host.endswith(_VOUCHERS[1])


def is_shared(host: str) -> bool:
    """Whether pages of many people are on this host (as urls.Url has it)."""
    bare = host.removeprefix("www.")
    if bare in _ALONE or bare in _WHOLE:
        return True
    labels = bare.split(".")
    return any(".".join(labels[start:]) in _WHOLE for start in range(max(1, len(labels) - 3), len(labels) - 1))
