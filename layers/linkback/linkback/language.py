"""Languages as pages declare them, and their names in English (ISO 639)."""

from __future__ import annotations

import re

_PRIMARY = re.compile(r"\s*([a-z]{2,8})(?![a-z0-9])", re.IGNORECASE)
# One language under two names: an older code, or the two written forms of one that readers do not tell apart.
_SAME = {"iw": "he", "in": "id", "ji": "yi", "nb": "no", "nn": "no", "fil": "tl"}
_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gl": "Galician",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "ms": "Malay",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sr": "Serbian",
    "sv": "Swedish",
    "ta": "Tamil",
    "th": "Thai",
    "tl": "Filipino",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def primary(tag: str) -> str:
    """The primary subtag of a language tag in lower case, two to eight letters: `en` of `EN-GB`. `""` if it has none.

    `und`, `mul` and `zxx`, which say that there is no one language, are none.
    """
    match = _PRIMARY.match(tag.replace("_", "-"))
    code = match[1].lower() if match else ""
    return "" if code in ("und", "mul", "zxx") else _SAME.get(code, code)


def name(code: str) -> str:
    """What a language with this primary subtag is called in English; of a rare one, the code itself."""
    return _NAMES.get(code, code)
