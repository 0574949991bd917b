from django.urls import path

from actions.views import ideas, room

app_name = "actions"
urlpatterns = [
    path("ideen/", ideas.ideas_all, name="ideas_all"),
    path("ideen/idee/<int:pk>/", ideas.idea, name="idea"),
    path("ideen/<str:code>/", room.room, name="room"),
    path("treffen/<slug:slug>/ideen/", ideas.meeting_ideas, name="ideas"),
]
