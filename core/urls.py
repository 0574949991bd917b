"""Pages for developers; included only while DEBUG is on."""

from django.urls import path

from core import mailbox
from core.style import style

app_name = "core"
urlpatterns = [
    path("stil/", style, name="style"),
    path("entwicklung/post/", mailbox.messages, name="mailbox"),
    path("entwicklung/post/<int:pk>/", mailbox.html_body, name="mailbox_html"),
]
