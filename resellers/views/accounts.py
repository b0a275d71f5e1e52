"""A reseller's MPN accounts: the list, another number, and which one is associated."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission, who_may
from resellers.accounts import AccountKind, associate_account, register_account, why_not_associated
from resellers.forms.accounts import AccountForm
from resellers.models import PartnerAccount


@requires(Permission.VIEW, Kind.RESELLER)
def account_list(request: PortalRequest) -> HttpResponse:
    """Every number of the company, the associated one first. A company has a handful: one page shows them all."""
    organisation = request.membership.organisation
    accounts = PartnerAccount.objects.visible_to(request.membership).order_by("-is_associated", "kind", "pk")
    country = str(organisation.country)
    context = {
        "rows": [(each, why_not_associated(each, country=country)) for each in accounts],
        "may_change": request.membership.can(Permission.ACT_FOR_COMPANY),
        "roles_that_change": who_may(Permission.ACT_FOR_COMPANY, Kind.RESELLER),
        "country": country,
    }
    return render(request, "resellers/accounts/list.html", context)


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
def account_register(request: PortalRequest) -> HttpResponse:
    """One more number of the company."""
    form = AccountForm(request.POST or None, membership=request.membership)
    if form.is_valid():
        reseller, answers = request.membership.organisation.reseller, form.cleaned_data
        answers["kind"] = AccountKind(answers["kind"])
        try:
            account = register_account(reseller, actor=request.user, **answers)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("MPN ID %(number)s is registered.") % {"number": account.number})
            return redirect("resellers:accounts")
    return render(request, "resellers/accounts/register.html", {"form": form})


@requires(Permission.ACT_FOR_COMPANY, Kind.RESELLER)
def account_associate(request: PortalRequest, pk: int) -> HttpResponse:
    """Says what follows; on POST the number is the one that is credited from now on."""
    own = PartnerAccount.objects.visible_to(request.membership)
    account = get_object_or_404(own.select_related("organisation"), pk=pk)
    problem = why_not_associated(account, country=str(account.organisation.country))
    if request.method == "POST":
        try:
            associate_account(account, actor=request.user)
        except ValidationError as refusal:
            problem = refusal
        else:
            messages.success(request, _("%(number)s is now the associated MPN ID.") % {"number": account.number})
            return redirect("resellers:accounts")
    context = {"account": account, "problem": problem, "current": own.filter(is_associated=True).first()}
    return render(request, "resellers/accounts/associate.html", context)
