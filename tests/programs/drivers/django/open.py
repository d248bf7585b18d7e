"""Opens what stands on each line of the standard input, as JSON, and prints what it is told there: through Django, which
learns its database from dj-database-url or from django-environ.
"""

import json
import sys

import dj_database_url
import environ
from django.conf import settings
from django.db.utils import ConnectionHandler

settings.configure()
READERS = {"dj_database_url": dj_database_url.parse, "environ": environ.Env.db_url_config}


def answer(reader: str, url: str, sql: str) -> str:
    handler = ConnectionHandler({"default": READERS[reader](url)})
    connection = handler["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


for line in sys.stdin:
    asked = json.loads(line)
    try:
        told = {"said": answer(asked["driver"], asked["text"], asked["sql"])}
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told), flush=True)
