"""Stories: a comparison told to a reader, as texts, tables and charts that say no more than the numbers."""
