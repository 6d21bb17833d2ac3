"""
What CloudFormation does with template.yaml: translate it, check what was passed to it, and create what it describes.

Read `deployment`, then `template` (SAM's translation), `resources` (what moto creates) and `resolved` (what is read for
`api_gateway` and `lambda_runtime`). The checks are those of `make deploy`: `parameters`, `rules` and `variables` in
operations/.
"""
