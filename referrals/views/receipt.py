"""Looking one up with a receipt. The digits are sent, shown nowhere, and never in an address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from peersupport.core import clock
from referrals import limits, receipts
from referrals.forms.receipt import ReceiptForm
from referrals.queries.mine import by_receipt
from referrals.views.asking import too_many
from referrals.views.browser import close_receipt, kept_nowhere, show_receipt


@kept_nowhere
@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Ask for the digits, and lead to what they belong to for a quarter of an hour.

    A wrong receipt, one that is gone and what is no receipt at all get the same answer after the
    same work.
    """
    form = ReceiptForm(request.POST if request.method == "POST" else None)
    context = {"personal": True, "form": form}
    if request.method != "POST":
        return render(request, "referrals/receipt.html", context)
    if not limits.may_look_up(request):
        return too_many(request)
    status = 400
    if form.is_valid():
        found = by_receipt(receipts.mark(form.cleaned_data["digits"]))
        if found is not None:
            response = redirect("referrals:show", referral=found)
            show_receipt(response, found, clock.now())
            return response
        form.add_error(
            "digits",
            _("Nothing is kept under these digits. Look at each one, or it is gone already."),
        )
        status = 404
    return render(request, "referrals/receipt.html", context, status=status)


@kept_nowhere
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Let this browser see it no longer."""
    response = redirect("referrals:start")
    close_receipt(response)
    return response
