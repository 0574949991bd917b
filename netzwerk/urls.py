"""All addresses: pages carry their language in the path, files and feeds do not need one."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = i18n_patterns(
    path("verwaltung/", admin.site.urls),
    path("konto/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("organisations.urls")),
    path("", include("portal.urls")),
)

if settings.DEBUG or settings.TESTING:
    urlpatterns += i18n_patterns(path("", include("core.urls")))
