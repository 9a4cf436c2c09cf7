"""Accounts that only their announcement tells from other words: `微信: abc_123`, `QQ 12345678`, `Telegram @ann_b`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from streams.domain.masking_view import Span

_FREE = r"(?<![A-Za-z0-9])"
_SAYS = r"(?:号码?|群号?|账号|帐号|id|number|no\.?|名|是|为|is|加我?|搜|同号|[:：=→>➡#(（\s.-])"
_WECHAT = re.compile(
    f"(?:(?:微|薇|威|徽|葳)\\s?(?:信|x)|v信|{_FREE}(?:v ?x|w ?x|we ?chat)|{_FREE}加\\s?v|加[vw微薇]"
    f"|[+＋]\\s?[vw](?=[^a-z]))({_SAYS}{{0,6}})([a-z][a-z0-9_-]{{5,19}})(?![a-z0-9_])",
    re.IGNORECASE,
)
_WXID = re.compile(f"{_FREE}wxid_[a-z0-9]{{6,20}}", re.IGNORECASE)
_QQ = re.compile(
    f"(?:{_FREE}q ?q|扣扣|企鹅|球球|扣群|{_FREE}q(?=\\s?[:：号群])|[加+＋]\\s?q)"
    f"{_SAYS}{{0,6}}([1-9](?:[ .·_-]?[0-9]){{4,10}})(?![0-9])",
    re.IGNORECASE,
)
_CHAT = re.compile(
    f"{_FREE}(telegram|tg|whatsapp|line|skype|instagram|insta|ig|snapchat|snap|discord|kakao(?:talk)?|kik|signal)"
    f"((?:\\s?(?:id|handle|user(?:name)?|is|account|me))?\\s?[:：=@]\\s?@?)([a-z][a-z0-9_.#-]{{3,31}})(?![a-z0-9_])",
    re.IGNORECASE,
)
_BANK = re.compile(
    r"(?:银行卡号?|卡号|银行账[号户]|收款账[号户]|对公账户|bank account|account (?:number|no\.?)|acct\.?|card number"
    r"|sort code|routing number|支付宝(?:账[号户])?)"
    r"(?:号码?|number|no\.?|是|为|is|[:：#=\s]){0,5}([0-9](?:[ -]?[0-9]){5,20})(?![0-9])",
    re.IGNORECASE,
)
#: Words that follow the name of a messenger and name nobody.
_WORDS: Final = frozenset([
    "android", "iphone", "windows", "official", "wechat", "wechatpay", "payment", "payments", "mini", "miniprogram",
    "program", "version", "update", "group", "groups", "support", "works", "please", "thanks", "business", "desktop",
    "messenger", "message", "messages", "official-account", "moments", "channel", "channels", "sticker", "stickers",
    "harmonyos", "ubuntu", "linux", "macos",
])  # fmt: skip
#: Messengers whose names are words: "line: very long".
_COMMON: Final = frozenset({"line", "signal"})
_MARKED = re.compile(r"[:：=→>#]|号|是|为|搜|加|id", re.IGNORECASE)
_SIGN = re.compile(r"[0-9_-]")


# First one class, then what it was: this way the search skips quickly over all other characters.
_WECHAT_SIGN = re.compile(
    r"[微薇威徽葳加vVwW+＋](?:(?<=[微薇威徽葳])\s?[信xX]|(?<=[加+＋])\s?[vVwW微薇]|(?<=[vV]) ?[xX信]"
    r"|(?<=[wW])(?: ?[xX]|[eE] ?[cC][hH]))"
)
_CHAT_SIGN = re.compile(
    r"[tTwWlLsSiIdDkK](?<![A-Za-z0-9].)(?i:elegram|g|hatsapp|ine|kype|nsta|ig|nap|iscord|akao|ik|ignal)[^:：=@]{0,12}[:：=@]"
)
_QQ_WORDS: Final = ("q", "扣", "企鹅", "球球")
_BANK_WORDS: Final = ("卡", "账", "支付宝", "account", "acct", "number", "code")


def may_hold_accounts(view: str) -> bool:
    """False only where `find_accounts` finds nothing, but for accounts of five digits and more."""
    return _WECHAT_SIGN.search(view) is not None or _may_chat(view)


def find_accounts(view: str) -> Iterator[tuple[str, Span]]:
    """The accounts without the words that announce them."""
    if _WECHAT_SIGN.search(view) is not None:
        yield from (("account", match.span(2)) for match in _WECHAT.finditer(view) if _is_wechat(match))
        yield from (("account", match.span()) for match in _WXID.finditer(view))
    if _may_chat(view):
        yield from (("account", match.span(3)) for match in _CHAT.finditer(view) if _is_chat(match))
    low = view.lower()
    for words, pattern in ((_QQ_WORDS, _QQ), (_BANK_WORDS, _BANK)):
        if any(word in low for word in words):
            yield from (("account", match.span(1)) for match in pattern.finditer(view))


def _may_chat(view: str) -> bool:
    return (":" in view or "=" in view or "@" in view) and _CHAT_SIGN.search(view) is not None


def _is_wechat(match: re.Match[str]) -> bool:
    """Without a colon or the like an id needs a digit, _ or -, since English words follow 微信 as well."""
    says, name = match[1], match[2]
    if name.lower() in _WORDS:
        return False
    return _MARKED.search(says) is not None or _SIGN.search(name) is not None


def _is_chat(match: re.Match[str]) -> bool:
    name, says, account = match[1].lower(), match[2], match[3]
    if account.lower() in _WORDS:
        return False
    return name not in _COMMON or not account.isalpha() or says.strip(" :") != ""
