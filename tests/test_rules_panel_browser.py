"""RulesPanel in a real JupyterLab in a real browser: who refused, advice, what if, plan, apply and undo, by clicking.

Pictures go to the folder that REJECTKIT_SCREENSHOTS names, else to pytest's temporary one.
"""

from __future__ import annotations

import re
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
HOSTILE = "<img src=x onerror=window.hacked=1>"
# The scenario's account after two hours; somebody named one of its interfaces, and its VPC, as no name should be.
WORLD = f"""
import rejectkit as rk
sandbox = rk.sandbox.start(limits=rk.sandbox.Limits(rates={{}}))
ec2 = sandbox.session.client("ec2")
named = [{{"Name": "tag:Name", "Values": ["orders-a"]}}]
found = ec2.describe_network_interfaces(Filters=named)["NetworkInterfaces"]
vpc = found[0]["VpcId"]
name = {HOSTILE!r} + " a-very-long-name-" * 4
_ = ec2.create_tags(Resources=[found[0]["NetworkInterfaceId"], vpc], Tags=[{{"Key": "Name", "Value": name}}])
sandbox.advance("2h")
print("endpoint", sandbox.endpoint_url)
"""
PANEL = "panel = rk.widgets.RulesPanel(sandbox.session, vpc=vpc)\npanel"
MANY = """
import rejectkit as rk
from tests.test_rules_panel import Frame, large_network, large_records
sandbox = rk.sandbox.start(scenario=None)
network = large_network()
source = Frame(large_records(network))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder JupyterLab shows, where undo files go too."""
    return tmp_path_factory.mktemp("lab")


def done(panel: Locator) -> None:
    """Wait until the work is done."""
    panel.get_by_role("button", name="Cancel", exact=True).first.wait_for(state="hidden", timeout=PATIENCE)


def press(panel: Locator, name: str, then: str | re.Pattern[str]) -> None:
    """Press a button, and wait until its work is done and there is a text."""
    panel.get_by_role("button", name=name, exact=True).click()
    panel.get_by_text(then).locator("visible=true").first.wait_for(timeout=PATIENCE)
    done(panel)


def pictures(lab: Lab, panel: Locator, name: str, part: str) -> None:  # noqa: F811
    """Save the page on a wide and on a narrow screen; nothing may stick out."""
    page = lab.page
    for width in (1400, 900):
        page.set_viewport_size({"width": width, "height": 1500})
        page.wait_for_timeout(300)
        panel.get_by_text(part, exact=False).locator("visible=true").first.scroll_into_view_if_needed()
        lab.snap(f"rules-{name}-{width}")
        assert panel.evaluate("box => box.scrollWidth <= box.clientWidth + 1"), f"{name} sticks out at {width}"
    page.set_viewport_size({"width": 1400, "height": 1500})


def rules(page: Page) -> int:
    """Return how many rules the groups of the sandbox's account have."""
    told = page.locator(".jp-OutputArea-output", has_text="endpoint http").first.inner_text()
    url = re.search(r"http://[\d.:]+", told)[0]  # type: ignore[index]  # waited for
    session = EndpointSession(
        url, region_name="eu-west-1", aws_access_key_id="AKIASANDBOX000000000", aws_secret_access_key="sandbox"
    )
    return len(session.client("ec2").describe_security_group_rules()["SecurityGroupRules"])


def test_from_rejects_to_a_changed_rule_and_back_by_clicking(lab: Lab, folder: Path) -> None:  # noqa: F811
    """Records, who refused them, a suggestion, what it would do, its plan, confirm, apply; then undo to what was."""
    page = lab.page
    page.set_viewport_size({"width": 1400, "height": 1500})
    panel = lab.open("rules", WORLD, PANEL).last
    done(panel)
    page.keyboard.press("Control+B")  # hides the list of files
    before = rules(page)
    expect(panel.get_by_label("Log group", exact=True)).to_have_value("/vpc/poc/flow-logs")
    pictures(lab, panel, "1-empty", "Read the records of a window")

    press(panel, "Read records and rules", "Who refused them")
    expect(panel.get_by_role("cell", name=re.compile(r"^db \(sg-")).first).to_be_visible()
    one = panel.get_by_label(re.compile("admit tcp 5432 .* inbound from group orders"))
    expect(one).to_be_visible()
    assert panel.get_by_text(HOSTILE, exact=False).count() > 0  # as text
    assert panel.locator("img[src='x']").count() == 0
    pictures(lab, panel, "2-read", "Who refused them")
    panel.locator(".rejectkit-more summary").first.click()
    pictures(lab, panel, "3-advice", "What to change")
    panel.locator(".rejectkit-more summary").first.click()

    find = panel.get_by_label("Show only", exact=True)
    find.fill("acl- nobody")
    find.press("Enter")
    expect(panel.get_by_text("There is no refused record that fits")).to_be_visible()
    find.fill("5432")
    find.press("Enter")
    expect(panel.get_by_text("that fit “5432”, by layer")).to_be_visible()

    plan, apply = (panel.get_by_role("button", name=name, exact=True) for name in ("Show the plan", "Apply"))
    expect(plan).to_be_disabled()
    one.check()
    press(panel, "What would it do?", "What it would do to the records")
    expect(panel.locator(".rejectkit-verdict")).to_contain_text("Nothing would be newly rejected.")
    expect(panel.locator(".rejectkit-verdict")).to_contain_text("all from or to the sources that it is for")
    pictures(lab, panel, "4-what-if", "What it would do to the records")
    press(panel, "Show the plan", "1 to create")
    expect(apply).to_be_disabled()
    panel.get_by_label("I have read this plan").check()
    expect(apply).to_be_enabled()
    pictures(lab, panel, "5-plan", "The plan")
    assert rules(page) == before
    assert not list(folder.glob("rejectkit-undo-*.json"))

    press(panel, "Apply", "created security group rule")
    expect(panel.get_by_text("The rules have been changed since this was read").last).to_be_visible()
    expect(plan).to_be_disabled()
    pictures(lab, panel, "6-applied", "created security group rule")
    assert rules(page) == before + 1
    assert len(list(folder.glob("rejectkit-undo-*.json"))) == 1

    press(panel, "Undo this change", "removed security group rule")
    pictures(lab, panel, "7-undone", "removed security group rule")
    assert rules(page) == before
    assert page.evaluate("window.hacked") is None
    assert page.get_by_text("Traceback").count() == 0


def test_a_large_network_stays_usable(lab: Lab) -> None:  # noqa: F811  # a fixture
    """2,000 interfaces, 500 groups, 120,000 records: no table or list is longer than one can read, and search finds."""
    page = lab.page
    page.set_viewport_size({"width": 1400, "height": 1500})
    made = "panel = rk.widgets.RulesPanel(sandbox.session, source, network=network)\npanel"
    panel = lab.open("many-rules", MANY, made).last
    done(panel)
    page.keyboard.press("Control+B")
    press(panel, "Read records and rules", re.compile("rows 1 to 12 of"))
    assert panel.locator("option").count() < 50
    assert panel.locator("tr").count() < 400
    pictures(lab, panel, "8-large", "Who refused them")
    find = panel.get_by_label("Show only", exact=True)
    find.fill("service-0042")
    find.press("Enter")
    expect(panel.get_by_text("that fit “service-0042”, by layer")).to_be_visible()
    panel.get_by_role("checkbox").first.check()
    press(panel, "What would it do?", "What it would do to the records")
    expect(panel.locator(".rejectkit-verdict")).to_be_visible()
    pictures(lab, panel, "9-large-what-if", "What it would do to the records")
    assert page.get_by_text("Traceback").count() == 0
