"""Arabic with the day first and 24 hours, as everything else on paper is in Germany.

Django's Arabic has no format for a day with a time and falls back on the American one.
"""

DATE_FORMAT = "j F Y"
# The marks keep day, month and year in their order among Arabic words (right to left).
SHORT_DATE_FORMAT = "d\u200f/m\u200f/Y"
MONTH_DAY_FORMAT = "j F"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y، H:i"
SHORT_DATETIME_FORMAT = "d\u200f/m\u200f/Y، H:i"
FIRST_DAY_OF_WEEK = 1
