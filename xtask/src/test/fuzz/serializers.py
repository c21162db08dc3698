"""Bodies of types that schemathesis does not know: archives are bytes like any others."""

import schemathesis
from schemathesis.transport.requests import binary_serializer

schemathesis.serializer("application/x-tar")(binary_serializer)
