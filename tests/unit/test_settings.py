"""Settings: every fault at once, unknown names refused, secrets unprinted, documents up to date."""

from __future__ import annotations

import pytest

from docs.generate import DOCS, pages
from streams.errors import UsageError
from streams.settings import Settings, known_names


def test_a_variable_beats_the_file_and_the_file_beats_the_default(monkeypatch, tmp_path):
    file = tmp_path / "braid.toml"
    file.write_text("[kafka]\nbootstrap_servers = 'file:1'\nsession_timeout_s = 7\n")
    monkeypatch.setenv("BRAID_CONFIG", str(file))
    monkeypatch.setenv("BRAID_KAFKA__BOOTSTRAP_SERVERS", "variable:2")
    settings = Settings.load()
    assert (settings.kafka.bootstrap_servers, settings.kafka.session_timeout_s) == ("variable:2", 7)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("BRAID_KAFKA__BOOTSTRAP", "BRAID_KAFKA__BOOTSTRAP_SERVERS"), ("BRAID_STATEDIR", "BRAID_STATE_DIR")],
)
def test_an_unknown_name_is_refused_and_the_nearest_one_named(monkeypatch, name, nearest):
    monkeypatch.setenv(name, "x")
    with pytest.raises(UsageError, match=f"{name}.*{nearest}"):
        Settings.load()


def test_all_wrong_values_are_reported_at_once_with_setting_and_value(monkeypatch):
    monkeypatch.setenv("BRAID_PROFILE__SHORT_HALF_LIFE_DAYS", "-2")
    monkeypatch.setenv("BRAID_API__PORT", "70000")
    with pytest.raises(UsageError) as caught:
        Settings.load()
    assert "BRAID_PROFILE__SHORT_HALF_LIFE_DAYS = '-2'" in str(caught.value)
    assert "BRAID_API__PORT = '70000'" in str(caught.value)


@pytest.mark.parametrize(("value", "read"), [("auto", "auto"), ("65536", 65_536)])
def test_a_number_stands_where_auto_would_choose_one(monkeypatch, value, read):
    monkeypatch.setenv("BRAID_ENCODER__MAX_BATCH_TOKENS", value)
    assert Settings.load().encoder.max_batch_tokens == read


@pytest.mark.parametrize("value", ["63", "large"])
def test_a_number_that_is_none_or_too_small_is_named_with_what_may_stand_there(monkeypatch, value):
    monkeypatch.setenv("BRAID_ENCODER__MAX_BATCH_TOKENS", value)
    with pytest.raises(UsageError, match=f"BRAID_ENCODER__MAX_BATCH_TOKENS = '{value}'.*\n.*'auto'"):
        Settings.load()


@pytest.mark.requirement("A9")
@pytest.mark.parametrize(("said", "ads"), [('{"shop": 2.0}', 0.0), ('{"ads": 0.5}', 0.5)])
def test_ads_stay_out_of_the_unified_view_unless_they_are_named(monkeypatch, said, ads):
    monkeypatch.setenv("BRAID_PROFILE__PLATFORM_WEIGHTS", said)
    assert Settings.load().profile.platform_weights["ads"] == ads


def test_a_missing_pseudonym_secret_is_an_error_that_suggests_one():
    with pytest.raises(UsageError, match=r"BRAID_PSEUDONYM__KEY=[0-9a-f]{32}"):
        Settings.load().pseudonym_key()


def test_a_wrong_api_key_role_does_not_print_the_key(monkeypatch):
    monkeypatch.setenv("BRAID_API__KEYS", '{"very-secret-key": "owner"}')
    with pytest.raises(UsageError) as caught:
        Settings.load()
    assert "owner" not in str(caught.value)
    assert "very-secret-key" not in str(caught.value).lower()


def test_every_generated_page_is_what_the_code_says():
    stale = [name for name, content in pages().items() if (DOCS / name).read_text(encoding="utf-8") != content]
    assert stale == []


def test_the_configuration_page_names_every_setting():
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    leaves = [name for name in known_names() if "__" in name]
    assert [name for name in leaves if f"`BRAID_{name.upper()}`" not in page] == []
