"""What houses said of themselves for the tax office, opened and put together.

It reads what the papers, the provider and its account at the bank say; what is missing of it is a
rule (`booking.rules.sellers`). A house at a time or many: as many statements for one as for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from booking.models import Offer
from booking.papers import SELLER, sealed_of
from booking.rules import kinds
from booking.rules.sellers import FRANCE, OWN_NAME, SellerData
from members.models import Paper, PayoutAccount, Provider


def sellers_of(houses: Collection[Provider]) -> dict[int, SellerData]:
    """Return what each house said, by its key. Three statements, however many houses."""
    keys = [one.pk for one in houses]
    papers = Paper.objects.filter(provider__in=keys, code=SELLER)
    told = {one.provider_id: sealed_of(one) for one in papers}
    accounts = dict(
        PayoutAccount.objects.filter(provider__in=keys).values_list("provider_id", "account_id")
    )
    places: dict[int, list[str]] = defaultdict(list)
    let = Offer.objects.filter(provider__in=keys, kind__in=kinds.SLEPT)
    let = let.exclude(state=Offer.State.DRAFT).select_related("commune", "provider")
    for offer in let.order_by("pk"):
        places[offer.provider_id].append(address_of(offer))
    return {
        one.pk: _seller(one, told.get(one.pk, {}), accounts.get(one.pk, ""), tuple(places[one.pk]))
        for one in houses
    }


def seller_of(house: Provider) -> SellerData:
    """Return what one house said."""
    return sellers_of([house])[house.pk]


def address_of(offer: Offer) -> str:
    """Return where a property stands, on one line; "" while neither street nor hamlet is known.

    The house's own address counts where the property is in its commune.
    """
    house = offer.provider
    own = house.address if offer.commune_id == house.commune_id else ""
    # In French, whoever reads: the tax office does.
    place: str = offer.place_fr or ""  # type: ignore[attr-defined]
    known = list(dict.fromkeys(one.strip() for one in (place, own) if one.strip()))
    if not known:
        return ""
    commune = offer.commune
    code = commune.postal_codes[0] if commune.postal_codes else ""
    return ", ".join([*known, f"{code} {commune.name}".strip()])


def _seller(
    house: Provider, told: dict[str, str], account: str, places: tuple[str, ...]
) -> SellerData:
    # Who hasn't said yet how it is registered is taken for a company.
    is_entity = house.is_professional and told.get("registered_as") != OWN_NAME
    return SellerData(
        is_entity=is_entity,
        legal_name=house.legal_name if house.is_professional else told.get("legal_name", ""),
        siret=house.siret,
        vat_number=told.get("vat_number", ""),
        home_address=told.get("home_address", ""),
        born_on=told.get("born_on", ""),
        born_at=told.get("born_at", ""),
        tax_number=told.get("tax_number", ""),
        tax_country=told.get("tax_country", FRANCE),
        account=account,
        places=places,
    )
