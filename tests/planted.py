"""What must never be seen where it doesn't belong, and every spelling that it might be seen in."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

NAME = "欧阳靖宇"
NUMBER = "620102198503124517"
PHONE = "13893217654"
ADDRESS = "甘州里七巷4单元502"
PHRASE = "腌菜坛子砸了灶台"
NARRATIVE = f"{NAME}（身份证{NUMBER}，电话{PHONE}，住{ADDRESS}）的{PHRASE}，对方持刀扬言杀他全家。"
PERSONAL = (NAME, NUMBER, PHONE, ADDRESS, PHRASE)


def spellings(word: str) -> set[bytes]:
    """A word as logs, URLs and programs' own quoting write it."""
    raw = word.encode()
    return {
        raw,
        json.dumps(word)[1:-1].encode(),
        quote(word).encode(),
        quote(word).lower().encode(),
        repr(raw)[2:-1].encode(),
        word.encode("gbk"),
        base64.b64encode(raw).rstrip(b"=")[:-1],
    }


def seen(words: tuple[str, ...], where: bytes) -> list[str]:
    """Those of `words` that stand somewhere in `where`, in any spelling, and a bit of what is around."""
    found = []
    for word in words:
        for spelling in spellings(word):
            place = where.find(spelling)
            if place >= 0:
                found.append(f"{word}: …{where[max(0, place - 80) : place + 80]!r}…")
    return found
