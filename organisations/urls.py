from django.urls import path, register_converter

from organisations.views import (
    confirmation,
    consent,
    contacts,
    directory,
    images,
    people,
    registration,
)
from organisations.views.moved import leads_on


class StepConverter:
    """One of the steps of a registration."""

    regex = "|".join(registration.HANDLERS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(StepConverter, "step")

app_name = "organisations"
urlpatterns = [
    path("organisationen/", directory.organisation_list, name="list"),
    path("organisationen/<slug:slug>/", directory.organisation_detail, name="detail"),
    path(
        "organisationen/<slug:slug>/kontakt/<int:pk>.vcf",
        directory.contact_vcard,
        name="contact_vcard",
    ),
    path("organisationen/<slug:slug>/qr.svg", directory.qr_code, name="qr_code"),
    path("organisationen/<slug:slug>/vorschau.png", directory.share_image, name="share_image"),
    path("organisationen/<slug:slug>/hinweis/", directory.problem, name="problem"),
    path(
        "organisationen/<slug:slug>/hinweis/danke/", directory.problem_thanks, name="problem_thanks"
    ),
    path("organisationen/<int:pk>/zugang/", people.access_request, name="access_request"),
    path("meine-organisationen/<int:pk>/vertretungen/", people.people, name="people"),
    path("einladung/<str:token>/", people.invitation, name="invitation"),
    path("mitmachen/", registration.join, name="join"),
    path("mitmachen/anmelden/", registration.register, name="register"),
    path("mitmachen/aehnliche/", registration.similar, name="similar"),
    path("meine-organisationen/", registration.mine, name="mine"),
    path("meine-organisationen/<int:pk>/", registration.tasks, name="tasks"),
    path("meine-organisationen/<int:pk>/verwerfen/", registration.discard, name="discard"),
    path(
        "meine-organisationen/<int:pk>/vorschlag/zuruecknehmen/",
        registration.withdraw_proposal,
        name="proposal_withdraw",
    ),
    path("meine-organisationen/<int:pk>/<step:step>/", registration.step, name="step"),
    path("meine-organisationen/<int:pk>/kontakt/neu/", contacts.add, name="contact_add"),
    path(
        "meine-organisationen/<int:pk>/kontakt/<int:contact>/", contacts.edit, name="contact_edit"
    ),
    path(
        "meine-organisationen/<int:pk>/kontakt/<int:contact>/entfernen/",
        contacts.remove,
        name="contact_remove",
    ),
    path(
        "meine-organisationen/<int:pk>/kontakt/<int:contact>/zuruecknehmen/",
        contacts.withdraw,
        name="contact_withdraw",
    ),
    path(
        "meine-organisationen/<int:pk>/kontakt/<int:contact>/fragen/",
        contacts.ask,
        name="contact_ask",
    ),
    path("meine-organisationen/<int:pk>/logo/foto/", images.add_photo, name="photo_add"),
    path("meine-organisationen/<int:pk>/logo/<uuid:image>/", images.edit_photo, name="photo_edit"),
    path(
        "meine-organisationen/<int:pk>/logo/<uuid:image>/entfernen/",
        images.remove,
        name="image_remove",
    ),
    path("meine-organisationen/<int:pk>/bestaetigen/", confirmation.confirm, name="confirm"),
    path("bestaetigen/<str:token>/", confirmation.confirmation, name="confirmation"),
    path(
        "bestaetigen/<str:token>/schreiben/",
        confirmation.correction,
        name="confirmation_correction",
    ),
    path("nachfolge/<str:token>/", confirmation.succession, name="succession"),
    path("bilder/<uuid:pk>/<str:size>.webp", images.image, name="image"),
    path("einwilligung/<str:token>/", consent.consent, name="consent"),
    path("einwilligung/<str:token>/foto.webp", consent.photo, name="consent_photo"),
]

# What somebody has open, or finds in a mail, of an entry that was merged meanwhile leads on.
for pattern in urlpatterns:
    if str(pattern.pattern).startswith(
        ("meine-organisationen/<int:pk>/", "organisationen/<int:pk>/")
    ):
        pattern.callback = leads_on(pattern.callback)
