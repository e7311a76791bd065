"""Where requests to a model may go.

A base URL that a tenant sets is hostile until shown otherwise (server-side request forgery): it must be https, carry no
credentials, and its host must not be a private, local or reserved address in any spelling. What the host's name resolves
to is checked on every connection, in `transport.py`. The operator's own configuration may point anywhere.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from recalld.errors import ConfigurationError, InvalidInput


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """With whose key, and on whose word, an endpoint is called."""

    api_key: str | None = None  # None: the provider's own environment variable, for trusted endpoints only
    trusted: bool = True  # False: the base URL comes from a tenant


def check_base_url(url: str, *, trusted: bool) -> str:
    """*url* if requests may go there.

    A *trusted* one comes from the operator and only has to be a URL (`ConfigurationError`). One that a tenant sets has to
    be https with a host that is no private address (`InvalidInput`).
    """
    kind = ConfigurationError if trusted else InvalidInput
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise kind(f"the base URL {_shown(url)!r} is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise kind(f"the base URL {_shown(url)!r} must be http(s)://HOST[:PORT][/PATH]")
    if not trusted:
        _check_foreign(url, parts.scheme, parts.hostname, has_credentials=parts.username is not None)
    return url


def _check_foreign(url: str, scheme: str, host: str, *, has_credentials: bool) -> None:
    if scheme != "https":
        raise InvalidInput(f"the base URL {_shown(url)!r} must be https")
    if has_credentials:
        raise InvalidInput("the base URL must not carry a user name or password; give the key separately")
    if _is_local_name(host) or not _may_be_public(host):
        raise InvalidInput(f"the base URL {_shown(url)!r} points at a private, local or reserved address")


def is_public(address: str) -> bool:
    """True for an address of the open internet; False for private, loopback, link-local, multicast and reserved ones.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is as public as what it carries.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        carried = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1]) or _nat64(ip)
        if carried:
            return is_public(str(carried))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside `64:ff9b::/96` and inside the deprecated IPv4-compatible `::/96`."""
    if ip in ipaddress.IPv6Network("64:ff9b::/96") or ip in ipaddress.IPv6Network("::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def _may_be_public(host: str) -> bool:
    """False for a literal address that is not public, in any spelling the C library reads (decimal, octal, hex, short)."""
    try:
        return is_public(host)
    except ValueError:
        pass
    try:
        return is_public(socket.inet_ntoa(socket.inet_aton(host)))
    except OSError:
        return True  # a name: what it resolves to is checked when a connection is made


def _is_local_name(host: str) -> bool:
    name = host.rstrip(".").casefold()
    return ("." not in name and ":" not in name) or name.endswith((".local", ".localhost", ".internal", ".home.arpa"))


def _shown(url: str) -> str:
    """The URL without a password it may carry, short enough for a message."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"[:200]
