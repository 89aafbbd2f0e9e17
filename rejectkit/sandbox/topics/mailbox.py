"""The mails that the sandbox sends: kept in memory, read and answered there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from rejectkit.errors import ArgumentError


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail.

    Attributes
    ----------
    at : datetime
        When it was sent: simulated time, UTC.
    to, subject, body : str
        Its address and text.
    link : str
        The link to click, where there is one: it confirms a subscription, or ends it.
    """

    at: datetime
    to: str
    subject: str
    body: str
    link: str = ""


def _nowhere(link: str) -> str:
    raise ArgumentError(f"the link {link!r} leads nowhere: this sandbox has sent no mail")


@dataclass(slots=True)
class Mailbox:
    """All mails of a sandbox, oldest first; `click` and `confirm` do what their reader would."""

    mails: list[Mail] = field(default_factory=list)
    follow: Callable[[str], str] = _nowhere  # what a link does; the service that sends mails says

    def to(self, address: str) -> list[Mail]:
        """Return the mails of one address."""
        return [mail for mail in self.mails if mail.to == address]

    def click(self, mail: Mail) -> str:
        """Follow a mail's link; return the ARN of the subscription that it confirmed or ended.

        Raises
        ------
        ArgumentError
            If the mail has no link, or the service refuses it: the subscription is gone, or waited too long.
        """
        if not mail.link:
            raise ArgumentError(f"the mail {mail.subject!r} to {mail.to} has no link to click")
        return self.follow(mail.link)

    def confirm(self, address: str) -> list[str]:
        """Confirm what an address was asked to confirm; return the subscriptions' ARNs, oldest mail first.

        Raises
        ------
        ArgumentError
            If it was asked nothing, or the service refuses.
        """
        asked = {mail.link: mail for mail in self.to(address) if "Action=ConfirmSubscription" in mail.link}
        if not asked:
            known = ", ".join(sorted({mail.to for mail in self.mails})) or "nobody"
            raise ArgumentError(f"no mail asks {address!r} to confirm a subscription; mails went to {known}")
        return list(dict.fromkeys(self.click(mail) for mail in asked.values()))
