"""Addresses without a language: calendars, pictures and what other programs fetch."""

from django.urls import URLPattern, path

from actions.views import images, programme, public

urlpatterns: list[URLPattern] = [
    # All public actions as a calendar to subscribe to.
    path("kalender/aktionen.ics", public.feed, name="actions_feed"),
    path("aktionen-bilder/<uuid:pk>/<str:size>.webp", images.image, name="actions_image"),
    # A campaign's programme to take along; `?sprache=` says in which language.
    path("programm/<slug:slug>.ics", programme.calendar, name="programme_ics"),
    path("programm/<slug:slug>.csv", programme.csv, name="programme_csv"),
    path("programm/<slug:slug>.xlsx", programme.xlsx, name="programme_xlsx"),
    path("programm/<slug:slug>.json", programme.json, name="programme_json"),
    path("programm/<slug:slug>.pdf", programme.pdf, name="programme_pdf"),
]
