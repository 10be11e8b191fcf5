"""What strangers write to make a page act, by the classes of the well-known lists, and how to see that it cannot.

The classes are those of PayloadsAllTheThings ("XSS Injection") and of the OWASP filter evasion cheat sheet; the strings
are our own. EVIL is what every one of them wants to call.
"""

from __future__ import annotations

from turbohtml import TokenType, tokenize

EVIL = "evil()"

# Markup: plain, broken, oddly cased and spaced, of other languages within HTML, of parsers that read twice.
MARKUP = [
    "<script>evil()</script>",
    "<ScRiPt\x0c>evil()</sCrIpT >",
    "<script/x src=//evil.example></script>",
    "<script src=data:text/javascript,evil()>",
    "<img src=x onerror=evil()>",
    "<img/src='x'/onerror='evil()'>",
    "<IMG SRC=`x` OnErRoR=evil()>",
    '<img src="x" alt="a" onerror="evil()">',
    '<img src="https://a.example/" alt="x"onerror=evil()>',
    "<img src='x'\nonerror\n=\nevil()>",
    "<svg onload=evil()>",
    "<svg/onload=evil()>",
    "<svg><script>evil()</script></svg>",
    "<svg><animate onbegin=evil() attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg onload=evil()>'>",
    "<svg><a xlink:href=javascript:evil()><text>x</text></a></svg>",
    "<math><mtext></mtext><mglyph><style><!--</style><img src=x onerror=evil()>",
    "<math href=javascript:evil()>x</math>",
    "<body onload=evil()>",
    "<details open ontoggle=evil()>x</details>",
    "<input autofocus onfocus=evil()>",
    "<video src=x onerror=evil()><source onerror=evil()></video>",
    "<audio src onloadstart=evil()>",
    "<marquee onstart=evil()>x</marquee>",
    "<iframe src=javascript:evil()></iframe>",
    "<iframe srcdoc='<script>evil()</script>'>",
    "<object data=javascript:evil()></object><embed src=javascript:evil()>",
    "<form action=javascript:evil()><button>x</button></form>",
    "<button formaction=javascript:evil()>x</button>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:evil()'>",
    "<link rel=stylesheet href=//evil.example/>",
    "<style>*{background:url(javascript:evil())}</style>",
    "<p style='background:url(javascript:evil())'>x</p>",
    "<a href=javascript:evil()>x</a>",
    "<a href='JaVaScRiPt:evil()'>x</a>",
    "<a href='java&#10;script:evil()'>x</a>",
    "<a href='java\tscript:evil()'>x</a>",
    "<a href=' \x01javascript:evil()'>x</a>",
    "<a href='&#106;avascript&colon;evil()'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5ldmlsKCk8L3NjcmlwdD4='>x</a>",
    "<a href='vbscript:evil()'>x</a>",
    "<a href='https://a.example/' onclick='evil()'>x</a>",
    '<a href="https://a.example/" onmouseover="evil()" rel="nofollow ugc noopener">x</a>',
    '<a href="https://a.example/"onmouseover=evil()>x</a>',
    "<a href='https://a.example/'target=_blank>x</a>",
    "<a\x00href=javascript:evil()>x</a>",
    "<noscript><p title='</noscript><img src=x onerror=evil()>'></noscript>",
    "<textarea><img title='</textarea><img src=x onerror=evil()>'></textarea>",
    "<title><img title='</title><img src=x onerror=evil()>'></title>",
    "<!--><img src=x onerror=evil()>-->",
    "<!-- --!><img src=x onerror=evil()>",
    "<![CDATA[<img src=x onerror=evil()>]]>",
    "<?xml version='1.0'?><img src=x onerror=evil()>",
    "<template><img src=x onerror=evil()></template>",
    "<xmp><p title='</xmp><img src=x onerror=evil()>'></xmp>",
    "</p></div></article><script>evil()</script>",
    "<<script>evil()//<</script>",
    "<p/onclick=evil()>x</p>",
    "<x onclick=evil() style=display:block>x</x>",
    "<custom-element onfocus=evil() tabindex=1 autofocus>",
]

# Words that mean to leave the attribute, the string, the element or the document in which they are shown.
WORDS = [
    '"><script>evil()</script>',
    "'><script>evil()</script>",
    "' onmouseover=evil() x='",
    '" onmouseover="evil()" x="',
    "</title><script>evil()</script>",
    "</script><script>evil()</script>",
    "]]><script>evil()</script>",
    "--><script>evil()</script><!--",
    '\\"></p><script>evil()</script>',
    "javascript:evil()",
    "{{constructor.constructor('evil()')()}}",
    "${evil()}",
    "\u2028evil()\u2029",
    "\ufeff<script>evil()</script>",
    "javascript:/*\"/*'/*`--></title></style></textarea></script><svg/onload=evil()>/**/evil()//",
]

ADDRESSES = [
    "javascript:evil()",
    "JAVASCRIPT:evil()",
    " javascript:evil()",
    "java\nscript:evil()",
    "data:text/html,<script>evil()</script>",
    "vbscript:evil()",
    "//evil.example/",
    "/evil",
    "https:evil()",
    'https://a.example/"onmouseover="evil()',
    "https://a.example/'><script>evil()</script>",
    "https://a.example/ onmouseover=evil()",
    "https://a.example/\nonmouseover=evil()",
    "ftp://a.example/",
    "file:///etc/passwd",
    "blob:https://a.example/x",
]

ALLOWED = {
    "a": {"href", "rel"},
    "img": {"src", "alt"},
    **{
        tag: set[str]()
        for tag in "p br hr em strong b i u s blockquote code pre kbd ul ol li dl dt dd q cite del ins sub sup h1 h2 "
        "h3 h4 h5 h6 abbr figure figcaption table thead tbody tr th td".split()
    },
}


def assert_harmless(markup: str, more: dict[str, set[str]] | None = None) -> None:
    """Of tags and attributes there is nothing but the short list (and `more`), and an address is http(s)."""
    allowed = ALLOWED | (more or {})
    for token in tokenize(markup):
        if token.type in (TokenType.COMMENT, TokenType.DOCTYPE):
            assert more is not None, (markup, token)
        if token.type is not TokenType.START_TAG:
            continue
        tag = token.tag or ""
        assert tag in allowed, (tag, markup)
        for name, value in token.attrs or ():
            assert name in allowed[tag], (tag, name, markup)
            if name in ("href", "src"):
                assert (value or "").lower().startswith(("https://", "http://", "/")), (value, markup)
                assert not (value or "").startswith("//"), (value, markup)
