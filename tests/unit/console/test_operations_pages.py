"""Who may see and do what of the operations, and what is written when they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx
import pytest

from streams.adapters.letter_samples import LetterSamples
from streams.console.app import add_console, sessions_of
from streams.console.live import Live
from streams.console.operations_parts import Operations
from streams.console.parts import ConsoleParts
from streams.domain.accounts import AccountKey
from streams.domain.audit_records import AuditRecord
from streams.domain.dead_letters import DeadLetter
from streams.domain.refused_fields import field_of
from streams.errors import Unavailable
from streams.serve.api import create_api
from streams.serve.api_keys import KeyGrant
from streams.serve.audit import MemoryAudit
from streams.service.flow import STAGES, StageStand
from streams.service.letter_box import LetterBox, LetterLine
from streams.service.people_preview import PreviewRules
from tests.support.letters import a_letter, an_event, trials
from tests.support.serving import DAY_S, Did, Town, answering

READ, ADMIN, ERASE, AUDIT, SHOP = (f"{name}-0123456789abcdef" for name in ("read", "admin", "erase", "audit", "shop"))
KEYS = {
    READ: KeyGrant("read", "reader"), ADMIN: KeyGrant("admin", "boss"), ERASE: KeyGrant("erase", "eraser"),
    AUDIT: KeyGrant("audit", "auditor"), SHOP: KeyGrant("admin", "shopkeeper", platforms=frozenset({"shop"})),
}  # fmt: skip
PLACE = "events.shop/0/7"


class Desk:
    """`Letters` in memory. written: what was redriven."""

    def __init__(self, *letters: DeadLetter) -> None:
        self.box = LetterBox()
        self.kept = {letter.place.decode(): letter for letter in letters}
        self.written: list[DeadLetter] = []
        self.is_away = False
        for number, (place, letter) in enumerate(self.kept.items()):
            self.box.put(
                LetterLine(
                    place, number, letter.topic, letter.stage, letter.reason, field_of(letter.reason, letter.detail), letter.detail,
                    letter.at, letter.original,
                )
            )  # fmt: skip

    def fault(self) -> str:
        return ""

    def letters(self, lines: Sequence[LetterLine]) -> list[DeadLetter]:
        if self.is_away:
            raise Unavailable("no broker answers")
        return [self.kept[line.place] for line in lines]

    def may_redrive(self, letter: DeadLetter) -> bool:
        return letter.original == "plain"

    def redrive(self, letters: Sequence[DeadLetter]) -> int:
        self.written += letters
        for letter in letters:
            self.box.end(letter.place.decode())
        return len(letters)


class Log:
    """The other ports in memory."""

    def __init__(self) -> None:
        self.said: list[tuple[str, list[AccountKey], str]] = []
        self.records: list[AuditRecord] = []

    def read(self) -> list[StageStand]:
        return [StageStand(stage, 1, 0, None) for stage in STAGES]

    def latest(self) -> list[AuditRecord]:
        return self.records

    def say(self, what: str, accounts: Sequence[AccountKey], command_id: str) -> None:
        self.said.append((what, list(accounts), command_id))


class Site:
    """A console over a town, and who asks."""

    def __init__(self, town: Town, *letters: DeadLetter) -> None:
        self.town, self.desk, self.log, self.audit = town, Desk(*letters), Log(), MemoryAudit()
        self.serve = replace(town.parts, audit=self.audit)
        platform_of = lambda topic: topic.removeprefix("events.") if topic.startswith("events.") else None  # noqa: E731
        self.operations = Operations(
            self.log, self.desk, trials(), LetterSamples("", 1_000_000).of_line, self.log, self.log,
            PreviewRules(60 * DAY_S), platform_of,
        )  # fmt: skip
        self.parts = ConsoleParts(self.serve, Live(), ("shop",), operations=self.operations)

    def __enter__(self) -> Self:
        app = create_api(self.serve, sessions_of(self.parts).key_of)
        add_console(app, self.parts)
        self._answering = answering(app)
        self.client = httpx.Client(base_url=self._answering.__enter__(), trust_env=False)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._answering.__exit__(None, None, None)

    def asks(self, key: str, path: str, method: str = "GET", *, page: bool = False, **more: object) -> httpx.Response:
        headers = {"Accept": "text/html" if page else "application/json", **dict(more.pop("headers", {}))}  # type: ignore[arg-type]
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return self.client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]

    def did(self, action: str) -> list[tuple[str, str]]:
        return [(record.who, record.outcome) for record in self.audit.records if record.action == action]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    town = Town(tmp_path, keys=KEYS)
    video = a_letter(an_event(type="video.video.liked"), topic="events.video")
    with Site(town, a_letter(an_event()), video) as site:
        yield site
    town.close()


@pytest.fixture
def open_site(tmp_path: Path) -> Iterator[Site]:
    """Without keys: whoever uses this machine."""
    town = Town(tmp_path)
    with Site(town, a_letter(an_event())) as site:
        yield site
    town.close()


PEOPLE = "/operations/people"
LETTERS = "/operations/letters"
ACTS = [
    (f"{LETTERS}/redrive", {"place": PLACE}),
    (f"{PEOPLE}/link?person=a&with=b", {"command_id": "0" * 32}),
    (f"{PEOPLE}/unlink?person=a&account={'0' * 32}", {"command_id": "0" * 32}),
    ("/people/somebody/erase", {"confirmation": "somebody"}),
]
VIEWS = [LETTERS, f"{LETTERS}/group?place={PLACE}", f"{LETTERS}/trial?place={PLACE}", PEOPLE, "/operations/audit"]


def test_who_may_only_read_sees_no_page_and_no_fragment_of_it(site: Site) -> None:
    for path in VIEWS:
        for fragment in ({}, {"HX-Request": "true"}):
            assert (path, site.asks(READ, path, page=True, headers=fragment).status_code) == (path, 403)
            assert (path, site.asks(ADMIN, path, page=True, headers=fragment).status_code) == (path, 200)


@pytest.mark.requirement("N14")
def test_who_may_only_read_does_nothing(site: Site) -> None:
    assert [site.asks(READ, path, "POST", data=form).status_code for path, form in ACTS] == [403] * len(ACTS)
    assert (site.desk.written, site.log.said, site.town.erasures) == ([], [], [])


def test_who_may_read_sees_the_flow_and_no_way_to_what_is_not_theirs(site: Site) -> None:
    page = site.asks(READ, "/operations", page=True)
    assert page.status_code == 200
    assert LETTERS not in page.text
    assert LETTERS in site.asks(ADMIN, "/operations", page=True).text
    assert len(site.asks(READ, "/operations/history").json()["at_s"]) == 1


def test_the_auditor_sees_the_audit_and_nothing_else(site: Site) -> None:
    assert site.asks(AUDIT, "/operations/audit").status_code == 200
    assert site.asks(AUDIT, LETTERS).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://elsewhere.example"}],
)
def test_a_form_of_another_site_does_nothing(open_site: Site, headers: dict[str, str]) -> None:
    """Without keys the browser of whoever uses this machine could be made to do what its owner may."""
    for path, form in ACTS:
        answer = open_site.asks("", path, "POST", data=form, headers=headers)
        assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "foreign_page")
    assert (open_site.desk.written, open_site.log.said, open_site.town.erasures) == ([], [], [])


@pytest.mark.requirement("N14")
def test_nothing_is_done_unaudited(site: Site) -> None:
    site.audit.is_away = True
    assert [site.asks(ADMIN, path, "POST", data=form).status_code for path, form in ACTS] == [503] * len(ACTS)
    assert (site.desk.written, site.log.said, site.town.erasures) == ([], [], [])


def test_redriving_twice_is_redriving_once(site: Site) -> None:
    first, second = (site.asks(ADMIN, f"{LETTERS}/redrive", "POST", data={"place": PLACE}).json() for _ in range(2))
    assert (first["n_redriven"], first["n_gone"]) == (1, 0)
    assert (second["n_redriven"], second["n_gone"]) == (0, 1)
    assert len(site.desk.written) == 1
    assert site.did("redrive") == [("boss", "begun"), ("boss", "answered")] * 2


def test_what_would_be_refused_again_is_left(tmp_path: Path) -> None:
    town = Town(tmp_path)
    with Site(town, a_letter(an_event(type="shop.hat.waved"))) as site:
        trial = site.asks("", f"{LETTERS}/trial?place={PLACE}").json()
        assert (trial["outcomes"], trial["n_ready"]) == ({"refused": 1}, 0)
        told = site.asks("", f"{LETTERS}/redrive", "POST", data={"place": PLACE}).json()
        assert (told["n_redriven"], told["n_refused"], len(site.desk.box)) == (0, 1, 1)
    town.close()


def test_brokers_that_do_not_answer_are_said_and_audited(site: Site) -> None:
    site.desk.is_away = True
    assert site.asks(ADMIN, f"{LETTERS}/redrive", "POST", data={"place": PLACE}).json()["code"] == "unavailable"
    assert site.did("redrive") == [("boss", "begun"), ("boss", "failed")]


def test_a_key_with_platforms_works_on_letters_of_these(site: Site) -> None:
    assert [group["topic"] for group in site.asks(SHOP, LETTERS).json()["groups"]] == ["events.shop"]
    told = site.asks(SHOP, f"{LETTERS}/redrive", "POST", data={"place": "events.video/0/7"}).json()
    assert (told["n_redriven"], site.desk.written) == (0, [])


def two_people(site: Site) -> tuple[str, str]:
    ada = site.town.live(Did("shop.product.viewed", "shop:a"), Did("video.video.liked", "video:b"))
    bob = site.town.live(Did("news.article.read", "news:c", person="bob"))
    return ada.profile_id, bob.profile_id


def test_a_link_of_two_people_names_an_account_of_each_and_once_is_enough(open_site: Site) -> None:
    ada, bob = two_people(open_site)
    preview = open_site.asks("", f"{PEOPLE}?person={ada}&with={bob}").json()
    assert (preview["merged"]["events_applied"], len(preview["merged"]["accounts"])) == (3, 3)
    path = f"{PEOPLE}/link?person={ada}&with={bob}"
    assert open_site.asks("", path, "POST", data={"command_id": "a" * 32}).status_code == 200
    accounts = {account["account"] for account in preview["merged"]["accounts"]}
    ((what, named, command_id),) = open_site.log.said
    assert (what, len(named), command_id) == ("linked", 2, "a" * 32)
    assert set(named) <= accounts
    assert open_site.did("link") == [("local", "begun"), ("local", "answered")]


def test_an_account_that_is_not_the_persons_is_not_unlinked(open_site: Site) -> None:
    ada, bob = two_people(open_site)
    others = open_site.asks("", f"{PEOPLE}?person={bob}").json()["accounts"][0]["account"]
    path = f"{PEOPLE}/unlink?person={ada}&account={others}"
    assert open_site.asks("", path, "POST", data={"command_id": "a" * 32}).status_code == 404
    assert open_site.log.said == []


def test_a_key_with_platforms_links_nobody_of_others(site: Site) -> None:
    ada, bob = two_people(site)
    assert site.asks(SHOP, f"{PEOPLE}?person={ada}").status_code == 200
    assert site.asks(SHOP, f"{PEOPLE}?person={ada}&with={bob}").status_code == 403
    path = f"{PEOPLE}/link?person={ada}&with={bob}"
    assert site.asks(SHOP, path, "POST", data={"command_id": "a" * 32}).status_code == 403
    assert site.log.said == []


@pytest.mark.parametrize(
    ("query", "trouble"),
    [("person=nobody", "unknown_person"), ("person={ada}&with=nobody", "unknown_other"), ("person={ada}&with={ada}", "same_person"),
     (f"person={{ada}}&account={'0' * 32}", "unknown_account")],
)  # fmt: skip
def test_a_preview_that_cannot_be_says_why(open_site: Site, query: str, trouble: str) -> None:
    ada, _ = two_people(open_site)
    assert open_site.asks("", f"{PEOPLE}?{query.format(ada=ada)}").json()["trouble"] == trouble


@pytest.mark.requirement("N14")
def test_a_person_is_erased_once_the_beginning_of_the_id_is_typed(open_site: Site) -> None:
    ada, _ = two_people(open_site)
    path = f"/people/{ada}/erase"
    assert open_site.asks("", path, "POST", data={"confirmation": "yes"}).status_code == 422
    assert open_site.town.erasures == []
    told = open_site.asks("", path, "POST", data={"confirmation": ada[:8]})
    assert (told.status_code, open_site.town.erasures) == (202, [ada])
    assert open_site.did("erase") == [
        ("local", "begun"),
        ("local", "refused"),
        ("local", "begun"),
        ("local", "answered"),
    ]


def test_the_audit_is_filtered_by_caller_action_outcome_and_person(site: Site) -> None:
    two_people(site)
    site.asks(ADMIN, f"{PEOPLE}?person=somebody")
    site.asks(ADMIN, f"{LETTERS}/redrive", "POST", data={"place": PLACE})
    site.log.records = list(site.audit.records)
    told = site.asks(AUDIT, "/operations/audit?action=redrive&outcome=begun").json()
    assert [(record["who"], record["action"]) for record in told["records"]] == [("boss", "redrive")]
    told = site.asks(AUDIT, "/operations/audit?person=somebody").json()
    assert {record["action"] for record in told["records"]} == {"GET /operations/people"}
    assert site.asks(AUDIT, "/operations/audit?caller=nobody").json()["n_fit"] == 0
