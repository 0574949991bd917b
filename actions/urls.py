from django.urls import path

from actions.views import (
    again,
    contribution_rows,
    contributions,
    editing,
    ideas,
    messages,
    partners,
    planning,
    programme,
    public,
    record,
    registration_lists,
    registrations,
    results,
    room,
)

app_name = "actions"
urlpatterns = [
    path("ideen/", ideas.ideas_all, name="ideas_all"),
    path("ideen/idee/<int:pk>/", ideas.idea, name="idea"),
    path("ideen/<str:code>/", room.room, name="room"),
    path("treffen/<slug:slug>/ideen/", ideas.meeting_ideas, name="ideas"),
    path("aktionen/meine/", planning.mine, name="mine"),
    path("aktionen/neu/", planning.create, name="create"),
    path("aktionen/<slug:slug>/planung/", planning.manage, name="manage"),
    path("aktionen/<slug:slug>/bearbeiten/", editing.edit, name="edit"),
    path("aktionen/<slug:slug>/bearbeiten/termine/", editing.edit_dates, name="dates"),
    path("aktionen/<slug:slug>/bearbeiten/bild/", editing.edit_picture, name="picture"),
    path("aktionen/<slug:slug>/bearbeiten/<slug:section>/", editing.edit, name="section"),
    path("programm/<slug:slug>/", programme.programme, name="programme"),
    path("programm/<slug:slug>/drucken/", programme.programme_print, name="programme_print"),
    # The link in the mails to those who have registered.
    path("anmeldung/<str:token>/", registrations.registration, name="registration"),
    path(
        "aktionen/<slug:slug>/anmeldungen/",
        registration_lists.registration_list,
        name="registrations",
    ),
    path(
        "aktionen/<slug:slug>/anmeldungen/liste.<str:ending>",
        registration_lists.registration_file,
        name="registrations_file",
    ),
    # Who takes part, who brings what, and what they write to one another.
    path("aktionen/beitraege/", contributions.open_contributions, name="open_contributions"),
    path("aktionen/<slug:slug>/partner/", partners.partners_page, name="partners"),
    path("aktionen/<slug:slug>/mitmachen/", partners.join, name="join"),
    path("aktionen/<slug:slug>/beitraege/", contributions.contributions_page, name="contributions"),
    path(
        "aktionen/<slug:slug>/beitraege/neu/",
        contribution_rows.add,
        name="contribution_add",
    ),
    path(
        "aktionen/<slug:slug>/beitraege/<int:pk>/",
        contribution_rows.change,
        name="contribution_change",
    ),
    path("aktionen/<slug:slug>/nachrichten/", messages.messages_page, name="messages"),
    # Everybody's pages. Fixed words stand before: see `joint_actions.planning.RESERVED_SLUGS`.
    path("aktionen/", public.action_list, name="list"),
    path("aktionen/archiv/", record.record, name="record"),
    path("aktionen/<slug:slug>/", public.action_detail, name="detail"),
    path("aktionen/<slug:slug>/termin.ics", public.event, name="event"),
    path("aktionen/<slug:slug>/bild.png", public.share_image, name="share_image"),
    # What came of it, and the next time.
    path("aktionen/<slug:slug>/ergebnis/", results.result, name="result"),
    path("aktionen/<slug:slug>/ergebnis/foto/", results.photo, name="result_photo"),
    path("aktionen/<slug:slug>/noch-einmal/", again.again, name="again"),
    path("aktionen/<slug:slug>/anmelden/", registrations.register, name="register"),
]
