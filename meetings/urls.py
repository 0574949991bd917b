"""Addresses with a language; fixed words stand before what takes the slug of a meeting."""

from django.urls import URLPattern, path

from meetings.views import agenda, answers, calendars, minutes, pages, tasks

app_name = "meetings"
urlpatterns: list[URLPattern] = [
    # One's own answer: by the link from a mail, or logged in.
    path("treffen/antwort/neu/", answers.renew, name="answer_renew"),
    path("treffen/antwort/<str:token>/", answers.answer, name="answer"),
    path("treffen/antwort/<str:token>/termin.ics", answers.answer_calendar, name="answer_calendar"),
    path("treffen/einladungen/", answers.invitations, name="invitations"),
    path("treffen/einladungen/<int:pk>/", answers.invitation, name="invitation"),
    # What members have taken on.
    path("aufgaben/", tasks.tasks, name="tasks"),
    path("aufgaben/<int:pk>/", tasks.task, name="task"),
    # What was minuted and decided.
    path("treffen/suche/", minutes.search, name="search"),
    path("beschluesse/", minutes.decision_list, name="decisions"),
    path("treffen/<slug:slug>/protokoll/", minutes.minutes, name="minutes"),
    path("treffen/<slug:slug>/protokoll.pdf", minutes.minutes_pdf, name="minutes_pdf"),
    # What a meeting should talk about.
    path("treffen/<slug:slug>/vorschlag/", agenda.propose, name="propose"),
    path(
        "treffen/<slug:slug>/vorschlag/<int:pk>/zurueckziehen/",
        agenda.withdraw,
        name="proposal_withdraw",
    ),
    # Everybody's pages.
    path("treffen/", pages.meeting_list, name="list"),
    path("treffen/<slug:slug>/", pages.meeting_detail, name="detail"),
    path("treffen/<slug:slug>/termin.ics", pages.event, name="event"),
    path("konto/kalender/", calendars.own_calendar, name="calendar"),
]
