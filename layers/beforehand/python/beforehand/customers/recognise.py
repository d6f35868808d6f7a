"""Which columns of a file are ours: by their names, or by other names that are well known."""

from collections.abc import Mapping, Sequence

from beforehand.customers.columns import COLUMNS, Kind
from beforehand.customers.sheet import UnreadableFileError

OTHER_NAMES: Mapping[Kind, Mapping[str, str]] = {
    "customers": {
        "customer_id": "id customer custid customerno customernumber customercode clientid clientno clientnumber",
        "name": "fullname customername clientname displayname",
        "email": "emailaddress emailid mail mailaddress",
        "phone": "phonenumber phoneno mobile mobileno mobilenumber mobilephone telephone telephonenumber tel cell"
        " cellphone contactnumber msisdn",
        "language": "lang locale preferredlanguage languagecode",
        "zone": "timezone tz",
        "country": "countrycode countryiso",
        "segment": "customersegment",
        "loyalty_tier": "tier loyaltylevel membershiptier",
        "lifetime_value": "ltv clv customerlifetimevalue",
        "signed_up_on": "signedup signupdate signupon registrationdate registeredon createdon createdat"
        " customersince joindate joinedon",
        "last_active_on": "lastactive lastactivity lastactivitydate lastactivedate lastseen lastlogin",
        "marketing_consent": "consent optin marketingoptin optinmarketing",
        "nps": "npsscore",
    },
    "purchases": {
        "customer_id": "customer custid customerno customernumber customercode clientid clientno clientnumber",
        "purchased_on": "date purchasedate purchasedat orderdate orderedon transactiondate invoicedate",
        "amount": "total totalamount orderamount ordertotal ordervalue price value",
        "quantity": "qty units",
        "purchase_id": "orderid orderno ordernumber transactionid invoiceid invoiceno invoicenumber",
    },
}


def recognise(header: Sequence[str], kind: Kind) -> dict[str, int]:
    """Our columns and their places in the header. Upper and lower case, spaces and dashes make no difference.

    Raises UnreadableFileError where a column that is needed is missing, or where two could be the same.
    """
    plain = [_plain(name) for name in header]
    found: dict[str, int] = {}
    for name in COLUMNS[kind]:
        places = [place for place, said in enumerate(plain) if said == _plain(name)]
        if len(places) > 1:
            raise UnreadableFileError(f"the header names {name} more than once; keep one of them")
        others = OTHER_NAMES[kind].get(name, "").split()
        places = places or [place for place, said in enumerate(plain) if said in others]
        if len(places) > 1:
            could = " and ".join(repr(header[place]) for place in places)
            raise UnreadableFileError(f"{could} could each be {name}; rename one, or say in a mapping which it is")
        if places:
            found[name] = places[0]
    missing = [name for name, column in COLUMNS[kind].items() if column.required and name not in found]
    if missing:
        told = "Others can be named in a mapping"
        if not found and any(name[:1].isdigit() for name in header):
            told = "If the first line is no header, say header = false in a mapping, and what separates its cells"
        raise UnreadableFileError(
            f"the header lacks {', '.join(missing)}; it has {', '.join(header)}. Columns that are understood: "
            f"{', '.join(COLUMNS[kind])}. {told}"
        )
    return found


def how_many(header: Sequence[str], kind: Kind) -> int:
    """How many columns of a header could be ours."""
    ours = {_plain(name) for name in COLUMNS[kind]}.union(*(o.split() for o in OTHER_NAMES[kind].values()))
    return sum(_plain(name) in ours for name in header)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
