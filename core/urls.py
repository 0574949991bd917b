"""Pages for developers; included only while DEBUG is on."""

app_name = "core"
urlpatterns = []
