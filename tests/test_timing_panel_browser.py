"""TimingPanel in a real JupyterLab in a real browser: measured, replayed, tried and applied by clicking.

Pictures go to the folder that REJECTKIT_SCREENSHOTS names, else to pytest's temporary one.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.test_explorer_browser import (  # noqa: F401  # fixtures are used by name
    Lab,
    browser,
    lab,
    server,
)

pytestmark = pytest.mark.browser

PATIENCE = 60_000  # milliseconds
HOSTILE = "<img src=x onerror=window.hacked=1>"
# The account: 80 minutes of lines, a burst of rejects every 40 minutes and a lone one in between, which come minutes
# late to an alarm on every one; and a log stream whose lines try to be more than text.
WORLD = f"""
import rejectkit as rk
from datetime import UTC, datetime
from rejectkit.sandbox.logs.logstore import LogStore
sandbox = rk.sandbox.start(scenario=None, start=datetime(2026, 11, 1, tzinfo=UTC), limits=rk.sandbox.Limits(rates={{}}))
sandbox.session.client("logs").create_log_group(logGroupName="/vpc/flow-logs")
recipe = rk.Monitor(log_group="/vpc/flow-logs", rule=rk.AlarmRule(period=300, evaluation_periods=3))
_ = rk.monitoring.plan(recipe, sandbox.session).apply()
store = sandbox._world.region(sandbox.region).of(LogStore)
begun = int(sandbox.clock.seconds)
def line(at, action, source):
    return f"2 {{sandbox.account}} eni-1 {{source}} 10.0.0.5 40000 22 6 1 44 {{at}} {{at + 30}} {{action}} OK"
def deliver():
    at = int(sandbox.clock.seconds) - 240
    rejects = 6 if (at - begun) % 2400 < 300 else 1 if (at - begun) % 1200 < 60 else 0
    source = "10.0.0.9" if rejects == 6 else "198.51.100.7"
    lines = [line(at, "ACCEPT", "10.0.0.8")] + [line(at, "REJECT", source)] * rejects
    store.put("/vpc/flow-logs", "eni-1-all", [at * 1000] * len(lines), lines)
sandbox.clock.every(60, begun + 20, deliver)
sandbox.advance("80m")
store.put("/vpc/flow-logs", "eni-1-all", [int(sandbox.clock.seconds - 600) * 1000], [{HOSTILE!r}])
"""
PANEL = "panel = rk.widgets.TimingPanel(sandbox.session, recipe)\npanel"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder JupyterLab shows."""
    return tmp_path_factory.mktemp("lab")


def done(panel: Locator) -> None:
    """Wait until the work is done."""
    panel.get_by_role("button", name="Cancel", exact=True).wait_for(state="hidden", timeout=PATIENCE)


def part(panel: Locator, name: str) -> None:
    """Turn to a part of the panel."""
    panel.locator(".widget-toggle-button", has_text=name).click()


def press(panel: Locator, name: str) -> None:
    """Press a button and wait until its work is done."""
    panel.get_by_role("button", name=name, exact=True).click()
    done(panel)


def pictures(lab: Lab, panel: Locator, name: str) -> None:  # noqa: F811
    """Save the page on a wide and on a narrow screen; nothing may stick out."""
    for width in (1400, 900):
        lab.page.set_viewport_size({"width": width, "height": 1900})
        lab.page.wait_for_timeout(300)
        panel.scroll_into_view_if_needed()
        lab.snap(f"timing-{name}-{width}")
        assert panel.evaluate("box => box.scrollWidth <= box.clientWidth + 1"), f"{name} sticks out at {width}"
    lab.page.set_viewport_size({"width": 1400, "height": 1900})


def test_measured_replayed_tried_and_applied_by_clicking(lab: Lab) -> None:  # noqa: F811  # a fixture
    """From the latency of a deployed alarm to the recommended setting, whose lines become a cell that runs."""
    page = lab.page
    page.set_viewport_size({"width": 1400, "height": 1900})
    panel = lab.open("timing", WORLD, PANEL).last
    done(panel)
    page.keyboard.press("Control+B")  # hides the list of files

    press(panel, "Measure")
    for title in ("Alerts by stages: ", "How long each stage took", "State of the alarm", "How late records come"):
        expect(panel.locator(f"img[alt^='Chart. {title}']")).to_be_visible()
    pictures(lab, panel, "1-latency")

    part(panel, "Backtest")
    press(panel, "Replay")
    expect(panel.get_by_role("row", name="10 minutes N+8", exact=False)).to_be_visible()
    panel.get_by_label("Delivery", exact=True).locator("visible=true").select_option(label="10 minutes")
    expect(panel.get_by_text("taken to arrive 600 s after the record's end")).to_be_visible()
    pictures(lab, panel, "2-backtest")

    part(panel, "Settings")
    press(panel, "Try all settings")
    advice = panel.locator(".rejectkit-advice")
    expect(advice).to_contain_text("Take Sum of ")
    pictures(lab, panel, "3-settings")
    panel.get_by_role("button", name="Use this setting").click()
    expect(panel.get_by_text("The recommended setting is the panel's monitor now")).to_be_visible()
    pictures(lab, panel, "4-used")

    panel.get_by_role("button", name="Code to next cell").locator("visible=true").click()
    expect(page.locator(".jp-Notebook .jp-CodeCell").nth(2).locator(".cm-content")).to_contain_text("monitoring.sweep(")
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).scroll_into_view_if_needed()

    part(panel, "Probe")
    attempt = panel.get_by_role("button", name="Try it")
    expect(attempt).to_be_disabled()
    panel.get_by_label("Address of yours").fill("10.0.0.5")
    panel.get_by_label("TCP port").fill("22")
    panel.get_by_label("It is mine; try it once").check()
    attempt.click()
    expect(panel.get_by_role("alert")).to_contain_text("The session is a sandbox's")
    pictures(lab, panel, "5-probe")
    assert panel.locator("img[src='x']").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.get_by_text("Traceback").count() == 0
