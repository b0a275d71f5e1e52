"""What the attacks have in common: what an answer says, and what is stored."""

import re

from django.apps import apps
from django.db import connection

# What reading a page may write: the session, and the line that a list was exported.
WRITTEN_BY_READING = {"django_session", "activity_activity", "activity_sighting"}


def text_of(response) -> str:
    """The whole answer with its headers, a stream included."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.headers}\n{body.decode()}"


def said(words: set[str], text: str) -> set[str]:
    """Which of the words stand in the text as words; a number within a longer code is none."""
    return {word for word in words if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


def stored(*without: str) -> dict[str, list[str]]:
    """Every row of every table, without those that reading a page may write."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in WRITTEN_BY_READING.union(without):
                cursor.execute(f'SELECT to_jsonb(each)::text FROM "{table}" each ORDER BY 1')
                found[table] = [row[0] for row in cursor.fetchall()]
    return found
