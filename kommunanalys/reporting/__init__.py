"""Notebook → report: parameters checked, executed by papermill, published whole or not at all."""
