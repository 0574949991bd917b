"""All addresses: pages carry their language in the path, files and feeds do not need one."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = i18n_patterns(
    path("verwaltung/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("accounts.allauth_urls")),
    path("", include("organisations.urls")),
    path("", include("meetings.urls")),
    path("", include("actions.urls")),
    path("", include("portal.urls")),
)

urlpatterns += [
    # Before those of meetings, where every other name of a calendar is somebody's secret.
    path("", include("actions.file_urls")),
    path("", include("meetings.file_urls")),
    path("", include("portal.file_urls")),
]

if settings.DEBUG or settings.TESTING:
    urlpatterns += i18n_patterns(path("", include("core.urls")))

handler400 = "core.middleware.bad_request"
handler500 = "core.middleware.server_error"
