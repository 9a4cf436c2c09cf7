"""Scripts and styles: from the package, compressed, kept for ever under a name of their content."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from streams.console.assets import FOR_EVER, STATIC, Assets, asset_routes
from tests.support.serving import answering


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "vendor" / "some.package-1.2.3"
    package.mkdir(parents=True)
    (package / "code.js").write_text("console.log(1)")
    (package / "LICENSE").write_text("MIT")
    (tmp_path / "page.css").write_text("main { color: red }")
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[httpx.Client]:
    app = FastAPI()
    app.include_router(asset_routes(Assets(folder)))
    with answering(app) as url, httpx.Client(base_url=url) as client:
        yield client


def test_a_package_is_addressed_without_its_version_and_its_licence_is_not_served(folder: Path) -> None:
    assert set(Assets(folder).files) == {"page.css", "some.package/code.js"}


def test_the_address_changes_with_the_content(folder: Path) -> None:
    before = Assets(folder).url_of("page.css")
    assert Assets(folder).url_of("page.css") == before
    (folder / "page.css").write_text("main { color: blue }")
    assert Assets(folder).url_of("page.css") != before


def test_what_is_missing_says_how_it_is_fetched(folder: Path) -> None:
    with pytest.raises(KeyError, match=r"streams\.console\.vendoring"):
        Assets(folder).url_of("nothing.js")


def test_an_asset_is_kept_for_ever_and_compressed_for_who_takes_that(folder: Path, client: httpx.Client) -> None:
    url = Assets(folder).url_of("page.css")
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.text == "main { color: red }"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == FOR_EVER
    assert answer.headers["content-type"].startswith("text/css")
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == answer.text


def test_the_address_of_an_older_release_gives_the_file_of_now_which_is_not_kept(client: httpx.Client) -> None:
    answer = client.get("/assets/0123456789abcdef/page.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["nothing.css", "%2e%2e/assets.py", "vendor/some.package-1.2.3/LICENSE"])
def test_nothing_else_is_read_from_the_disk(client: httpx.Client, name: str) -> None:
    assert client.get(f"/assets/0123456789abcdef/{name}").status_code == 404


def test_the_same_content_compresses_to_the_same_bytes() -> None:
    once, again = Assets(STATIC), Assets(STATIC)
    assert {name: asset.zipped for name, asset in once.files.items()} == {
        name: asset.zipped for name, asset in again.files.items()
    }
    assert all(gzip.decompress(asset.zipped) == asset.content for asset in once.files.values())
