from django.urls import path

from actions.views import ideas, room

app_name = "actions"
urlpatterns = [
    path("ideen/<str:code>/", room.room, name="room"),
    path("treffen/<slug:slug>/ideen/", ideas.meeting_ideas, name="ideas"),
]
