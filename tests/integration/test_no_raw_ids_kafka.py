"""B5, N9: no raw id, e-mail address or phone number leaves the gate: topics, logs, metrics, answers, disks.

Everything is searched with the same eyes for what must be there (keyed hashes), so that an empty result means something.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from streams.adapters.sealing import Sealer
from streams.domain.accounts import account_key
from streams.domain.dead_letters import opened
from tests.support.brokers import admin_of, eventually, producer_of
from tests.support.canaries import ACTIONS, Person, Search, deeds, event, faults
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import SECRET, Worker, free_port, records_of

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.requirement("B5", "N9")]
PEOPLE = [Person(number) for number in range(24)]
ERASED, FORGOTTEN, REFUSING, BROKEN, UNKNOWN = PEOPLE[0], PEOPLE[1], PEOPLE[2], PEOPLE[3], Person(900)
CANARIES = [canary for person in (*PEOPLE, UNKNOWN) for canary in person.canaries()]
SEAL = "5a" * 32
#: Where what platforms sent is kept as they sent it.
RAW = ("events.", "items", "identity")


def key_of(person: Person, platform: str = "shop") -> str:
    return account_key(SECRET.encode(), platform, person.account(platform))


def publish(pipeline: Pipeline) -> None:
    producer = producer_of(pipeline.broker)
    sent = [*(each for person in PEOPLE for each in deeds(person)), *faults(BROKEN)]
    for topic, key, value, headers in sent:
        producer.produce(pipeline.topics.prefix + topic, value, key, headers=headers)
    assert producer.flush(30) == 0


def decide(pipeline: Pipeline) -> None:
    """One person withdraws a consent, another wants to be erased."""
    producer = producer_of(pipeline.broker)
    for person, action, data in (
        (REFUSING, "consent.changed", {"consents": {"recommend": False}}),
        (ERASED, "user.erasure_requested", {}),
    ):
        said = event(person, "shop", action, f"{action}-{person.number}", data=data)
        producer.produce(pipeline.topics.events("shop"), json.dumps(said).encode(), person.account("shop").encode())
    assert producer.flush(30) == 0


@contextmanager
def serving(pipeline: Pipeline, settings: dict[str, str]) -> Iterator[httpx.Client]:
    with (pipeline.folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", "serve"], env=os.environ | settings, stdout=log, stderr=log
        )
        with httpx.Client(base_url=f"http://127.0.0.1:{settings['BRAID_API__PORT']}", trust_env=False, timeout=10) as api:
            try:
                eventually(lambda: is_ready(api), 60)
                yield api
            finally:
                process.terminate()
                assert process.wait(60) == 0


def is_ready(api: httpx.Client) -> bool:
    try:
        return api.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def ask(api: httpx.Client, search: Search) -> None:
    """Every way to ask about people, known or not, well or badly; answers are searched."""
    asked = [*PEOPLE[1:6], UNKNOWN]
    paths = [
        f"/v1/accounts/{platform}/{person.account(platform)}/{what}"
        for person in asked for platform in ACTIONS for what in ("profile", "recommendations?explain=true", "explanation", "history", "export")
    ]  # fmt: skip
    paths += [f"/v1/profiles/{key_of(person)}/{what}" for person in asked for what in ("recommendations", "explanation", "history", "export")]
    paths += [f"/v1/profiles/{key_of(person)}?vectors=true" for person in asked]
    paths += [f"/v1/profiles/{UNKNOWN.account('shop')}", f"/v1/{UNKNOWN.email}", "/v1/items/shop/tent-1/similar", "/metrics"]
    paths += [f"/v1/accounts/!!/{UNKNOWN.account('shop')}/profile", f"/v1/accounts/shop/{UNKNOWN.account('shop') * 90}/profile"]
    paths += ["/readyz", "/healthz", "/openapi.json", f"/v1/accounts/shop/{UNKNOWN.account('shop')}/profile?vectors={UNKNOWN.email}"]
    answers = [api.get(path) for path in paths]
    bodies = (
        {"platform": "shop", "account": PEOPLE[4].account("shop")}, {"platform": "shop", "account": UNKNOWN.account("shop")},
        {"platform": UNKNOWN.email, "account": UNKNOWN.account("shop")}, {"platform": "shop", "account": [UNKNOWN.email]},
        {"platform": "shop", UNKNOWN.account("shop"): "x"}, [UNKNOWN.userid],
    )  # fmt: skip
    answers += [api.post("/v1/accounts/lookup", json=body) for body in bodies]
    answers.append(api.delete(f"/v1/accounts/shop/{FORGOTTEN.account('shop')}"))
    for answer in answers:
        search.look(f"{answer.request.method} {answer.status_code}", answer.content, *map(str, answer.headers.items()))
    assert {answer.status_code for answer in answers} >= {200, 202, 404, 422}
    assert key_of(PEOPLE[4]) in "".join(answer.text for answer in answers)


def run_commands(settings: dict[str, str], search: Search) -> None:
    """The command line about people, and what it prints of the topics behind the gate."""
    person = PEOPLE[5]
    commands = [[verb, "shop", who.account("shop")] for verb in ("profile", "explain", "history", "export", "recommend") for who in (person, UNKNOWN)]
    commands += [["forget", "shop", person.account("shop"), "--yes"]]
    commands += [
        ["tail", topic, "--until-end", "--json"]
        for topic in ("profiles", "user-events", "identities", "audit", "item-vectors")
    ]
    for command in commands:
        ran = subprocess.run(
            [sys.executable, "-m", "streams", *command], env=os.environ | settings, capture_output=True, timeout=60, check=False
        )
        search.look(" ".join(command[:2]), ran.stdout, ran.stderr)
        assert ran.returncode == (1 if command[-1] == UNKNOWN.account("shop") and command[0] != "recommend" else 0), ran.stderr


def search_topics(pipeline: Pipeline, search: Search) -> dict[str, int]:
    """Records looked at, by topic without prefix."""
    names = [name for name in admin_of(pipeline.broker).list_topics(timeout=10).topics if name.startswith(pipeline.prefix)]
    looked: dict[str, int] = {}
    for name in names:
        short = name.removeprefix(pipeline.prefix)
        if short.startswith(RAW[0]) or short in RAW[1:]:
            continue
        looked[short] = 0
        for message in records_of(pipeline.broker, name):
            headers = [part for header in message.headers() or [] for part in header]
            search.look(f"topic {short}", message.key(), message.value(), *headers)
            looked[short] += 1
    return looked


def quiet(worker: Worker) -> bool:
    return worker.has_metric("braid_lag_records") and worker.metric("braid_lag_records") == 0


def test_no_raw_id_leaves_the_gate(pipeline: Pipeline) -> None:
    search = Search(CANARIES)
    seal = {"BRAID_DEAD_LETTERS__ORIGINAL": "sealed", "BRAID_DEAD_LETTERS__KEY": SEAL, "BRAID_LOG_LEVEL": "DEBUG"}
    worker = pipeline.worker(**seal)
    worker.wait_ready()
    settings = {
        "BRAID_KAFKA__BOOTSTRAP_SERVERS": pipeline.broker, "BRAID_TOPICS__PREFIX": pipeline.prefix,
        "BRAID_STATE_DIR": str(pipeline.folder / "two" / "serve"), "BRAID_ENCODER__MODEL": "hashed",
        "BRAID_API__PORT": str(free_port()), "BRAID_PSEUDONYM__KEY": SECRET, "BRAID_LOG_LEVEL": "DEBUG",
    }  # fmt: skip
    publish(pipeline)
    with serving(pipeline, settings) as api:
        for person in (PEOPLE[-1], ERASED, FORGOTTEN):
            eventually(lambda person=person: has_all_accounts(api.get(profile_url(person))), 60)
        decide(pipeline)
        eventually(lambda: api.get(profile_url(ERASED)).status_code == 404, 30)
        eventually(lambda: quiet(worker), 30)
        ask(api, search)
        run_commands(settings, search)
        eventually(lambda: api.get(profile_url(FORGOTTEN)).status_code == 404, 30)
        search.look("metrics of serve", api.get("/metrics").content)
    search.look("metrics of the worker", httpx.get(f"http://127.0.0.1:{worker.port}/metrics", trust_env=False).content)
    worker.terminate()
    looked = search_topics(pipeline, search)
    for folder in (pipeline.folder / "one", pipeline.folder / "two"):
        assert search.files(folder) > 5
        assert search.tables(folder) > 20
    search.look("log of the worker", worker.log.read_bytes())
    search.look("log of serve", (pipeline.folder / "serve.log").read_bytes())
    assert sorted(set(search.found)) == []

    assert min(looked[topic] for topic in ("user-events", "profiles", "profile-state", "identities", "audit")) > 10, looked
    assert_letters_are_sealed_and_say_nothing(pipeline)
    assert_the_same_eyes_see_what_is_there(pipeline)


def profile_url(person: Person) -> str:
    return f"/v1/accounts/video/{person.account('video')}/profile"


def has_all_accounts(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and len(answer.json()["identity"]["accounts"]) >= len(ACTIONS)


def assert_letters_are_sealed_and_say_nothing(pipeline: Pipeline) -> None:
    letters = list(pipeline.letters().values())
    assert {letter.stage for letter in letters} == {"normalise", "identity", "catalogue"}
    assert len(letters) == len(list(faults(BROKEN)))
    inside, words = Search(CANARIES), Search(CANARIES)
    for letter in letters:
        inside.look("original", opened(letter, Sealer(bytes.fromhex(SEAL)).open).value)
        words.look(letter.reason, letter.detail, letter.reason)
    assert len(inside.found) >= len(letters)
    assert words.found == []


def assert_the_same_eyes_see_what_is_there(pipeline: Pipeline) -> None:
    """Keyed hashes are found in topics and on disks, and the canaries where platforms sent them."""
    hashes = Search([key_of(person) for person in PEOPLE[6:]])
    search_topics(pipeline, hashes)
    assert {"topic user-events", "topic profiles", "topic profile-state"} <= {place.partition(":")[0] for place in hashes.found}
    for folder in (pipeline.folder / "one", pipeline.folder / "two"):
        here = Search([key_of(person) for person in PEOPLE[6:]])
        here.tables(folder)
        assert here.found
    raw = Search(CANARIES)
    for message in records_of(pipeline.broker, pipeline.topics.events("shop")):
        raw.look("events", message.value(), message.key())
    assert len(set(raw.found)) > len(PEOPLE)
