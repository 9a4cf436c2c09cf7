"""What people do where they watch, listen, read and talk: video, music, news, social."""

from __future__ import annotations

from streams.simulation.people import DAY_S
from streams.simulation.visits import Visit


def video(visit: Visit) -> None:
    """Watch to the end what one likes, leave the rest after seconds; like, comment, shoot a line across the screen."""
    for _ in range(visit.random.randint(1, 4)):
        item = visit.item()
        duration_s = item.item.duration_s or 0.0
        share = visit.random.betavariate(5, 1.5) if visit.likes else visit.random.betavariate(1, 14)
        position_s, completed = round(duration_s * share, 1), share > 0.95
        visit.do("video.played", item, position_s=position_s, duration_s=duration_s, completed=completed)
        if not visit.likes:
            if visit.chance(0.1):
                visit.do("video.commented", item, text=visit.say_anything("comment_bad"))
            continue
        if visit.chance(0.35):
            visit.do("video.liked", item)
        if visit.chance(0.25 if visit.language == "zh" else 0.12):
            line = visit.say("danmu") if visit.chance(0.8) else visit.say_anything("danmu")
            visit.do("danmu.posted", item, text=line, position_s=round(position_s * visit.random.random(), 1))
        if visit.chance(0.12):
            visit.do("video.commented", item, text=visit.say_anything("comment_good"))


def music(visit: Visit) -> None:
    """A few tracks in a row; what does not please is skipped within seconds."""
    for _ in range(visit.random.randint(2, 5)):
        item = visit.item()
        duration_s = item.item.duration_s or 0.0
        if not visit.likes or visit.chance(0.08):
            visit.do("track.skipped", item, position_s=round(visit.random.uniform(1, 15), 1), duration_s=duration_s)
            continue
        visit.do("track.played", item, position_s=duration_s, duration_s=duration_s, completed=True)
        if visit.chance(0.15):
            visit.do("track.saved", item)
        if visit.chance(0.1):
            visit.do("playlist.added", item)


def news(visit: Visit) -> None:
    """Read, pass on, argue; or close the page and say why."""
    for _ in range(visit.random.randint(1, 3)):
        item = visit.item()
        typical_s = 70.0 if visit.likes else 4.0
        visit.do("article.read", item, dwell_s=round(typical_s * visit.random.lognormvariate(0.0, 0.5), 1))
        if visit.likes and visit.chance(0.12):
            visit.do("article.shared", item)
        if not visit.likes and visit.chance(0.4):
            visit.do("article.disliked", item)
        if visit.chance(0.12):
            visit.do("comment.created", item, text=visit.say_anything("comment_good" if visit.likes else "comment_bad"))


def social(visit: Visit) -> None:
    """Like, share, comment, post, follow; some of it is taken back."""
    if not visit.likes:
        if visit.chance(0.5):
            visit.do("comment.created", visit.item(), text=visit.say_anything("comment_bad"))
        return
    for _ in range(visit.random.randint(1, 4)):
        item = visit.item()
        liked = visit.do("post.liked", item)
        if visit.chance(0.07):
            visit.do("post.unliked", item, undoes=liked)
        elif visit.chance(0.12):
            visit.do("post.shared", item)
        if visit.chance(0.15):
            visit.do("comment.created", item, text=visit.say("talk"))
    if visit.chance(0.3):
        visit.do("post.created", text=visit.say("talk"))
    if visit.chance(0.12):
        _follow(visit)


def _follow(visit: Visit) -> None:
    """A creator is no item of the catalogue: the profile has to read the name itself."""
    words = visit.topic.words[visit.language]
    creator = visit.random.choice(words.creators)
    account = {
        "item_id": f"creator-{visit.topic.key}-{visit.language}-{words.creators.index(creator)}",
        "title": f"{creator}: {words.name}",
        "category": visit.topic.category,
        "tags": [words.name],
        "author": creator,
        "language": visit.language,
    }
    followed = visit.do("account.followed", item=account)
    if visit.chance(0.25):
        visit.do("account.unfollowed", wait_s=visit.random.uniform(0.2, 3) * DAY_S, item=account, undoes=followed)
