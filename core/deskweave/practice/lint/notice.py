"""Rules of sense about templates and deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from deskweave.findings import Finding
from deskweave.model import OCCASIONS, DeliveryRule
from deskweave.practice.lint.sense import Sense


def occasions(sense: Sense) -> Iterator[Finding]:
    """occasion-without-template: something happens to an inquiry and nobody is told (practice G3), where templates are written."""
    practice = sense.practice
    if not practice.templates:
        return
    written = {template.occasion for template in practice.templates.values()}
    missing = [name for name, kind in OCCASIONS.items() if kind.about == "inquiry" and name not in written]
    if missing:
        listed = ", ".join(missing)
        message = f"no template says what happens to an inquiry at: {listed}"
        yield sense.warn(
            "occasion-without-template",
            ("Practice", practice.id),
            missing[0],
            message,
            "write one for each",
            key=False,
            missing=listed,
        )


def deliveries(sense: Sense) -> Iterator[Finding]:
    """delivery-never: a rule before it takes all its messages (practice G11)."""
    paths = sense.at("Channels", "delivery")
    rules = sense.practice.delivery
    for number, rule in enumerate(rules):
        before = next((one for one in rules[:number] if _takes(one, rule)), None)
        if before is not None:
            message = f"the delivery {rule.slug!r} is never used: {before.slug!r} is tried first and takes all its messages"
            remedy = "give it an earlier `order:`"
            yield sense.warn("delivery-never", paths[rule.slug], rule.slug, message, remedy, before=before.slug)


def _takes(one: DeliveryRule, other: DeliveryRule) -> bool:
    occasions = not one.occasions or (other.occasions and set(other.occasions) <= set(one.occasions))
    audience = not one.audience or (other.audience and set(other.audience) <= set(one.audience))
    return bool(occasions and audience) and one.reliability == other.reliability
