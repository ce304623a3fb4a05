"""Fields, catalog, status model, feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deskweave.model import CatalogItem, Choice, Confirmation, Field, FieldId, Phase, Stale, Status, StatusModel, Survey, Transition
from deskweave.practice.build.parts import Body, choice_of, duration, label_of


def field_of(
    slug: str, spec: Body, shared: Mapping[str, Mapping[str, Choice]], becomes: Mapping[str, Mapping[str, str]] | None = None
) -> Field:
    """A field; `becomes` says, by type of field, what takes the place of removed statuses and catalog items."""
    choices = dict(shared.get(spec.get("choices_of", ""), {}))
    choices |= {name: choice_of(name, choice or {}) for name, choice in spec.get("choices", {}).items()}
    return Field(
        id=FieldId(slug),
        label=label_of(spec),
        type=spec["type"],
        group=spec.get("group", "client"),
        entry=spec.get("entry", "typed"),
        source=spec.get("source", {}),
        description=spec.get("description", {}),
        writers=tuple(spec.get("writers", ())),
        required_entering=spec.get("required", {}).get("entering"),
        choices=choices,
        was=tuple(spec.get("was", ())),
        becomes={**(becomes or {}).get(spec["type"], {}), **spec.get("becomes", {})},
        pattern=spec.get("pattern"),
        max_length=spec.get("max_length"),
        constraints=spec.get("constraints", {}),
        personal=spec.get("personal"),
        never_send=tuple(spec.get("never_send", ())),
        computed=spec.get("computed"),
    )


def items_of(documents: Iterator[tuple[str, Body]]) -> Iterator[tuple[str, CatalogItem]]:
    for _, body in documents:
        for category, held in body.get("categories", {}).items():
            for service, inner in held.get("services", {}).items():
                for slug, item in inner.get("items", {}).items():
                    yield (
                        slug,
                        CatalogItem(
                            slug=slug,
                            label=label_of(item),
                            category=category,
                            category_label=label_of(held),
                            service=service,
                            service_label=label_of(inner),
                            classification=item.get("classification"),
                            served=item["served"],
                            channels=tuple(item["channels"]),
                            delivery=tuple(item.get("delivery", ())),
                            hours=item.get("hours"),
                            stream=item.get("stream"),
                            service_level=item.get("service_level"),
                            entitled=item.get("entitled"),
                            stock=bool(item.get("stock", False)),
                            asks=tuple(FieldId(field) for field in item.get("asks", ())),
                            remarks=item.get("remarks", {}),
                            was=tuple(item.get("was", ())),
                        ),
                    )


def status_model_of(name: str, body: Body) -> StatusModel:
    return StatusModel(
        id=name,
        initial=body["initial"],
        statuses={slug: _status(slug, spec) for slug, spec in body["statuses"].items()},
        transitions={
            slug: Transition(slug=slug, label=label_of(spec), sources=tuple(spec["from"]), target=spec["to"], by=tuple(spec["by"]))
            for slug, spec in body["transitions"].items()
        },
        confirmation=_confirmation(body.get("confirmation")),
        stale=_stale(body.get("stale")),
        becomes=dict(body.get("becomes", {})),
    )


def _status(slug: str, spec: Body) -> Status:
    phase = Phase(spec["phase"])
    return Status(
        slug=slug,
        label=label_of(spec),
        phase=phase,
        was=tuple(spec.get("was", ())),
        waits_on=spec.get("waits_on"),
        counts_as_waiting=spec.get("counts_as_waiting", phase is Phase.WAITING),
    )


def _confirmation(spec: Body | None) -> Confirmation | None:
    if spec is None:
        return None
    return Confirmation(
        status=spec["status"],
        transition=spec["transition"],
        silence=duration(spec["silence"]),
        calendar=spec["calendar"],
        template=spec.get("template"),
    )


def _stale(spec: Body | None) -> Stale | None:
    if spec is None:
        return None
    return Stale(
        after=duration(spec["after"]), calendar=spec["calendar"], tells=tuple(spec["tells"]), template=spec.get("template")
    )


def survey_of(slug: str, spec: Body) -> Survey:
    return Survey(
        slug=slug,
        label=label_of(spec),
        audience=tuple(spec["audience"]),
        every=spec.get("every"),
        by=spec.get("by", "desk"),
        asks={name: label_of(question) for name, question in spec.get("asks", {}).items()},
        template=spec.get("template"),
    )
