"""Checks that ask AWS, with the operator's credentials. None of them changes anything."""
