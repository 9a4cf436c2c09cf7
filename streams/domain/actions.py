"""What people can do, declared once: how much it says, in which direction, about what.

An event's pull on a profile is `weight_of(action) * strength`. Weights are the most an action can count: one piece of
an order counts half of its weight (see `signals`), so view 1 < click 2 < like 3 < purchase 4. Reversals have no weight
of their own: they weigh what they take back, with the other sign, whatever the configuration says about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Final, Literal

from streams.domain.decay import DAY_S
from streams.domain.signals import Takes
from streams.errors import UsageError

Facet = Literal["content", "ads"]
Part = Literal["item", "text", "query"]
MAX_WEIGHT: Final = 100.0
#: Different half-lives of actions: each is one more sum in every account that did something of it.
MAX_HALF_LIVES: Final = 8
MIN_HALF_LIFE_DAYS: Final = 0.01
MAX_HALF_LIFE_DAYS: Final = 100_000.0
IGNORED: Final = "record.ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One `<object>.<action>`.

    weight: signed, the polarity with it; 0 is counted and moves nothing. facet: which part of a profile it may move,
    `ads` only platforms that are kept for ads (see `moves`); a reversal has the facet of what it takes back.
    takes: the signal that scales it. needs: parts of `data` of which at least one must be there.
    words: which part of `data` holds words that the person wrote. reverses: the action that this one takes back.
    control: about the person, not of the person: content does not move. half_life_days: in which the long horizon and
    tags forget half of it, None for the half-life of all; a reversal fades as what it takes back.
    """

    weight: float = 1.0
    facet: Facet = "content"
    takes: Takes = "none"
    needs: tuple[Part, ...] = ("item",)
    words: Literal["text", "query"] | None = None
    reverses: str | None = None
    control: bool = False
    half_life_days: float | None = None

    @property
    def polarity(self) -> int:
        """-1, 0 or 1."""
        return (self.weight > 0) - (self.weight < 0)

    def moves(self, platform: str, ad_platforms: Collection[str]) -> bool:
        """Whether it may move what is gathered on a platform; ads do on platforms that are kept for them alone.

        >>> clicked = BUILT_IN["ad.clicked"]
        >>> clicked.moves("ads", {"ads"}), clicked.moves("video", {"ads"})
        (True, False)
        """
        return self.facet != "ads" or platform in ad_platforms


_SEARCH: Final = Action(weight=1.5, needs=("query", "text"), words="query")
_CONTROL: Final = Action(weight=0.0, needs=(), control=True)

BUILT_IN: Final[Mapping[str, Action]] = {
    # shop
    "product.viewed": Action(weight=1.0, takes="dwell"),
    "product.searched": _SEARCH,
    "cart.added": Action(weight=5.0, takes="quantity"),
    "cart.removed": Action(takes="quantity", reverses="cart.added"),
    "wishlist.added": Action(weight=3.0),
    "order.completed": Action(weight=8.0, takes="quantity"),
    "order.refunded": Action(takes="quantity", reverses="order.completed"),
    "review.posted": Action(weight=4.0, takes="rating", words="text"),
    # video
    "video.played": Action(weight=2.0, takes="watch"),
    "video.liked": Action(weight=3.0),
    "video.commented": Action(weight=3.0, needs=("item", "text"), words="text"),
    "danmu.posted": Action(weight=2.0, needs=("item", "text"), words="text"),
    # social
    "post.created": Action(weight=3.0, needs=("item", "text"), words="text"),
    "post.liked": Action(weight=3.0),
    "post.unliked": Action(reverses="post.liked"),
    "post.shared": Action(weight=4.0, needs=("item", "text"), words="text"),
    "comment.created": Action(weight=3.0, needs=("item", "text"), words="text"),
    "account.followed": Action(weight=4.0, needs=()),
    "account.unfollowed": Action(needs=(), reverses="account.followed"),
    # news
    "article.read": Action(weight=2.0, takes="dwell"),
    "article.shared": Action(weight=4.0),
    "article.disliked": Action(weight=-3.0),
    # music
    "track.played": Action(weight=2.0, takes="watch"),
    "track.skipped": Action(weight=-1.0),
    "track.saved": Action(weight=3.0),
    "playlist.added": Action(weight=3.0),
    # travel
    "destination.searched": _SEARCH,
    "listing.viewed": Action(weight=1.0, takes="dwell"),
    "booking.completed": Action(weight=8.0),
    "booking.cancelled": Action(reverses="booking.completed"),
    # ads: kept apart from what people choose to read
    "ad.impression": Action(weight=0.0, facet="ads", needs=()),
    "ad.clicked": Action(weight=2.0, facet="ads", needs=()),
    "ad.dismissed": Action(weight=-2.0, facet="ads", needs=()),
    # what Braid's own recommendations led to, on any platform
    "recommendation.shown": Action(weight=0.0, needs=()),
    "recommendation.clicked": Action(weight=2.0, needs=()),
    "recommendation.dismissed": Action(weight=-2.0, needs=()),
    # what a mapping file chooses to leave out
    IGNORED: _CONTROL,
    # about the person
    "user.traits": _CONTROL,
    "consent.changed": _CONTROL,
    "user.erasure_requested": _CONTROL,
    "identity.linked": _CONTROL,
    "identity.unlinked": _CONTROL,
}


class ActionTable:
    """Every action that is known, by `<object>.<action>`; immutable."""

    __slots__ = ("_actions", "_overridden")

    def __init__(self, actions: Mapping[str, Action] = BUILT_IN, overridden: frozenset[str] = frozenset()) -> None:
        self._overridden = overridden
        self._actions = {name: self._settled(name, actions) for name in actions}

    def _settled(self, name: str, actions: Mapping[str, Action]) -> Action:
        action = actions[name]
        if action.reverses is None:
            return action
        if action.reverses not in actions:
            raise UsageError(f"action {name}: reverses {action.reverses!r}, which is not declared; declare it")
        taken_back = actions[action.reverses]
        weight = action.weight if name in self._overridden else -taken_back.weight
        return replace(action, weight=weight, facet=taken_back.facet, half_life_days=taken_back.half_life_days)

    def __contains__(self, action: str) -> bool:
        return action in self._actions

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def get(self, action: str) -> Action | None:
        """The declaration of `<object>.<action>`, or None."""
        return self._actions.get(action)

    def weight_of(self, action: str) -> float:
        """The signed weight; 0 for an action nobody declared.

        >>> ActionTable().weight_of("post.unliked")
        -3.0
        """
        found = self._actions.get(action)
        return 0.0 if found is None else found.weight

    def half_life_s_of(self, action: str) -> float | None:
        """Its own long half-life in seconds, or None.

        >>> ActionTable().with_half_lives({"post.liked": 7.0}).half_life_s_of("post.unliked")
        604800.0
        """
        found = self._actions.get(action)
        return None if found is None or found.half_life_days is None else found.half_life_days * DAY_S

    def with_half_lives(self, days: Mapping[str, float]) -> ActionTable:
        """The table with half-lives of their own for these actions.

        Raises UsageError for an unknown action, a reversal, a half-life out of bounds, and too many different ones.
        """
        actions = dict(self._actions)
        for name, half_life_days in days.items():
            at = f"profile.action_half_lives_days {name!r}"
            self._require(name, at)
            if actions[name].reverses is not None:
                raise UsageError(f"{at}: it fades as what it takes back; set that of {actions[name].reverses!r}")
            if not MIN_HALF_LIFE_DAYS <= half_life_days <= MAX_HALF_LIFE_DAYS:
                bounds = f"{MIN_HALF_LIFE_DAYS:g} to {MAX_HALF_LIFE_DAYS:,g}"
                raise UsageError(f"{at}: {half_life_days:g} days; a half-life has {bounds} of them")
            actions[name] = replace(actions[name], half_life_days=half_life_days)
        if (n_different := len(set(days.values()))) > MAX_HALF_LIVES:
            raise UsageError(
                f"profile.action_half_lives_days: {n_different} different half-lives, at most {MAX_HALF_LIVES}; "
                "each costs every account a vector"
            )
        return ActionTable(actions, self._overridden)

    def with_overrides(self, weights: Mapping[str, float]) -> ActionTable:
        """The table with other weights. Raises UsageError for an unknown action or a weight beyond the limit.

        >>> table = ActionTable().with_overrides({"post.liked": 5.0})
        >>> table.weight_of("post.liked"), table.weight_of("post.unliked")
        (5.0, -5.0)
        """
        actions = dict(self._actions)
        for name, weight in weights.items():
            self._require(name, f"profile.action_weights {name!r}")
            actions[name] = replace(actions[name], weight=_checked_weight(name, weight))
        return ActionTable(actions, self._overridden | frozenset(weights))

    def _require(self, name: str, at: str) -> None:
        """at: where somebody names the action."""
        if name not in self._actions:
            raise UsageError(f"{at}: no such action, use one of {sorted(self._actions)}")

    def with_actions(self, declared: Mapping[str, Action]) -> ActionTable:
        """The table with more actions. Raises UsageError when a name is taken by a different declaration."""
        actions = dict(self._actions)
        for name, action in declared.items():
            _checked_weight(name, action.weight)
            known = actions.setdefault(name, action)
            if known != (_settled_as(action, known) if action.reverses else action):
                raise UsageError(f"action {name}: declared already, and otherwise; choose another name")
        return ActionTable(actions, self._overridden)


def action_of(event_type: str) -> str:
    """The part of `<platform>.<object>.<action>` after the platform.

    >>> action_of("shop.product.viewed")
    'product.viewed'
    """
    return event_type.partition(".")[2]


def built_in(event_type: str) -> Action | None:
    """The declaration of an event type that needs no mapping file, or None."""
    return BUILT_IN.get(action_of(event_type))


def _settled_as(action: Action, known: Action) -> Action:
    """A reversal, with what it has of what it takes back."""
    return replace(action, weight=known.weight, facet=known.facet, half_life_days=known.half_life_days)


def _checked_weight(name: str, weight: float) -> float:
    if not isfinite(weight) or abs(weight) > MAX_WEIGHT:
        raise UsageError(f"action {name}: weight {weight} is beyond +-{MAX_WEIGHT:g}; choose a smaller one")
    return weight
