"""Pingback 1.0 (Langridge and Hickson, 2002), the server's side, over XML-RPC.

Senders are old and their XML is worse: raw `&` in URLs, text without `<string>`, CDATA, blank lines before the
declaration, a form's content type. All of that is read. A document type or an entity declaration is refused, since
nothing but an attack has one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from linkback import form
from linkback.dialect import Request, Response
from linkback.ping import Declined, Ping, Protocol, Reason, TryLater

if TYPE_CHECKING:
    from datetime import datetime

NOT_XML, NO_SUCH_METHOD, WRONG_PARAMETERS = -32700, -32601, -32602
ALREADY_REGISTERED, UPSTREAM = 48, 50

# Reason -> fault code and words (section 3, and the fault code interoperability proposal for the negative one).
FAULTS = {
    Reason.MALFORMED: (WRONG_PARAMETERS, "Both parameters must be absolute http or https addresses."),
    Reason.TARGET_UNKNOWN: (33, "The target is not a page of a site that uses this service."),
    Reason.TARGET_MISSING: (32, "The target page does not exist."),
    Reason.SOURCE_IS_TARGET: (33, "The source and the target are the same page."),
    Reason.SELF: (49, "This site does not take pingbacks from itself."),
    Reason.BLOCKED: (49, "The owner of this site does not take pingbacks from there."),
    Reason.FORBIDDEN_ADDRESS: (49, "The source is not at an address on the public internet."),
    Reason.TOO_MANY: (UPSTREAM, "Too many pingbacks in a short time. Try again later."),
    Reason.SOURCE_MISSING: (16, "The source page does not exist."),
    Reason.NO_LINK: (17, "The source page has no link to the target."),
    Reason.NOT_TEXT: (17, "The source page is neither HTML nor JSON nor text."),
    Reason.TOO_LARGE: (17, "The source page is too large to find the link in."),
    Reason.TIMEOUT: (0, "The source page took too long to answer."),
    Reason.UNREACHABLE: (0, "The source page cannot be reached."),
    Reason.SERVER_TROUBLE: (UPSTREAM, "The pingback cannot be taken at the moment. Try again later."),
    Reason.GAVE_UP: (0, "The source page could not be reached for days."),
}

_HEADERS = {"content-type": "text/xml; charset=utf-8", "x-content-type-options": "nosniff", "cache-control": "no-store"}
_DECLARATION = re.compile(r"^<\?xml\b[^>]{0,400}?\?>", re.IGNORECASE)
_ENCODING = re.compile(r"\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", re.IGNORECASE)
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_DEEPEST, _MOST_ELEMENTS = 16, 200


class Fault(Declined):
    """A call that is not a pingback at all: `code` is the XML-RPC fault that says so."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(Reason.MALFORMED, detail)
        self.code = code


def read(request: Request, now: datetime) -> Ping:
    """`pingback.ping(sourceURI, targetURI)` from the body, whatever the content type. Raises Fault."""
    if len(request.body) > form.LARGEST_BODY:
        raise Fault(NOT_XML, f"The request body is larger than {form.LARGEST_BODY} bytes.")
    call = _parse(_decode(request.body, form.charset(request.headers.get("content-type", ""))))
    if call.method != "pingback.ping":
        raise Fault(NO_SUCH_METHOD, "The only method here is pingback.ping.")
    params = [form.clean(_rejoined(param)) for param in call.params]
    if len(params) != 2 or not all(params):  # noqa: PLR2004 - section 3: sourceURI and targetURI
        raise Fault(WRONG_PARAMETERS, "pingback.ping takes two strings: the source's address, then the target's.")
    return Ping(params[0], params[1], Protocol.PINGBACK, now)


def is_call(request: Request) -> bool:
    """Whether the body is XML-RPC at all: well-formed, and a methodCall."""
    try:
        return _parse(_decode(request.body, form.charset(request.headers.get("content-type", "")))).root == "methodCall"
    except Fault:
        return False


def accept(request: Request, ping: Ping, *, again: bool) -> Response:  # noqa: ARG001 - no caller text in the answer
    """One short fixed string (section 2.1), or fault 48, which WordPress takes as success, too."""
    if again:
        return _fault(ALREADY_REGISTERED, "The pingback is already registered.")
    return _response("<params><param><value><string>Pingback registered. Thank you.</string></value></param></params>")


def decline(request: Request, refusal: Declined | TryLater) -> Response:  # noqa: ARG001 - the same for whoever asks
    """A fault with fixed words. What is only our trouble is 50, which section 3 made for gateways."""
    code, words = FAULTS[refusal.reason]
    if isinstance(refusal, Fault):
        code, words = refusal.code, refusal.detail
    elif isinstance(refusal, TryLater):
        code = UPSTREAM
    return _fault(code, words)


def _fault(code: int, words: str) -> Response:
    members = (
        f"<member><name>faultCode</name><value><int>{code}</int></value></member>"
        f"<member><name>faultString</name><value><string>{words}</string></value></member>"
    )
    return _response(f"<fault><value><struct>{members}</struct></value></fault>")


def _response(inner: str) -> Response:
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse>{inner}</methodResponse>'
    return Response(200, xml, _HEADERS)


def _decode(body: bytes, declared: str) -> str:
    """The document without its declaration: by BOM, else content type, else declaration, else UTF-8."""
    for bom, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(bom):
            return _without_declaration(body.removeprefix(bom).decode(codec, "replace"))
    for name in (declared, _declared_within(body), "utf-8"):
        if (text := form.exact(body, name)) is not None:
            return _without_declaration(text)
    return _without_declaration(body.decode("cp1252", "replace"))


def _declared_within(body: bytes) -> str:
    declaration = _DECLARATION.match(body.lstrip()[:500].decode("latin-1"))
    encoding = _ENCODING.search(declaration[0]) if declaration else None
    return encoding[1] if encoding else ""


def _rejoined(text: str) -> str:
    """The text, where PHP's xmlrpc extension made a character of each byte of its UTF-8 (`&#195;&#169;`)."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _without_declaration(text: str) -> str:
    return _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1)


class _Call:
    """What we want of a methodCall, gathered while expat walks through it."""

    def __init__(self) -> None:
        self.root, self.method, self.params = "", "", list[str]()
        self._path, self._elements = list[str](), 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._path.append(name)
        self._elements += 1
        if len(self._path) > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise Fault(WRONG_PARAMETERS, "The call has far more in it than two strings.")
        if self._path == ["methodCall", "params", "param"]:
            self.params.append("")

    def end(self, _name: str) -> None:
        self._path.pop()

    def text(self, words: str) -> None:
        if self._path == ["methodCall", "methodName"]:
            self.method += words.strip()
        elif self._path[:4] == ["methodCall", "params", "param", "value"] and self._path[4:] in ([], ["string"]):
            self.params[-1] += words

    def refuse(self, *_declaration: object) -> None:
        raise Fault(NOT_XML, "A document type or entity declaration is not accepted.")


def _parse(text: str) -> _Call:
    """Read the call; if it is not well-formed, once more with the bare ampersands outside of CDATA mended."""
    try:
        return _walk(text)
    except expat.ExpatError:
        mended = _mend(text)
    try:
        return _walk(mended)
    except expat.ExpatError as error:
        raise Fault(NOT_XML, f"The request is not well-formed XML (line {error.lineno}).") from None


def _mend(text: str) -> str:
    # Behind the last end of a CDATA section none can close; looking for its end from every start is quadratic.
    end = text.rfind("]]>") + 1
    pieces = [*_CDATA.split(text[: end + 2]), "", text[end + 2 :]] if end else ["", "", text]
    return "".join(piece if index % 2 else _BARE_AMPERSAND.sub("&amp;", piece) for index, piece in enumerate(pieces))


def _walk(text: str) -> _Call:
    call, parser = _Call(), expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = call.start, call.end
    parser.CharacterDataHandler = call.text
    parser.buffer_text = True  # else every line end is a call of its own, and 64 KB of them cost as many copies
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = call.refuse
    parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat's own signature
    return call
