"""What an answer says: a page as it is sent and as it is read, and the rows of an exported file."""

import csv
import re
from html import unescape

from django.http import HttpResponse, StreamingHttpResponse


def body(response: HttpResponse) -> str:
    """The page as it is sent."""
    return response.content.decode()


def readable(response: HttpResponse) -> str:
    """The page with ' and & as they are read."""
    return unescape(body(response))


def shown_text(response: HttpResponse) -> str:
    """What stands between the tags of the page, with one space where there are any."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body(response))).strip()


def rows_of(response: StreamingHttpResponse) -> list[list[str]]:
    """The rows of the exported file, its header first."""
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def secrets_of(response: HttpResponse) -> list[str]:
    """The passwords that the page shows once."""
    return re.findall(r'<code class="secret-value"[^>]*>([^<]+)</code>', body(response))
