"""The site: two articles, a theme of three templates, and a plug-in that brings the mentions."""

import os

BRIDGE = os.environ.get("LINKBACK_BASE", "http://127.0.0.1:8787")  # your bridge
MENTIONS_FILE = "data/mentions.json"  # what `linkback fetch` writes

SITENAME = "One Plank"
SITEURL = ""
DEFAULT_LANG = "en"
TIMEZONE = "Europe/London"
PATH = "content"
THEME = "theme"
THEME_STATIC_DIR = ""
PLUGIN_PATHS = ["plugins"]
PLUGINS = ["mentions"]
# Jinja escapes nothing unless it is told to: this is what keeps strangers' words words.
JINJA_ENVIRONMENT = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}

ARTICLE_URL = "{slug}/"
ARTICLE_SAVE_AS = "{slug}/index.html"
SLUGIFY_SOURCE = "basename"
DIRECT_TEMPLATES = ["index"]
AUTHOR_SAVE_AS = CATEGORY_SAVE_AS = TAG_SAVE_AS = ""
FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None
