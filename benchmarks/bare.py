"""What Django itself costs: a view that says a word, and a list of 30 rows from the same database.

A settings module, addresses and views in one: a new project's middleware, a template without
inheritance, one query, and nothing of the portal but its tables.
"""

from functools import cache

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.django import Template
from django.urls import path

from netzwerk.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",  # its app does not start without
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
LOGGING = {"version": 1, "disable_existing_loggers": True}
ROWS = 30
PAGE = """<!doctype html>
<html lang="de"><head><meta charset="utf-8"><title>Organisationen</title></head>
<body><h1>Organisationen</h1><ul>{% for organisation in organisations %}
<li><a href="/organisationen/{{ organisation.slug }}/">{{ organisation.name }}</a>
<p>{{ organisation.municipality }}</p><p>{{ organisation.description|truncatewords:30 }}</p></li>
{% endfor %}</ul></body></html>"""


def word(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Guten Tag")


@cache
def template() -> Template:
    return engines["django"].from_string(PAGE)


def rows(request: HttpRequest) -> HttpResponse:
    organisation = apps.get_model("organisations", "Organisation")
    # Without the municipality's outline: nobody who writes a plain list would fetch a polygon.
    organisations = (
        organisation.objects.public()
        .select_related("municipality")
        .defer("municipality__outline")[:ROWS]
    )
    return HttpResponse(template().render({"organisations": organisations}, request))


urlpatterns = [path("wort/", word), path("zeilen/", rows)]
