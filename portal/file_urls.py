"""Addresses without a language: they are read by machines."""

from django.urls import path

from portal import views

urlpatterns = [
    path("gesund/", views.health, name="health"),
]
