from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("anmelden/", views.enter, name="enter"),
    path("anmelden/code/", views.code, name="code"),
    path("konto/", views.profile, name="profile"),
    path("konto/bestaetigen/", views.confirm, name="confirm"),
    path("konto/e-mail/", views.email, name="email"),
    path("konto/passwort/", views.password, name="password"),
    path("konto/daten/", views.export, name="export"),
    path("konto/loeschen/", views.erase, name="erase"),
]
