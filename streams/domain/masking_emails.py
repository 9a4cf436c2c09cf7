"""E-mail addresses: plain, spaced, and spelt out as `ann (at) example dot org`, `ann艾特qq点com`, `12345678#qq.com`.

Each sign that may stand for @ is looked at once: the local part is what ends there, at most 64 characters, the domain
what begins there. So the work is linear however the text is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from streams.domain.masking_view import Span

MAX_LOCAL_CHARS: Final = 64

# Letters that look Latin (Cyrillic, Greek) or are (é) count as letters; Chinese glued to an address does not.
_LETTERS = "a-zA-Z0-9\u00df-\u00f6\u00f8-\u024f\u0370-\u03ff\u0400-\u04ff"
_LOCAL_END = re.compile(f"[{_LETTERS}._%+'~-]{{1,{MAX_LOCAL_CHARS}}}\\Z")
_AT = re.compile(r" {0,2}@ {0,2}| ?[\[({<] ?(?:at|a|@|艾特) ?[\])}>] ?| at | ?艾特 ?|#", re.IGNORECASE)
_DOT = r"(?: ?[.。．] ?| ?[\[({<] ?(?:dot|点|\.) ?[\])}>] ?| dot | ?点 ?)"
_LABEL = f"[{_LETTERS}](?:[{_LETTERS}-]{{0,61}}[{_LETTERS}])?"
_DOMAIN = re.compile(f"((?:{_LABEL}{_DOT}){{1,6}})([a-zA-Z\u0430-\u044f]{{2,24}})(?![{_LETTERS}])", re.IGNORECASE)
_TIGHT_DOMAIN = re.compile(f"((?:{_LABEL}\\.){{1,8}})([a-zA-Z\u0430-\u044f]{{2,24}})(?![{_LETTERS}])")
_PROVIDERS = (
    "gmail|googlemail|qq|163|126|yeah|139|189|sina|sohu|foxmail|aliyun|hotmail|outlook|live|msn|yahoo|ymail|icloud|me|mac"
    "|proton|protonmail|gmx|web|mail|zoho|yandex|naver|daum|aol|orange|free|laposte|libero|tutanota"
)
_PROVIDER = re.compile(f"(?:vip[.])?(?:{_PROVIDERS})(?![{_LETTERS}])", re.IGNORECASE)
_DOT_WORD = re.compile(r"dot|点|[\[({<]", re.IGNORECASE)
_CONTACT = re.compile(r"e-?mail|邮箱|邮件|contact|reach|write|联系", re.IGNORECASE)
#: Words before "at" that are no one's name: "look at amazon dot com".
_VERBS: Final = frozenset([
    "look", "looking", "meet", "meeting", "met", "shop", "shopping", "buy", "bought", "buying", "available", "sold",
    "store", "here", "stay", "staying", "work", "working", "is", "was", "be", "it", "them", "order", "ordered", "me",
    "us", "arrive", "arrived", "live", "lives", "found", "listed", "price", "priced", "online",
])  # fmt: skip
# First one class, then what it was: this way the search skips quickly over all other characters.
_SIGN = re.compile(
    r"[\[({<#艾](?:(?<=[\[({<]) ?(?:[aA][tT]?|艾特) ?[\])}>]|(?<=艾)特"
    r"|(?<=\#)[a-zA-Z0-9]+ ?(?:[.点\[({<]|[dD][oO][tT]))"
)
_SPELT_AT = re.compile(r" [aA][tT] [^ .]{1,63}(?: ?\. ?[a-z]| ?点| [dD][oO][tT] | ?[\[({<])")


def may_hold_emails(view: str) -> bool:
    """False only where `find_emails` finds nothing: there is no @, nor a word or sign for it before a domain."""
    if "@" in view or _SIGN.search(view) is not None:
        return True
    low = " at " in view or " AT " in view or " At " in view
    return low and _SPELT_AT.search(view) is not None


def find_emails(view: str) -> Iterator[tuple[str, Span]]:
    """Addresses of e-mail, from the left, none overlapping."""
    done = 0
    for sign in _AT.finditer(view):
        if sign.start() <= done:
            continue
        local = _LOCAL_END.search(view, max(done, sign.start() - MAX_LOCAL_CHARS), sign.start())
        if local is None:
            continue
        end = _domain_end(view, sign, local[0])
        if end is not None:
            yield "email", (local.start(), end)
            done = end


def _domain_end(view: str, sign: re.Match[str], local: str) -> int | None:
    mark = sign[0]
    if mark == "@":
        return _plain_end(view, sign.end())
    provider = _PROVIDER.match(view, sign.end())
    domain = _DOMAIN.match(view, sign.end())
    if mark == "#":
        return domain.end() if domain and provider and len(local) > 2 else None
    if domain is None:
        return provider.end() if provider and not mark.isspace() and mark.strip() not in ("@", "at") else None
    if mark.strip() not in ("@", "at"):
        return domain.end()
    return domain.end() if _is_spelt_out(view, sign, local, domain, provider is not None) else None


def _plain_end(view: str, start: int) -> int | None:
    """After a bare @ any domain is one; blanks around its dots only where the provider is known."""
    tight = _TIGHT_DOMAIN.match(view, start)
    if tight is not None:
        return tight.end()
    provider = _PROVIDER.match(view, start)
    domain = _DOMAIN.match(view, start)
    if domain is not None and (provider is not None or _DOT_WORD.search(domain[1])):
        return domain.end()
    return provider.end() if provider is not None else None


def _is_spelt_out(view: str, sign: re.Match[str], local: str, domain: re.Match[str], is_known: bool) -> bool:
    """`ann at example dot org`, and not `we met at example.org`."""
    if local.lower() in _VERBS or not local[0].isalpha():
        return False
    if is_known:
        return True
    if any(c in "0123456789._" for c in local.strip(".")) and _TIGHT_DOMAIN.match(view, sign.end()):
        return True
    if _DOT_WORD.search(domain[1]) is None:
        return False
    return _CONTACT.search(view, max(0, sign.start() - MAX_LOCAL_CHARS), sign.start()) is not None or "@" in sign[0]
