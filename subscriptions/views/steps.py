"""The pages of an order up to Submit, in the order in which one meets them."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST
from django_htmx.http import replace_url

from accounts.access import PortalRequest, requires
from accounts.roles import Kind, Permission, who_may
from customers.column import customer_steps
from customers.models import Relationship
from subscriptions.forms.order_lines import typed_lines
from subscriptions.forms.orders import AccountInfoForm, CatalogueForm, UsualForm, typed_account
from subscriptions.lists.orders import Viewer
from subscriptions.models import OrderDraft
from subscriptions.ordering import Receipt
from subscriptions.ordering.drafts import already_submitted, cancel_draft
from subscriptions.ordering.steps import (
    ACCOUNT,
    CONFIRMATION,
    REVIEW,
    SUBSCRIPTIONS,
    Answers,
    begin_draft,
    column,
    keep_account,
    keep_lines,
    submit_draft,
)

_places_orders = requires(Permission.PLACE_ORDERS, Kind.PROVIDER)
DraftView = Callable[[PortalRequest, OrderDraft], HttpResponse]


def _of_draft(view: DraftView) -> Callable[..., HttpResponseBase]:
    """For a page of an open draft of one's own provider; a submitted one leads to what came of it."""

    @_places_orders
    @wraps(view)
    def with_draft(request: PortalRequest, code: UUID) -> HttpResponse:
        drafts = OrderDraft.objects.visible_to(request.membership)
        draft = get_object_or_404(
            drafts.select_related("provider__organisation", "customer__organisation", "order"), code=code
        )
        return _attend(request, draft, view)

    return with_draft


def _attend(request: PortalRequest, draft: OrderDraft, view: DraftView) -> HttpResponse:
    """Show the page of an open draft; what the domain refuses, after somebody else was quicker, goes on somewhere."""
    if draft.order_id:
        return _submitted(request, draft)
    try:
        return view(request, draft)
    except ValidationError as refusal:
        return _refused(request, draft, refusal)


@_places_orders
def order_new(request: PortalRequest) -> HttpResponse:
    """The page New customer, before there is a draft; ?reseller= is chosen already."""
    typed = typed_account(request.POST)
    form = AccountInfoForm(
        typed or None, membership=request.membership, initial={"reseller": request.GET.get("reseller")}
    )
    if request.POST.get("action") == "update":
        form = AccountInfoForm(initial=typed, membership=request.membership)
    elif form.is_valid():
        return _attend(request, _begin(request, account=typed), _take_account)
    context = {"form": form, "code": request.POST.get("code") or uuid4(), "steps": column(ACCOUNT)}
    return render(request, "orders/account.html", context)


@_of_draft
def draft_account(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """The page New customer of a draft; what was typed is kept even when it is wrong."""
    if draft.has_customer:
        return redirect(draft)
    typed = typed_account(request.POST)
    form = AccountInfoForm(typed or draft.account, membership=request.membership)
    if request.POST.get("action") == "update":
        form = AccountInfoForm(initial=typed, membership=request.membership)
    elif typed:
        answer = _take_account(request, draft)
        if form.is_valid():
            return answer
    return render(request, "orders/account.html", {"form": form, "draft": draft, "steps": column(ACCOUNT, draft)})


@_places_orders
def order_add(request: PortalRequest, customer: UUID) -> HttpResponse:
    """The page New subscription for an existing customer. The draft begins with the first thing that is chosen."""
    relationship = get_object_or_404(
        Relationship.objects.visible_to(request.membership).select_related("customer__organisation"), customer=customer
    )
    if request.method == "POST":
        return _attend(request, _begin(request, customer=relationship.customer), _choose)
    draft = OrderDraft(provider=request.membership.organisation.provider, customer=relationship.customer)
    return _offer(request, draft)


@_of_draft
def draft_subscriptions(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """The page New subscription: offers, licences, whom each of them credits."""
    return _choose(request, draft) if request.method == "POST" else _offer(request, draft)


@_of_draft
def draft_review(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """Everything before Submit; an unfinished draft leads to what is missing."""
    answers = Answers(draft, membership=request.membership)
    if draft.has_customer or answers.unfinished != REVIEW:
        return redirect(draft)
    return _show_review(request, answers)


@_of_draft
def draft_resume(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """On to the first step that is not finished."""
    step = Answers(draft, membership=request.membership).unfinished
    return redirect(f"orders:{SUBSCRIPTIONS.name if draft.has_customer else step.name}", draft.code)


@sensitive_variables()
@require_POST
@_of_draft
def draft_submit(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """Submit what was reviewed. The page that answers is the only place where the temporary password ever is."""
    receipt = submit_draft(draft, membership=request.membership, reviewed=request.POST.get("reviewed", ""))
    return _confirm(request, draft, receipt)


@require_POST
@_of_draft
def draft_cancel(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """Forget the whole order; nothing of it is left."""
    cancel_draft(draft, actor=request.user)
    messages.success(request, _("The order is canceled. Nothing was created."))
    return redirect("orders:list")


@_places_orders
def draft_confirmation(request: PortalRequest, code: UUID) -> HttpResponse:
    """The confirmation after the fact: the order is there once, its temporary password is not shown again."""
    drafts = OrderDraft.objects.visible_to(request.membership).select_related(
        "order__customer__organisation", "order__placed_by"
    )
    draft = get_object_or_404(drafts, code=code)
    if draft.order is None:
        return redirect(draft)
    if draft.has_customer:
        return redirect("subscriptions:customer", draft.order.customer_id)
    context = {
        "order": draft.order,
        "row": Viewer(request.membership).row(draft.order),
        "customer": draft.order.customer,
        "steps": column(CONFIRMATION, draft),
        "may_reset": request.membership.can(Permission.EDIT_CUSTOMERS),
        "resetting_roles": who_may(Permission.EDIT_CUSTOMERS, Kind.PROVIDER),
    }
    return render(request, "orders/confirmation.html", context)


def _begin(request: PortalRequest, **answers: Any) -> OrderDraft:
    code = forms.UUIDField(required=False)
    try:
        return begin_draft(code.clean(request.POST.get("code")), membership=request.membership, **answers)
    except ValidationError as refusal:
        raise Http404 from refusal


def _take_account(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    keep_account(draft, typed_account(request.POST))
    return redirect("orders:subscriptions", draft.code)


def _submitted(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    messages.info(request, already_submitted().messages[0])
    return redirect("orders:confirmation", draft.code)


def _choose(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """Keep what was chosen; then on, or back, or the same page with what follows from it."""
    action = request.POST.get("action")
    keep_lines(draft, typed_lines(request.POST))
    if action == "next":
        return _go_on(request, draft)
    if action == "back":
        return redirect("orders:account", draft.code)
    if request.htmx:
        return replace_url(_offer(request, draft), _address(request, draft))
    return redirect(_address(request, draft))


def _go_on(request: PortalRequest, draft: OrderDraft) -> HttpResponse:
    """To Review; or, for an existing customer, Submit what the page has shown with its total."""
    if not Answers(draft, membership=request.membership).basket.is_valid():
        return _offer(request, draft, has_tried=True)
    if not draft.has_customer:
        return redirect("orders:review", draft.code)
    order = submit_draft(draft, membership=request.membership, reviewed=request.POST.get("reviewed", "")).order
    messages.success(request, _("Order %(number)s is submitted.") % {"number": order.number})
    return redirect("subscriptions:customer", order.customer_id)


def _address(request: PortalRequest, draft: OrderDraft) -> str:
    """This page again, with the same search in the price list."""
    search = {name: request.POST[name] for name in ("q", "category") if request.POST.get(name)}
    url = reverse("orders:subscriptions", args=[draft.code])
    return f"{url}?{urlencode(search)}" if search else url


def _offer(
    request: PortalRequest, draft: OrderDraft, *, has_tried: bool = False, refusal: ValidationError | None = None
) -> HttpResponse:
    """The page New subscription, or the part of it that htmx asks for."""
    context = _page(request, Answers(draft, membership=request.membership))
    if has_tried or refusal:
        problems = [*context["basket"].problems, *([refusal] if refusal else [])]
        context |= {"has_tried": True, "problems": [message for each in problems for message in each.messages]}
    parts = {"total": "orders/_total.html", "order": "orders/_order.html", "catalogue": "orders/_catalogue.html"}
    return render(request, parts.get(request.htmx.target or "", "orders/subscriptions.html"), context)


def _page(request: PortalRequest, answers: Answers) -> dict[str, Any]:
    draft, basket, touched = answers.draft, answers.basket, request.htmx.trigger or ""
    page_url = reverse("orders:subscriptions", args=[draft.code]) if draft.pk else request.path
    search = CatalogueForm(request.POST or request.GET)
    basket.place(page_url=page_url, touched=touched)
    return {
        "draft": draft,
        "answers": answers,
        "basket": basket,
        "search": search,
        "catalogue": basket.catalogue(**search.cleaned_data) if search.is_valid() else basket.catalogue(),
        "usual": UsualForm(request.POST.get("reseller", answers.usual_number), partners=basket.partners),
        "touched": touched,
        "page_url": page_url,
        "prices": request.membership.can(Permission.SEE_PRICES),
        "steps": _steps(draft),
    }


def _steps(draft: OrderDraft) -> Sequence[Any]:
    if draft.customer_id:
        return customer_steps(draft.customer_id, "subscriptions")
    return column(SUBSCRIPTIONS, draft)


def _show_review(request: PortalRequest, answers: Answers, refusal: ValidationError | None = None) -> HttpResponse:
    draft = answers.draft
    context = {"draft": draft, "answers": answers, "refusal": refusal, "steps": column(REVIEW, draft)}
    return render(request, "orders/review.html", context | {"prices": request.membership.can(Permission.SEE_PRICES)})


def _refused(request: PortalRequest, draft: OrderDraft, refusal: ValidationError) -> HttpResponse:
    """Where a refused order goes on: what came of it, the step that does not hold, or the same page with the reason."""
    drafts = OrderDraft.objects.visible_to(request.membership)
    current = drafts.select_related("provider__organisation", "customer__organisation").filter(pk=draft.pk).first()
    if current is None:
        messages.error(request, refusal.messages[0])
        return redirect("orders:list")
    if current.order_id:
        return _submitted(request, current)
    if current.has_customer:
        return _offer(request, current, refusal=refusal)
    answers = Answers(current, membership=request.membership)
    if answers.unfinished == REVIEW:
        return _show_review(request, answers, refusal)
    messages.error(request, refusal.messages[0])
    return redirect(current)


def _confirm(request: PortalRequest, draft: OrderDraft, receipt: Receipt) -> HttpResponse:
    order = receipt.order
    context: dict[str, Any] = {"order": order, "customer": order.customer, "credentials": receipt.credentials}
    context |= {"row": Viewer(request.membership).row(order), "steps": column(CONFIRMATION, draft)}
    response = render(request, "orders/confirmation.html", context)
    response["Cache-Control"] = "no-store"
    return response
