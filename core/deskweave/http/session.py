"""A requests session as Deskweave wants it.

No cookies (ServiceNow serialises a client that keeps them and drops the overflow), no redirects (a login page on another host
must not get our credentials), no .netrc, a timeout on everything, loopback never through a proxy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 70.0  #: over ServiceNow's own 60 s quota, so that its answer arrives before we give up


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One call as `-v` and `--trace` show it: no query values, no bodies, no secrets."""

    method: str
    host: str
    path: str
    status: int  #: 0: no answer
    seconds: float
    sent: int
    received: int
    request_id: str


def is_loopback(host: str | None) -> bool:
    """Whether an address is this machine by its name or number."""
    if not host:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def open_session(
    *,
    proxy: str | None = None,
    ca_bundle: str | None = None,
    environment: bool = True,
    observe: Callable[[Observation], None] | None = None,
) -> requests.Session:
    """A session for one connection.

    Args:
        proxy: this connection's proxy; None takes the environment's (HTTPS_PROXY, NO_PROXY) unless `environment` is False.
        ca_bundle: path of the CA certificates to trust instead of the public ones.
        environment: whether the environment's proxies count.
        observe: told of every call after it ended.
    """
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_environ_proxies

    class Session(requests.Session):
        def merge_environment_settings(self, url: str | bytes | None, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
            target = url.decode() if isinstance(url, bytes) else url or ""
            chosen: Mapping[str, str] = {}
            if not is_loopback(urlsplit(target).hostname):
                if proxy is not None:
                    chosen = {"http": proxy, "https": proxy} if proxy else {}
                elif environment:
                    chosen = get_environ_proxies(target, no_proxy=None)
            return {"proxies": dict(chosen), "stream": stream, "verify": ca_bundle or True, "cert": cert}

        def request(self, method: Any, url: Any, *args: Any, **more: Any) -> requests.Response:
            more.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
            more["allow_redirects"] = False
            begun = monotonic()
            response: requests.Response | None = None
            try:
                response = super().request(method, url, *args, **more)
                return response
            finally:
                if observe is not None:
                    observe(_observation(str(method), str(url), response, monotonic() - begun))

    session = Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=8, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = "deskweave"
    return session


def _observation(method: str, url: str, response: requests.Response | None, seconds: float) -> Observation:
    parts = urlsplit(url)
    headers = response.headers if response is not None else {}
    return Observation(
        method=method.upper(),
        host=parts.netloc.rpartition("@")[2],
        path=parts.path,
        status=response.status_code if response is not None else 0,
        seconds=seconds,
        sent=len(response.request.body or b"") if response is not None else 0,
        received=len(response.content) if response is not None else 0,
        request_id=next((headers[name] for name in ("X-Transaction-ID", "X-Tt-Logid", "atl-traceid") if name in headers), ""),
    )
