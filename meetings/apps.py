import datetime

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    name = "meetings"
    verbose_name = _("Treffen")

    def ready(self) -> None:
        from accounts import own_data
        from core import jobs, mail
        from meetings import signals
        from meetings.services import (
            agenda,
            answers,
            erasure,
            inviting,
            planning,
            reminding,
            retention,
            school_holidays,
            tasks,
        )
        from organisations import reference_data

        signals.connect()
        own_data.register("meetings", collect=erasure.collect, erase=erasure.erase)
        reference_data.more.append(school_holidays.load)

        mail.delivery_checks.append(inviting.refuse_stale)
        mail.bounce_handlers.append(inviting.came_back)
        planning.changed_handlers.append(inviting.tell)
        planning.created_handlers.append(agenda.meeting_created)
        planning.changed_handlers.append(agenda.meeting_changed)
        planning.changed_handlers.append(answers.meeting_changed)
        jobs.register("meetings.agenda", every=datetime.timedelta(hours=6))(agenda.fill_daily)
        jobs.register("meetings.tasks", every=datetime.timedelta(days=1))(tasks.remind_due)
        jobs.register("meetings.reminders", every=datetime.timedelta(minutes=15))(
            reminding.remind_due
        )
        jobs.register("meetings.refused", every=datetime.timedelta(minutes=15))(
            lambda: {"undelivered": inviting.note_refused_mails()}
        )
        jobs.register("meetings.links", every=datetime.timedelta(days=1))(
            lambda: {"links deleted": inviting.forget_links()}
        )
        jobs.register("meetings.retention", every=datetime.timedelta(days=1))(retention.forget_old)
