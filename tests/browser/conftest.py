"""A real Chromium, which finds no host but this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

playwright = pytest.importorskip("playwright.sync_api") if not os.environ.get("CI") else None
if playwright is None:
    from playwright import sync_api as playwright  # in CI a missing library is a failure

playwright.expect.set_options(timeout=180_000)  # milliseconds; for a busy machine


@pytest.fixture
def page() -> Iterator[playwright.Page]:
    """A page of Chromium, which finds no host but this one."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        missing = "there is no chromium here to look at Neo4j Browser with"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    arguments = [
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ]
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=arguments, chromium_sandbox=os.geteuid() != 0)
        try:
            page = chromium.new_page(viewport={"width": 1400, "height": 1400})
            page.set_default_timeout(180_000)
            yield page
        finally:
            chromium.close()
