"""What is typed to set a markup, and what the list of them is searched for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.filters import ListFilter
from accounts.models import Membership
from customers.forms.partners import PartnerField
from customers.partner_choice import Partners
from subscriptions.lists.markups import searched
from subscriptions.markups import LEAST, MOST, Scope
from subscriptions.models import Offer
from subscriptions.models.prices import MarkupQuerySet


class PercentForm(forms.Form):
    """The percentage alone: what a markup is for does not change."""

    use_required_attribute = False

    percent = forms.DecimalField(
        label=_("Markup in percent"),
        min_value=LEAST,
        max_value=MOST,
        max_digits=6,
        decimal_places=2,
        widget=forms.NumberInput({"inputmode": "decimal", "step": "0.01"}),
        help_text=_("From −100 to 1,000; below zero it is a discount."),
    )


class MarkupForm(PercentForm):
    """For whom, for what, and how much."""

    field_order = ("reseller", "item", "percent")

    reseller = PartnerField(label=_("Indirect reseller"))
    item = forms.CharField(
        label=_("Product ID or SKU"),
        required=False,
        max_length=61,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_(
            "A product ID for the whole product family, or with a colon and the SKU ID for one SKU, such as "
            "CFQ7TTC0LH18:0001. Leave it empty for everything on the price list."
        ),
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership = membership
        self.fields["reseller"].offer(Partners(membership, nobody=_now("All indirect resellers")))  # type: ignore[attr-defined]  # a PartnerField does

    def clean_item(self) -> tuple[str, str]:
        """Product and SKU as the price list writes them. Refused with item_unknown when it has none such."""
        product, _colon, sku = self.cleaned_data["item"].strip().partition(":")
        if not product and not sku:
            return "", ""
        wanted = {"product_id__iexact": product.strip()} | ({"sku_id__iexact": sku.strip()} if sku else {})
        offers = Offer.objects.visible_to(self.membership).filter(**wanted)
        found = offers.order_by("product_id", "sku_id").values_list("product_id", "sku_id").first()
        if found is None:
            raise ValidationError(_("No product of the price list has this ID."), "item_unknown")
        return found if sku else (found[0], "")

    def scope(self) -> Scope:
        """What was asked for, for add_markup()."""
        return Scope(self.cleaned_data["reseller"], *self.cleaned_data["item"])


class MarkupFilter(ListFilter):
    """Words."""

    q = forms.CharField(label=_("Search markups"), required=False, max_length=200)

    def apply(self, rows: MarkupQuerySet) -> MarkupQuerySet:
        """The rows that are asked for, of the given ones."""
        return searched(rows, self.values().get("q", ""))
