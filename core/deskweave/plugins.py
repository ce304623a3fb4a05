"""Find, load, guard and list plugins. One that is broken is named and the house stays up (practice M3).

The contract's table of what becomes of the work at hand when a hook raises: docs/en/reference/hooks.md. Only pluggy's public
interface is used: each implementation is wrapped before it is registered.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final

import pluggy

from deskweave import hookspecs
from deskweave.errors import DocumentError, PluginError
from deskweave.findings import Finding, Place, Severity

if TYPE_CHECKING:
    from deskweave.connector import Connector

GROUP: Final = "deskweave.plugins"
PRACTICE_HOOKS: Final = frozenset(
    {
        "deskweave_practice_packs",
        "deskweave_inquiry_schema",
        "deskweave_catalog",
        "deskweave_status_model",
        "deskweave_kpi_rules",
    }
)
GATES: Final = frozenset({"deskweave_incoming", "deskweave_outgoing"})


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that is not in use, and why."""

    name: str
    distribution: str
    error: Exception

    @property
    def reason(self) -> str:
        return f"{type(self.error).__name__}: {self.error}"


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    name: str
    distribution: str
    version: str
    hooks: tuple[str, ...]


@dataclass(slots=True)
class Plugins:
    """Everything that was found: what works, what is broken, and what went wrong since."""

    manager: pluggy.PluginManager
    loaded: list[LoadedPlugin] = field(default_factory=list)
    broken: list[BrokenPlugin] = field(default_factory=list)
    faults: list[PluginError] = field(default_factory=list)
    _connectors: dict[str, Connector] | None = None

    @property
    def connectors(self) -> Mapping[str, Connector]:
        """Every connector by name, asked for once. A name taken twice stays with the first; another contract is reported."""
        if self._connectors is None:
            from deskweave.connector import API_VERSION

            self._connectors = {}
            for plugin, answered in self.each("deskweave_connectors"):
                for connector in answered or ():
                    try:
                        self._admit(plugin, connector, API_VERSION)
                    except Exception as error:  # noqa: BLE001  a stranger's object, whose attributes may raise
                        self.broken.append(BrokenPlugin(plugin, "", error))
        return self._connectors

    def _admit(self, plugin: str, connector: Connector, api_version: int) -> None:
        name, api = str(connector.name), connector.api
        if api != api_version:
            message = f"connector {name} is written for contract {api}, this deskweave speaks {api_version}: " + (
                "it needs a newer deskweave" if api > api_version else "it needs an update"
            )
            raise PluginError(plugin, "deskweave_connectors", message)
        connectors = self._connectors if self._connectors is not None else {}
        if name in connectors:
            message = f"the name {name} is taken; the first one found stays"
            self.faults.append(PluginError(plugin, "deskweave_connectors", message))
        else:
            connectors[name] = connector

    def each(self, hook: str, **arguments: object) -> list[tuple[str, Any]]:
        """Call `hook` of each plugin by itself, in order of name, and say whose answer is whose; None answers are left out."""
        answers: list[tuple[str, Any]] = []
        for name in sorted(plugin.name for plugin in self.loaded):
            others = [other for other_name, other in self.manager.list_name_plugin() if other_name != name and other is not None]
            answer = getattr(self.manager, "subset_hook_caller")(hook, others)(**arguments)  # noqa: B009  typed as Any
            for part in answer if isinstance(answer, list) else [answer]:
                if part is not None:
                    answers.append((name, part))
        return answers

    def register(self, plugin: object, name: str, distribution: str = "", version: str = "") -> None:
        """Guard and register one plugin; what is wrong with it is remembered, never raised."""
        try:
            api = getattr(plugin, "deskweave_api", hookspecs.API_VERSION)
            if api != hookspecs.API_VERSION:
                message = f"it is written for hook contract {api}, this deskweave speaks {hookspecs.API_VERSION}" + (
                    ": it needs a newer deskweave" if api > hookspecs.API_VERSION else ""
                )
                raise PluginError(name, "load", message)
            guarded = _guarded(plugin, name, self.faults)
            self.manager.register(guarded, name=name)
            self.manager.check_pending()
        except Exception as error:  # noqa: BLE001  whatever a stranger's plugin raises while it is registered
            if self.manager.get_plugin(name) is not None:
                self.manager.unregister(name=name)
            self.broken.append(BrokenPlugin(name, distribution, error))
            return
        hooks = tuple(sorted(hook for hook in vars(guarded) if hook.startswith("deskweave_")))
        self.loaded.append(LoadedPlugin(name, distribution, version, hooks))


def load_plugins(points: Iterable[EntryPoint] | None = None) -> Plugins:
    """Every plugin that is installed, each behind its guard.

    DESKWEAVE_PLUGINS=a,b loads only those (empty: none); DESKWEAVE_BLOCK=a,b leaves those out.

    Args:
        points: entry points to load instead of the installed ones.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager)
    only, blocked = os.environ.get("DESKWEAVE_PLUGINS"), _names(os.environ.get("DESKWEAVE_BLOCK", ""))
    seen: set[str] = set()
    for point in sorted(entry_points(group=GROUP) if points is None else points, key=lambda point: point.name):
        distribution = point.dist.name if point.dist else ""
        version = point.dist.version if point.dist else ""
        if point.name in blocked or (only is not None and point.name not in _names(only)):
            continue
        if point.name in seen:
            plugins.broken.append(
                BrokenPlugin(point.name, distribution, PluginError(point.name, "load", "the name is taken by another package"))
            )
            continue
        seen.add(point.name)
        try:
            plugin = point.load()
        except Exception as error:  # noqa: BLE001  whatever a stranger's module raises while it is imported
            plugins.broken.append(BrokenPlugin(point.name, distribution, error))
            continue
        plugins.register(plugin, point.name, distribution, version)
    return plugins


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


class _Guarded:
    """A plugin as pluggy sees it: its implementations, each behind a guard."""


def _guarded(plugin: object, name: str, faults: list[PluginError]) -> _Guarded:
    proxy = _Guarded()
    for attribute in dir(plugin):
        implementation = getattr(plugin, attribute)
        options = getattr(implementation, hookspecs.PROJECT + "_impl", None)
        if options is None or not inspect.isroutine(implementation):
            continue
        if options.get("wrapper") or options.get("hookwrapper"):
            message = f"{attribute} is a wrapper; wrappers are the host's own"
            raise PluginError(name, attribute, message)
        setattr(proxy, attribute, _guard(implementation, attribute, name, faults))
    return proxy


def _guard(implementation: Callable[..., Any], hook: str, plugin: str, faults: list[PluginError]) -> Callable[..., Any]:
    @functools.wraps(implementation)
    def run(*args: Any, **more: Any) -> Any:
        try:
            answer = implementation(*args, **more)
            # a generator would raise outside this guard, when somebody else walks it
            if inspect.isgenerator(answer) or (isinstance(answer, Iterable) and not isinstance(answer, (Sequence, Mapping, str))):
                answer = list(answer)
        except Exception as error:
            fault = PluginError(plugin, hook, f"{type(error).__name__}: {error}")
            if hook in PRACTICE_HOOKS:
                raise DocumentError([_finding(fault)]) from error
            faults.append(fault)
            if hook in GATES:
                from deskweave.model.desk import Hold

                return Hold(f"plugin {plugin} failed in {hook}, and a broken gate is a closed one")
            return None
        if hook in PRACTICE_HOOKS and answer is not None and getattr(answer, "origin", None) == "":
            from dataclasses import replace

            return replace(answer, origin=f"plugin:{plugin}")
        return answer

    return run


def _finding(fault: PluginError) -> Finding:
    return Finding(
        rule="plugin-raised",
        severity=Severity.ERROR,
        place=Place(source=f"plugin:{fault.plugin}", path=fault.hook),
        found=str(fault)[:80],
        message=f"the plugin failed while it added to the practice, and half a practice would write wrong data: {fault}",
        remedy=f"mend or remove the plugin, or start without it: DESKWEAVE_BLOCK={fault.plugin}",
    )
