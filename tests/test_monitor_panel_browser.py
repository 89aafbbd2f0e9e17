"""MonitorPanel in a real JupyterLab in a real browser: from an empty account to an alarm and back, by clicking.

Pictures go to the folder that REJECTKIT_SCREENSHOTS names, else to pytest's temporary one.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from rejectkit.aws import EndpointSession
from tests.test_explorer_browser import (  # noqa: F401  # fixtures are used by name
    Lab,
    browser,
    lab,
    server,
)

pytestmark = pytest.mark.browser

PATIENCE = 60_000  # milliseconds
MAIL = "ops@example.org"
HOSTILE = "<img src=x onerror=window.hacked=1>"
# The account: a log group with lines that keep coming, and nothing else. Rejects come in 2 of 10 minutes.
WORLD = f"""
import rejectkit as rk
from rejectkit.sandbox.logs.logstore import LogStore
sandbox = rk.sandbox.start(scenario=None)
sandbox.session.client("logs").create_log_group(logGroupName="/vpc/flow-logs")
store = sandbox._world.region(sandbox.region).of(LogStore)
begun = sandbox.clock.seconds
def line(at, action, source="198.51.100.7"):
    return f"2 {{sandbox.account}} eni-1 {{source}} 10.0.0.5 40000 22 6 1 44 {{at}} {{at + 10}} {{action}} OK"
def deliver():
    at = int(sandbox.clock.seconds) - 20
    lines = [line(at, "ACCEPT")] + ([line(at, "REJECT")] if (at - begun) % 600 > 480 else [])
    store.put("/vpc/flow-logs", "eni-1-all", [at * 1000] * len(lines), lines)
early = [line(int(begun) - 300, "ACCEPT"), line(int(begun) - 290, "REJECT"), line(int(begun) - 280, "REJECT"),
         line(int(begun) - 270, "ACCEPT", {HOSTILE!r})]
store.put("/vpc/flow-logs", "eni-1-all", [int(begun - 300) * 1000] * 4, early)
sandbox.clock.every(20, begun + 20, deliver)
sandbox.follow_real_time(speed=20)
print("endpoint", sandbox.endpoint_url)
"""
MAILBOX = """
from html import escape
import ipywidgets as w
mails, look = w.HTML(), w.Button(description="Look into the mailbox", layout=w.Layout(width="auto"))
def show(_):
    mails.value = "".join(
        f'<li>{escape(m.to)}: <b>{escape(m.subject)}</b> '
        f'<a target="_blank" href="{escape(m.link)}">{"confirm" if "Confirm" in m.link else "unsubscribe"}</a></li>'
        for m in sandbox.mailbox.mails)
look.on_click(show)
w.VBox([look, mails])
"""
PANEL = "rk.widgets.MonitorPanel(sandbox.session)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder JupyterLab shows."""
    return tmp_path_factory.mktemp("lab")


def press(panel: Locator, name: str) -> None:
    """Press a button and wait until its work is done."""
    panel.get_by_role("button", name=name, exact=True).click()
    panel.get_by_role("button", name="Cancel", exact=True).wait_for(state="hidden", timeout=PATIENCE)


def carry_out(panel: Locator) -> None:
    """Tick that the plan was read, and apply it."""
    panel.get_by_label("I have read this plan; carry it out").check()
    press(panel, "Apply")


def pictures(lab: Lab, panel: Locator, name: str, part: str | None = None) -> None:  # noqa: F811
    """Save the page on a wide and on a narrow screen; nothing may stick out."""
    page = lab.page
    for width in (1400, 900):
        page.set_viewport_size({"width": width, "height": 1700})
        page.wait_for_timeout(400)
        if part:
            panel.get_by_text(part, exact=False).first.scroll_into_view_if_needed()
            page.wait_for_timeout(200)
        lab.snap(f"monitor-{name}-{width}")
        assert panel.evaluate("box => box.scrollWidth <= box.clientWidth + 1"), f"{name} sticks out at {width}"
    page.set_viewport_size({"width": 1400, "height": 1700})


def endpoint(page: Page) -> str:
    """Return where the sandbox answers, as its cell printed it."""
    told = page.locator(".jp-OutputArea-output", has_text="endpoint http").first.inner_text()
    return re.search(r"http://[\d.:]+", told)[0]  # type: ignore[index]  # waited for


def there(url: str) -> dict[str, list[str]]:
    """Return the names of the alarms, filters and topics in the sandbox's account."""
    session = EndpointSession(
        url, region_name="eu-west-1", aws_access_key_id="AKIASANDBOX000000000", aws_secret_access_key="sandbox"
    )
    alarms = session.client("cloudwatch").describe_alarms()
    return {
        "alarms": [one["AlarmName"] for one in alarms["MetricAlarms"]],
        "filters": [one["filterName"] for one in session.client("logs").describe_metric_filters()["metricFilters"]],
        "topics": [one["TopicArn"] for one in session.client("sns").list_topics()["Topics"]],
    }


NOTHING: dict[str, list[str]] = {"alarms": [], "filters": [], "topics": []}


def test_from_an_empty_account_to_an_alarm_and_back_by_clicking(lab: Lab) -> None:  # noqa: F811  # a fixture
    """Form, pattern test, plan, apply, a mail confirmed, ALARM and its message; then teardown to nothing."""
    page = lab.page
    page.set_viewport_size({"width": 1400, "height": 1700})
    panel = lab.open("monitor", WORLD, MAILBOX, PANEL).last
    panel.get_by_role("button", name="Cancel", exact=True).wait_for(state="hidden", timeout=PATIENCE)
    page.keyboard.press("Control+B")  # hides the list of files
    url = endpoint(page)
    assert there(url) == NOTHING

    expect(panel.get_by_label("Log group", exact=True)).to_have_value("/vpc/flow-logs")  # the only one is chosen
    panel.get_by_label("E-mail addresses").fill(MAIL)
    panel.get_by_label("E-mail addresses").press("Tab")
    pictures(lab, panel, "1-form", "Log group")

    press(panel, "Test the pattern")
    expect(panel.get_by_text("match, by TestMetricFilter and by rejectkit's own engine alike")).to_be_visible()
    expect(panel.get_by_text(HOSTILE, exact=False).first).to_be_visible()  # as text
    assert panel.locator("img").count() == 0
    assert page.evaluate("window.hacked") is None
    pictures(lab, panel, "2-tested", "The pattern on real lines")

    press(panel, "Show the plan")
    expect(panel.get_by_text("5 to create, 1 kept")).to_be_visible()
    apply = panel.get_by_role("button", name="Apply", exact=True)
    expect(apply).to_be_disabled()
    panel.get_by_label("I have read this plan; carry it out").check()
    expect(apply).to_be_enabled()
    name = panel.get_by_label("Alarm", exact=True)
    name.fill("another")
    name.press("Tab")
    expect(panel.get_by_text("The form has changed since this plan was made")).to_be_visible()
    expect(apply).to_be_disabled()
    name.fill("VPCFlowLogs-Rejects")
    name.press("Tab")
    expect(panel.get_by_text("The form has changed since this plan was made")).to_have_count(0)
    expect(apply).to_be_disabled()  # until it is confirmed anew
    pictures(lab, panel, "3-plan", "The plan")
    assert there(url) == NOTHING

    panel.get_by_label("I have read this plan; carry it out").check()
    apply.click()
    expect(panel.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    panel.get_by_text("asking ").or_(panel.get_by_text("create ")).last.wait_for()
    lab.snap("monitor-4-applying")
    panel.get_by_role("button", name="Cancel", exact=True).wait_for(state="hidden", timeout=PATIENCE)
    expect(panel.get_by_text("created metric alarm 'VPCFlowLogs-Rejects'")).to_be_visible()
    expect(panel.get_by_text("waits for its confirmation").first).to_be_visible()
    pictures(lab, panel, "4-applied", "created metric alarm")
    assert there(url)["alarms"] == ["VPCFlowLogs-Rejects"]

    look = page.get_by_role("button", name="Look into the mailbox")
    look.click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="confirm").click()
    opened.value.wait_for_load_state()
    opened.value.close()

    message = page.get_by_text('ALARM: "VPCFlowLogs-Rejects" in EU (Ireland)').first
    deadline = time.monotonic() + 120
    while not message.is_visible():
        assert time.monotonic() < deadline, "no message of an ALARM came"
        page.wait_for_timeout(1000)
        look.click()
    lab.snap("monitor-5-mailbox")
    in_alarm = panel.get_by_text("The alarm VPCFlowLogs-Rejects is in ALARM")
    while not in_alarm.is_visible():
        assert time.monotonic() < deadline, "the alarm was not seen in ALARM"
        press(panel, "Check health")
    expect(panel.get_by_text("waits for its confirmation")).to_have_count(0)
    pictures(lab, panel, "6-alarm", "is in ALARM")

    press(panel, "Plan the teardown")
    expect(panel.get_by_text("1 kept, 3 to remove")).to_be_visible()
    pictures(lab, panel, "7-teardown", "The plan")
    carry_out(panel)
    expect(panel.get_by_text("removed topic 'vpc-rejects'")).to_be_visible()
    assert there(url) == NOTHING
    press(panel, "Check health")
    expect(panel.get_by_text("There is no alarm VPCFlowLogs-Rejects.")).to_be_visible()
    pictures(lab, panel, "8-gone", "There is no alarm")
    assert page.get_by_text("Traceback").count() == 0


def test_a_log_alarm_is_asked_for_what_it_needs(lab: Lab) -> None:  # noqa: F811  # a fixture
    """What is missing is a sentence under the form and there is nothing to press; with it the plan has a log alarm."""
    panel = lab.open("log-alarm", WORLD, PANEL).last
    panel.get_by_role("button", name="Cancel", exact=True).wait_for(state="hidden", timeout=PATIENCE)
    lab.page.keyboard.press("Control+B")
    role = panel.get_by_label("Role of the query (ARN)")
    expect(role).to_be_hidden()
    panel.get_by_label("Design", exact=True).select_option(label="Log alarm (a query on a schedule)")
    expect(panel.get_by_role("alert")).to_have_text(
        "Role of the query (ARN): query_role is missing; a log alarm needs the ARN of the role that runs its query"
    )
    plan = panel.get_by_role("button", name="Show the plan")
    expect(plan).to_be_disabled()
    pictures(lab, panel, "9-role", "The two designs")
    role.fill("arn:aws:iam::123456789012:role/queries")
    role.press("Tab")
    expect(panel.get_by_role("alert")).to_have_count(0)
    expect(plan).to_be_enabled()
    press(panel, "Show the plan")
    expect(panel.get_by_role("cell", name="log alarm", exact=True)).to_be_visible()
    pictures(lab, panel, "10-log-alarm", "The plan")
