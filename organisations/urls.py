from django.urls import path

from organisations.views import people

app_name = "organisations"
urlpatterns = [
    path("organisationen/<int:pk>/zugang/", people.access_request, name="access_request"),
    path("meine-organisationen/<int:pk>/vertretungen/", people.people, name="people"),
    path("einladung/<str:token>/", people.invitation, name="invitation"),
]
