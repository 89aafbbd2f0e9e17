"""An AWS that lives in the kernel: resources by moto, behaviour by the package's own core.

>>> import rejectkit as rk
>>> with rk.sandbox.start(scenario=None) as sandbox:
...     sandbox.session.client("logs").describe_log_groups()["logGroups"]
[]
"""

from rejectkit.sandbox.clock import Clock
from rejectkit.sandbox.faults import Fault
from rejectkit.sandbox.limits import Limits
from rejectkit.sandbox.playing.pipeline import Delivery
from rejectkit.sandbox.playing.scenario import Scenario, scenario
from rejectkit.sandbox.server import Sandbox, start
from rejectkit.sandbox.topics.mailbox import Mail, Mailbox

__all__ = ["Clock", "Delivery", "Fault", "Limits", "Mail", "Mailbox", "Sandbox", "Scenario", "scenario", "start"]
