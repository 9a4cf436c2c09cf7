from __future__ import annotations

from collections.abc import Iterator
from shutil import which

import pytest

from tests.browser.page import Browser
from tests.browser.stage import Stage, people_of_the_stage

REASON = "needs chromium and chromedriver: apt-get install chromium chromium-driver fonts-noto-cjk"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if not (which("chromium") and which("chromedriver")):
                item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """One for all tests that neither stop its processes nor need another configuration."""
    with Stage() as stage:
        stage.ada = people_of_the_stage(stage)
        yield stage


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.quit()
