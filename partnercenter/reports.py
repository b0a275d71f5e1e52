"""What stands on the page of a fault while DEBUG is on. Logging imports it before there are models."""

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter


class OwnPageReporter(ExceptionReporter):
    """Under DEBUG, the page of a fault is the one that everybody else sees; the traceback is in the log."""

    def get_traceback_html(self) -> SafeString:
        from partnercenter import errors  # noqa: PLC0415 - needs the models

        request, fault = self.request or HttpRequest(), self.exc_value
        if isinstance(fault, SuspiciousOperation | BadRequest | MultiPartParserError):
            page = errors.bad_request(request, fault)
        else:
            page = errors.server_error(request)
        return mark_safe(page.content.decode())  # noqa: S308 - a page of ours
