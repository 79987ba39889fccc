"""Which addresses are on the public internet: the rule behind the guard against SSRF. Pure."""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# not public, whatever `is_global` says of them: special purpose, 6to4 relays, Teredo, local NAT64
_REFUSED = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/32"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("::/96"),
    IPv6Network("3fff::/20"),
    # a cloud's own service for its machines, at an address that looks public
    IPv4Network("168.63.129.16/32"),
)


_METADATA = (
    IPv4Network("169.254.0.0/16"),
    IPv4Network("168.63.129.16/32"),
    IPv4Network("100.100.100.200/32"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::/32"),
)


def may_tell_secrets(address: str) -> bool:
    """Whether a numeric address may be that of a cloud's service which tells its machines their keys:
    never asked, also where private networks may be. Raises: ValueError on a name."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    carried = _carried(ip) if isinstance(ip, IPv6Address) else None
    judged = carried or ip
    return any(judged in network for network in _METADATA if network.version == judged.version)


def is_public(address: str) -> bool:
    """Whether a numeric address is one that anybody may reach. What carries an IPv4 address
    inside (mapped, 6to4, NAT64) is judged by that. Raises: ValueError on a name."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    carried = _carried(ip) if isinstance(ip, IPv6Address) else None
    return _is_global(carried or ip)


def _is_global(ip: IPv4Address | IPv6Address) -> bool:
    if any(ip in network for network in _REFUSED if network.version == ip.version):
        return False
    if ip.version == 6 and ip not in _UNICAST:
        return False
    # is_global alone lets multicast and a few reserved blocks pass
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carried(ip: IPv6Address) -> IPv4Address | None:
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
