"""Addresses without a language: they are read by machines."""

from django.urls import path

from portal import machines

urlpatterns = [
    path("gesund/", machines.health, name="health"),
    path("robots.txt", machines.robots, name="robots"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("sitemap-<int:part>.xml", machines.sitemap_part, name="sitemap_part"),
]
