"""Addresses without a language: calendars, files and the short links on paper."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
