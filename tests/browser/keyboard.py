"""What the browser must be told of a key for the page to see it as a keyboard's."""

from __future__ import annotations

from typing import Any

MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}

# Windows' number for the key, and the text that it enters.
NAMED = {
    "Backspace": (8, ""),
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Shift": (16, ""),
    "Control": (17, ""),
    "Escape": (27, ""),
    "PageUp": (33, ""),
    "PageDown": (34, ""),
    "End": (35, ""),
    "Home": (36, ""),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Delete": (46, ""),
}


def pressed(name: str) -> dict[str, Any]:
    """`j`, `?`, `Enter`, `Shift+Tab` or `Control+a`, as the parameters of one key event."""
    *held, key = name.split("+") if len(name) > 1 else [name]
    shifted = len(key) == 1 and key.isupper()
    modifiers = sum(MODIFIERS[one] for one in held) | (MODIFIERS["Shift"] if shifted else 0)
    number, text = NAMED[key] if key in NAMED else (_number(key), key)
    told: dict[str, Any] = {"key": key, "code": _code(key), "windowsVirtualKeyCode": number, "modifiers": modifiers}
    entered = text if modifiers in {0, MODIFIERS["Shift"]} else ""
    return told | ({"text": entered, "unmodifiedText": text} if entered else {})


def _number(key: str) -> int:
    """Letters, digits and the space have their ASCII number; of the others nothing asks."""
    upper = key.upper()
    return ord(upper) if upper.isascii() and (upper.isalnum() or upper == " ") else 0


def _code(key: str) -> str:
    """The key's place on a keyboard of the United States, where that is plain."""
    if key in NAMED:
        return {"Shift": "ShiftLeft", "Control": "ControlLeft"}.get(key, key)
    if not key.isascii():
        return ""
    if key.isalpha():
        return f"Key{key.upper()}"
    return f"Digit{key}" if key.isdigit() else {" ": "Space", "?": "Slash", "/": "Slash"}.get(key, "")
