"""How a telephone number is written for people."""

from phonenumber_field.phonenumber import PhoneNumber

EXTENSION = 4


def spoken(number: PhoneNumber) -> str:
    """Return a number as it stands on a letterhead: `07222 381-4325`, abroad `+33 3 88 60 90 90`.

    The database keeps E.164, which does not know where an extension begins. Numbers of a German
    landline with seven and more digits are divided before the last four, as offices have it and as
    they are easiest to read out; shorter ones stay in one piece.
    """
    if not number.is_valid() or number.country_code != 49:
        return str(number.as_international)
    national = str(number.as_national)
    area, blank, subscriber = national.partition(" ")
    mobile = area.startswith(("015", "016", "017"))
    if blank and subscriber.isdigit() and len(subscriber) >= 7 and not mobile:
        return f"{area} {subscriber[:-EXTENSION]}-{subscriber[-EXTENSION:]}"
    return national
