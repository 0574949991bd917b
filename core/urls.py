"""Pages for developers; included only while DEBUG is on."""

from django.urls import path

from core.style import style

app_name = "core"
urlpatterns = [
    path("stil/", style, name="style"),
]
