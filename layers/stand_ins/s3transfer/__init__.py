"""
Stands in for s3transfer, with which boto3 copies files from and to S3, in the layers of sign-in and rooms.

boto3 imports it on every start, for one look at one class, and loading it takes more than twice as long as the rest of
boto3. No function uses S3. With these layers nobody can make a client of S3: boto3 then imports what is missing here,
and raises ImportError. tests/integration/test_import_budget.py compares this with what boto3 imports.
"""
