"""Which fields stand where in the forms of offers and prices, and what is said beside them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.panels import (
    FieldPanel,
    FieldRowPanel,
    MultiFieldPanel,
    ObjectList,
    Panel,
    TabbedInterface,
    TitleFieldPanel,
)

from booking.desk.forms import (
    BandRow,
    ExperienceForm,
    LabelRow,
    LodgingForm,
    OfferStepRow,
    PermitRow,
    PhotoRow,
    PriceRow,
    RestrictionRow,
    SupplementRow,
    TariffForm,
    UnitRow,
)
from booking.desk.office_forms import PolicyForm, StepRow, TaxTariffForm
from booking.desk.rows import UnsortedRows
from destination.desk import Rows, in_languages


def _texts(language: str) -> ObjectList:
    """Return the tab of a language that visitors may choose."""
    return ObjectList(
        [
            FieldPanel(
                f"title_{language}",
                help_text=_("Without it, visitors read the French title."),
            ),
            FieldPanel(
                f"summary_{language}", help_text=_("Without it, visitors read the French one.")
            ),
            FieldPanel(
                f"description_{language}", help_text=_("Without it, visitors read the French one.")
            ),
            FieldPanel(f"place_{language}", help_text=_("Only where it differs from the French.")),
            FieldPanel(
                f"without_car_{language}", help_text=_("Without it, visitors read the French one.")
            ),
            FieldPanel(
                f"access_info_{language}",
                help_text=_("Without it, visitors read the French one."),
            ),
        ],
        heading={"en": "English", "de": "Deutsch"}[language],
    )


def _identity(*first: Panel) -> list[Panel]:
    return [
        *first,
        FieldPanel("provider", help_text=_("Who welcomes the visitors and is paid.")),
        TitleFieldPanel(
            "title_fr",
            heading=_("Title"),
            placeholder=False,
            classname="",
            help_text=_("What visitors read first: short, with the place if it helps."),
        ),
        FieldPanel(
            "slug",
            help_text=_("End of the page's address, made from the title. Don't change it later."),
        ),
        FieldPanel(
            "summary_fr",
            heading=_("In one or two sentences"),
            help_text=_("Shown in lists and under the title."),
        ),
        FieldPanel(
            "description_fr",
            heading=_("Description"),
            help_text=_("What one does, sees and finds there. An empty line begins a paragraph."),
        ),
    ]


def _where() -> MultiFieldPanel:
    return MultiFieldPanel(
        [
            FieldPanel(
                "commune",
                help_text=_("It decides the pole, and for a lodging the tourist tax."),
            ),
            FieldPanel(
                "place_fr", heading=_("Place"), help_text=_("Hamlet, street, meeting point.")
            ),
            FieldPanel(
                "without_car_fr",
                heading=_("How to come without a car"),
                help_text=_("Bus, station, whether guests are fetched: shown on the page."),
            ),
            FieldRowPanel(
                [
                    FieldPanel("latitude", help_text=_("For the map: 44.9 for instance.")),
                    FieldPanel("longitude", help_text=_("For the map: 4.1 for instance.")),
                ]
            ),
            FieldPanel(
                "access_info_fr",
                heading=_("How to get there and in"),
                help_text=_("Key, parking, door code: shown only once the stay is paid."),
            ),
        ],
        heading=_("Where"),
    )


def _pictures() -> ObjectList:
    return ObjectList(
        [
            Rows(
                "photos",
                row_form=PhotoRow,
                heading=_("Photographs"),
                label=_("photograph"),
                help_text=_(
                    "The first one stands in lists. Landscape format, at least 1200 pixels wide."
                ),
                panels=[
                    FieldPanel("image", help_text=_("Choose one, or send one from this computer.")),
                    in_languages(
                        "alt", _("What it shows, for those who don't see it: one sentence.")
                    ),
                    FieldPanel("position", help_text=_("1 is the first one.")),
                ],
            ),
            FieldPanel("illustration", help_text=_("Used as long as there is no photograph.")),
        ],
        heading=_("Photographs"),
    )


def _supplements() -> Rows:
    return Rows(
        "supplements",
        row_form=SupplementRow,
        heading=_("Supplements"),
        label=_("supplement"),
        help_text=_("Cleaning, linen, a pet, a meal: always part of the price, or asked for."),
        panels=[
            in_languages("name", _("As visitors read it: « Cleaning ».")),
            FieldRowPanel(
                [
                    FieldPanel("kind", help_text=_("What it is.")),
                    FieldPanel("basis", help_text=_("What the price is multiplied by.")),
                ]
            ),
            FieldRowPanel(
                [
                    FieldPanel("amount", help_text=_("VAT included.")),
                    FieldPanel("vat_rate", help_text=_("Of this supplement.")),
                ]
            ),
            FieldRowPanel(
                [
                    FieldPanel(
                        "is_mandatory", help_text=_("Ticked, it is in the price from the list on.")
                    ),
                    FieldPanel("max_quantity", help_text=_("How many a visitor may ask for.")),
                ]
            ),
        ],
    )


def _rules() -> list[Panel]:
    return [
        FieldPanel(
            "confirmation",
            help_text=_(
                "On request, the host answers first: nothing is kept meanwhile, and the guest pays "
                "once it is accepted."
            ),
        ),
        FieldPanel(
            "cancellation_policy",
            help_text=_("Shown before paying and kept with each sale as it is on that day."),
        ),
        FieldRowPanel(
            [
                FieldPanel("vat_rate", help_text=_("Of the lodging, the place or the basket.")),
                FieldPanel("vat_scheme", help_text=_("« Not subject » for a plain furnished let.")),
            ]
        ),
        FieldRowPanel(
            [
                FieldPanel("min_age", help_text=_("Empty: from birth.")),
                FieldPanel("max_age", help_text=_("Empty: no limit.")),
            ]
        ),
        FieldRowPanel(
            [
                FieldPanel(
                    "min_advance_days", help_text=_("0: until the last moment of the same day.")
                ),
                FieldPanel("max_advance_days", help_text=_("Empty: as far as the calendar goes.")),
                FieldPanel(
                    "booked_until",
                    help_text=_("18:00 for instance, on that last day. Empty: until midnight."),
                ),
            ]
        ),
        FieldPanel("features", help_text=_("Visitors filter by these: tick what is true.")),
        FieldPanel("spirit", help_text=_("At least one of the four: all stand under them.")),
        Rows(
            "labels",
            row_form=LabelRow,
            heading=_("Labels"),
            label=_("label"),
            help_text=_("Given by others and dated: after its last day a label is hidden."),
            panels=[
                FieldRowPanel(
                    [
                        FieldPanel("code", help_text=_("As its certificate names it.")),
                        FieldPanel("level", help_text=_("Épis or clés, from 1 to 5.")),
                        FieldPanel("valid_until", help_text=_("Its last day; then it is hidden.")),
                    ]
                ),
                FieldPanel("families", help_text=_("Only for Tourisme & Handicap.")),
                FieldPanel("proof", help_text=_("Number of the certificate.")),
            ],
        ),
        FieldPanel(
            "is_demo", help_text=_("Marks an invented offer, so that nobody takes it for real.")
        ),
    ]


def _special() -> ObjectList:
    """Return what only some kinds have."""
    return ObjectList(
        [
            Rows(
                "permits",
                row_form=PermitRow,
                heading=_("Authorisation (childcare)"),
                label=_("authorisation"),
                max_num=1,
                help_text=_(
                    "Childcare is sold up to the last day of its authorisation and not a day "
                    "longer. The ages that it covers stand under « Rules »."
                ),
                panels=[
                    FieldPanel("regime", help_text=_("Which regime was declared.")),
                    FieldRowPanel(
                        [
                            FieldPanel("number", help_text=_("As on the paper.")),
                            FieldPanel("authority", help_text=_("Department, prefecture…")),
                        ]
                    ),
                    FieldRowPanel(
                        [
                            FieldPanel("valid_until", help_text=_("Nothing is sold after it.")),
                            FieldPanel("checked_on", help_text=_("When the office saw it.")),
                        ]
                    ),
                    FieldRowPanel(
                        [
                            FieldPanel(
                                "children_below_six",
                                help_text=_("As the authorisation says, where it has its own."),
                            ),
                            FieldPanel(
                                "children_from_six",
                                help_text=_(
                                    "Fewer than before only while no child is booked to come."
                                ),
                            ),
                        ]
                    ),
                ],
            ),
            Rows(
                "steps",
                row_form=OfferStepRow,
                heading=_("Steps (workshop in steps)"),
                label=pgettext_lazy("workshop", "step"),
                help_text=_(
                    "In their order. At least one says what is done instead when weather or "
                    "harvest forbid it."
                ),
                panels=[
                    in_languages("title", _("As visitors read it: « Picking mushrooms ».")),
                    in_languages("plan_b", _("What is done instead; empty: it always can be.")),
                    FieldRowPanel(
                        [
                            FieldPanel("minutes", help_text=_("How long it takes.")),
                            FieldPanel("position", help_text=_("1 is the first one.")),
                        ]
                    ),
                    FieldRowPanel(
                        [
                            FieldPanel("place_fr", heading=_("Place")),
                            FieldPanel("led_by", help_text=_("Only if it is another provider.")),
                        ]
                    ),
                ],
            ),
            FieldRowPanel(
                [
                    FieldPanel("season_from_month", help_text=_("9 for September.")),
                    FieldPanel("season_to_month", help_text=_("Included. Empty: all year.")),
                ]
            ),
            FieldPanel("deposit_amount"),
        ],
        heading=_("Childcare, steps, rental"),
    )


LODGING = TabbedInterface(
    [
        ObjectList(
            [
                *_identity(
                    FieldPanel("lodging_type", help_text=_("Visitors filter by it.")),
                ),
                _where(),
            ],
            heading=_("The essentials"),
        ),
        _pictures(),
        ObjectList(
            [
                Rows(
                    "units",
                    row_form=UnitRow,
                    heading=_("Units"),
                    label=_("unit"),
                    help_text=_(
                        "What one party can have: a whole gîte, or one room. Ten equal rooms are "
                        "ten units. Prices are entered afterwards, from the offer's page."
                    ),
                    panels=[
                        in_languages("name", _("As visitors read it: « The gîte », « Room 3 ».")),
                        FieldRowPanel(
                            [
                                FieldPanel("max_guests", help_text=_("Without infants in cots.")),
                                FieldPanel("max_adults", help_text=_("18 and over.")),
                                FieldPanel("max_children", help_text=_("Under 18.")),
                                FieldPanel("max_infants", help_text=_("Under 2, in a cot.")),
                            ]
                        ),
                        FieldRowPanel(
                            [
                                FieldPanel("tariff", help_text=_("Without prices it isn't sold.")),
                                FieldPanel(
                                    "is_active", help_text=_("Untick to stop selling this unit.")
                                ),
                                FieldPanel(
                                    "preparation_nights",
                                    help_text=_("To clean and prepare, after each stay: 0 to 7."),
                                ),
                            ]
                        ),
                    ],
                ),
                MultiFieldPanel(
                    [
                        FieldPanel("bedrooms", help_text=_("Of the whole lodging.")),
                        FieldRowPanel(
                            [
                                FieldPanel("check_in_from", help_text=_("15:00 if left empty.")),
                                FieldPanel("check_in_until", help_text=_("Empty: no limit.")),
                                FieldPanel("check_out_until", help_text=_("10:00 if left empty.")),
                            ]
                        ),
                    ],
                    heading=_("Arriving and leaving"),
                ),
                MultiFieldPanel(
                    [
                        FieldPanel(
                            "tax_category",
                            help_text=_("The line of the council's tariff that applies to it."),
                        ),
                        FieldPanel(
                            "registration_number",
                            help_text=_("Given by the town hall, thirteen signs."),
                        ),
                    ],
                    heading=_("Tourist tax and declaration"),
                ),
            ],
            heading=_("Units and arrival"),
        ),
        ObjectList([_supplements(), *_rules()], heading=_("Supplements and rules")),
        _texts("en"),
        _texts("de"),
    ],
    base_form_class=LodgingForm,
)

EXPERIENCE = TabbedInterface(
    [
        ObjectList(
            [
                *_identity(
                    FieldPanel("kind", help_text=_("It decides where visitors find it.")),
                ),
                FieldPanel(
                    "duration_minutes",
                    help_text=_(
                        "In minutes: 150 for 2 h 30. For a basket, the time to fetch it; for a "
                        "visit or a rental, how long it is open on a day."
                    ),
                ),
                FieldPanel(
                    "notice_hours",
                    help_text=_("24 for the day before at the same hour. 0: until it begins."),
                ),
                _where(),
            ],
            heading=_("The essentials"),
        ),
        _pictures(),
        ObjectList(
            [
                Rows(
                    "bands",
                    row_form=BandRow,
                    formset=UnsortedRows,
                    heading=_("Prices by age"),
                    label=_("price"),
                    help_text=_(
                        "Together they cover every age that the offer takes, each once; both ages "
                        "are included. A produce basket has one price, without ages."
                    ),
                    panels=[
                        in_languages("name", _("As visitors read it: « Adult », « Child ».")),
                        FieldRowPanel(
                            [
                                FieldPanel("min_age", help_text=_("0 for infants too.")),
                                FieldPanel("max_age", help_text=_("Empty: and over.")),
                                FieldPanel("amount", help_text=_("VAT included; 0 is free.")),
                            ]
                        ),
                    ],
                ),
                _supplements(),
            ],
            heading=_("Prices"),
        ),
        ObjectList(
            [
                *_rules(),
                FieldPanel(
                    "is_essential",
                    help_text=_(
                        "With a lodging it makes a package, whatever it costs: a festival that "
                        "people come for."
                    ),
                ),
            ],
            heading=_("Rules"),
        ),
        _special(),
        _texts("en"),
        _texts("de"),
    ],
    base_form_class=ExperienceForm,
)

TARIFF = TabbedInterface(
    [
        ObjectList(
            [
                FieldPanel("offer", help_text=_("The lodging whose prices these are.")),
                in_languages(
                    "name",
                    _("For the office: « Prices », « Rooms with a view »…"),
                    heading=_("Name"),
                ),
                FieldPanel(
                    "priced_units",
                    help_text=_("Equal units share their prices; others have their own."),
                ),
                MultiFieldPanel(
                    [
                        FieldPanel("base_amount"),
                        FieldRowPanel(
                            [
                                FieldPanel(
                                    "base_occupancy",
                                    help_text=_("The price of a night is for so many persons."),
                                ),
                                FieldPanel("extra_person_amount", help_text=_("0: nothing more.")),
                            ]
                        ),
                    ],
                    heading=_("Price of a night"),
                ),
                Rows(
                    "price_rules",
                    row_form=PriceRow,
                    heading=_("Seasons, days of the week, exceptions"),
                    label=_("price"),
                    help_text=_(
                        "An exception comes before a day of the week, that before a season, and "
                        "that before the price above. Prices of one level never overlap."
                    ),
                    panels=[
                        FieldRowPanel(
                            [
                                FieldPanel("level", help_text=_("Which price it comes before.")),
                                FieldPanel(
                                    "weekday",
                                    help_text=_("Only for the level « days of the week »."),
                                ),
                                FieldPanel("amount", help_text=_("VAT included.")),
                            ]
                        ),
                        FieldPanel(
                            "dates",
                            help_text=_("The night of the day of departure isn't part of it."),
                        ),
                    ],
                ),
            ],
            heading=_("Prices"),
        ),
        ObjectList(
            [
                FieldRowPanel(
                    [
                        FieldPanel("min_stay", help_text=_("Outside the dates below.")),
                        FieldPanel("max_stay", help_text=_("Empty: no limit.")),
                    ]
                ),
                FieldPanel(
                    "fills_gaps",
                    help_text=_(
                        "Nights left between two stays are sold as they are, all of them at once."
                    ),
                ),
                Rows(
                    "restrictions",
                    row_form=RestrictionRow,
                    heading=_("Dated rules"),
                    label=_("rule"),
                    help_text=_(
                        "For arrivals on Saturdays only in July and August: one rule « no "
                        "arrival » for each other day of the week."
                    ),
                    panels=[
                        FieldRowPanel(
                            [
                                FieldPanel("kind", help_text=_("What is asked or refused.")),
                                FieldPanel("weekday", help_text=_("On which days it holds.")),
                                FieldPanel("value", help_text=_("Nights; 0 for « no arrival ».")),
                            ]
                        ),
                        FieldPanel("dates", help_text=_("Both days are included.")),
                    ],
                ),
            ],
            heading=_("Rules of stay"),
        ),
    ],
    base_form_class=TariffForm,
)

POLICY = ObjectList(
    [
        in_languages("name", _("For the office and the visitor: « Flexible »."), heading=_("Name")),
        MultiFieldPanel(
            [
                FieldPanel(f"summary_{language}", help_text=_("Read before paying."))
                for language in ("fr", "en", "de")
            ],
            heading=_("In one sentence"),
        ),
        Rows(
            "steps",
            row_form=StepRow,
            heading=_("Steps"),
            label=_("step"),
            help_text=_(
                "« 336 hours before, 100 % » gives everything back until fourteen days before "
                "the start. Later than every step nothing is given back."
            ),
            panels=[
                FieldRowPanel(
                    [
                        FieldPanel("hours_before", help_text=_("24 a day: 7 days are 168.")),
                        FieldPanel("percent", help_text=_("Of the services; the tax always is.")),
                    ]
                )
            ],
        ),
        FieldPanel("flat_fee", help_text=_("Kept of any refund that the visitor asks for.")),
        FieldPanel(
            "kinds", help_text=_("Nothing ticked: every kind. Offers that have it already keep it.")
        ),
    ],
    base_form_class=PolicyForm,
)

TAX_TARIFF = ObjectList(
    [
        FieldRowPanel(
            [
                FieldPanel("epci", help_text=_("The council that voted it.")),
                FieldPanel("category", help_text=_("The line of its tariff.")),
            ]
        ),
        FieldRowPanel(
            [
                FieldPanel("kind", help_text=_("Percent for lodgings that are not classified.")),
                FieldPanel("value", help_text=_("Without the additional taxes.")),
                FieldPanel("cap", help_text=_("For a percentage: euros per person and night.")),
            ]
        ),
        FieldPanel("additional_rate"),
        FieldRowPanel(
            [
                FieldPanel("valid_from", help_text=_("First night concerned.")),
                FieldPanel(
                    "valid_to",
                    help_text=_("Empty: until another. After it, « to be confirmed »."),
                ),
            ]
        ),
        FieldPanel("source", help_text=_("The deliberation: council, date, address.")),
    ],
    base_form_class=TaxTariffForm,
)

COLLECTIVITY = ObjectList(
    [
        FieldPanel("epci", help_text=_("The council.")),
        FieldPanel("rounding_mode", help_text=_("A unless the council says otherwise.")),
        FieldPanel("regime", help_text=_("At a flat rate, guests owe nothing.")),
    ]
)
