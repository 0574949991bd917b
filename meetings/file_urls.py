"""Addresses without a language: calendars, files and the short links on paper."""

from django.urls import URLPattern, path

from meetings.views import answers, calendars, files

urlpatterns: list[URLPattern] = [
    # Stands on paper, as a QR code; leads to the answer page in the reader's language.
    path("a/<str:token>/", answers.short, name="short_answer"),
    # Calendars to subscribe to: one for everybody, and each person's own.
    path("kalender/treffen.ics", calendars.public_feed, name="meetings_feed"),
    path("kalender/<str:token>.ics", calendars.own_feed, name="meetings_own_feed"),
    path("treffen-unterlagen/<uuid:pk>/", files.document, name="meetings_document"),
    path("treffen-fotos/<uuid:pk>/<str:size>.webp", files.photo, name="meetings_photo"),
]
