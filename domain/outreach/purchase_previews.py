"""A file of purchases before it is imported: what its columns most likely mean, and the first purchases it tells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice

from domain.audience.imports import columns
from domain.audience.imports.columns import Columns
from domain.audience.imports.preview import SHOWN, Sort
from domain.audience.imports.remarks import Remark
from domain.loyalty.sales import Sale
from domain.outreach import purchase_rows
from domain.outreach.purchase_rows import COLUMNS, DATES, Ground, Row, RowsRefused
from domain.tables import Line

# What tills and other programs call them, without blanks and signs.
_CALLED = {
    "external_id": "externalid id receipt receiptno receiptnumber receiptid bill billno billnumber billid invoice "
    "invoiceno invoicenumber order orderno ordernumber orderid transaction transactionid purchaseid saleid number no "
    "bon bonnr bonnummer beleg belegnr belegnummer rechnung rechnungsnr rechnungsnummer bestellung bestellnr "
    "bestellnummer transaktion vorgang vorgangsnummer nummer nr",
    "amount": "amount total totalamount grandtotal sum gross grosstotal paid betrag gesamt gesamtbetrag summe "
    "endbetrag brutto bruttobetrag umsatz bezahlt",
    "currency": "currency currencycode währung waehrung",
    "occurred_at": "occurredat date datetime time timestamp createdat soldat paidat purchasedat when datum zeit "
    "zeitpunkt datumzeit datumuhrzeit belegdatum rechnungsdatum verkauftam bezahltam kaufdatum",
    "channel": "channel saleschannel kanal verkaufskanal",
    "location": "location store shop branch outlet standort filiale laden geschäft betriebsstätte",
    "member_external_id": "memberid memberno membernumber customerid customerno customernumber guestid gastnummer "
    "mitgliedsnummer mitgliednr mitgliedsnr kundennummer kundennr kundenid",
    "member_email": "memberemail email emailaddress mail customeremail emailadresse mailadresse",
    "member_phone": "memberphone phone phonenumber mobile customerphone telefon telefonnummer handy handynummer mobil",
    "member_card": "membercard card cardnumber cardno loyaltycard karte kartennummer kartennr kundenkarte stempelkarte "
    "bonuskarte",
    "item_name": "itemname item product productname article description artikel artikelname artikelbezeichnung "
    "produkt produktname bezeichnung position",
    "item_category": "itemcategory category productcategory group productgroup kategorie warengruppe artikelgruppe "
    "produktgruppe",
    "quantity": "quantity qty count pieces menge anzahl stück stueck",
    "item_amount": "itemamount itemtotal linetotal lineamount positionsbetrag artikelbetrag einzelbetrag zeilenbetrag",
}
_GUESSES = {name: field for field, names in _CALLED.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Bill:
    """A purchase as it will be read from the line on: nothing when it is refused, and why."""

    line: int
    said: Sale | None
    remarks: Sequence[Remark]


def purchases(ground: Ground) -> Sort:
    """A file of purchases, as it is read for the café of this ground."""

    def first(found: Columns, order: str, lines: Sequence[Line]) -> list[Bill]:
        return list(islice(_bills(found, replace(ground, dates=order or None), lines), SHOWN))

    return Sort(DATES, guessed, first)


def guessed(headers: Sequence[str]) -> dict[str, str]:
    """The field of a purchase that each header most likely means, "" where none is likely."""
    return columns.guessed(headers, names=_GUESSES, known=COLUMNS.__contains__)


def _bills(found: Columns, ground: Ground, lines: Sequence[Line]) -> Iterator[Bill]:
    """Neighbours with one number are one purchase; a line that can't be read stands for itself."""
    told = [(line, _cells(found, line)) for line in lines]
    for _, group in groupby(enumerate(told), key=lambda each: _key(each[0], *each[1])):
        yield _bill([line for _, line in group], ground)


def _key(at: int, line: Line, cells: Mapping[str, str]) -> str | int:
    return at if line.problem else cells.get("external_id") or at


def _cells(found: Columns, line: Line) -> dict[str, str]:
    if line.problem:
        return {}
    return {name: line.cells[at] for at, name in enumerate(found.fields) if name and line.cells[at]}


def _bill(group: Sequence[tuple[Line, Mapping[str, str]]], ground: Ground) -> Bill:
    line = group[0][0]
    if line.problem:
        return Bill(line.number, None, [Remark(0, line.number, "", line.problem)])
    try:
        return Bill(line.number, purchase_rows.sale([Row(each.number, cells) for each, cells in group], ground), [])
    except RowsRefused as refusal:
        remarks = [Remark(0, each.line, each.column, each.reason) for each in refusal.refused]
        return Bill(line.number, None, remarks)
