"""Mistakes, and what stops a run, in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MESSAGES: Final[Mapping[str, str]] = {
    "other-word": "There is no command {word} here. What you mean is: {ours}",
    "later-word": "{word} is planned and not in this version.",
    "unknown-command": "There is no command {word}.",
    "did-you-mean": "did you mean {word} ?",
    "no-such-option": "There is no option {option} here.",
    "missing-parameter": "{parameter} is missing.",
    "option-needs-value": "{option} needs a value: {option} {value}",
    "option-value": "{option}: {value} is not allowed. Allowed: {allowed}",
    "plugin-commands-failed": "Commands of plugin {plugin} are missing: {reason}",
    "needs-yes": "Nobody is at the terminal to be asked. To go on:\n  {command}",
    "no-bindings": "There is no file in bindings/: nothing can be read or written. Nothing was sent.",
    "no-connections": "There are no connections in deskweave.yaml. Nothing was sent.",
    "no-such-inquiry": "No inquiry is called {key}, here or on a platform.",
    "no-such-field": "{field} is no field of this practice.",
    "no-such-metric": "{name} is no metric of this practice.",
    "no-such-conflict": "There is no open conflict {name}.",
    "no-such-delivery": "Nothing in the inbox is called {key}.",
    "no-such-parked": "Nothing parked is called {key}.",
    "practice-unknown": "Nothing in this practice is called {path}.",
    "emulate-unknown": "{name} is no connector with an emulator.",
    "nothing-sent": "Nothing was sent anywhere.",
    "nothing-changed": "Nothing has been changed.",
    "output-nowhere": "{file} cannot be written: there is no such folder, or that is a folder itself",
    "our-fault": "Deskweave itself failed ({kind}). This is a bug, not your mistake.",
    "crash-file": "What happened is in {file}; secrets are taken out.",
    "crash-next": "The same command can be given again; --debug shows it here.",
    "interrupted": "Interrupted. What was done is kept; the same command goes on.",
    "failed": "FAIL",
    "stopped": "STOPPED. {text}",
    "severity-error": "error",
    "severity-warning": "warn",
    "severity-note": "note",
    "allowed": "allowed: {words}",
    "and-more": "... and {count} more",
    "why": "why: {reason} ({rule})",
    "notes-hidden": "{n:note|notes} left out; -v shows them.",
    "vendor-said": "the platform said: {said}",
    "stands-at": "set at {place}",
    "remedy-CredentialError": "Check the sign-in of {connection}: name, secret, expiry.",
    "remedy-PermissionMissing": "Ask the owner of {connection} for this right.",
    "remedy-ConfigurationError": "Correct the settings of {connection}, then: deskweave check {connection}",
    "retry-at": "asks us to come back at {moment}",
    "remedy-RateLimited": "Wait; the same command goes on.",
    "remedy-TransientError": "Check address, network and proxy of {connection}; the same command goes on.",
    "remedy-Rejected": "Correct the value there or in the practice, then again.",
    "remedy-Stale": "The same command goes on.",
    "remedy-Missing": "Look at it there: it is gone, or not for us to see.",
    "remedy-other": "deskweave check {connection} -v",
    "stop-no-store": "There is no store at {file}.",
    "stop-store-in-use": "The store {store} is in use by process {pid} ({purpose}) since {since}. Only one may write to it. "
    "Wait until it has finished, or stop it; reading commands (status, show, explain) work meanwhile.",
    "stop-served-already": "Process {pid} serves this folder since {since}; one is enough. Stop it first to start another.",
    "stop-hook-secret": "{file} holds no secret that could stand in an address: at least 24 letters, digits, - and _. Delete it; "
    "the next start makes another one, and the addresses have to be entered anew.",
    "stop-cannot-listen": "Nothing can listen at {address}: {why}",
    "stop-file-there": "{file} is there already. Nothing was written.",
    "stop-no-such-store": "{file} is no store of Deskweave's, or it is damaged. Nothing was changed.",
    "stop-read-only": "{connection} is read-only: nothing was written there. To change that, write access: write at {where}",
    "stop-wrong-instance": "{connection}: this folder was made for {pinned}, and {live} answers. "
    "Nothing was read or written. Is the address right? The pinned instance stands in {file}.",
    "stop-other-install": "{connection}: {live} carries the mark of another Deskweave store ({theirs}; this one is {ours}). "
    "Two stores that write to one instance double every record. Nothing was written. Was the store lost or emptied: "
    "deskweave store rebuild. Is this one right and the other no longer in use:",
    "stop-lease-lost": "another run took over the store while this one stood still: {holder}. Nothing more was written by this "
    "one; the other goes on with what was begun.",
    "stop-old-store": "{connection}: {live} was written to by a later state of this store (epoch {theirs}; this one is {ours}). "
    "This looks like an old copy. Nothing was written. Work with the later one, or put it back. Is it lost:",
    "stop-practice-changed": "The practice has changed: {old} is in force here, the files say {new}. "
    "Nothing was read or written. Look at what changes, then put it into force.",
    "stop-becomes-missing": "Open inquiries hold words the new practice does not have: {what}. The old practice stays in force.",
    "stop-protected": "Environment {environment} is protected: make a plan, look at it, then apply that plan.",
}
