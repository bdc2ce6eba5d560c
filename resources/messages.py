"""Messages: a few sentences to the region's own channel (e-mail, Teams, Slack, and whatever else
apprise knows), and by e-mail to a sender.

Belongs here: where they go and sending them. Does not belong here: what is said. Nothing personal
is in a message: it leaves the building.

`OBSERVATORY_NOTIFY` has apprise's addresses of the region's channel, with commas;
`OBSERVATORY_MAIL` the one mailbox (`mailtos://…`) from which senders are written to. Both hold
passwords: they are read from the environment, are never printed, and an error says only that it
failed.
"""

from __future__ import annotations

import logging
import os
from urllib.parse import quote

NOTIFY, MAIL = "OBSERVATORY_NOTIFY", "OBSERVATORY_MAIL"


def channel() -> list[str]:
    """Apprise's addresses of the region's own channel; none where it has none."""
    return [address.strip() for address in os.environ.get(NOTIFY, "").split(",") if address.strip()]


def mail_to(email: str) -> str:
    """Apprise's address of an e-mail from the observatory's mailbox; blank where it has none."""
    mailbox = os.environ.get(MAIL, "").strip()
    return (
        f"{mailbox}{'&' if '?' in mailbox else '?'}to={quote(email, safe='@')}"
        if mailbox and email
        else ""
    )


def send(addresses: list[str], title: str, body: str) -> bool:
    """Send to each of the addresses. True where all took it (and there was one)."""
    if not addresses:
        return False
    from apprise import Apprise, NotifyFormat  # only here: few send, and its import takes a moment

    logging.getLogger("apprise").setLevel(
        logging.CRITICAL
    )  # it would print the address, password and all
    messenger = Apprise()
    known = [messenger.add(address) for address in addresses]
    return all(known) and bool(
        messenger.notify(title=title, body=body, body_format=NotifyFormat.TEXT)
    )
