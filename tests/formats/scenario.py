"""What happened before a release's state was kept, and what happens after: the same for every release, so never changed.

A release that stores more than this touches gets further steps at the end of `before`, which older fixtures lack.
"""

from __future__ import annotations

from itertools import count

from tests.support.whole import NOON_S, Whole

DAY_S = 86_400.0


def before(whole: Whole) -> None:
    """Several platforms, words, traits, experiments; links, a split, consent, an erasure, letters of somebody."""
    for day in range(4):
        at_s = NOON_S - (4 - day) * DAY_S
        whole.say("shop", "ann", at_s=at_s, title="trail running shoe", experiment="home:b")
        whole.say("video", "ann-v", "video.liked", at_s=at_s, title="mountain run")
        whole.say("shop", "bob", "review.posted", at_s=at_s, data={"item": {"item_id": "i2", "title": "lens"}, "rating": 5, "text": "sharp"})
    whole.say("shop", "ann", "user.traits", data={"traits": {"age_band": "25-34", "language": "en"}})
    whole.say("shop", "eve", title="tea pot")
    for who in ("eve", "bob"):
        whole.say("shop", who, "thing.unheard")
    whole.say("video", "cyd", "video.liked", title="jazz night")
    whole.say("video", "cyd", "consent.changed", data={"consents": {"share": True}, "block_tags": ["topic:jazz"]})
    whole.run()
    whole.identify("linked", ("shop", "ann"), ("video", "ann-v"), email="ann@example.org")
    whole.identify("linked", ("shop", "bob"), ("video", "cyd"))
    whole.run()
    whole.identify("unlinked", ("video", "cyd"))
    whole.say("shop", "eve", "user.erasure_requested", data={})
    whole.run()


def after(whole: Whole) -> None:
    """Events of everybody, the erased person's old one among them; people are joined and parted over the kept edges."""
    whole.now_s, whole.ids = NOON_S + DAY_S, count(1_000)
    whole.say("shop", "ann", title="rain jacket")
    whole.say("video", "cyd", "video.liked", title="jazz trio")
    whole.say("shop", "eve", at_s=NOON_S - 2 * DAY_S, title="old tea pot")
    whole.say("shop", "eve", title="new tea pot")
    whole.run()
    whole.identify("linked", ("shop", "eve"), ("shop", "ann"))
    whole.run()
    whole.identify("unlinked", ("video", "ann-v"))
    whole.run()


