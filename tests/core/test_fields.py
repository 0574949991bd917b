import pytest
from django import forms

from accounts.models import User
from core.fields import RowsField
from tests.factories import make_user

pytestmark = pytest.mark.django_db


class Form(forms.Form):
    rows = RowsField(User.objects.all())


def test_rows_that_exist_are_chosen():
    user = make_user()
    form = Form({"rows": [str(user.pk)]})
    assert form.is_valid()
    assert list(form.cleaned_data["rows"]) == [user]


@pytest.mark.parametrize("value", ["9" * 25, "-" + "9" * 25, "abc", "", "1.5", "\x00", "987654"])
def test_anything_else_is_a_wrong_choice(value):
    form = Form({"rows": [value]})
    assert not form.is_valid()
    assert form.errors["rows"]
