"""Channels: ratings, challenges, what their choice weighs, delivery rules (practice B3, E3, G11, P1-P3)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deskweave.findings import Finding
from deskweave.model import TRAITS
from deskweave.practice import Overlay, Practice, builtin

CHANNELS = "kind: Channels\nid: channels\n"
ALL_EIGHT = "{" + ", ".join(f"{trait}: true" for trait in TRAITS) + "}"


@pytest.mark.parametrize(
    ("broken", "mended", "rule", "at", "message", "nearest"),
    [
        # delivery rules
        (
            "delivery: {own: {channels: [emial]}}",
            "delivery: {own: {channels: [email]}}",
            "unknown-channel",
            "/delivery/own/channels/0",
            "'emial' is not a channel of this practice",
            "email",
        ),
        (
            "delivery: {own: {channels: [email], audience: [usr]}}",
            "delivery: {own: {channels: [email], audience: [user]}}",
            "unknown-role",
            "/delivery/own/audience/0",
            "'usr' is not a role of this practice",
            "user",
        ),
        (
            "delivery: {own: {channels: [email, online_form]}}",
            "delivery: {own: {channels: [email, portal]}}",
            "channel-intake-only",
            "/delivery/own/channels/1",
            "'online_form' only takes inquiries in: nothing goes out by it",
            None,
        ),
        # a client turns a channel into intake only: every rule that sends by it is told
        (
            "channels: {email: {use: intake}}\ndelivery: {to_staff: {channels: [feishu]}, urgent_to_staff: {channels: [feishu]}, outages: {channels: [feishu]}}",
            "channels: {email: {use: intake}}\ndelivery: {to_staff: {channels: [feishu]}, urgent_to_staff: {channels: [feishu]}, outages: {channels: [feishu]}, otherwise: {channels: [feishu]}}",
            "channel-intake-only",
            "/delivery/otherwise/channels/0",
            "'email' only takes inquiries in: nothing goes out by it",
            None,
        ),
        (
            "delivery: {own: {channels: [email], occasions: [outages]}}",
            "delivery: {own: {channels: [email], occasions: [outage]}}",
            "not-allowed",
            "/delivery/own/occasions/0",
            "'outages' is not allowed here",
            "outage",
        ),
        # a rating with a date is a whole one
        (
            "channels: {wecom: {rated_on: 2026-06-30, traits: {usable: true}}}",
            f"channels: {{wecom: {{rated_on: 2026-06-30, traits: {ALL_EIGHT}}}}}",
            "rating-incomplete",
            "/channels/wecom/rated_on",
            "a channel with a date is rated on all eight traits; not rated: accessible, assured, available, context_aware, "
            "emotionally_aligned, familiar, integrated",
            None,
        ),
        # layers add up: phone has its eight ratings below
        (
            "channels: {phone: {rated_on: 30.6.}}",
            "channels: {phone: {rated_on: 2026-06-30}}",
            "wrong-form",
            "/channels/phone/rated_on",
            "'30.6.' is not a valid date",
            None,
        ),
        # shapes
        (
            "channels: {phone: {traits: {usable: often}}}",
            "channels: {phone: {traits: {usable: false}}}",
            "wrong-type",
            "/channels/phone/traits/usable",
            "true or false is expected, not text",
            None,
        ),
        (
            "channels: {phone: {traits: {useable: true}}}",
            "channels: {phone: {traits: {usable: true}}}",
            "unknown-key",
            "/channels/phone/traits/useable",
            "unknown key 'useable'",
            "usable",
        ),
        (
            "channels: {phone: {use: contact}}",
            "channels: {phone: {use: both}}",
            "not-allowed",
            "/channels/phone/use",
            "'contact' is not allowed here",
            None,
        ),
        # a challenge without a remedy helps nobody
        (
            "channels: {phone: {challenges: {noise: {label: {en: Noise, zh: 噪声}}}}}",
            "channels: {phone: {challenges: {noise: {label: {en: Noise, zh: 噪声}, remedy: {en: Headsets, zh: 耳机}}}}}",
            "missing-key",
            "/channels/phone/challenges/noise",
            "the key 'remedy' is missing",
            None,
        ),
        (
            "delivery: {own: {order: 5}}",
            "delivery: {own: {order: 5, channels: [email]}}",
            "missing-key",
            "/delivery/own",
            "the key 'channels' is missing",
            None,
        ),
    ],
)
def test_broken_and_mended(
    broken: str,
    mended: str,
    rule: str,
    at: str,
    message: str,
    nearest: str | None,
    composed: Callable[..., Practice],
    findings: Callable[..., list[Finding]],
) -> None:
    found = [(one.rule, one.place.path, one.message, one.nearest) for one in findings(CHANNELS + broken + "\n")]
    assert found == [(rule, at, message, nearest)]
    assert composed(CHANNELS + mended + "\n")


@pytest.mark.practice("P1", "E3")
def test_the_catalogs_channels_are_rated_as_a_starting_point() -> None:
    """All eight traits, and no date: no desk has agreed on them yet."""
    rated = {slug: channel for slug, channel in builtin().channels.items() if channel.traits}
    assert set(rated) == {"self_service", "feishu", "phone", "email"}
    assert all(set(channel.traits) == set(TRAITS) and channel.rated_on is None for channel in rated.values())
    assert {slug: sum(channel.traits.values()) for slug, channel in rated.items()} == {
        "self_service": 6,
        "feishu": 7,
        "phone": 5,
        "email": 5,
    }


@pytest.mark.practice("P2")
def test_what_the_choice_of_channels_weighs() -> None:
    weighs = builtin().documents["Channels", "channels"]["weighs"]
    assert [entry["label"]["zh"] for entry in weighs.values()] == [
        "服务关系模型",
        "服务关系类型",
        "服务用户档案",
        "服务提供者档案",
        "外部因素",
        "用户准备度",
        "风险与机会",
    ]


@pytest.mark.practice("P3", "F5")
def test_every_channel_users_reach_us_by_states_its_challenges() -> None:
    """Persons and technology have theirs; technology lacks empathy, so a person stands behind it."""
    for channel in builtin().channels.values():
        if channel.use == "delivery":
            continue
        assert channel.served_by in ("human", "technical")
        assert channel.challenges
        for challenge in channel.challenges.values():
            assert set(challenge.label) == set(challenge.remedy) == {"en", "zh"}
        if channel.served_by == "technical" and channel.use == "both":
            assert "person" in channel.challenges["no_empathy"].remedy["en"]
    assert "viral_effect" in builtin().channels["social_media"].challenges
    assert "limited_scalability" in builtin().channels["voice"].challenges


@pytest.mark.practice("G4", "G11")
def test_the_delivery_rules_as_they_are_tried() -> None:
    """E-mail by default; what has to be proven goes by a way that proves it."""
    practice = builtin()
    assert [rule.slug for rule in practice.delivery] == ["urgent_to_staff", "to_staff", "outages", "regulated", "otherwise"]
    assert practice.delivery[-1].channels[0] == "email"
    (assured,) = (rule for rule in practice.delivery if rule.reliability == "assured")
    assert all(practice.channels[slug].reliability == "assured" for slug in assured.channels)


def test_channels_of_a_second_document_count_as_well(
    composed: Callable[..., Practice], findings: Callable[..., list[Finding]]
) -> None:
    more = "kind: Channels\nid: more\nchannels: {letterbox: {label: {en: L, zh: 信}, use: %s}}\ndelivery: {own: {channels: [letterbox]}}\n"
    assert [one.rule for one in findings(more % "intake")] == ["channel-intake-only"]
    assert "letterbox" in composed(more % "both").channels


def test_nobody_asks_for_an_item_by_courier(composed: Callable[..., Practice], findings: Callable[..., list[Finding]]) -> None:
    item = "kind: Catalog\nid: services\ncategories: {meeting_support: {services: {executive_meeting_support: {items: {meeting_test_and_assurance: {channels: [phone, %s]}}}}}}\n"
    (found,) = findings(item % "courier")
    assert (found.rule, found.message) == (
        "channel-delivery-only",
        "'courier' only carries messages out: nobody can ask for the item by it",
    )
    assert found.place.path.endswith("/meeting_test_and_assurance/channels/1")
    assert composed(item % "online_form")


def test_a_client_and_a_plugin_extend_the_channels(composed: Callable[..., Practice]) -> None:
    client = f"{CHANNELS}channels: {{phone: {{traits: {{available: true}}, rated_on: 2026-06-30}}}}\ndelivery: {{first: {{order: 1, channels: [wecom]}}}}\n"
    added = [{"kind": "Channels", "id": "channels", "weighs": {"cost": {"label": {"en": "Cost", "zh": "成本"}}}}]
    practice = composed(client, overlays=[Overlay(added, origin="thrift")])
    phone = practice.channels["phone"]
    assert (sum(phone.traits.values()), str(phone.rated_on)) == (6, "2026-06-30")
    assert practice.delivery[0].slug == "first"
    assert practice.origin("Channels/channels/channels/phone/traits/available").source == "f.yaml"
    assert practice.origin("Channels/channels/channels/phone/traits/usable").source == "deskweave:service-desk/channels.yaml"
    assert practice.origin("Channels/channels/weighs/cost").source == "plugin:thrift"
