"""What the words before a number say it is: a telephone, a price, an order. Looked at from the number backwards."""

from __future__ import annotations

import re
from typing import Final

MAX_LINKS: Final = 5

_LATIN: Final = "abcdefghijklmnopqrstuvwxyzéó"
_BLANKS: Final = " \t\n:：#=.→>(（+-"
#: Between a word that announces and what it announces.
_LINKS = frozenset(["number", "numbers", "num", "no", "nr", "is", "are", "me", "us", "at", "on", "to", "both", "id"])
_CHINESE_LINKS = ("号码", "编号", "同号", "号", "码", "是", "为", "我", "给")

_PHONES = frozenset([
    "tel", "telephone", "phone", "mobile", "mob", "cell", "cellphone", "call", "text", "ring", "dial", "sms", "fax",
    "whatsapp", "hotline", "contact", "vx", "wx", "ph", "dh", "sj", "tlf", "telefon", "handy", "tél", "téléphone",
    "teléfono", "móvil", "m", "p", "t", "v",
])  # fmt: skip
_CHINESE_PHONES = (
    "电话", "手机", "联系方式", "联系人", "热线", "客服", "传真", "座机", "致电", "拨打", "打给", "电联", "短信",
)  # fmt: skip
_OTHERS = frozenset([
    "order", "tracking", "invoice", "ref", "reference", "sku", "isbn", "issn", "ean", "upc", "imei", "serial", "sn",
    "model", "part", "ticket", "case", "asin", "uid", "build", "version", "patent", "parcel", "shipment", "awb", "usps",
])  # fmt: skip
_CHINESE_OTHERS = (
    "订单", "运单", "快递单", "单", "货", "型", "编", "流水", "序列", "条", "货品", "批", "房间", "版本", "uid",
    "订单编", "交易", "条形",
)  # fmt: skip
_INSURED = frozenset(["ssn", "security"])
_LETTER = re.compile(r"(?:\A|[^a-zéó])[a-z]\Z")
_PRICE = re.compile(r"(?:[$¥€£￥₩₹]|rmb|usd|eur|cny|jpy|gbp|价格?|price|cost|paid)[\s:：]{0,2}\Z")


def phone_link(before: str) -> str | None:
    """What stands between a word for telephone and the number; None where there is no such word.

    >>> phone_link("my cell is "), phone_link("on page ")
    (' is ', None)
    """
    link = _link(before, _CHINESE_PHONES, _PHONES)
    if link is None or link[:1] in (":", "."):
        return link
    # One letter announces only with a colon or full stop: "m: 0171", and not "P2510737".
    word = before[: len(before) - len(link)]
    return None if _LETTER.search(word[-2:]) else link


def is_something_else(before: str) -> bool:
    """An order, a parcel, a model, a serial number, a book."""
    return _link(before, _CHINESE_OTHERS, _OTHERS) is not None


def is_social_security(before: str) -> bool:
    """SSN, or social security number."""
    return _link(before, (), _INSURED) is not None


def is_price(before: str) -> bool:
    """A currency or a word for price comes right before."""
    return _PRICE.search(before[-8:]) is not None


def _link(before: str, chinese: tuple[str, ...], latin: frozenset[str]) -> str | None:
    head = before
    for _ in range(MAX_LINKS):
        head = head.rstrip(_BLANKS)
        word = head[len(head.rstrip(_LATIN)) :]
        if word in latin or head.endswith(chinese):
            return before[len(head) :]
        link = word if word in _LINKS else next((link for link in _CHINESE_LINKS if head.endswith(link)), "")
        if not link:
            return None
        head = head[: -len(link)]
    return None
