"""The office's list of what people said about letters, with its proof: read, never changed."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import BooleanColumn, Column

from destination.desk import MomentColumn, ReadOnlyIndexView, ReadOnlyViewSet
from members.models import LetterChoice


class LetterIndexView(ReadOnlyIndexView):
    """The words, the newest first."""

    def get_base_queryset(self) -> QuerySet[LetterChoice]:
        """Load their addresses."""
        return LetterChoice.objects.select_related("address")


class LetterViewSet(ReadOnlyViewSet):
    """Who wants which letters, who no longer does, and how we know."""

    model = LetterChoice
    name = "desk_letters"
    url_prefix = "lettres"
    icon = "mail"
    menu_label = gettext_lazy("Letters")
    ordering = ("-at", "-pk")
    index_view_class = LetterIndexView
    search_fields = ("address__email",)
    list_filter = ("purpose", "is_yes", "source")
    list_display = (
        Column("address", label=gettext_lazy("Address"), accessor="address.email"),
        Column("purpose", label=gettext_lazy("Letter"), accessor="get_purpose_display"),
        BooleanColumn("is_yes", label=gettext_lazy("Yes")),
        Column("source", label=gettext_lazy("By"), accessor="get_source_display"),
        MomentColumn("at", label=gettext_lazy("When"), sort_key="at"),
    )
    inspect_view_fields = ["address", "purpose", "is_yes", "source", "words", "network", "at"]
    empty_text = gettext_lazy(
        "What people say about our letters will appear here, with what they read and when."
    )
