def test_cloudformation_knows_our_resource_types_once_whatever_was_imported_before() -> None:
    # In a process of its own, because what is imported cannot be taken back.
    code = """
import local.chime.chimesdkmeetings.responses, local.chime.chimesdkmessaging.roles
import moto.cloudformation.parsing
import local.chime
local.chime.register()
from moto.core.common_models import CloudFormationModel
print([known.__module__ for known in CloudFormationModel.__subclasses__() if "chime" in known.__module__])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "['moto.chimesdkidentity.models']"
