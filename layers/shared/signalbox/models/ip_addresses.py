"""Which addresses may be called: public ones only, by explicit networks; and who has an address.

`is_global` of the module `ipaddress` is not enough: it accepts NAT64, 6to4 and multicast addresses.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_DENIED_4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local: metadata of instances and containers
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_ALLOWED_6: Final = IPv6Network("2000::/3")
_DENIED_6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
_CLIENT_PREFIX: Final = 64
_NAT64: Final = IPv6Network("64:ff9b::/96")
_NEVER_4: Final = IPv4Network("169.254.0.0/16")
_NEVER_6: Final = (
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::/32"),  # metadata and resolver of instances
)


def is_allowed_address(ip: str) -> bool:
    """Return whether this is the address of a public host; False if it is not an address."""
    address = _parsed(ip)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _DENIED_4)
    return address is not None and _allowed_6(address)


def is_forbidden_address(ip: str) -> bool:
    """Return whether this is a link-local address, or one of a metadata service.

    Such an address is never called, whatever an operator allows.
    """
    address = _parsed(ip)
    if isinstance(address, IPv4Address):
        return address in _NEVER_4
    return address is not None and any(address in network for network in _NEVER_6)


def _parsed(ip: str) -> IPv4Address | IPv6Address | None:
    """Return the address, or the IPv4 address that it embeds; None if it is not an address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None
    return (_within(address) or address) if isinstance(address, IPv6Address) else address


def _within(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address embeds, or None."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped


def _allowed_6(address: IPv6Address) -> bool:
    return (
        address.scope_id is None
        and address in _ALLOWED_6
        and not any(address in network for network in _DENIED_6)
    )


def is_address(text: str) -> bool:
    """Return whether this is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def client_network(source_ip: str) -> str:
    """Return the network of an address: one IPv4 address, or the /64 of an IPv6 host."""
    try:
        address = ip_address(source_ip)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _CLIENT_PREFIX), strict=False))
