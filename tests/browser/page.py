"""A real browser, without a window."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--disable-features=WebGPU", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--lang=en"]
AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*/axe.min.js"), None)


class Traffic(NamedTuple):
    """hosts: that were asked for anything. received_bytes: as they came over the wire, compressed, headers included."""

    hosts: set[str]
    received_bytes: int


class Browser:
    """Chromium. Every page is looked at: errors of scripts and requests to other hosts are noted."""

    def __init__(self, width: int = 1280, height: int = 900, *, notes_traffic: bool = True) -> None:
        """notes_traffic: whether `traffic` is told; what is noted is kept until it is asked for."""
        options = webdriver.ChromeOptions()
        for flag in FLAGS:
            options.add_argument(flag)
        kinds = ("browser", "performance") if notes_traffic else ("browser",)
        options.set_capability("goog:loggingPrefs", dict.fromkeys(kinds, "ALL"))
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Of the page, not of the window."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def open(self, url: str) -> None:
        self.driver.get(url)

    def open_live(self, url: str) -> None:
        """Open a page and wait until it follows what happens."""
        self.open(url)
        self.eventually(lambda: self.text("#freshness") == "live")

    def open_behind(self, url: str) -> None:
        """In a tab of its own that nobody has looked at."""
        self.driver.execute_cdp_cmd("Target.createTarget", {"url": url, "background": True})

    def text(self, selector: str = "body") -> str:
        return self.one(selector).text

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def eventually(self, holds: Callable[[], Any], timeout_s: float = 30.0) -> Any:
        """The first true value; what the page replaces meanwhile is looked for again."""
        give_up_at_s, last = time.monotonic() + timeout_s, None
        while time.monotonic() < give_up_at_s:
            try:
                if found := holds():
                    return found
            except (StaleElementReferenceException, LookupError) as error:
                last = error
            time.sleep(0.05)
        raise AssertionError(f"not within {timeout_s:g} s (last: {last!r}); the page says: {self.text()[:1500]}")

    def errors(self) -> list[str]:
        """What scripts and the content policy complained of since the last call."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def traffic(self) -> Traffic:
        """Since the last call."""
        log = [json.loads(line["message"])["message"] for line in self.driver.get_log("performance")]
        urls = [entry["params"]["request"]["url"] for entry in log if entry["method"] == "Network.requestWillBeSent"]
        received = [entry["params"]["encodedDataLength"] for entry in log if entry["method"] == "Network.loadingFinished"]
        hosts = {urlsplit(url).netloc for url in urls if not url.startswith(("data:", "chrome", "about:"))}
        return Traffic(hosts, int(sum(received)))

    def hosts(self) -> set[str]:
        """Hosts that were asked for anything since the last call of this or of `traffic`."""
        return self.traffic().hosts

    def faults(self) -> list[str]:
        """What axe finds serious or critical: `<rule>: <element>`."""
        assert AXE is not None, "python -m streams.console.vendoring fetches axe"
        self.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
        self.driver.execute_script(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations))"
        )
        return [
            f"{fault['id']}: {node['html'][:200]}"
            for fault in found
            if fault["impact"] in {"serious", "critical"}
            for node in fault["nodes"]
        ]

    def picture(self, file: Path) -> None:
        self.driver.save_screenshot(str(file))

    def quit(self) -> None:
        self.driver.quit()
