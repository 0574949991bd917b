"""The site with its start page "Was wartet"."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import resume
from core.office import handbook
from core.office.desk import waiting
from core.office.guard import Guarded
from core.office.lists import ListAdmin
from core.office.pages import OfficeModelAdmin

METHODS = ("GET", "HEAD", "POST")


class OfficeSite(AdminSite):
    site_header = gettext_lazy("Geschäftsstelle")
    site_title = gettext_lazy("Geschäftsstelle")
    index_title = gettext_lazy("Was wartet")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Guard the pages of other packages too."""
        admin_class = admin_class or OfficeModelAdmin
        if not issubclass(admin_class, Guarded):
            admin_class = type(admin_class.__name__, (Guarded, ListAdmin, admin_class), {})
        super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            resume.arrived(request)
            try:
                return inner(request, *args, **kwargs)
            except PermissionDenied as error:
                # What somebody may not see does not exist for them, in the back office as well.
                raise Http404 from error

        guarded.csrf_exempt = getattr(inner, "csrf_exempt", False)  # type: ignore[attr-defined]
        return guarded

    def get_urls(self) -> list[URLPattern | URLResolver]:
        page = path("handbuch/", self.admin_view(self.handbook), name="handbook")
        return [page, *super().get_urls()]

    def handbook(self, request: HttpRequest) -> HttpResponse:
        """Show how the office's work is done, page by page."""
        if request.method == "POST":
            return HttpResponseNotAllowed(("GET", "HEAD"))
        context = {
            **self.each_context(request),
            "title": _("Handbuch"),
            "sections": handbook.sections(),
        }
        return TemplateResponse(request, "admin/handbook.html", context)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        parts = waiting(request)
        total = sum(part.total for part in parts)
        context = {"waiting": parts, "waiting_total": total}
        return super().index(request, context | (extra_context or {}))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Log in where everybody logs in, second factor included."""
        return redirect_to_login(reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return LogoutView.as_view(next_page=settings.LOGOUT_REDIRECT_URL)(request)
