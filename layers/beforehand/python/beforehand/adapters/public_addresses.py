"""Which addresses belong to the internet at large, and to no network, machine or metadata service of ours.

Sources: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and what followed it).
"""

import ipaddress

_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
        ),
    )
)
_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    map(
        ipaddress.IPv6Network,
        # Special uses (Teredo among them), documentation, and 6to4, which carries an address of IPv4 inside.
        ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


def is_public(address: str) -> bool:
    """Whether an address may be called. One that is written in IPv6 but means IPv4 may not, whatever it means."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    if ip.scope_id is not None:
        return False
    return ip in _PUBLIC_6 and not any(ip in network for network in _NOT_PUBLIC_6)
