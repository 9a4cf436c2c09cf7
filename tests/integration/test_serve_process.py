from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from streams.brokers.embedded import EmbeddedBroker
from streams.domain.accounts import account_key
from streams.domain.profiles import encode_profile
from streams.domain.topic_names import TopicNames
from streams.errors import UsageError
from streams.meaning.lexicons import load_lexicons
from streams.serve.listening import listen
from streams.serve_app import Serve
from streams.settings import Console, Index, Mcp, Settings
from tests.support.assistants import Assistant
from tests.support.brokers import eventually, producer_of
from tests.support.serving import (
    ENCODER,
    SECRET,
    Did,
    Town,
    _encode_item,
    an_item,
    an_item_record,
    opened,
    subject_items,
)


@pytest.fixture
def settings(embedded_broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> Settings:
    return Settings(
        state_dir=tmp_path / "state",
        kafka={"bootstrap_servers": embedded_broker.bootstrap_servers},
        topics={"prefix": topic_prefix},
        encoder={"model": "hashed"},
        api={"port": 0},
        pseudonym={"key": SECRET.decode()},
    )


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    for town in opened(tmp_path / "town"):
        town.publish_items(subject_items())
        yield town


@pytest.fixture
def published(settings: Settings, town: Town) -> str:
    """Items and one person's profile on the topics; the person's profile id."""
    names, producer = TopicNames(settings.topics.prefix), producer_of(settings.kafka.bootstrap_servers)
    for record in subject_items():
        producer.produce(names.item_vectors, _encode_item(record), f"{record.platform}:{record.item.item_id}")
    own = account_key(SECRET, "shop", "ada")
    profile = msgspec.structs.replace(town.live(Did("shop.wishlist.added", "shop:cooking-0")), profile_id=own)
    producer.produce(names.profiles, encode_profile(profile), own)
    assert producer.flush(60) == 0
    producer.list_topics(names.identities, timeout=10)  # asking for a topic makes it on this broker
    return own


def test_serve_reads_the_topics_and_answers_and_a_restart_resumes(settings: Settings, published: str) -> None:
    serving = Serve(settings, ENCODER)
    serving.start()
    try:
        assert serving.wait_until_ready(60)
        with httpx.Client(base_url=serving.url, trust_env=False) as api:
            assert api.get("/readyz").status_code == 200
            body = api.get("/v1/accounts/shop/ada/recommendations", params={"platform": "news", "k": 3}).json()
            assert {item["category"] for item in body["items"]} == {"cooking"}
            assert "braid_index_items 27.0" in api.get("/metrics").text
    finally:
        serving.stop()
    again = Serve(settings, ENCODER)
    again.start()
    try:
        assert again.wait_until_ready(60)
        with httpx.Client(base_url=again.url, trust_env=False) as api:
            assert api.get("/v1/accounts/shop/ada/recommendations", params={"platform": "news", "k": 3}).json() == body
    finally:
        again.stop()


@pytest.mark.requirement("K6", "N8")
def test_a_new_item_and_an_erasure_are_seen_while_serving(settings: Settings, published: str) -> None:
    names, producer = TopicNames(settings.topics.prefix), producer_of(settings.kafka.bootstrap_servers)
    serving = Serve(settings, ENCODER)
    serving.start()
    try:
        assert serving.wait_until_ready(60)
        with httpx.Client(base_url=serving.url, trust_env=False) as api:
            record = an_item_record("shop", an_item("new", "umbrella with stars"))
            producer.produce(names.item_vectors, _encode_item(record), "shop:new")
            producer.produce(names.profiles, None, published)
            producer.flush(60)
            eventually(lambda: api.get("/v1/items/shop/new/similar").status_code == 200)
            eventually(lambda: api.get("/v1/accounts/shop/ada/profile").status_code == 404)
    finally:
        serving.stop()


@pytest.mark.requirement("H11")
def test_assistants_are_answered_only_where_they_are_wanted(settings: Settings, published: str) -> None:
    wanted = settings.model_copy(update={"mcp": Mcp(enabled=True), "console": Console(enabled=False)})
    serving = Serve(wanted, ENCODER)
    serving.start()
    try:
        assert serving.wait_until_ready(60)
        told = Assistant(serving.url).call("explain", account_platform="shop", account="ada").body
        assert (told["profile_id"], told["tags"][0]["tag"]) == (published, "cooking")
    finally:
        serving.stop()
    unwanted = Serve(settings, ENCODER)
    unwanted.start()
    try:
        assert httpx.post(f"{unwanted.url}/mcp", json={}, trust_env=False).status_code == 404
    finally:
        unwanted.stop()


@pytest.mark.requirement("K4", "N8")
def test_similar_people_are_followed_when_they_are_asked_for(settings: Settings, published: str, town: Town) -> None:
    names, producer = TopicNames(settings.topics.prefix), producer_of(settings.kafka.bootstrap_servers)
    bob = town.live(Did("news.article.shared", "news:cooking-1", person="bob"))
    producer.produce(names.profiles, encode_profile(bob), bob.profile_id)
    assert producer.flush(60) == 0
    url = f"/v1/profiles/{published}/similar-people"
    serving = Serve(settings.model_copy(update={"index": Index(people=True)}), ENCODER)
    serving.start()
    try:
        assert serving.wait_until_ready(60)
        with httpx.Client(base_url=serving.url, trust_env=False) as api:
            assert [person["profile_id"] for person in api.get(url).json()["people"]] == [bob.profile_id]
            producer.produce(names.profiles, None, bob.profile_id)
            producer.flush(60)
            eventually(lambda: api.get(url).json()["people"] == [])
    finally:
        serving.stop()
    without = Serve(settings, ENCODER)
    without.start()
    try:
        assert without.wait_until_ready(60)
        with httpx.Client(base_url=without.url, trust_env=False) as api:
            assert api.get(url).json()["code"] == "similar_people_off"
    finally:
        without.stop()


def test_before_the_topics_exist_serve_is_alive_and_not_ready(settings: Settings) -> None:
    serving = Serve(settings, ENCODER)
    serving.start()
    try:
        with httpx.Client(base_url=serving.url, trust_env=False) as api:
            assert api.get("/healthz").status_code == 200
            answer = api.get("/readyz")
            assert answer.status_code == 503
            assert len(answer.json()["missing"]) == 3
            eventually(lambda: any("braid topics apply" in fault for fault in api.get("/readyz").json()["faults"]))
    finally:
        serving.stop()


def test_a_taken_port_is_named_with_a_remedy(settings: Settings) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        used = settings.model_copy(update={"api": settings.api.model_copy(update={"port": port})})
        with pytest.raises(UsageError, match=rf"BRAID_API__PORT={port}: .* set another port"):
            Serve(used, ENCODER)


def test_an_address_for_everybody_without_keys_is_refused(settings: Settings) -> None:
    open_to_all = settings.model_copy(update={"api": settings.api.model_copy(update={"host": "0.0.0.0"})})
    with pytest.raises(UsageError, match="BRAID_API__KEYS"):
        Serve(open_to_all, ENCODER)


def braid(arguments: list[str], environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from streams.cli import main; main()", *arguments]
    return subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.requirement("Q5", "H10", "K1")
def test_the_commands_ask_a_running_serve_about_one_person(settings: Settings, published: str, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    environ = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": root,
        "COLUMNS": "160",
        "BRAID_STATE_DIR": str(settings.state_dir),
        "BRAID_KAFKA__BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "BRAID_TOPICS__PREFIX": settings.topics.prefix,
        "BRAID_ENCODER__MODEL": "hashed",
        "BRAID_API__PORT": str(port),
        "BRAID_API__KEYS": '{"a-key-for-this-test": "read"}',
        "BRAID_PSEUDONYM__KEY": SECRET.decode(),
    }
    command = [sys.executable, "-c", "from streams.cli import main; main()", "serve"]
    with subprocess.Popen(
        command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(3)]
            assert lines == [
                ["console", f"http://127.0.0.1:{port}/"],
                ["API", f"http://127.0.0.1:{port}/docs"],
                ["metrics", f"http://127.0.0.1:{port}/metrics"],
            ]
            eventually(lambda: httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200)
            shown = braid(["profile", "shop", "ada"], environ, tmp_path)
            assert shown.returncode == 0, shown.stderr
            assert "cooking" in shown.stdout
            recommended = braid(["recommend", "shop", "ada", "--to", "news", "--json"], environ, tmp_path)
            assert json.loads(recommended.stdout)["items"][0]["category"] == "cooking"
            explained = braid(["explain", "shop", "ada"], environ, tmp_path)
            assert "not cause" in " ".join(explained.stdout.split())
            told = braid(["history", "shop", "ada", "--language", "zh"], environ, tmp_path)
            assert "加入心愿单" in told.stdout
            listed = braid(["lexicon", "names", "--json"], environ, tmp_path)
            assert json.loads(listed.stdout)["lists"]["product"]["names"] > 0, listed.stderr
            assert load_lexicons(tmp_path / "names").forms
            unknown = braid(["profile", "shop", "nobody"], environ, tmp_path)
            assert (unknown.returncode, unknown.stdout) == (1, "")
            assert "no profile of this person" in unknown.stderr
        finally:
            process.send_signal(signal.SIGTERM)
            _, logs = process.communicate(timeout=60)
    assert process.returncode == 0, logs
    assert "nobody" not in logs
    away = braid(["profile", "shop", "ada"], environ, tmp_path)
    assert away.returncode == 1
    assert "start `braid serve`" in away.stderr
