"""Addresses without a language: they are read by machines."""

from django.urls import path, re_path

from portal import machines

urlpatterns = [
    path("gesund/", machines.health, name="health"),
    re_path(
        r"^farben-(?P<brand>(?:[0-9a-f]{6})?)-(?P<accent>(?:[0-9a-f]{6})?)\.css$",
        machines.colours,
        name="network_colours",
    ),
    path("logo-<uuid:name>.webp", machines.logo, name="network_logo"),
    path("robots.txt", machines.robots, name="robots"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("sitemap-<int:part>.xml", machines.sitemap_part, name="sitemap_part"),
]
