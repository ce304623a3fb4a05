"""The route where a file says none, over emulated platforms: a chat that only a bot handled is measured and created nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deskweave.demo.stage import build
from deskweave.plugins import load_plugins
from deskweave.store import find_inquiry


@pytest.mark.practice("A1")
def test_a_chat_goes_to_the_other_platforms_once_a_person_takes_part(tmp_path: Path) -> None:
    made = build(
        tmp_path / "desk", ["feishu", "servicenow"], load_plugins(), opens=datetime(2026, 11, 16, 1, 0, tzinfo=UTC),
        language="en", zone="Asia/Shanghai", seed=3,
    )  # fmt: skip
    try:
        plan, failures = made.space.plan()
        assert not failures
        made.space.apply(plan)
        made.clock.advance(timedelta(hours=1))
        tenant, instance = made.running["feishu"].platform, made.running["servicenow"].platform
        helpdesk, guest = tenant.service, tenant.person("zhang.wei@acme.example")
        ticket = helpdesk.open(guest, human=False)
        helpdesk.say(ticket, guest, "How do I connect to the VPN?")
        made.clock.advance(timedelta(minutes=5))

        def sync() -> None:
            engine, works, failures = made.space.engine()
            assert not failures
            for _ in range(3):
                made.clock.advance(timedelta(minutes=30))
                assert not engine.run(works).parked

        def there() -> list[str]:
            row = find_inquiry(made.space.store, "INQ-1")
            return sorted(f"{link.connection}/{link.role}" for link in row.links)  # type: ignore[union-attr]

        sync()
        row = find_inquiry(made.space.store, "INQ-1")
        assert row.inquiry.values["service_form"] == "bot"  # type: ignore[union-attr]
        assert there() == ["feishu/ticket"]
        assert not [one for one in instance.traffic if one.writes and "VPN" in str(one.body)]
        helpdesk.say(ticket, tenant.person("li.wei@desk.acme.example"), "Let me look at it.")
        sync()
        assert there() == ["feishu/main", "feishu/ticket", "servicenow/main"]
    finally:
        made.close()
