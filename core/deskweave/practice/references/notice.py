"""References of channels, templates and surveys: who is told what, by which way, in words that leave no blank (practice G)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deskweave.documents import as_list, as_map, problem, shown
from deskweave.findings import Finding
from deskweave.model import OCCASIONS, TRAITS, OccasionKind
from deskweave.practice import message
from deskweave.practice.references.terms import References

_TEXTS: Final = ("subject", "body")


def check_channels(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _ways_in(r)
    for slug, spec in as_map(body.get("channels")).items():
        traits = as_map(as_map(spec).get("traits"))
        unrated = [trait for trait in TRAITS if trait not in traits]
        if as_map(spec).get("rated_on") is not None and unrated:
            path = (*at, "channels", slug, "rated_on")
            said = f"a channel with a date is rated on all eight traits; not rated: {', '.join(unrated)}"
            yield problem(
                "rating-incomplete", r.place(*path), slug, said, allowed=TRAITS, remedy="rate them, or take the date away"
            )
    for slug, rule in as_map(body.get("delivery")).items():
        spec = as_map(rule)
        yield from r.all_known("role", spec.get("audience"), r.terms.roles, *at, "delivery", slug, "audience")
        yield from _ways_out(r, spec.get("channels"), *at, "delivery", slug, "channels")


def check_surveys(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    for slug, survey in as_map(body.get("surveys")).items():
        spec, path = as_map(survey), (*at, "surveys", slug)
        yield from r.all_known("role", spec.get("audience"), r.terms.roles, *path, "audience")
        yield from r.known("template", spec.get("template"), r.terms.templates, *path, "template")
        template = as_map(r.terms.bodies.get(("Template", str(spec.get("template")))))
        occasion = OCCASIONS.get(str(template.get("occasion")))
        about = "inquiry" if spec.get("every") is None else "notice"
        if occasion is not None and occasion.about != about:
            fit = [name for name in r.terms.templates if _about(r, name) == about]
            asked = "on each record" if about == "inquiry" else "of many at once"
            said = f"the survey is asked {asked}; {shown(spec['template'])!r} is for the occasion {occasion.name!r}"
            yield problem("survey-template", r.place(*path, "template"), shown(spec["template"]), said, allowed=fit)


def _about(r: References, template: str) -> str:
    occasion = OCCASIONS.get(str(as_map(r.terms.bodies["Template", template]).get("occasion")))
    return occasion.about if occasion is not None else ""


def check_template(r: References, at: tuple[str, str], body: Mapping[str, Any]) -> Iterator[Finding]:
    terms = r.terms
    yield from r.all_known("role", body.get("audience"), terms.roles, *at, "audience")
    yield from r.known("role", body.get("approval"), terms.roles, *at, "approval")
    yield from _ways_out(r, body.get("channels"), *at, "channels")
    answered = body.get("answer", "none") != "none"
    for key in ("unanswered_after", "attempts"):
        if key in body and not answered:
            said = "a message that asks for no answer is never unanswered"
            remedy = f"say in `answer:` what is awaited, or take `{key}:` away"
            yield problem("answer-not-asked", r.place(*at, key, key=True), key, said, remedy=remedy)
    if body.get("reliability") == "assured" and not answered:
        ways = as_list(body.get("channels"))
        loose = [way for way in ways if not _assured(r, way)]
        if loose or not ways:
            said = "nobody will know whether the message arrived: it asks for no answer, and not every channel is assured"
            yield problem(
                "assured-unproven",
                r.place(*at, "reliability"),
                "assured",
                said,
                allowed=tuple(slug for slug in terms.channels if _assured(r, slug)),
                remedy="state `answer: receipt`, or assured channels only",
            )
    occasion = OCCASIONS.get(str(body.get("occasion")))
    if occasion is not None:
        yield from _texts(r, at, body, occasion)


def _ways_in(r: References) -> Iterator[Finding]:
    """Items of the catalog are asked for by channels that take inquiries in."""
    for name, category, service, slug, item in r.terms.catalog():
        for number, channel in enumerate(as_list(item.get("channels"))):
            if _channel(r, channel).get("use") == "delivery":
                path = ("categories", category, "services", service, "items", slug, "channels", number)
                taken = [one for one in r.terms.channels if _channel(r, one).get("use") != "delivery"]
                said = f"{shown(channel)!r} only carries messages out: nobody can ask for the item by it"
                yield problem("channel-delivery-only", r.place("Catalog", name, *path), shown(channel), said, allowed=taken)


def _ways_out(r: References, channels: Any, *path: str | int) -> Iterator[Finding]:
    yield from r.all_known("channel", channels, r.terms.channels, *path)
    for number, slug in enumerate(as_list(channels)):
        if _channel(r, slug).get("use") == "intake":
            out = [one for one in r.terms.channels if _channel(r, one).get("use") != "intake"]
            said = f"{shown(slug)!r} only takes inquiries in: nothing goes out by it"
            yield problem("channel-intake-only", r.place(*path, number), shown(slug), said, allowed=out)


def _channel(r: References, slug: object) -> Mapping[str, Any]:
    every = (as_map(body.get("channels")) for _, body in r.terms.of("Channels"))
    return next((as_map(channels[str(slug)]) for channels in every if str(slug) in channels), {})


def _assured(r: References, slug: object) -> bool:
    return _channel(r, slug).get("reliability") == "assured"


def _texts(r: References, at: tuple[str, str], body: Mapping[str, Any], occasion: OccasionKind) -> Iterator[Finding]:
    """Every placeholder is filled: by a value that is always there, or by words of `without`.

    Those words also stand for a field that the practice does not have: a client who removes one need not write the templates anew.
    """
    types, life, without = r.once(_types, occasion.name), r.once(_life), as_map(body.get("without"))
    used: dict[str, None] = {}
    for part in _TEXTS:
        for language, text in as_map(body.get(part)).items():
            path = (*at, part, language)
            names = dict.fromkeys(one.name for one in message.parse(str(text)).placeholders)
            used |= names
            excused = [name for name in names if language in as_map(without.get(name))]
            for flaw in message.check(str(text), types):
                if flaw.rule != "unknown-placeholder" or flaw.found not in excused:
                    yield _told(r, flaw, *path)
            for name in names:
                tellable = message.FORMATS.get(types.get(name, ""))
                if tellable and name not in excused and message.may_be_empty(occasion, name, life):
                    said = f"{name!r} can be empty on {occasion.name!r}: the message would have a blank"
                    remedy = f"add under `without:` what stands there instead, in {language}: {name}: {{{language}: ...}}"
                    yield problem("template-blank", r.place(*path), name, said, remedy=remedy)
    for name, words in without.items():
        if name not in used and not _for_replaced_text(r, at, body, name):
            said = f"no text of this template has {{{name}}}"
            yield problem("without-unused", r.place(*at, "without", name, key=True), name, said, allowed=tuple(used), word=name)
        for language, text in as_map(words).items():
            yield from _without(r, str(text), *at, "without", name, language)


def _for_replaced_text(r: References, at: tuple[str, str], body: Mapping[str, Any], name: str) -> bool:
    """Words that a pack, or a folder that is extended, has for a text which a layer above it wrote anew."""
    source = r.place(*at, "without", name, key=True).source
    if not (":" in source.split("/")[0] or source.startswith(("./", "../", "/"))):
        return False
    texts = ((part, language) for part in _TEXTS for language in as_map(body.get(part)))
    return any(r.place(*at, *path).source != source for path in texts)


def _without(r: References, text: str, *path: str | int) -> Iterator[Finding]:
    read = message.parse(text)
    for flaw in read.flaws:
        yield _told(r, flaw, *path)
    for one in read.placeholders:
        said = "what stands instead of an empty field has no placeholders: they could be empty as well"
        yield problem("without-placeholder", r.place(*path), f"{{{one.name}}}", f"{message.spot(text, one.start)}: {said}")


def _told(r: References, flaw: message.Flaw, *path: str | int) -> Finding:
    return problem(
        flaw.rule,
        r.place(*path),
        shown(flaw.found),
        f"{flaw.where}: {flaw.message}",
        allowed=flaw.allowed,
        word=flaw.found if flaw.allowed else None,
        remedy=flaw.remedy,
    )


def _types(r: References, occasion: str) -> dict[str, str]:
    return message.carried(OCCASIONS[occasion], {name: str(spec.get("type")) for name, spec in r.terms.fields.items()})


def _life(r: References) -> message.Life:
    body: Mapping[str, Any] = next((body for _, body in r.terms.of("StatusModel")), {})
    ways = [as_map(way) for way in as_map(body.get("transitions")).values()]
    required = {name: as_map(spec.get("required")).get("entering") for name, spec in r.terms.fields.items()}
    return message.Life(
        initial=str(body.get("initial")),
        phases={slug: str(as_map(spec).get("phase")) for slug, spec in as_map(body.get("statuses")).items()},
        ways=[([str(one) for one in as_list(way.get("from"))], str(way.get("to"))) for way in ways],
        required={name: str(status) for name, status in required.items() if status is not None},
    )
