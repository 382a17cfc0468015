"""The MIME types in which a notebook hands data to its report, beside what a person sees."""

DATA = "application/vnd.kommunanalys.data+json"
"""A table's unrounded numbers, headings and units."""

SUBJECT = "application/vnd.kommunanalys.subject+json"
"""What the report is about, for the page's title."""

RELEASE = "application/vnd.kommunanalys.release+json"
"""Id of the release that a table or a figure's data come from."""

RUN = "application/vnd.kommunanalys.run+json"
"""The origins of all that the run has loaded."""
